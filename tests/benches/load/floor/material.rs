//! What the floor gives: answers that the node gave to the same questions, and the same documents.

use std::path::Path;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::CONTENT_TYPE;
use memchr::memmem;

use super::PATTERN;
use crate::https::{Connection, Peer, whole};
use crate::known::{Known, KnownDocument};
use crate::random::Random;
use crate::requests::Requests;
use crate::template::{Ids, Template, unique_id};

/// An answer as bytes.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// All that the floor gives.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) registered: Given,
    pub(crate) provided: Given,
    pub(crate) found: Given,
    /// Where the document is cut out.
    pub(crate) fetched: Given,
    cut: usize,
    documents: Vec<KnownDocument>,
}

impl Material {
    /// Asks a node for it. Its rows for the patient of the [`PATTERN`] are those that the floor repeats.
    pub(crate) async fn of(peer: &Peer, requests: &Requests, known: &Known) -> Self {
        let mut connection = Connection::open(peer).await;
        let mut random = Random::new();
        let number: usize = PATTERN.trim_start_matches('P').parse().unwrap();
        let fresh = || Ids { patient: number, entry: unique_id(&mut Random::new()) };
        let first = known.documents.first().unwrap();
        let provide = requests.provide.first().unwrap();
        let registered = ask(&mut connection, &requests.register, &fresh(), &mut random).await;
        let provided = ask(&mut connection, provide, &fresh(), &mut random).await;
        let found = ask(&mut connection, &requests.find, &Ids::default(), &mut random).await;
        let mut fetched = ask(&mut connection, &requests.fetch, &first.ids, &mut random).await;
        let cut = memmem::find(&fetched.bytes, &first.bytes).unwrap();
        let (head, behind) = (fetched.bytes.slice(..cut), fetched.bytes.slice(cut + first.size..));
        fetched.bytes = [head, behind].concat().into();
        Self { registered, provided, found, fetched, cut, documents: known.documents.clone() }
    }

    /// Puts it into the folder of the floor.
    pub(super) fn write(&self, folder: &Path) {
        for (name, given) in [
            ("register", &self.registered),
            ("provide", &self.provided),
            ("find", &self.found),
            ("fetch", &self.fetched),
        ] {
            std::fs::write(folder.join(name), &given.bytes).unwrap();
            std::fs::write(folder.join(name).with_extension("type"), &given.media_type).unwrap();
        }
        std::fs::write(folder.join("cut"), self.cut.to_string()).unwrap();
        let documents = folder.join("given");
        std::fs::create_dir(&documents).unwrap();
        for (number, document) in self.documents.iter().enumerate() {
            std::fs::write(documents.join(number.to_string()), &document.bytes).unwrap();
        }
    }

    /// Reads an answer from the folder.
    pub(super) fn read(folder: &Path, name: &str) -> Option<Given> {
        let bytes = std::fs::read(folder.join(name)).ok()?.into();
        let media_type = std::fs::read_to_string(folder.join(name).with_extension("type")).ok()?;
        Some(Given { media_type, bytes })
    }
}

async fn ask(connection: &mut Connection, template: &Template, ids: &Ids, random: &mut Random) -> Given {
    let body = whole(template.fill(ids, random));
    let answer = connection.ask(&template.path, &template.media_type, body, false).await;
    assert!(answer.status().is_success(), "{}", answer.status());
    let media_type = answer.headers().get(CONTENT_TYPE).unwrap().to_str().unwrap().to_owned();
    Given { media_type, bytes: answer.into_body().collect().await.unwrap().to_bytes() }
}
