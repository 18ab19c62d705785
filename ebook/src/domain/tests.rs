use std::fs;

use super::*;
use crate::config::Text;

fn config(folder: &Path) -> Config {
    let mut config = Config::default();
    config.domain.folder = Some(folder.to_owned());
    config.domain.patient_authority = Some(Text("1.3.6.1.4.1.21367.2005.13.20.1000".parse().unwrap()));
    config
}

/// The domain that is built in, in a folder.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in built_in() {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn samples() -> Vec<metadata::Submission> {
    let said = |report: &dose::DoseReport| dose::Description {
        patient_id: "1^^^&1.2&ISO".parse().unwrap(),
        source_patient_authority: "1.2".parse().unwrap(),
        accession_authority: None,
        author_institution: None,
        language: "en-US".parse().unwrap(),
        time_zone: jiff::tz::TimeZone::UTC,
        codes: (&Config::default().codes).into(),
        source_id: "1.2".parse().unwrap(),
        submission_unique_id: report.sop_instance_uid.parse().unwrap(),
        submission_time: "20260101".parse().unwrap(),
    };
    let samples = dose::sample::all();
    let reports = samples.iter().map(|sample| dose::read(&sample.bytes).unwrap());
    reports.map(|report| dose::describe(&report, &said(&report)).unwrap()).collect()
}

#[test]
fn the_domain_that_is_built_in_takes_dose_reports_and_leaves_nothing_out() {
    let (domain, notes) = Domain::read(&built_in()).unwrap();
    assert_eq!(notes, []);
    assert_eq!(domain.name, "ihe-test");
    for submission in samples() {
        let broken: Vec<String> = submission
            .coded_values()
            .filter(|value| domain.broken_by(value).is_some())
            .map(|value| format!("{} {value}", value.attribute))
            .collect();
        assert_eq!(broken, Vec::<String>::new());
    }
    assert!(CodedAttribute::all().all(|attribute| domain.rule(attribute).is_some()));
}

#[test]
fn a_node_that_was_told_no_domain_enforces_none() {
    let (domain, _) = load(&Config::default()).unwrap();
    assert!(CodedAttribute::all().all(|attribute| {
        domain.rule(attribute).is_some_and(|rule| rule.strictness == Strictness::Accept)
    }));
    assert!(domain.authorities.is_empty() && domain.sources.is_none());
    let mut config = Config::default();
    config.domain.patient_authority = Some(Text("1.2.3".parse().unwrap()));
    let (domain, _) = load(&config).unwrap();
    assert!(domain.has_authority(&"1.2.3".parse().unwrap()));
    assert!(!domain.has_authority(&"1.2.4".parse().unwrap()), "its own authority is the domain's");
}

#[test]
fn a_node_whose_own_documents_its_domain_would_refuse_does_not_start() {
    let folder = folder();
    let mut config = config(folder.path());
    load(&config).unwrap();
    config.domain.patient_authority = Some(Text("1.2.3".parse().unwrap()));
    config.codes.class.code = "OTHER".to_owned();
    let said = load(&config).unwrap_err();
    for part in [
        "domain.patient_authority is 1.2.3: the patients of domain ihe-test have ids of 1.3.6.1.4.1.21367.2005.13.20.1000",
        "codes.class is OTHER^^2.16.840.1.113883.6.1: domain ihe-test refuses it as classCode, expected one of 4: ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    config.domain.patient_authority = None;
    assert!(load(&config).unwrap_err().contains("domain.patient_authority is not given"));
}

#[test]
fn a_folder_that_cannot_be_used_says_which_file_and_where() {
    let folder = folder();
    fs::create_dir(folder.path().join("valuesets")).unwrap();
    fs::write(folder.path().join("valuesets/typeCode.json"), "{}").unwrap();
    let said = load(&config(folder.path())).unwrap_err();
    assert!(said.contains("valuesets/typeCode.json: resourceType: none, expected ValueSet"), "{said}");
    let said = load(&config(&folder.path().join("nowhere"))).unwrap_err();
    assert!(said.contains("nowhere: cannot look into it"), "{said}");
}

#[test]
fn what_is_no_file_of_a_domain_is_not_read() {
    let folder = folder();
    for name in [".domain.toml.swp", "README.md", "codes.xml~", ".hidden.xml"] {
        fs::write(folder.path().join(name), "\u{0}").unwrap();
    }
    fs::create_dir(folder.path().join("sub.xml")).unwrap();
    assert_eq!(read_files(folder.path()).unwrap(), built_in());
}

#[test]
fn what_is_too_large_or_too_many_is_refused() {
    let folder = folder();
    let large = folder.path().join("large.xml");
    fs::File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    assert!(load(&config(folder.path())).unwrap_err().contains("larger than 67108864 bytes"));
    fs::remove_file(large).unwrap();
    (0..1_000).for_each(|number| fs::write(folder.path().join(format!("{number}.json")), "").unwrap());
    assert!(load(&config(folder.path())).unwrap_err().contains("1002 files, at most 1000 are read"));
}

#[test]
fn a_domain_follows_its_folder_and_outlives_what_is_broken() {
    let folder = folder();
    let head = folder.path().join("domain.toml");
    let good = fs::read_to_string(&head).unwrap();
    let followed = FollowedDomain::open(&config(folder.path())).unwrap();
    let version = || followed.current().get().version.clone();
    let before = followed.current().get();
    followed.look(false);
    assert!(std::sync::Arc::ptr_eq(&before, &followed.current().get()), "nothing has changed");

    fs::write(&head, good.replace("version = \"1\"", "version = \"2, changed\"")).unwrap();
    followed.look(false);
    assert_eq!((version().as_str(), followed.trouble()), ("2, changed", None));

    fs::write(&head, "name = ").unwrap();
    followed.look(false);
    assert_eq!(version(), "2, changed");
    assert!(followed.trouble().unwrap().contains("domain.toml: line 1"), "{:?}", followed.trouble());

    fs::remove_file(&head).unwrap();
    followed.look(false);
    assert!(followed.trouble().unwrap().contains("there is no such file"));

    fs::write(&head, good).unwrap();
    followed.look(true);
    assert_eq!((version().as_str(), followed.trouble()), ("1", None));
}
