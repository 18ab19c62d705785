//! Documents stream through client and server whole, in any encoding, at any size.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use sha2::{Digest, Sha256};
use soap::{Binary, Content, Encoding, Fault, Message, Part, Peer, binary, include, same_content_id};

use crate::peers::{Authority, bind, element, run, serve};

const CHUNK: usize = 256 << 10;
const CHUNKS: u64 = 256;

fn chunk(number: u64) -> Bytes {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let words = (0..CHUNK / 8).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.collect()
}

/// 64 MiB that cannot be compressed.
fn document() -> Content {
    Content::from_stream(stream::iter((0..CHUNKS).map(|number| Ok(chunk(number)))))
}

async fn hash(mut content: Content) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut size = 0;
    while let Some(chunk) = content.chunk().await? {
        size += chunk.len() as u64;
        hash.update(&chunk);
    }
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn message(action: &str, documents: Vec<(&'static str, Content)>, encoding: Encoding) -> Message {
    let mut body = element("Documents");
    for (id, _) in &documents {
        body.push(element("Document").with_child(include(id)));
    }
    documents.into_iter().fold(Message::new(action, body, encoding), |message, (id, content)| {
        message.with_part(Part {
            content_id: id.to_owned(),
            media_type: "application/dicom".to_owned(),
            content,
        })
    })
}

/// Answers with size and hash of each document, wherever the body has it.
async fn digest(mut message: Message, _: Peer) -> Result<Message, Fault> {
    let broken = |error: io::Error| Fault::sender(error.to_string());
    let mut answer = element("Digests");
    for document in message.body.elements() {
        let content = match binary(document).map_err(Fault::sender)? {
            Binary::Inline(bytes) => Content::from(bytes),
            Binary::Included(id) => {
                let part =
                    message.parts.next().await.map_err(broken)?.ok_or_else(|| Fault::sender("no part"))?;
                assert!(same_content_id(&id, &part.content_id), "{}", part.content_id);
                part.content
            }
        };
        let (size, hash) = hash(content).await.map_err(broken)?;
        answer.push(element("Digest").with("size", size.to_string()).with("hash", hash));
    }
    Ok(Message::new("urn:digests", answer, message.encoding))
}

/// Sends the documents back while they come.
async fn echo(message: Message, _: Peer) -> Result<Message, Fault> {
    let mut answer = Message::new("urn:echo", message.body, message.encoding);
    answer.parts = message.parts;
    Ok(answer)
}

async fn arrives_whole(encoding: Encoding) {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), digest).await;
    let request = message("urn:digest", vec![("big@test", document())], encoding);
    let answer = authority.client().send(&server.url(), request).await.unwrap();
    assert_eq!(answer.encoding, encoding);
    let digest = answer.body.elements().next().unwrap();
    let (size, hash) = hash(document()).await.unwrap();
    assert_eq!(digest.attribute("size"), Some(size.to_string().as_str()));
    assert_eq!(digest.attribute("hash"), Some(hash.as_str()));
    server.stop().await;
}

#[tokio::test]
async fn sixty_four_mebibytes_arrive_whole_behind_the_message() {
    arrives_whole(Encoding::Mtom).await;
}

#[tokio::test]
async fn sixty_four_mebibytes_arrive_whole_as_base64_inside_the_message() {
    arrives_whole(Encoding::Simple).await;
}

#[tokio::test]
async fn documents_come_back_whole_while_they_are_still_going_out() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), echo).await;
    let small = || Content::from(b"ends in a line break\r\n".to_vec());
    let documents = vec![("1@test", small()), ("2@test", document()), ("3@test", Content::empty())];
    let request = message("urn:echo", documents, Encoding::Mtom);
    let mut answer = authority.client().send(&server.url(), request).await.unwrap();
    for expected in [small(), document(), Content::empty()] {
        let part = answer.parts.next().await.unwrap().unwrap();
        assert_eq!(part.media_type, "application/dicom");
        assert_eq!(hash(part.content).await.unwrap(), hash(expected).await.unwrap());
    }
    assert!(answer.parts.next().await.unwrap().is_none());
}

#[tokio::test]
async fn an_early_refusal_reaches_a_client_that_is_still_sending() {
    let authority = Authority::new();
    let refuse = async |_: Message, _: Peer| Err(Fault::sender("not that"));
    let server = serve(&authority, &authority.identity(), refuse).await;
    let client = authority.client();
    for encoding in [Encoding::Mtom, Encoding::Simple] {
        let request = message("urn:any", vec![("big@test", document())], encoding);
        let error = client.send(&server.url(), request).await.unwrap_err();
        assert_eq!(error, soap::SendError::Refused(Fault::sender("not that")));
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_never_taken_for_a_whole_one() {
    let authority = Authority::new();
    let (seen, mut results) = tokio::sync::mpsc::unbounded_channel();
    let watch = move |mut message: Message, _: Peer| {
        let seen = seen.clone();
        async move {
            let part = message.parts.next().await.unwrap().unwrap();
            let result = hash(part.content).await;
            seen.send(result.is_err()).unwrap();
            Err(Fault::sender("broken"))
        }
    };
    let server = serve(&authority, &authority.identity(), watch).await;
    let chunks = (0..9)
        .map(|number| if number < 8 { Ok(chunk(number)) } else { Err(io::Error::other("source gone")) });
    let broken = Content::from_stream(stream::iter(chunks));
    let request = message("urn:any", vec![("cut@test", broken)], Encoding::Mtom);
    assert!(authority.client().send(&server.url(), request).await.is_err());
    assert_eq!(results.recv().await, Some(true));
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_many_connections_at_once() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), digest).await;
    let client = authority.client();
    let one = |number: u8| {
        let (client, url) = (client.clone(), server.url());
        let document = Content::from(vec![number; 40 << 10]);
        let encoding = if number.is_multiple_of(2) { Encoding::Mtom } else { Encoding::Simple };
        async move { client.send(&url, message("urn:digest", vec![("d@test", document)], encoding)).await }
    };
    let answers = futures_util::future::join_all((0..200).map(one)).await;
    for answer in answers {
        assert_eq!(answer.unwrap().body.elements().next().unwrap().attribute("size"), Some("40960"));
    }
}

#[tokio::test]
async fn a_document_that_cannot_wait_in_its_folder_is_our_fault_and_not_the_peers() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let inline = || message("urn:echo", vec![("1@test", Content::from(vec![7; 1 << 20]))], Encoding::Simple);

    let server = bind(&authority.trust(), &authority.identity()).await.spooling_in(gone.clone());
    let server = run(server, echo);
    let error = authority.client().send(&server.url(), inline()).await.unwrap_err();
    let soap::SendError::Refused(fault) = error else { panic!("{error}") };
    assert_eq!(fault.code, soap::FaultCode::Receiver);
    assert!(fault.reason.starts_with("internal error, logged as "), "{fault}");
    assert!(!fault.reason.contains("gone"), "{fault}");

    let server = serve(&authority, &authority.identity(), echo).await;
    let client = authority.client().spooling_in(gone.clone());
    let error = client.send(&server.url(), inline()).await.unwrap_err().to_string();
    assert!(error.contains("internal error, logged as ") && !error.contains("gone"), "{error}");

    std::fs::create_dir(&gone).unwrap();
    assert!(client.send(&server.url(), inline()).await.is_ok());
}
