use proptest::prelude::*;

use super::*;
use crate::acknowledgement::Acknowledgement;

const A40: &str = "MSH|^~\\&|ADT|Anna|REG|Dom|20260101||ADT^A40^ADT_A39|m-1|P|2.3.1\r\
    EVN||20260101\r\
    PID|||71\\T\\1^^^&1.2.3&ISO~9^^^Ward\r\
    MRG|72^^^&1.2.3&ISO";

fn defect(message: impl AsRef<[u8]>) -> Defect {
    Message::read(message.as_ref()).unwrap_err().defect
}

fn values(message: &Message, segment: &str, field: usize) -> Vec<(String, String)> {
    let segment = message.segments().find(|found| found.name() == segment).unwrap();
    let repetitions = segment.field(field).unwrap();
    repetitions.iter().map(|value| (value.value(1, 1), value.value(4, 2))).collect()
}

#[test]
fn reads_header_and_fields() {
    let message = Message::read(A40.as_bytes()).unwrap();
    let header = message.header();
    assert_eq!(header.parties, ["ADT", "Anna", "REG", "Dom"]);
    assert_eq!([&header.kind, &header.trigger, &header.structure], ["ADT", "A40", "ADT_A39"]);
    assert_eq!([&header.control_id, &header.processing, &header.version], ["m-1", "P", "2.3.1"]);
    assert_eq!(message.segments().map(|segment| segment.name()).collect::<Vec<_>>(), ["EVN", "PID", "MRG"]);
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    assert_eq!(values(&message, "PID", 3), [pair("71&1", "1.2.3"), pair("9", "")]);
    assert_eq!(values(&message, "MRG", 1), [pair("72", "1.2.3")]);
    assert!(values(&message, "MRG", 40).is_empty());
}

#[test]
fn takes_the_ends_of_lines_as_they_come() {
    for end in ["\n", "\r\n", "\r\r", "\r \r"] {
        let message = Message::read(A40.replace('\r', end).as_bytes()).unwrap();
        assert_eq!(message.segments().count(), 3, "{end:?}");
        assert_eq!(values(&message, "MRG", 1).len(), 1, "{end:?}");
    }
    assert!(Message::read(format!("\r\n{A40}\r").as_bytes()).is_ok());
}

#[test]
fn takes_other_separators() {
    let other = "MSH#*~\\&#ADT#Anna#REG#Dom#2026##ADT*A08#m-1#P#2.3\rPID###1*a#b";
    let message = Message::read(other.as_bytes()).unwrap();
    assert_eq!(message.header().trigger, "A08");
    assert_eq!(values(&message, "PID", 3), [("1".to_owned(), String::new())]);
}

#[test]
fn reads_the_characters_that_the_header_names() {
    let text = A40.replace("2.3.1\r", "2.3.1||||||UNICODE UTF-8\r").replace("Ward", "Zoé");
    let message = Message::read(text.as_bytes()).unwrap();
    assert!(message.text().contains("Zoé"));
    assert_eq!(message.header().charset_name, "UNICODE UTF-8");
    let latin = text.replace("UNICODE UTF-8", "8859/1");
    assert!(Message::read(&Charset::Latin1.write(&latin)).unwrap().text().contains("Zoé"));
    let wrong = Message::read(&Charset::Latin1.write(&text)).unwrap_err();
    assert_eq!((wrong.header.unwrap().control_id.as_str(), wrong.defect), ("m-1", Defect::NotUtf8));
    let unknown = Message::read(text.replace("UNICODE UTF-8", "ISO IR87").as_bytes()).unwrap_err();
    assert_eq!((unknown.header.unwrap().control_id.as_str(), unknown.defect), ("m-1", Defect::Charset));
}

#[test]
fn what_is_said_to_be_nothing_is_nothing() {
    let message = Message::read(A40.replace("9^^^Ward", "\"\"^^^\"\"").as_bytes()).unwrap();
    assert_eq!(values(&message, "PID", 3).len(), 1);
}

