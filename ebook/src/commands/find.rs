//! `dosebook find`: Document Consumer. What a registry knows of a patient's documents (ITI-18).

use actors::transactions::stored_query::{DocumentFilter, FindDocuments, Period, Query};
use clap::ValueEnum;
use metadata::{AvailabilityStatus, Code, DocumentEntry, Timestamp};
use serde_json::json;

use super::session::{Session, SessionArguments};
use crate::exit::Failure;
use crate::output::Output;

/// Finds a patient's documents
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook find --patient '4711^^^&1.2.3&ISO'
  dosebook find --patient 4711 --since 2024 --json")]
pub(crate) struct Arguments {
    /// The patient, as id^^^&OID&ISO or a bare id of the domain
    #[arg(long, value_name = "CX")]
    patient: String,
    /// Only documents of this typeCode, as code or code^^scheme
    #[arg(long, value_name = "CODE")]
    r#type: Vec<String>,
    /// Only documents that are current, that are not any more, or both
    #[arg(long, value_enum, default_value_t = Status::Approved)]
    status: Status,
    /// Only services that began then or later, as 2024, 2024-05 or 2024-05-31
    #[arg(long, value_name = "DATE", value_parser = date)]
    since: Option<Timestamp>,
    /// Ask this community of the configuration instead of the node
    #[arg(long, value_name = "NAME")]
    community: Option<String>,
    #[command(flatten)]
    session: SessionArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    Approved,
    Deprecated,
    Any,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let session = Session::open(&arguments.session)?;
    let patient_id = session.patient(&arguments.patient)?;
    let codes = arguments.r#type.iter().filter(|code| code.contains("^^"));
    let type_code = codes.map(|code| code.parse()).collect::<Result<Vec<Code>, _>>();
    let type_code = type_code.map_err(|error| Failure::Usage(format!("--type: {error}")))?;
    // Without its scheme a code is no parameter of the query: then we choose among the answers.
    let bare: Vec<&str> =
        arguments.r#type.iter().map(String::as_str).filter(|code| !code.contains("^^")).collect();
    let filter = DocumentFilter {
        type_code: if bare.is_empty() { type_code.clone() } else { Vec::new() },
        service_start_time: Period { from: arguments.since, to: None },
        ..DocumentFilter::default()
    };
    let query = Query::FindDocuments(FindDocuments { patient_id, status: arguments.status.all(), filter });
    let mut entries = session.consumer(arguments.community.as_deref())?.entries(query).await?;
    if !bare.is_empty() {
        entries.retain(|entry| {
            entry.type_code.as_ref().is_some_and(|code| {
                bare.contains(&code.code.as_str()) || type_code.iter().any(|wanted| wanted.means(code))
            })
        });
    }
    entries.sort_by(|a, b| (time(a), &a.unique_id).cmp(&(time(b), &b.unique_id)));
    for entry in &entries {
        output.line(line(entry));
    }
    output.line(match entries.len() {
        0 => "no documents".to_owned(),
        1 => "1 document".to_owned(),
        many => format!("{many} documents"),
    });
    output.value(&entries.iter().map(entry_json).collect::<Vec<_>>());
    Ok(())
}

impl Status {
    fn all(self) -> Vec<AvailabilityStatus> {
        match self {
            Self::Approved => vec![AvailabilityStatus::Approved],
            Self::Deprecated => vec![AvailabilityStatus::Deprecated],
            Self::Any => vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated],
        }
    }
}

/// A date as people write it, or a DTM.
fn date(text: &str) -> Result<Timestamp, String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    digits.parse().map_err(|_| format!("{text:?} is no date, such as 2024, 2024-05 or 2024-05-31"))
}

fn time(entry: &DocumentEntry) -> Option<Timestamp> {
    entry.service_start_time.or(entry.creation_time)
}

fn line(entry: &DocumentEntry) -> String {
    let time = time(entry).map(|time| time.to_string()).unwrap_or_default();
    let status = match entry.availability_status {
        Some(AvailabilityStatus::Deprecated) => " (deprecated)",
        _ => "",
    };
    let size = entry.size.unwrap_or_default();
    let title = entry.title.text().unwrap_or("without title");
    format!("{time:<14}  {}  {size:>9} bytes  {title}{status}", entry.unique_id)
}

/// An entry for machines.
pub(super) fn entry_json(entry: &DocumentEntry) -> serde_json::Value {
    let code = |code: &Option<Code>| {
        code.as_ref()
            .map(|code| json!({ "code": code.code, "scheme": code.scheme, "display": code.display.text() }))
    };
    let text = |value: Option<&dyn std::fmt::Display>| value.map(ToString::to_string);
    json!({
        "unique_id": entry.unique_id.as_str(),
        "entry_uuid": entry.entry_uuid.to_string(),
        "repository_unique_id": text(entry.repository_unique_id.as_ref().map(|id| id as _)),
        "patient": text(entry.patient_id.as_ref().map(|id| id as _)),
        "status": entry.availability_status.map(|status| match status {
            AvailabilityStatus::Approved => "approved",
            AvailabilityStatus::Deprecated => "deprecated",
        }),
        "title": entry.title.text(),
        "type": code(&entry.type_code),
        "class": code(&entry.class_code),
        "format": code(&entry.format_code),
        "mime_type": entry.mime_type.as_str(),
        "creation_time": text(entry.creation_time.as_ref().map(|time| time as _)),
        "service_start_time": text(entry.service_start_time.as_ref().map(|time| time as _)),
        "service_stop_time": text(entry.service_stop_time.as_ref().map(|time| time as _)),
        "size": entry.size,
        "hash": text(entry.hash.as_ref().map(|hash| hash as _)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_as_people_write_them() {
        for (text, expected) in [("2024", "2024"), ("2024-05", "202405"), ("2024-05-31", "20240531")] {
            assert_eq!(date(text).unwrap().to_string(), expected);
        }
        for wrong in ["yesterday", "2024-13", "", "-"] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
    }
}
