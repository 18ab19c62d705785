use hl7v2::Code;

use super::*;

const PID: &str = "PID|||71^^^&1.2.3&ISO~9^^^WARD~8^^^&ward.example&DNS||Dupont^Marie";

fn message(kind: &str, segments: &str) -> Message {
    let text = format!("MSH|^~\\&|ADT|Anna|REG|Dom|20260101||{kind}|m-1|P|2.3.1\rEVN||20260101\r{segments}");
    Message::read(text.as_bytes()).unwrap()
}

fn refusal(message: &Message) -> (Code, &'static str, usize, usize, Condition) {
    let Acknowledgement { code, text, error } = PatientFeed::read(message).unwrap_err();
    let ErrorAt { segment, sequence, field, condition } = error.unwrap();
    assert!(text.starts_with(&format!("{segment}-{field}: ")), "{text}");
    assert!(!text.contains("71") && !text.contains("Dupont"), "{text}");
    (code, segment, sequence, field, condition)
}

fn id(text: &str) -> Identifier {
    Identifier::from(&text.parse::<PatientId>().unwrap())
}

fn three() -> Vec<Identifier> {
    let other = |id: &str, authority| Identifier { id: id.to_owned(), authority };
    vec![
        id("71^^^&1.2.3&ISO"),
        other("9", Authority::Namespace("WARD".to_owned())),
        other("8", Authority::Other),
    ]
}

#[test]
fn reads_every_event_of_a_feed() {
    for trigger in ["A01", "A04", "A05"] {
        let feed = PatientFeed::read(&message(&format!("ADT^{trigger}"), PID)).unwrap();
        assert_eq!(feed, PatientFeed::Known(three()));
        assert_eq!(feed.kind().answering.action, 'C');
    }
    let revised = PatientFeed::read(&message("ADT^A08^ADT_A01", PID)).unwrap();
    assert_eq!((revised.kind().answering.action, revised), ('U', PatientFeed::Revised(three())));
    let merges = format!("{PID}\rMRG|72^^^&1.2.3&ISO\rPV1||O\rPID|||1^^^&1.2&ISO\rMRG|2^^^&1.2&ISO");
    let merged = PatientFeed::read(&message("ADT^A40^ADT_A39", &merges)).unwrap();
    let first = Merge { subsumed: vec![id("72^^^&1.2.3&ISO")], survivor: three() };
    let second = Merge { subsumed: vec![id("2^^^&1.2&ISO")], survivor: vec![id("1^^^&1.2&ISO")] };
    assert_eq!(merged, PatientFeed::Merged(vec![first, second]));
}

#[test]
fn rejects_other_messages_by_their_header() {
    let read = |from: &str, to: &str| {
        let good = format!("MSH|^~\\&|ADT|Anna|REG|Dom|20260101||ADT^A01|m-1|P|2.3.1\r{PID}");
        refusal(&Message::read(good.replace(from, to).as_bytes()).unwrap())
    };
    let expected = |field, condition| (Code::Reject, "MSH", 1, field, condition);
    assert_eq!(read("ADT^A01", "ORU^R01"), expected(9, Condition::MessageType));
    for other in ["ADT^A02", "ADT", "ADT^A43^ADT_A43"] {
        assert_eq!(read("ADT^A01", other), expected(9, Condition::EventCode));
    }
    assert_eq!(read("m-1", ""), expected(10, Condition::RequiredFieldMissing));
    assert_eq!(read("|P|", "|X|"), expected(11, Condition::ProcessingId));
    assert_eq!(read("2.3.1", "3.0"), expected(12, Condition::VersionId));
}

