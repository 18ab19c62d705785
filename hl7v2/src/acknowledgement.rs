//! The answer to a message in original mode: MSH, MSA, and ERR where something is wrong (HL7 2.3.1 section 2.12).

use std::sync::atomic::{AtomicU64, Ordering};

use hl7_parser::message::Separators;
use jiff::Timestamp;

use crate::charset::Charset;
use crate::message::{Header, Message, Unreadable};

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// MSA-1.
    pub code: Code,
    /// MSA-3: what people read; nothing of a patient.
    pub text: String,
    /// ERR: where something is wrong.
    pub error: Option<ErrorAt>,
}

/// MSA-1 (HL7 table 0008).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// AA: done, or nothing to do.
    Accept,
    /// AE: something is wrong with what the message says, or with who answers.
    Error,
    /// AR: not a message that is taken.
    Reject,
}

/// A place in a message and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAt {
    /// The segment.
    pub segment: &'static str,
    /// Which of those with that name, from 1.
    pub sequence: usize,
    /// The field, from 1.
    pub field: usize,
    /// What is wrong.
    pub condition: Condition,
}

/// What can be wrong (HL7 table 0357).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// A segment is not where it was expected.
    SegmentSequence = 100,
    /// A field is empty.
    RequiredFieldMissing = 101,
    /// A field cannot be read.
    DataType = 102,
    /// Messages of that kind are not taken.
    MessageType = 200,
    /// What happened is nothing that is dealt with here.
    EventCode = 201,
    /// MSH-11.
    ProcessingId = 202,
    /// MSH-12.
    VersionId = 203,
    /// Who answers cannot.
    Internal = 207,
}

impl Code {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "AA",
            Self::Error => "AE",
            Self::Reject => "AR",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        // CA, CE and CR are those of enhanced mode, which some answer in whatever they were asked.
        match name {
            "AA" | "CA" => Some(Self::Accept),
            "AE" | "CE" => Some(Self::Error),
            "AR" | "CR" => Some(Self::Reject),
            _ => None,
        }
    }
}

impl Condition {
    const fn text(self) -> &'static str {
        match self {
            Self::SegmentSequence => "Segment sequence error",
            Self::RequiredFieldMissing => "Required field missing",
            Self::DataType => "Data type error",
            Self::MessageType => "Unsupported message type",
            Self::EventCode => "Unsupported event code",
            Self::ProcessingId => "Unsupported processing id",
            Self::VersionId => "Unsupported version id",
            Self::Internal => "Application internal error",
        }
    }
}

impl Acknowledgement {
    /// Done. The text may be empty.
    pub fn accept(text: impl Into<String>) -> Self {
        Self { code: Code::Accept, text: text.into(), error: None }
    }

    /// Not done, because of what the message says there.
    pub fn error(text: impl Into<String>, error: ErrorAt) -> Self {
        Self { code: Code::Error, text: text.into(), error: Some(error) }
    }

    /// Not a message that is taken, because of what it says there.
    pub fn reject(text: impl Into<String>, error: ErrorAt) -> Self {
        Self { code: Code::Reject, text: text.into(), error: Some(error) }
    }

    /// To what cannot be read.
    pub fn unreadable(unreadable: &Unreadable) -> Self {
        Self { code: Code::Reject, text: unreadable.defect.to_string(), error: None }
    }

    /// The message that answers the one with this header: its parties the other way round, its separators, version
    /// and characters.
    pub(crate) fn write(&self, header: Option<&Header>) -> Vec<u8> {
        let Some(header) = header else { return self.write(Some(&Header::nobodys())) };
        let Header { separators, parties, trigger, structure, control_id, processing, version, .. } = header;
        let Separators { field, component, repetition, escape, subcomponent, .. } = separators;
        let [sender, facility, receiver, at] = parties;
        let mut kind = "ACK".to_owned();
        for part in [trigger.as_str(), if structure.is_empty() { "" } else { "ACK" }] {
            if !part.is_empty() {
                kind.push(*component);
                kind.push_str(part);
            }
        }
        let now = Timestamp::now().strftime("%Y%m%d%H%M%S+0000").to_string();
        let processing = if processing.is_empty() { "P" } else { processing };
        let version = if version.is_empty() { "2.3.1" } else { version };
        let own_id = next_control_id();
        let encoding = format!("{component}{repetition}{escape}{subcomponent}");
        let mut fields = vec![
            "MSH", &encoding, receiver, at, sender, facility, &now, "", &kind, &own_id, processing, version,
        ];
        if !header.charset_name.is_empty() {
            fields.extend(["", "", "", "", "", &header.charset_name]);
        }
        let join = |fields: &[&str]| fields.join(field.encode_utf8(&mut [0; 4]));
        let text = separators.encode(&self.text).to_string();
        let mut message = join(&fields);
        message.push('\r');
        message.push_str(&join(&["MSA", self.code.name(), control_id, &text]));
        message.push('\r');
        if let Some(error) = &self.error {
            let is_old = ["2.1", "2.2", "2.3", "2.4"].iter().any(|old| version.starts_with(old));
            message.push_str(&join(&error.fields(separators, is_old).each_ref().map(String::as_str)));
            message.push('\r');
        }
        let mut bytes = header.charset.write(&message);
        // In a set that we do not know only ASCII means what it says.
        if Charset::of(&header.charset_name, &bytes).is_none() {
            bytes.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        }
        bytes
    }

