use proptest::prelude::*;

use super::*;
use crate::{Code, sample};

const CLASS: &str = r#"{ "resourceType": "ValueSet", "compose": { "include": [
    { "system": "urn:oid:1.2.3", "concept": [{ "code": "A", "display": "Aa" }, { "code": "B" }] },
    { "system": "http://loinc.org" } ] } }"#;

fn files<const N: usize>(files: [(&str, &str); N]) -> Files {
    files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into()
}

fn read(domain: &str) -> Domain {
    Domain::read(&files([("domain.toml", domain)])).unwrap().0
}

fn with(name: &str, text: &str) -> Files {
    files([("domain.toml", "name = \"test\""), (name, text)])
}

fn problems(files: &Files) -> String {
    let problems = Domain::read(files).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn codes(domain: &Domain, attribute: CodedAttribute) -> Vec<String> {
    domain.rule(attribute).unwrap().codes().iter().map(ToString::to_string).collect()
}

#[test]
fn in_an_open_domain_everything_goes() {
    let domain = Domain::open();
    assert!(domain.has_authority(&"1.2".parse().unwrap()));
    assert!(domain.has_source(&"1.2".parse().unwrap()));
    assert!(sample().coded_values().all(|value| domain.broken_by(&value).is_none()));
}

#[test]
fn every_coded_value_of_a_submission_is_looked_at() {
    let mut submission = crate::sample_with_folder();
    submission.associations[0].documentation = Some(Code::new("why", "1.2", ""));
    let found: BTreeSet<CodedAttribute> = submission.coded_values().map(|value| value.attribute).collect();
    assert_eq!(found, CodedAttribute::all().collect());
}

#[test]
fn a_domain_says_whose_patients_and_which_sources() {
    let domain = read(
        "name = \"test\"\nversion = \"7\"\nsources = [\"1.2.9\"]\n[[authorities]]\noid = \"1.2.3\"\nnamespace = \"NORTH\"",
    );
    assert_eq!((domain.name.as_str(), domain.version.as_str()), ("test", "7"));
    let [ours, other] = ["1.2.3", "1.2.4"].map(|oid| oid.parse().unwrap());
    assert!(domain.has_authority(&ours) && !domain.has_authority(&other));
    assert_eq!(domain.authority_called("NORTH"), Some(&ours));
    assert_eq!(domain.authority_called("SOUTH"), None);
    assert!(domain.has_source(&"1.2.9".parse().unwrap()) && !domain.has_source(&ours));
}

#[test]
fn code_and_scheme_are_compared_as_they_are_written_and_the_name_is_not() {
    let domain =
        read("name = \"test\"\n[attributes.classCode]\ncodes = [{ code = \"a\", scheme = \"1.2\" }]");
    let rule = domain.rule(CodedAttribute::ClassCode).unwrap();
    assert!(rule.allows("a", "1.2"));
    for (code, scheme) in [("A", "1.2"), ("a", "1.2.3"), ("a", ""), ("b", "1.2")] {
        assert!(!rule.allows(code, scheme), "{code} {scheme}");
    }
}

#[test]
fn an_attribute_is_as_strict_as_it_says_and_else_as_the_domain() {
    let domain = read(
        "name = \"test\"\npolicy = \"warn\"\n[attributes.classCode]\npolicy = \"refuse\"\ncodes = [{ code = \"a\", \
         scheme = \"1\" }]\n[attributes.mimeType]\ncodes = [{ code = \"text/plain\" }]\n[attributes.typeCode]\npolicy = \
         \"accept\"\ncodes = [{ code = \"a\", scheme = \"1\" }]",
    );
    let sample = sample();
    let broken: Vec<_> = sample
        .coded_values()
        .filter_map(|value| Some((value.attribute, domain.broken_by(&value)?.strictness)))
        .collect();
    assert_eq!(
        broken,
        [(CodedAttribute::ClassCode, Strictness::Refuse), (CodedAttribute::MimeType, Strictness::Warn)]
    );
    let relaxed = domain.no_stricter_than(Strictness::Warn);
    let strict = |attribute| relaxed.rule(attribute).unwrap().strictness;
    assert_eq!(strict(CodedAttribute::ClassCode), Strictness::Warn);
    assert_eq!(strict(CodedAttribute::TypeCode), Strictness::Accept);
}

#[test]
fn what_is_expected_is_said_with_twenty_codes_and_a_count() {
    let mut rule = Rule::new(Strictness::Refuse);
    rule.allow(Code::new("A", "1", ""));
    rule.allow(Code::new("A", "1", "again"));
    rule.allow(Code::new("B", "1", ""));
    assert_eq!(rule.to_string(), "one of 2: A^^1, B^^1");
    rule.allow_all_of("2".to_owned());
    assert_eq!(rule.to_string(), "one of 2: A^^1, B^^1, or any code of 2");
    let mut rule = Rule::new(Strictness::Refuse);
    (1..=20).for_each(|number| rule.allow(Code::new(number.to_string(), "", "")));
    assert!(rule.to_string().ends_with("18, 19, 20"), "{rule}");
    rule.allow(Code::new("21", "", ""));
    assert!(rule.to_string().starts_with("one of 21: 1, 2, 3"), "{rule}");
    assert!(rule.to_string().ends_with("19, 20 and 1 more"), "{rule}");
    let mut rule = Rule::new(Strictness::Refuse);
    rule.allow_all_of("2".to_owned());
    assert_eq!(rule.to_string(), "any code of 2");
}

#[test]
fn reads_a_table_of_codes() {
    let table = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><!-- edition 3 --><Codes>
        <CodeType name="anything" classScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a">
          <Code code="A" display="Aa" codingScheme="1.2" system="http://example.org"/>
          <Code code="B" display="Bb" codingScheme="1.3"/></CodeType>
        <CodeType name="folderCodeList"><Code code="F" codingScheme="1.2"/></CodeType>
        <CodeType name="mimeType"><Code code="application/dicom" ext="dicom"/></CodeType>
        <CodeType name="purposeOfUse"><Code code="X" codingScheme="1.2"/></CodeType>
        <AssigningAuthority id="&amp;1.2.3&amp;ISO" display="RED"/><AssigningAuthority id="1.2.4"/></Codes>"#;
    let (domain, notes) = Domain::read(&with("codes.xml", table)).unwrap();
    assert_eq!(codes(&domain, CodedAttribute::ClassCode), ["A^^1.2", "B^^1.3"]);
    assert_eq!(codes(&domain, CodedAttribute::FolderCodeList), ["F^^1.2"]);
    assert!(domain.rule(CodedAttribute::MimeType).unwrap().allows("application/dicom", ""));
    assert_eq!(domain.authority_called("RED"), Some(&"1.2.3".parse().unwrap()));
    assert_eq!(domain.authorities.len(), 2);
    let [note] = notes.try_into().unwrap();
    assert_eq!(
        note.to_string(),
        "codes.xml: CodeType[4]: name 'purposeOfUse', classScheme '': no attribute of XDS, ignored"
    );
}

#[test]
fn the_authorities_of_domain_toml_go_over_those_of_a_table() {
    let head = "name = \"test\"\nauthorities = [{ oid = \"1.2.9\" }]";
    let table = r#"<Codes><AssigningAuthority id="1.2.4"/></Codes>"#;
    let (domain, _) = Domain::read(&files([("domain.toml", head), ("codes.xml", table)])).unwrap();
    assert_eq!(domain.authorities.len(), 1);
    assert!(!domain.has_authority(&"1.2.4".parse().unwrap()));
}

#[test]
fn a_table_that_cannot_be_read_is_refused_by_file_and_place() {
    let class = r#"<CodeType name="classCode">"#;
    let cases = [
        ("<Codes>", "codes.xml: not XML: "),
        ("<!DOCTYPE Codes><Codes/>", "codes.xml: not XML: "),
        ("<Kodes/>", "codes.xml: the root is Kodes, expected Codes"),
        (
            &format!("<Codes>{class}<Code codingScheme='1.2'/></CodeType></Codes>"),
            "codes.xml: CodeType[1]/Code[1]: code is missing or empty",
        ),
        (
            &format!("<Codes>{class}<Code code='A' codingScheme='1.2'/><Code code='B'/></CodeType></Codes>"),
            "codes.xml: CodeType[1]/Code[2]: code 'B': codingScheme is missing, classCode needs one",
        ),
        ("<Codes><AssigningAuthority id='IHERED'/></Codes>", "codes.xml: AssigningAuthority: id 'IHERED': "),
    ];
    for (table, expected) in cases {
        let problems = problems(&with("codes.xml", table));
        assert!(problems.starts_with(expected), "{expected} in {problems}");
    }
}

#[test]
fn reads_what_a_value_set_is_composed_of() {
    let (domain, _) = Domain::read(&with("valuesets/classCode.regional.json", CLASS)).unwrap();
    let rule = domain.rule(CodedAttribute::ClassCode).unwrap();
    assert_eq!(codes(&domain, CodedAttribute::ClassCode), ["A^^1.2.3", "B^^1.2.3"]);
    assert!(rule.allows("any", "2.16.840.1.113883.6.1"));
    assert!(!rule.allows("any", "1.2.3"));
}

#[test]
fn the_expansion_of_a_value_set_goes_over_what_it_is_composed_of() {
    let set = r#"{ "resourceType": "ValueSet", "compose": { "include": [{ "valueSet": ["http://elsewhere"] }] },
        "expansion": { "total": 3, "contains": [{ "system": "urn:oid:1.2", "code": "top", "abstract": true, "contains": [
            { "system": "urn:oid:1.2", "code": "A" }, { "system": "http://snomed.info/sct", "code": "7" } ] }] } }"#;
    let (domain, _) = Domain::read(&with("valuesets/eventCodeList.json", set)).unwrap();
    assert_eq!(codes(&domain, CodedAttribute::EventCodeList), ["A^^1.2", "7^^2.16.840.1.113883.6.96"]);
}