#[test]
fn says_which_field_is_missing_or_cannot_be_read() {
    let expected = |segment, sequence, field, condition| (Code::Error, segment, sequence, field, condition);
    for (segments, place) in [
        ("PV1||O", ("PID", 1, 3, Condition::SegmentSequence)),
        ("PID|||", ("PID", 1, 3, Condition::RequiredFieldMissing)),
        ("PID|||^^^&1.2.3&ISO~\"\"", ("PID", 1, 3, Condition::RequiredFieldMissing)),
        ("PID|||71^^^&hospital&ISO", ("PID", 1, 3, Condition::DataType)),
        ("PID|||71\\X0D\\2^^^&1.2.3&ISO", ("PID", 1, 3, Condition::DataType)),
    ] {
        let (segment, sequence, field, condition) = place;
        let wanted = expected(segment, sequence, field, condition);
        assert_eq!(refusal(&message("ADT^A01", segments)), wanted, "{segments}");
    }
    let long = format!("PID|||{}^^^&1.2.3&ISO", "7".repeat(LONGEST_ID + 1));
    assert_eq!(refusal(&message("ADT^A01", &long)), expected("PID", 1, 3, Condition::DataType));
    for (segments, place) in [
        (PID.to_owned(), ("MRG", 1, 1, Condition::SegmentSequence)),
        ("MRG|72^^^&1.2.3&ISO".to_owned(), ("PID", 1, 3, Condition::SegmentSequence)),
        (format!("{PID}\rMRG|"), ("MRG", 1, 1, Condition::RequiredFieldMissing)),
        (format!("{PID}\rMRG|2\r{PID}\r{PID}\rMRG|3"), ("MRG", 2, 1, Condition::SegmentSequence)),
        (format!("{PID}\rMRG|2\rPID|||"), ("PID", 2, 3, Condition::RequiredFieldMissing)),
        ("PV1||O".to_owned(), ("PID", 1, 3, Condition::SegmentSequence)),
    ] {
        let (segment, sequence, field, condition) = place;
        let wanted = expected(segment, sequence, field, condition);
        assert_eq!(refusal(&message("ADT^A40^ADT_A39", &segments)), wanted, "{segments}");
    }
}

#[test]
fn is_read_as_it_was_written() {
    let odd = Identifier { id: "a|b^c&é".to_owned(), authority: Authority::Namespace("W&RD".to_owned()) };
    let merge = Merge { subsumed: vec![id("72^^^&1.2.3&ISO")], survivor: vec![id("71^^^&1.2.3&ISO")] };
    let parties = Parties { sender: "A|B".to_owned(), ..Parties::default() };
    for feed in [
        PatientFeed::Known(vec![odd.clone(), id("71^^^&1.2.3&ISO")]),
        PatientFeed::Revised(vec![odd]),
        PatientFeed::Merged(vec![merge.clone(), merge]),
    ] {
        let message = Message::read(&feed.write(&parties, "c-1")).unwrap();
        assert_eq!(message.header().plain(&message.header().parties[0]), "A|B");
        assert_eq!(PatientFeed::read(&message).unwrap(), feed);
    }
}

fn domain() -> Domain {
    let authority = |oid: &str, namespace: Option<&str>| metadata::domain::Authority {
        oid: oid.parse().unwrap(),
        namespace: namespace.map(str::to_owned),
    };
    let mut domain = Domain::open();
    domain.authorities = vec![authority("1.2.3", Some("WARD")), authority("1.2", None)];
    domain
}

#[test]
fn identifiers_of_others_are_none_and_names_are_filled_in() {
    let ours: Vec<_> = three().iter().filter_map(|identifier| identifier.within(&domain())).collect();
    assert_eq!(ours, ["71^^^&1.2.3&ISO", "9^^^&1.2.3&ISO"].map(|text| text.parse().unwrap()));
    assert_eq!(id("71^^^&2.99&ISO").within(&domain()), None);
    assert!(id("71^^^&2.9&ISO").within(&Domain::open()).is_some());
}

#[test]
fn a_merge_is_of_two_ids_of_one_authority() {
    let merge = |subsumed: &[&str], survivor: &[&str]| {
        let ids = |texts: &[&str]| texts.iter().map(|text| id(text)).collect();
        let merge = Merge { subsumed: ids(subsumed), survivor: ids(survivor) };
        merge.within(&domain()).map(|pair| pair.map(|(one, other)| format!("{} {}", one.id(), other.id())))
    };
    let (one, two, other) = ("1^^^&1.2.3&ISO", "2^^^&1.2.3&ISO", "3^^^&1.2&ISO");
    assert_eq!(merge(&[one], &["9^^^&2.9&ISO", other, two]), Ok(Some("1 2".to_owned())));
    assert_eq!(merge(&[one], &[two, two]), Ok(Some("1 2".to_owned())));
    assert_eq!(merge(&[one], &[other]), Ok(None));
    assert_eq!(merge(&["1^^^&2.9&ISO"], &["2^^^&2.9&ISO"]), Ok(None));
    assert!(merge(&[one, two], &["4^^^&1.2.3&ISO"]).is_err());
    assert!(merge(&[one], &[two, "4^^^&1.2.3&ISO"]).is_err());
}
