//! The affinity domain of a node (design D7): read from its folder, and read again when that has changed.
//!
//! All or nothing: while a folder cannot be used, what held before holds, and the node says so.

mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metadata::domain::{Authority, CodedAttribute, Files, Remark, Strictness};
use metadata::{Code, CurrentDomain, Domain, Oid};
use metrics::{counter, gauge};

use crate::config::Config;
use crate::exit::Failure;

use files::{Fingerprint, fingerprint};

pub(crate) use files::{content, read as read_files};

/// How often a node looks whether the files have changed.
pub(crate) const LOOK: Duration = Duration::from_secs(3);

/// A domain for tests, which is also what a domain of one's own begins with.
const BUILT_IN: [(&str, &[u8]); 2] = [
    ("domain.toml", include_bytes!("../domains/ihe-test/domain.toml")),
    ("codes.xml", include_bytes!("../domains/ihe-test/codes.xml")),
];

/// The files of the domain that is built in.
pub(crate) fn built_in() -> Files {
    BUILT_IN.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect()
}

/// The domain of a node, which follows its folder.
#[derive(Debug)]
pub struct FollowedDomain {
    config: Config,
    current: CurrentDomain,
    seen: Mutex<Seen>,
}

/// The folder when it was read last.
#[derive(Debug)]
struct Seen {
    /// None if it could not be looked at.
    files: Option<Fingerprint>,
    /// Why what is in it does not hold.
    trouble: Option<String>,
}

impl FollowedDomain {
    /// Reads the domain of a configuration.
    pub(crate) fn open(config: &Config) -> Result<Self, Failure> {
        let folder = config.domain.folder.as_deref();
        // Before it is read: what is changed meanwhile is read again.
        let files = folder.and_then(|folder| fingerprint(folder).ok());
        let (domain, notes) = load(config).map_err(Failure::Usage)?;
        tell(&domain, &notes);
        gauge!("dosebook_domain_outdated").set(0.0);
        let seen = Mutex::new(Seen { files, trouble: None });
        Ok(Self { config: config.clone(), current: CurrentDomain::new(domain), seen })
    }

    /// The domain that holds now.
    pub fn current(&self) -> &CurrentDomain {
        &self.current
    }

    /// Why what is in the folder does not hold, if it does not.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    /// Reads the folder again if it has changed, or if somebody says so.
    pub(crate) fn look(&self, anyhow: bool) {
        let Some(folder) = &self.config.domain.folder else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = fingerprint(folder).ok();
        if !anyhow && seen.files == files {
            return;
        }
        seen.files = files;
        seen.trouble = match load(&self.config) {
            Ok((domain, notes)) => {
                tell(&domain, &notes);
                self.current.replace(domain);
                None
            }
            Err(trouble) => {
                tracing::error!(%trouble, "the affinity domain cannot be read: what held before still holds");
                Some(trouble)
            }
        };
        let result = if seen.trouble.is_none() { "read" } else { "refused" };
        counter!("dosebook_domain_reads_total", "result" => result).increment(1);
        gauge!("dosebook_domain_outdated").set(f64::from(u8::from(seen.trouble.is_some())));
    }
}

fn tell(domain: &Domain, notes: &[Remark]) {
    for note in notes {
        tracing::warn!(%note, "left out of the affinity domain");
    }
    let Domain { name, version, .. } = domain;
    tracing::info!(name, version, "the affinity domain holds");
}

/// The domain of a configuration, and what was left out of it; or all that is wrong, a line for each.
pub(crate) fn load(config: &Config) -> Result<(Domain, Vec<Remark>), String> {
    let (mut domain, notes) = match &config.domain.folder {
        Some(folder) => of_folder(folder)?,
        // Nobody has said which domain it is: none is enforced.
        None => {
            let (mut domain, notes) = read(&built_in(), Path::new("the program"))?;
            domain.authorities.clear();
            (domain.no_stricter_than(Strictness::Accept), notes)
        }
    };
    if domain.authorities.is_empty() {
        let ours = config.domain.patient_authority.iter();
        domain.authorities = ours.map(|oid| Authority { oid: Oid::clone(oid), namespace: None }).collect();
    }
    match contradictions(config, &domain) {
        none if none.is_empty() => Ok((domain, notes)),
        some => Err(lines(&some)),
    }
}

