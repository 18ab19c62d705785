//! What happens in the demonstration, step by step; it ends at the first thing that is not as it must be.

use std::time::Duration;

use actors::transactions::stored_query::{DocumentFilter, FindDocuments, Query};
use dose::sample::{self, CHARLOTTE, CHARLOTTE_IN_BELGIUM, Sample};
use metadata::{AvailabilityStatus, DocumentEntry, PatientId};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::hospital::{Hospital, patient};
use super::trail::Trail;
use crate::commands::session::Session;
use crate::commands::submit::{self, Describing, Outcome};
use crate::exit::Failure;
use crate::history::{self, Community, Integrity, ReportCache};
use crate::node::Credentials;
use crate::output::Output;

/// How long a hospital may take to answer.
const DEADLINE: Duration = Duration::from_secs(20);

/// The demonstration, told once.
pub(super) struct Story<'a> {
    hospitals: &'a [Hospital],
    trail: &'a mut Trail,
    output: Output,
}

impl<'a> Story<'a> {
    pub(super) const fn new(hospitals: &'a [Hospital], trail: &'a mut Trail, output: Output) -> Self {
        Self { hospitals, trail, output }
    }

    pub(super) async fn tell(mut self) -> Result<(), Failure> {
        self.introduce();
        self.submit().await?;
        let Some(first) = self.hospitals.first() else { return Ok(()) };
        let session = session(first)?;
        let patients = session.config.identifiers_of(&patient(CHARLOTTE_IN_BELGIUM, first.sample)?);
        let fetched = self.fetch(first, &session.communities(), &patients).await?;
        self.history(&session.communities(), &patients).await?;
        self.output.line(format_args!(
            "All of it happened: {} reports submitted, {fetched} found and fetched across both hospitals, each with \
             the SHA-256 of what was submitted.",
            sample::all().len(),
        ));
        self.output.value(&json!({ "step": "done", "submitted": sample::all().len(), "fetched": fetched }));
        Ok(())
    }

    fn introduce(&self) {
        self.output.line("Two hospitals, each a node of its own. They speak over mutual TLS.");
        for hospital in self.hospitals {
            let said = |key: &str| {
                hospital.introduction.get(key).and_then(|value| value.as_str()).unwrap_or_default()
            };
            self.output.line(format_args!("  {}, process {}", hospital.name(), hospital.pid()));
            for key in ["registry", "repository", "book", "data"] {
                self.output.line(format_args!("    {key:<11} {}", said(key)));
            }
            self.output.line(format_args!("    {:<11} {}", "patients of", said("patient_authority")));
            self.output.value(
                &json!({ "step": "node", "hospital": hospital.name(), "node": hospital.introduction }),
            );
        }
    }

    /// Each hospital submits its own reports.
    async fn submit(&mut self) -> Result<(), Failure> {
        for hospital in self.hospitals {
            self.output.line(format_args!("\n{} submits its dose reports", hospital.name()));
            let session = session(hospital)?;
            let describing = Describing::new(&session, None, None)?;
            for sample in sample::all().into_iter().filter(|sample| sample.hospital == hospital.sample) {
                let outcome = submit::report(&session, sample.bytes.clone(), &describing).await?;
                self.say_submitted(&sample, &outcome).await?;
            }
        }
        Ok(())
    }

    async fn say_submitted(&mut self, sample: &Sample, outcome: &Outcome) -> Result<(), Failure> {
        let Sample { name, description, .. } = sample;
        let how = match outcome {
            Outcome::Submitted { remarks: None, .. } => "submitted",
            Outcome::AlreadyThere { .. } => "there since an earlier demonstration, nothing changed",
            Outcome::Submitted { remarks: Some(reason), .. } | Outcome::Refused(reason) => {
                return Err(Failure::Refused(format!("{name} was not submitted as it should: {reason}")));
            }
        };
        self.output
            .line(format_args!("  {name}: {description}, {} ({})", sample.patient.name, sample.patient_id));
        self.trail.show().await;
        self.output.line(format_args!("    {how}"));
        self.output.value(&json!({
            "step": "submit", "hospital": sample.hospital.name, "report": name, "outcome": how,
            "unique_id": sample.sop_instance_uid,
        }));
        Ok(())
    }

