//! A message from an HTTP head and body, its documents left to stream (SOAP 1.2 Part 2 section 7; MTOM).

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::inline::Extractor;
use super::{Encoding, Held, Message};
use crate::addressing::{self, Addressing, Side};
use crate::envelope::Envelope;
use crate::fault::Fault;
use crate::limits;
use crate::mime::{MediaType, Multipart, OCTETS};
use crate::parts::{Content, Part, Parts, same_content_id};
use crate::spool::{Folder, Logged, Spool};
use crate::xml::{Element, Limits, Name};

/// Why a message was not taken, and what is needed to say so.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) fault: Fault,
    pub(crate) encoding: Encoding,
    pub(crate) request_id: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        let fault = if status.is_server_error() { Fault::receiver(reason) } else { Fault::sender(reason) };
        Self { status, fault, encoding: Encoding::Simple, request_id: None }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { status: fault.status(), fault, encoding: Encoding::Simple, request_id: None }
    }
}

/// What stopped a body from being read, as a status.
impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        let ours = error.get_ref().is_some_and(|cause| cause.is::<Logged>());
        let status = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
            _ if ours => StatusCode::INTERNAL_SERVER_ERROR,
            io::ErrorKind::TimedOut => StatusCode::REQUEST_TIMEOUT,
            io::ErrorKind::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            io::ErrorKind::ResourceBusy => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

/// Reads a message up to and with its envelope.
pub(crate) async fn read(
    head: &HeaderMap,
    body: Content,
    side: Side,
    understands: &(dyn Fn(&Name) -> bool + Sync),
    folder: &Folder,
) -> Result<Message, Box<Refusal>> {
    let media = media_type(head).map_err(Box::new)?;
    let encoding = encoding(&media).map_err(Box::new)?;
    let in_encoding = |mut refusal: Refusal| {
        refusal.encoding = encoding;
        Box::new(refusal)
    };
    let (tree, parts) = match encoding {
        Encoding::Simple => envelope(body, side, folder, Vec::new(), Parts::none()).await,
        Encoding::Mtom => multipart(&media, body, side, folder).await,
    }
    .map_err(in_encoding)?;
    let envelope = Envelope::open(tree).map_err(|fault| in_encoding(fault.into()))?;
    let request_id = addressing::message_id(&envelope.headers);
    let addressing = Addressing::read(envelope.headers, side, understands)
        .map_err(|fault| Box::new(Refusal { request_id, encoding, ..fault.into() }))?;
    Ok(Message {
        action: addressing.action,
        message_id: addressing.message_id,
        relates_to: addressing.relates_to,
        to: addressing.to,
        headers: addressing.others,
        body: envelope.body,
        parts,
        encoding,
        held: Held::nothing(),
    })
}

fn media_type(head: &HeaderMap) -> Result<MediaType, Refusal> {
    let unsupported = |reason: String| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason);
    let coding = head.get(header::CONTENT_ENCODING).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if let Some(coding) = coding.filter(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
        return Err(unsupported(format!("the content coding '{coding}' is not accepted")));
    }
    let value =
        head.get(header::CONTENT_TYPE).ok_or_else(|| unsupported("Content-Type is missing".to_owned()))?;
    MediaType::parse(&String::from_utf8_lossy(value.as_bytes())).map_err(unsupported)
}

/// `text/xml` is what SOAP 1.1 says it is; the envelope decides, so that it gets a proper answer
/// (SOAP 1.2 Part 1 Appendix A). Old stacks send SOAP 1.2 under that name too.
fn encoding(media: &MediaType) -> Result<Encoding, Refusal> {
    match media.essence.as_str() {
        "application/soap+xml" | "text/xml" => Ok(Encoding::Simple),
        "multipart/related" => Ok(Encoding::Mtom),
        other => {
            let reason =
                format!("'{other}' is no SOAP message: application/soap+xml or multipart/related is");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason))
        }
    }
}

async fn multipart(
    media: &MediaType,
    body: Content,
    side: Side,
    folder: &Folder,
) -> Result<(Element, Parts), Refusal> {
    let boundary =
        media.parameter("boundary").ok_or_else(|| Fault::sender("multipart/related without boundary"))?;
    let mut multipart = Multipart::new(body, boundary)?;
    let start = media.parameter("start").filter(|start| !start.trim_ascii().is_empty());
    let Some(first) = multipart.next().await? else {
        return Err(Fault::sender("multipart/related without a part").into());
    };
    let (root, before) = match start {
        Some(start) if !same_content_id(start, &first.content_id) => {
            search(&mut multipart, first, start, folder).await?
        }
        _ => (first, Vec::new()),
    };
    let parts = Parts::arriving(multipart.clone());
    let (tree, mut parts) = envelope(root.content, side, folder, before, parts).await?;
    if multipart.finish_part().await? {
        parts.all_arrived();
    }
    Ok((tree, parts))
}

/// The root is not the first part (M7), or `start` names none (M4): what comes before it is kept aside.
async fn search(
    multipart: &mut Multipart,
    first: Part,
    start: &str,
    folder: &Folder,
) -> io::Result<(Part, Vec<Part>)> {
    let mut spool = Spool::new(folder);
    let mut kept = Vec::new();
    let mut next = Some(first);
    let mut root = None;
    while let Some(mut part) = next {
        if same_content_id(start, &part.content_id) {
            root = Some(part);
            break;
        }
        let range = spool.add_all(&mut part.content).await?;
        kept.push((part.content_id, part.media_type, range));
        next = multipart.next().await?;
    }
    let mut before = VecDeque::new();
    for (content_id, media_type, range) in kept {
        before.push_back(Part { content_id, media_type, content: spool.content(range).await? });
    }
    if let Some(root) = root {
        return Ok((root, before.into()));
    }
    let is_root = |part: &Part| part.media_type.to_ascii_lowercase().starts_with("application/xop+xml");
    let place = before.iter().position(is_root).unwrap_or_default();
    let root = before.remove(place).ok_or_else(|| io::Error::other("no part to be the root"))?;
    Ok((root, before.into()))
}

/// Reads the root and takes long base64 out of it; documents that came before go first.
async fn envelope(
    mut root: Content,
    side: Side,
    folder: &Folder,
    mut ready: Vec<Part>,
    parts: Parts,
) -> Result<(Element, Parts), Refusal> {
    let mut extractor = Extractor::default();
    let mut spool = Spool::new(folder);
    while let Some(chunk) = root.chunk().await? {
        extractor.feed(&chunk).map_err(Fault::sender)?;
        if extractor.envelope.len() > limits::ENVELOPE {
            let reason =
                format!("the envelope is longer than {} bytes, documents excepted", limits::ENVELOPE);
            return Err(Fault::sender(reason).into());
        }
        spool.add(Bytes::from(extractor.take_decoded())).await?;
    }
    for taken in extractor.documents {
        let content = spool.content(taken.range).await?;
        ready.push(Part { content_id: taken.content_id, media_type: OCTETS.to_owned(), content });
    }
    let nodes = if side == Side::Answer { limits::ANSWER_NODES } else { Limits::default().nodes };
    let limits = Limits { size: limits::ENVELOPE, nodes, ..Limits::default() };
    let tree = Element::parse(&extractor.envelope, &limits);
    let tree = tree.map_err(|error| Fault::sender(format!("the envelope cannot be read: {error}")))?;
    Ok((tree, parts.after(ready)))
}

#[cfg(test)]
mod tests;
