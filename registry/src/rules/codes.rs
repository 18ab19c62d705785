//! Rules of the affinity domain: its authorities, its codes.

use std::collections::HashSet;

use metadata::domain::Strictness;
use metadata::{ErrorCode, RegistryError, RegistryErrors};

use super::{Case, finding};

/// Patients have ids of the domain's authorities, whichever patients are taken in.
pub(super) fn authorities_are_ours(case: &Case<'_>, errors: &mut RegistryErrors) {
    let domain = &case.terms.domain;
    let mut seen = HashSet::new();
    for object in case.submission.identities() {
        let foreign = object.patient_id.filter(|id| !domain.has_authority(id.authority()));
        let Some(id) = foreign.filter(|id| seen.insert(*id)) else { continue };
        let ours: Vec<&str> = domain.authorities.iter().map(|authority| authority.oid.as_str()).collect();
        let problem = format!(
            "patientId '{id}' is of no assigning authority of domain {}, expected one of {}: {}",
            domain.name,
            ours.len(),
            ours.join(", ")
        );
        errors.push(finding(ErrorCode::UnknownPatientId, object, &problem, "TF-2 3.42.4.1.3.3.1"));
    }
}

/// Codes are those of the domain's value sets; what becomes of others, each attribute says.
pub(super) fn codes_are_allowed(case: &Case<'_>, errors: &mut RegistryErrors) {
    let domain = &case.terms.domain;
    for value in case.submission.coded_values() {
        let Some(rule) = domain.broken_by(&value) else { continue };
        let problem =
            format!("{} '{value}' is not in domain {}, expected {rule}", value.attribute.name(), domain.name);
        let clause = format!("TF-2 3.42.4.1.3.3, TF-3 {}", value.attribute.clause());
        let error = finding(ErrorCode::Metadata, value.object, &problem, &clause);
        errors.push(match rule.strictness {
            Strictness::Refuse => error,
            Strictness::Warn | Strictness::Accept => {
                RegistryError::warning(error.code, error.context).at(value.object)
            }
        });
    }
}