    /// A hospital finds and fetches what there is of the patient in both; how many documents that is.
    async fn fetch(
        &mut self,
        asking: &Hospital,
        communities: &[Community],
        patients: &[PatientId],
    ) -> Result<usize, Failure> {
        let mut fetched = 0;
        for community in communities {
            let known = patients.iter().find(|patient| *patient.authority() == community.patient_authority);
            let patient =
                known.ok_or_else(|| missing(&format!("an id of the patient in {}", community.name)))?;
            self.output.line(format_args!("\n{} asks {} for {}", asking.name(), community.name, patient));
            let query = Query::FindDocuments(FindDocuments {
                patient_id: patient.clone(),
                status: vec![AvailabilityStatus::Approved],
                filter: DocumentFilter::default(),
            });
            let entries = community.consumer.entries(query).await?;
            self.trail.show().await;
            let expected =
                sample::all().into_iter().filter(|sample| is_charlotte_at(sample, &community.name)).count();
            if entries.len() != expected {
                return Err(missing(&format!(
                    "{expected} documents at {}, {} came",
                    community.name,
                    entries.len()
                )));
            }
            for entry in &entries {
                self.fetch_one(community, entry).await?;
                fetched += 1;
            }
        }
        Ok(fetched)
    }

    async fn fetch_one(&mut self, community: &Community, entry: &DocumentEntry) -> Result<(), Failure> {
        let all = sample::all();
        let id = entry.unique_id.as_str();
        let sample = all.iter().find(|sample| sample.sop_instance_uid == id);
        let sample = sample.ok_or_else(|| missing(&format!("a report of ours as document {id}")))?;
        let content = community.consumer.fetch(entry).await?;
        let bytes = content.collect(dose::MAX_LENGTH).await;
        let bytes = bytes.map_err(|error| Failure::Refused(format!("document {id}: {error}")))?;
        let (arrived, submitted) = (Sha256::digest(&bytes), Sha256::digest(&sample.bytes));
        if arrived != submitted {
            return Err(missing(&format!("document {id} as it was submitted")));
        }
        self.trail.show().await;
        let digest: String = arrived.iter().map(|byte| format!("{byte:02x}")).collect();
        self.output.line(format_args!(
            "    {}: {} bytes, SHA-256 {digest}, as submitted",
            sample.name,
            bytes.len()
        ));
        self.output.value(&json!({
            "step": "fetch", "from": community.name, "report": sample.name, "unique_id": id, "sha256": digest,
        }));
        Ok(())
    }

    /// The patient's history with doses of both hospitals, and nothing missing.
    async fn history(&mut self, communities: &[Community], patients: &[PatientId]) -> Result<(), Failure> {
        self.output.line("\nThe patient's history, asked of both\n");
        let kind = dose::Description::default_codes().kind;
        let history = history::ask(communities, patients, &kind, DEADLINE, &ReportCache::default()).await;
        self.trail.show().await;
        self.output.line(format_args!("\n{history}"));
        self.output.value(&json!({ "step": "history", "history": history.to_json() }));
        if let Some(gap) = history.gaps.first() {
            return Err(missing(&format!("a history without gaps; {}: {}", gap.community, gap.reason)));
        }
        for community in communities {
            let mut theirs =
                history.examinations.iter().filter(|found| found.community == community.name).peekable();
            if theirs.peek().is_none() || theirs.any(|found| found.integrity != Integrity::Verified) {
                return Err(missing(&format!("verified doses of {}", community.name)));
            }
        }
        Ok(())
    }
}

fn session(hospital: &Hospital) -> Result<Session, Failure> {
    Session::with(hospital.config.clone(), &Credentials::read(&hospital.config)?)
}

fn is_charlotte_at(sample: &Sample, hospital: &str) -> bool {
    *sample.patient == CHARLOTTE && sample.hospital.name == hospital
}

fn missing(what: &str) -> Failure {
    Failure::Refused(format!("expected {what}"))
}
