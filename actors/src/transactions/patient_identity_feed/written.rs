//! A feed as an identity source writes it.

use hl7v2::{Charset, escape};
use jiff::Timestamp;

use super::{Authority, Identifier, PatientFeed};

/// Who speaks to whom (MSH-3 to MSH-6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parties {
    /// The application that sends.
    pub sender: String,
    /// Where it is.
    pub sender_facility: String,
    /// The application that receives.
    pub receiver: String,
    /// Where it is.
    pub receiver_facility: String,
}

impl PatientFeed {
    /// Writes it as a message of HL7 2.3.1: A04 of who is known, A08 of who was revised, A40 of merges.
    pub fn write(&self, parties: &Parties, control_id: &str) -> Vec<u8> {
        let now = Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
        let kind = match self {
            Self::Known(_) => "ADT^A04",
            Self::Revised(_) => "ADT^A08",
            Self::Merged(_) => "ADT^A40^ADT_A39",
        };
        let Parties { sender, sender_facility, receiver, receiver_facility } = parties;
        let parties =
            [sender, sender_facility, receiver, receiver_facility].map(|party| escape(party)).join("|");
        let control_id = escape(control_id);
        let mut message = format!(
            "MSH|^~\\&|{parties}|{now}||{kind}|{control_id}|P|2.3.1||||||{}\rEVN||{now}\r",
            Charset::UTF8_NAME
        );
        match self {
            Self::Known(patients) | Self::Revised(patients) => {
                message.push_str(&format!("{}PV1||O\r", pid(patients)));
            }
            Self::Merged(merges) => {
                for merge in merges {
                    message.push_str(&format!("{}MRG|{}\r", pid(&merge.survivor), field(&merge.subsumed)));
                }
            }
        }
        message.into_bytes()
    }
}

/// PID with the name that says nothing, which version 2.3.1 asks for.
fn pid(patients: &[Identifier]) -> String {
    format!("PID|||{}||^^^^^^S\r", field(patients))
}

fn field(identifiers: &[Identifier]) -> String {
    let written = identifiers.iter().map(|Identifier { id, authority }| {
        let authority = match authority {
            Authority::Oid(oid) => format!("&{oid}&ISO"),
            Authority::Namespace(name) => escape(name),
            Authority::Other => String::new(),
        };
        format!("{}^^^{authority}", escape(id))
    });
    written.collect::<Vec<_>>().join("~")
}