    /// Reads an acknowledgement and what it says it answers, MSA-2: some write there what they like.
    pub fn read(message: &Message) -> Result<(Self, String), String> {
        let msa = message.segments().find(|segment| segment.name() == "MSA");
        let msa = msa.ok_or("the answer has no segment MSA")?;
        let value = |number| {
            let field = msa.field(number).map_err(|error| format!("MSA-{number}: {error}"))?;
            Ok::<_, String>(field.first().map(|repetition| repetition.value(1, 1)).unwrap_or_default())
        };
        let name = value(1)?;
        let code =
            Code::from_name(&name).ok_or_else(|| format!("MSA-1: {name:?} is no acknowledgement code"))?;
        Ok((Self { code, text: value(3)?, error: None }, value(2)?))
    }
}

impl ErrorAt {
    /// The segment ERR: one field until version 2.4, several from 2.5 on.
    fn fields(&self, separators: &Separators, is_old: bool) -> [String; 5] {
        let Self { segment, sequence, field, condition } = self;
        let (code, text) = (*condition as u16, condition.text());
        let Separators { component: c, subcomponent: s, .. } = separators;
        let at = format!("{segment}{c}{sequence}{c}{field}");
        let empty = String::new;
        if is_old {
            ["ERR".to_owned(), format!("{at}{c}{code}{s}{text}{s}HL70357"), empty(), empty(), empty()]
        } else {
            ["ERR".to_owned(), empty(), at, format!("{code}{c}{text}{c}HL70357"), "E".to_owned()]
        }
    }
}

impl Header {
    /// Of a message that has none.
    fn nobodys() -> Self {
        Self {
            separators: Separators::default(),
            charset: Charset::default(),
            parties: Default::default(),
            kind: String::new(),
            trigger: String::new(),
            structure: String::new(),
            control_id: String::new(),
            processing: String::new(),
            version: String::new(),
            charset_name: String::new(),
        }
    }
}

/// MSH-10 of a message of ours, unlike any before it: twenty characters at most.
pub fn next_control_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) & 0xff_ffff;
    format!("{:011X}-{count:06X}", Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A01: &str = "MSH|^~\\&|ADT|St. Anna|REG|Domain|20260101||ADT^A01|m-1|P|2.3.1\rPID|||1";

    fn answer(message: &str, acknowledgement: &Acknowledgement) -> Vec<String> {
        let message = Message::read(message.as_bytes());
        let header = match &message {
            Ok(message) => Some(message.header()),
            Err(unreadable) => unreadable.header.as_deref(),
        };
        let written = String::from_utf8(acknowledgement.write(header)).unwrap();
        written.split_terminator('\r').map(str::to_owned).collect()
    }

    fn missing() -> ErrorAt {
        ErrorAt { segment: "PID", sequence: 1, field: 3, condition: Condition::RequiredFieldMissing }
    }

    #[test]
    fn goes_back_to_who_sent_the_message() {
        let [msh, msa] = answer(A01, &Acknowledgement::accept("")).try_into().unwrap();
        let fields: Vec<&str> = msh.split('|').collect();
        assert_eq!(fields[1..6], ["^~\\&", "REG", "Domain", "ADT", "St. Anna"]);
        assert_eq!((fields[8], &fields[10..]), ("ACK^A01", &["P", "2.3.1"][..]));
        assert!(fields[9].len() <= 20, "{msh}");
        assert_eq!(msa, "MSA|AA|m-1|");
    }

    #[test]
    fn says_where_something_is_wrong_as_the_version_has_it() {
        let refusal = Acknowledgement::error("PID-3 is empty", missing());
        let [_, msa, err] = answer(A01, &refusal).try_into().unwrap();
        assert_eq!(msa, "MSA|AE|m-1|PID-3 is empty");
        assert_eq!(err, "ERR|PID^1^3^101&Required field missing&HL70357|||");
        let new = A01.replace("2.3.1", "2.5").replace("ADT^A01", "ADT^A01^ADT_A01");
        let [msh, _, err] = answer(&new, &refusal).try_into().unwrap();
        assert!(msh.contains("|ACK^A01^ACK|"), "{msh}");
        assert_eq!(err, "ERR||PID^1^3|101^Required field missing^HL70357|E");
    }

    #[test]
    fn speaks_as_the_sender_does() {
        let other = "MSH*!~\\&*ADT*Anna*REG*Dom*2026**ADT!A08*m-2*P*2.4******UNICODE UTF-8\rPID***1";
        let [msh, msa] = answer(other, &Acknowledgement::accept("a * and a \u{e9}")).try_into().unwrap();
        assert!(msh.contains("*ACK!A08*"), "{msh}");
        assert!(msh.ends_with("*2.4******UNICODE UTF-8"), "{msh}");
        assert_eq!(msa, "MSA*AA*m-2*a \\F\\ and a \u{e9}");
    }

    #[test]
    fn answers_what_has_no_header() {
        let unreadable = Message::read(b"hello").unwrap_err();
        let written = Acknowledgement::unreadable(&unreadable).write(None);
        let (read, to) = Acknowledgement::read(&Message::read(&written).unwrap()).unwrap();
        assert_eq!((read.code, to.as_str()), (Code::Reject, ""));
        assert!(read.text.contains("MSH"), "{}", read.text);
    }

    #[test]
    fn is_read_as_it_was_written() {
        let header = Message::read(A01.as_bytes()).unwrap().header().clone();
        for code in [Code::Accept, Code::Error, Code::Reject] {
            let ours = Acknowledgement { code, text: "a|b^c".to_owned(), error: None };
            let (read, to) =
                Acknowledgement::read(&Message::read(&ours.write(Some(&header))).unwrap()).unwrap();
            assert_eq!((read, to.as_str()), (ours, "m-1"));
        }
    }

    #[test]
    fn refuses_what_acknowledges_nothing() {
        for wrong in [A01, "MSH|^~\\&|||||||ACK|1|P|2.3.1\rMSA|XX|m-1"] {
            assert!(Acknowledgement::read(&Message::read(wrong.as_bytes()).unwrap()).is_err(), "{wrong}");
        }
    }
}
