//! Rules of the affinity domain: its authorities, its codes.

use std::collections::HashSet;

use metadata::domain::Strictness;
use metadata::{ErrorCode, Finding, RegistryError, RegistryErrors, Severity, quoted};

use super::Case;

/// Patients have ids of the domain's authorities, whichever patients are taken in.
pub(super) fn authorities_are_ours(case: &Case<'_>, errors: &mut RegistryErrors) {
    let domain = &case.terms.domain;
    let mut seen = HashSet::new();
    for object in case.submission.identities() {
        let foreign = object.patient_id.filter(|id| !domain.has_authority(id.authority()));
        let Some(id) = foreign.filter(|id| seen.insert(*id)) else { continue };
        let ours: Vec<&str> = domain.authorities.iter().map(|authority| authority.oid.as_str()).collect();
        let received = format!("{}, of no assigning authority of domain {}", quoted(id), domain.name);
        let expected = format!("one of {}: {}", ours.len(), ours.join(", "));
        let finding = Finding::new("patientId", &received, &expected, "TF-2 3.42.4.1.3.3.1");
        errors.push(finding.about(ErrorCode::UnknownPatientId, object));
    }
}

/// Codes are those of the domain's value sets; what becomes of others, each attribute says.
pub(super) fn codes_are_allowed(case: &Case<'_>, errors: &mut RegistryErrors) {
    let domain = &case.terms.domain;
    for value in case.submission.coded_values() {
        let Some(rule) = domain.broken_by(&value) else { continue };
        let received = format!("{}, not in domain {}", quoted(value), domain.name);
        let clause = format!("TF-2 3.42.4.1.3.3, TF-3 {}", value.attribute.clause());
        let finding = Finding::new(value.attribute.name(), &received, &rule, &clause);
        let error = finding.about(ErrorCode::Metadata, value.object);
        errors.push(match rule.strictness {
            Strictness::Refuse => error,
            Strictness::Warn | Strictness::Accept => RegistryError { severity: Severity::Warning, ..error },
        });
    }
}
