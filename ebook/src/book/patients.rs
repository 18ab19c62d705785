//! The page that lists patients.

use askama::Template;
use metadata::PatientId;

use super::{Community, Frame, authority_name, format};

/// The patients that a node knows.
#[derive(Template)]
#[template(path = "patients.html")]
pub(crate) struct PatientsPage {
    frame: Frame,
    search: String,
    /// None if the node is no registry.
    patients: Option<Vec<Listed>>,
    /// Said when there are more than are shown.
    only_first: Option<String>,
}

/// A patient in the list.
struct Listed {
    id: String,
    authority: String,
    authority_oid: String,
    link: String,
}

impl PatientsPage {
    /// Shows the first `limit` of the `known` patients.
    pub(super) fn new(
        frame: Frame,
        search: &str,
        known: Option<Vec<PatientId>>,
        limit: u32,
        communities: &[Community],
    ) -> Self {
        let limit_shown = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = known.as_ref().is_some_and(|known| known.len() > limit_shown);
        let listed = |id: PatientId| Listed {
            id: id.id().to_owned(),
            authority: authority_name(communities, &id),
            authority_oid: id.authority().to_string(),
            link: frame.patient_link(&id),
        };
        let patients = known.map(|known| known.into_iter().take(limit_shown).map(listed).collect());
        let only_first = more.then(|| format::fill(frame.words().only_first, &[&limit.to_string()]));
        Self { search: search.to_owned(), patients, only_first, frame }
    }
}