#[test]
fn a_domain_names_the_oids_of_its_systems() {
    let head = "name = \"test\"\n[systems]\n\"http://example.org/cs\" = \"1.2.9\"";
    let set = r#"{ "resourceType": "ValueSet", "compose": { "include": [{ "system": "http://example.org/cs" }] } }"#;
    let (domain, _) =
        Domain::read(&files([("domain.toml", head), ("valuesets/typeCode.json", set)])).unwrap();
    assert_eq!(domain.rule(CodedAttribute::TypeCode).unwrap().whole_schemes(), ["1.2.9"]);
    let languages = r#"{ "resourceType": "ValueSet", "compose": { "include": [
        { "system": "urn:ietf:bcp:47", "concept": [{ "code": "nl-BE" }] }] } }"#;
    let (domain, _) = Domain::read(&with("valuesets/languageCode.json", languages)).unwrap();
    assert!(domain.rule(CodedAttribute::LanguageCode).unwrap().allows("nl-BE", ""));
}

#[test]
fn a_value_set_that_cannot_be_read_is_refused_by_file_and_place() {
    let compose = |include: &str| {
        format!(r#"{{ "resourceType": "ValueSet", "compose": {{ "include": [{include}] }} }}"#)
    };
    let cases = [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (r#"{ "resourceType": "CodeSystem" }"#, "resourceType: CodeSystem, expected ValueSet"),
        (r#"{ "resourceType": "ValueSet" }"#, "neither expansion.contains nor compose"),
        (&compose(""), "compose.include: missing or empty"),
        (&compose(r#"{ "concept": [] }"#), "compose.include[0].system: missing"),
        (&compose("7"), "compose.include[0]: not an object"),
        (
            &compose(r#"{ "system": "urn:oid:1.2", "filter": [] }"#),
            "compose.include[0].filter: needs a terminology",
        ),
        (
            &compose(r#"{ "system": "urn:oid:1.2" }, { "valueSet": [] }"#),
            "compose.include[1].valueSet: needs",
        ),
        (
            &compose(r#"{ "system": "urn:oid:1.2", "concept": [{ "code": "" }] }"#),
            "compose.include[0].concept[0].code",
        ),
        (&compose(r#"{ "system": "http://example.org" }"#), "no OID is known for 'http://example.org'"),
        (
            r#"{ "resourceType": "ValueSet", "compose": { "include": [{ "system": "urn:oid:1.2" }], "exclude": [{}] } }"#,
            "compose.exclude: needs a terminology server",
        ),
        (
            r#"{ "resourceType": "ValueSet", "expansion": { "total": 9, "contains": [{ "system": "1.2", "code": "A" }] } }"#,
            "expansion.total: 9, but 1 are here",
        ),
    ];
    for (set, expected) in cases {
        let problems = problems(&with("valuesets/classCode.json", set));
        assert!(problems.starts_with("valuesets/classCode.json: "), "{problems}");
        assert!(problems.contains(expected), "{expected} in {problems}");
    }
}

#[test]
fn a_domain_that_cannot_be_read_is_refused_by_place_and_all_at_once() {
    assert!(problems(&Files::new()).starts_with("domain.toml: there is no such file"));
    let cases = [
        ("name = ", "domain.toml: line 1: "),
        ("version = \"1\"", "missing field `name`"),
        ("name = \"x\"\npolicy = \"ignore\"", "domain.toml: line 2: unknown variant `ignore`"),
        ("name = \"x\"\npolicies = \"warn\"", "unknown field `policies`"),
        ("name = \"x\"\nsources = [\"1.2\", \"here\"]", "domain.toml: sources[1]: 'here' is not an OID"),
        ("name = \"x\"\nauthorities = [{ oid = \"me\" }]", "authorities[0].oid: 'me' is not an OID"),
        (
            "name = \"x\"\n[attributes.class]\n",
            "attributes.class: no attribute has that name, expected one of",
        ),
        (
            "name = \"x\"\n[attributes.classCode]\npolicy = \"warn\"",
            "attributes.classCode.policy: there are no",
        ),
        (
            "name = \"x\"\n[attributes.classCode]\ncodes = [{ code = \"A\" }]",
            "codes[0]: scheme '', expected one",
        ),
        (
            "name = \"x\"\n[attributes.mimeType]\ncodes = [{ code = \"a/b\", scheme = \"1\" }]",
            "scheme '1', expected none",
        ),
        ("name = \"x\"\n[attributes.classCode]\ncodes = [{ code = \"\" }]", "codes[0]: code is empty"),
    ];
    for (head, expected) in cases {
        let problems = problems(&files([("domain.toml", head)]));
        assert!(problems.contains(expected), "{expected} in {problems}");
    }
    let both =
        problems(&files([("domain.toml", "name = "), ("codes.xml", "<"), ("valuesets/odd.json", "{}")]));
    assert_eq!(both.lines().count(), 3, "{both}");
    let many = format!("<Codes><CodeType name='classCode'>{}</CodeType></Codes>", "<Code/>".repeat(30));
    assert!(problems(&with("codes.xml", &many)).ends_with("codes.xml: and 10 more problems"));
}

#[test]
fn files_of_other_kinds_are_left_alone() {
    let (_, notes) = Domain::read(&with("README.md", "\u{0}")).unwrap();
    assert_eq!(notes, []);
    let (domain, notes) = Domain::read(&with("classCode.json", CLASS)).unwrap();
    assert!(domain.rule(CodedAttribute::ClassCode).is_none());
    assert!(notes[0].to_string().starts_with("classCode.json: not read"), "{notes:?}");
}

#[test]
fn the_domain_that_holds_is_replaced_for_all_who_share_it() {
    let current = CurrentDomain::default();
    let (copy, before) = (current.clone(), current.get());
    current.replace(read("name = \"next\""));
    assert_eq!((before.name.as_str(), copy.get().name.as_str()), ("open", "next"));
}

/// Texts that are nearly what is expected.
fn nearly(whole: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let spoilt = (0..whole.len(), any::<u8>(), 0..4_usize).prop_map(move |(at, byte, cut)| {
        let mut bytes = whole.as_bytes().to_vec();
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, [byte]);
        bytes
    });
    prop_oneof![spoilt, proptest::collection::vec(any::<u8>(), 0..200)]
}

const HEAD: &str = "name = \"x\"\npolicy = \"warn\"\nauthorities = [{ oid = \"1.2\" }]\n[attributes.mimeType]\ncodes = \
                    [{ code = \"a/b\" }]\n[systems]\n\"a\" = \"b\"";
const TABLE: &str = "<Codes><CodeType name='classCode'><Code code='A' codingScheme='1.2'/></CodeType><AssigningAuthority \
                     id='&amp;1.2&amp;ISO'/></Codes>";

proptest! {
    #[test]
    fn no_bytes_make_it_panic(head in nearly(HEAD), table in nearly(TABLE), set in nearly(CLASS)) {
        let files = Files::from([
            ("domain.toml".to_owned(), head),
            ("codes.xml".to_owned(), table),
            ("valuesets/classCode.json".to_owned(), set),
        ]);
        match Domain::read(&files) {
            Ok((domain, _)) => prop_assert!(domain.rules.values().all(|rule| !rule.to_string().is_empty())),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
