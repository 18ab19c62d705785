//! ITI-8: HL7 v2 messages over MLLP, and what acknowledges them, read by the judge's own eyes.

use crate::case::{Expect, Mllp, Step};
use crate::exchange::FRAME_END;
use crate::report::Finding;
use crate::variables::Scope;

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Message {
    /// The frame, whole.
    pub(crate) bytes: Vec<u8>,
    /// The fields of MSH, MSH-1 at 1; empty if it has no MSH.
    header: Vec<String>,
}

/// The message of a step.
pub(crate) fn compose(segments: &[String], mllp: &Mllp, scope: &mut Scope<'_>) -> Result<Message, String> {
    let segments = segments.iter().map(|segment| scope.expand(segment)).collect::<Result<Vec<_>, _>>()?;
    let first = segments.iter().find(|segment| segment.starts_with("MSH"));
    let header = first.map(|segment| fields(segment)).unwrap_or_default();
    let separator = scope.expand(&mllp.separator)?;
    let text = segments.iter().map(|segment| format!("{segment}{separator}")).collect::<String>();
    let mut bytes = scope.expand(&mllp.before)?.into_bytes();
    bytes.push(FRAME_START);
    match mllp.latin1 {
        true => bytes.extend(text.chars().map(|character| u8::try_from(character).unwrap_or(b'?'))),
        false => bytes.extend_from_slice(text.as_bytes()),
    }
    bytes.extend_from_slice(FRAME_END);
    Ok(Message { bytes, header })
}

/// A mistake of the case: an acknowledgement is due, and nothing else.
pub(crate) fn rehearse(step: &Step) -> Result<(), String> {
    let known = |code: &String| matches!(code.as_str(), "AA" | "AE" | "AR");
    if step.expect.iter().any(|expect| expect.ack.is_empty() || !expect.ack.iter().all(known)) {
        return Err("a feed expects `ack`: AA, AE or AR".to_owned());
    }
    Ok(())
}

/// All that is wrong with an acknowledgement; one of the expectations must hold.
pub(crate) fn judge(
    answer: &[u8],
    sent: &Message,
    expectations: &[Expect],
    scope: &mut Scope<'_>,
) -> Result<Vec<Finding>, String> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let Some(inner) = text.strip_prefix('\u{b}').and_then(|rest| rest.strip_suffix("\u{1c}\r")) else {
        return Ok(vec![Finding::of("S10.1-frame", format!("no frame of MLLP: {text:?}"))]);
    };
    let segments: Vec<_> = inner.split('\r').map(fields).collect();
    let mut findings = frame(&segments, sent);
    let segment = |name: &str| segments.iter().find(|fields| field(fields, 0) == name);
    let code = segment("MSA").map(|fields| field(fields, 1)).unwrap_or_default();
    let mut refused = Vec::new();
    for expect in expectations {
        let mut wrong = Vec::new();
        if !expect.ack.iter().any(|right| right == code) {
            wrong.push(format!("MSA-1 is {code:?}, expected {}: {inner:?}", expect.ack.join(" or ")));
        }
        for words in &expect.texts {
            for word in words {
                let word = scope.expand(word)?;
                if !inner.contains(&word) {
                    wrong.push(format!("{word:?} is not named: {inner:?}"));
                }
            }
        }
        for (name, wrong_text) in &expect.never {
            let wrong_text = scope.expand(wrong_text)?;
            if inner.contains(&wrong_text) {
                wrong.push(format!("{name}: {wrong_text:?} must not be there: {inner:?}"));
            }
        }
        if wrong.is_empty() {
            return Ok(findings);
        }
        refused.push(wrong);
    }
    let nearest = refused.into_iter().min_by_key(Vec::len).unwrap_or_default();
    findings.extend(nearest.into_iter().map(Finding::of_case));
    Ok(findings)
}

/// What every acknowledgement must be (HL7 2.3.1 chapter 2, ITI TF-2 3.8.4.1).
fn frame(segments: &[Vec<String>], sent: &Message) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let header = segments.first().map(Vec::as_slice).unwrap_or_default();
    let msa = segments.iter().find(|fields| field(fields, 0) == "MSA").map(Vec::as_slice).unwrap_or_default();
    if field(header, 0) != "MSH" {
        wrong.push("it does not begin with MSH".to_owned());
    }
    if field(header, 9).split('^').next() != Some("ACK") {
        wrong.push(format!("MSH-9 is {:?}, expected ACK", field(header, 9)));
    }
    if field(header, 10).is_empty() {
        wrong.push("MSH-10 is empty".to_owned());
    }
    if !sent.header.is_empty() {
        for (ours, theirs, what) in [
            (field(&sent.header, 10), field(msa, 2), "MSA-2 is the MSH-10 of the message"),
            (field(&sent.header, 3), field(header, 5), "MSH-5 is the MSH-3 of the message"),
            (field(&sent.header, 4), field(header, 6), "MSH-6 is the MSH-4 of the message"),
            (field(&sent.header, 11), field(header, 11), "MSH-11 is that of the message"),
        ] {
            if ours != theirs {
                wrong.push(format!("{what}: {theirs:?}, expected {ours:?}"));
            }
        }
    }
    wrong.into_iter().map(|text| Finding::of("S10.5-ack", text)).collect()
}

/// The fields of a segment, at their own numbers: what MSH calls its first is the separator itself.
fn fields(segment: &str) -> Vec<String> {
    let separator = if segment.starts_with("MSH") { segment.chars().nth(3).unwrap_or('|') } else { '|' };
    let mut fields: Vec<_> = segment.split(separator).map(str::to_owned).collect();
    if segment.starts_with("MSH") {
        fields.insert(1, separator.to_string());
    }
    fields
}

fn field(fields: &[String], number: usize) -> &str {
    fields.get(number).map(String::as_str).unwrap_or_default()
}

const FRAME_START: u8 = 0x0b;