/// The domain in a folder, for itself.
pub(crate) fn of_folder(folder: &Path) -> Result<(Domain, Vec<Remark>), String> {
    let files =
        read_files(folder).map_err(|problem| format!("the affinity domain cannot be used\n  {problem}"))?;
    read(&files, folder)
}

fn read(files: &Files, folder: &Path) -> Result<(Domain, Vec<Remark>), String> {
    Domain::read(files).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("the affinity domain in {} cannot be used{}", folder.display(), lines(&problems))
    })
}

fn lines(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

/// What the node itself says that its domain would refuse: it would refuse its own documents.
fn contradictions(config: &Config, domain: &Domain) -> Vec<String> {
    let mut found: Vec<String> = own_authority(config, domain).into_iter().collect();
    let codes = &config.codes;
    let language = config.domain.language.as_ref().map_or("en-US", |language| language.as_str());
    let own = [
        ("codes.class", CodedAttribute::ClassCode, Code::from(&codes.class)),
        ("codes.type", CodedAttribute::TypeCode, Code::from(&codes.kind)),
        ("codes.confidentiality", CodedAttribute::ConfidentialityCode, Code::from(&codes.confidentiality)),
        ("codes.facility", CodedAttribute::HealthcareFacilityTypeCode, Code::from(&codes.facility)),
        ("codes.radiology", CodedAttribute::PracticeSettingCode, Code::from(&codes.radiology)),
        ("codes.nuclear_medicine", CodedAttribute::PracticeSettingCode, Code::from(&codes.nuclear_medicine)),
        ("codes.content", CodedAttribute::ContentTypeCode, Code::from(&codes.content)),
        ("domain.language", CodedAttribute::LanguageCode, Code::new(language, "", "")),
    ];
    for (key, attribute, code) in own {
        let rule = domain.rule(attribute).filter(|rule| rule.strictness == Strictness::Refuse);
        if let Some(rule) = rule.filter(|rule| !rule.allows(&code.code, &code.scheme)) {
            let value = if code.scheme.is_empty() { code.code } else { code.to_string() };
            found.push(format!(
                "{key} is {value}: domain {} refuses it as {attribute}, expected {rule}",
                domain.name
            ));
        }
    }
    found
}

fn own_authority(config: &Config, domain: &Domain) -> Option<String> {
    let ours = config.domain.patient_authority.as_deref();
    if domain.authorities.is_empty() || ours.is_some_and(|ours| domain.has_authority(ours)) {
        return None;
    }
    let theirs: Vec<&str> = domain.authorities.iter().map(|authority| authority.oid.as_str()).collect();
    let ours = ours.map_or_else(|| "not given".to_owned(), Oid::to_string);
    Some(format!(
        "domain.patient_authority is {ours}: the patients of domain {} have ids of {}, so choose one of these",
        domain.name,
        theirs.join(", ")
    ))
}

/// The codes that a domain has for each attribute, and how strict it is about them.
pub(crate) fn summary(domain: &Domain) -> BTreeMap<&'static str, String> {
    let line = |attribute: CodedAttribute| {
        let said = match domain.rule(attribute) {
            None => "any".to_owned(),
            Some(rule) => {
                let whole = rule.whole_schemes();
                let of =
                    if whole.is_empty() { String::new() } else { format!(", all of {}", whole.join(", ")) };
                format!("{:<6} {} codes{of}", rule.strictness.name(), rule.codes().len())
            }
        };
        (attribute.key(), said)
    };
    CodedAttribute::all().map(line).collect()
}

/// Where the domain of a configuration comes from.
pub(crate) fn origin(config: &Config) -> PathBuf {
    config
        .domain
        .folder
        .clone()
        .unwrap_or_else(|| PathBuf::from("(built in, and not enforced: no domain.folder)"))
}

#[cfg(test)]
mod tests;