#[test]
fn text_that_looks_like_a_segment_is_none() {
    let message = Message::read(A40.replace("Ward", "\\X0D\\MRG|99").as_bytes()).unwrap();
    assert_eq!(message.segments().filter(|segment| segment.name() == "MRG").count(), 1);
}

#[test]
fn refuses_what_is_no_message() {
    assert_eq!(defect(""), Defect::NoHeader);
    assert_eq!(defect("PID|||1"), Defect::NoHeader);
    assert_eq!(defect(&A40[..5]), Defect::Separators);
    for header in
        ["MSH||~\\&|", "MSH|^~\\&#|", "MSH|^~\\|", "MSH|^a\\&|", "MSHxyzab|", "MSH\u{e9}^~\\&\u{e9}"]
    {
        assert_eq!(defect(header), Defect::Separators, "{header}");
    }
    assert_eq!(defect(A40.replace("EVN|", "E|")), Defect::Segment(2));
    assert_eq!(defect(A40.replace("PID|||", "PIDX|||")), Defect::Segment(3));
    assert_eq!(defect(A40.replace("Ward", "Wa\u{1c}rd")), Defect::Control);
}

#[test]
fn refuses_a_second_message_in_the_frame() {
    let two = format!("{A40}\r{A40}");
    assert_eq!(defect(&two), Defect::SecondMessage);
    assert_eq!(defect(format!("{A40}\u{1c}\u{b}{A40}")), Defect::Control);
    assert_eq!(Message::read(two.as_bytes()).unwrap_err().header.unwrap().control_id, "m-1");
}

#[test]
fn keeps_to_its_limits() {
    let segments = |count: usize| format!("{A40}{}", "\rZZZ|1".repeat(count - 4));
    assert!(Message::read(segments(limits::SEGMENTS).as_bytes()).is_ok());
    assert_eq!(defect(segments(limits::SEGMENTS + 1)), Defect::TooManySegments);
    assert_eq!(defect(A40.replace("Anna", &"a".repeat(limits::HEADER))), Defect::HeaderTooLong);
    let field = |size: usize| {
        let message = Message::read(A40.replace("9^^^Ward", &"~".repeat(size)).as_bytes()).unwrap();
        message.segments().nth(1).unwrap().field(3).map(|values| values.len())
    };
    assert_eq!(field(limits::FIELD / 2), Ok(1));
    assert_eq!(field(limits::FIELD), Err(TooLong));
}

/// Text with much of what a message is made of.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"MSH|^~\\&|".to_vec()),
        Just(b"\rPID|".to_vec()),
        Just(b"\rMRG|".to_vec()),
        "[|^~\\\\&\r\n]{0,9}".prop_map(String::into_bytes),
        "\\PC{0,9}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..9),
    ];
    let rest = prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat());
    (any::<bool>(), rest).prop_map(|(is_begun, rest)| {
        if is_begun { [b"MSH|^~\\&|A|B|C|D|||ADT^A40|m|P|2.3.1|".to_vec(), rest].concat() } else { rest }
    })
}

#[test]
fn the_answer_to_characters_that_are_not_known_can_be_read() {
    let sent = b"MSH|^~\\&|Zo\xe9|B|C|D|||ADT^A40|m|P|2.3.1||||||ISO IR87\rPID|\xe9\r";
    let unreadable = Message::read(sent).unwrap_err();
    let answer = Acknowledgement::unreadable(&unreadable).write(unreadable.header.as_deref());
    assert!(Message::read(&answer).is_ok(), "{}", answer.escape_ascii());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_answered(bytes in anything()) {
        let answer = match Message::read(&bytes) {
            Ok(message) => {
                for segment in message.segments() {
                    for value in (0..9).flat_map(|field| segment.field(field).unwrap()) {
                        value.value(1, 1);
                        value.value(4, 2);
                    }
                }
                Acknowledgement::accept("").write(Some(message.header()))
            }
            Err(unreadable) => Acknowledgement::unreadable(&unreadable).write(unreadable.header.as_deref()),
        };
        let answer = Message::read(&answer).map_err(|unreadable| TestCaseError::fail(unreadable.defect.to_string()))?;
        prop_assert!(Acknowledgement::read(&answer).is_ok());
    }
}
