//! The nodes that the judge is shown when nobody names a server: together they have all that cases need.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actors::transactions::PatientFeed;
use conformance::{Facts, Library, Target};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{credentials, unusable};
use metadata::{Invalid, PatientId};
use uuid::Uuid;

use crate::config::{Code, Config, NoUrl, Patients, RegistryAt, Text};
use crate::exit::Failure;
use crate::node::{Listening, Node, REGISTRY_PATH, REPOSITORY_PATH};

/// Nodes with one identity, so that whoever may talk to one may talk to all.
pub(super) struct Nodes {
    /// As a node without a file would be.
    plain: ThrowAway,
    /// It knows its patients from a feed only, keeps to an affinity domain, and gives little in one answer.
    strict: ThrowAway,
    /// Those that it knows.
    patients: Vec<String>,
    /// A repository whose registry does not answer.
    orphan: ThrowAway,
    /// The folder of that domain.
    _agreed: TempDir,
}

impl Nodes {
    pub(super) async fn start(library: &Library) -> Result<Self, Failure> {
        let facts = Facts::defaults(library).map_err(|error| unusable(&error))?;
        let agreed = folder()?;
        let file = agreed.path().join("domain.toml");
        std::fs::write(&file, domain(&facts)).map_err(|error| no_folder(&error))?;

        let plain = ThrowAway::start(Config::default()).await?;
        let alike = || {
            let mut config = Config::default();
            config.identity.certificate = Some(plain.node.config.certificate());
            config.identity.key = Some(plain.node.config.key());
            config.identity.trust = Some(plain.node.config.trust());
            config
        };
        let mut strict = alike();
        strict.registry.patients = Patients::Feed;
        strict.registry.max_results = 10;
        let authority = facts.assigning_authority.parse();
        strict.domain.patient_authority =
            Some(Text(authority.map_err(|error: Invalid| Failure::Usage(error.to_string()))?));
        if let Some(class) = facts.codes.get("class").cloned() {
            strict.codes.class = Code { code: class.code, scheme: class.scheme, display: class.display };
        }
        strict.domain.folder = Some(agreed.path().to_owned());
        let mut orphan = alike();
        orphan.registry.enabled = false;
        let nobody = format!("https://127.0.0.1:{}{REGISTRY_PATH}", nobody_there().await?);
        orphan.repository.registry =
            RegistryAt::Url(nobody.parse().map_err(|error: NoUrl| Failure::Usage(error.to_string()))?);
        let (strict, orphan) = (ThrowAway::start(strict).await?, ThrowAway::start(orphan).await?);
        let patients = strict.announce(KNOWN).await?;
        Ok(Self { plain, strict, patients, orphan, _agreed: agreed })
    }

    pub(super) fn targets(&self, library: &Library) -> Result<[Target; 2], Failure> {
        let mut plain = self.plain.target(library)?;
        plain.facts.dead_repository = Some(format!("{}{REPOSITORY_PATH}", self.orphan.url));
        let mut strict = self.strict.target(library)?;
        strict.facts.offers.extend(["codes", "feed", "small-results", "source-list"].map(str::to_owned));
        strict.facts.patients.clone_from(&self.patients);
        Ok([plain, strict])
    }

    pub(super) async fn stop(self) -> Result<(), Failure> {
        for node in [self.orphan, self.strict, self.plain] {
            node.stop().await?;
        }
        Ok(())
    }
}

/// So many patients are announced: each case takes those that it needs.
const KNOWN: usize = 200;

fn folder() -> Result<TempDir, Failure> {
    tempfile::Builder::new().prefix("dosebook-conform").tempdir().map_err(|error| no_folder(&error))
}

fn no_folder(error: &std::io::Error) -> Failure {
    Failure::Refused(format!("cannot make a temporary folder: {error}"))
}

/// The affinity domain that the facts speak of (`domain.toml`), with the media types that cases use.
fn domain(facts: &Facts) -> String {
    let mut text = format!(
        "name = \"judged\"\npolicy = \"refuse\"\nauthorities = [{{ oid = \"{}\" }}]\nsources = [\"{}\"]\n",
        facts.assigning_authority, facts.source_id
    );
    for (attribute, name) in ATTRIBUTES {
        let named = facts.codes.iter().filter(|(known, _)| known.trim_end_matches('2') == name);
        let codes: Vec<_> = named
            .map(|(_, code)| format!("{{ code = \"{}\", scheme = \"{}\" }}", code.code, code.scheme))
            .collect();
        text += &format!("[attributes.{attribute}]\ncodes = [{}]\n", codes.join(", "));
    }
    let types: Vec<_> = MIME_TYPES.iter().map(|name| format!("{{ code = \"{name}\" }}")).collect();
    text + &format!("[attributes.mimeType]\ncodes = [{}]\n", types.join(", "))
}

/// The coded attributes, and what the facts call their codes.
const ATTRIBUTES: [(&str, &str); 9] = [
    ("classCode", "class"),
    ("typeCode", "type"),
    ("formatCode", "format"),
    ("healthcareFacilityTypeCode", "facility"),
    ("practiceSettingCode", "practice"),
    ("confidentialityCode", "confidentiality"),
    ("eventCodeList", "event"),
    ("contentTypeCode", "content"),
    ("folderCodeList", "folder"),
];
const MIME_TYPES: [&str; 3] = ["text/plain", "application/pdf", "application/dicom"];

/// A port at which nobody listens.
async fn nobody_there() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let port = listener.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(|error| Failure::Refused(format!("there is no free port: {error}")))
}

/// A node with a folder and ports of its own, which nobody needs afterwards.
struct ThrowAway {
    node: Arc<Node>,
    url: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    _folder: TempDir,
}

impl ThrowAway {
    async fn start(mut config: Config) -> Result<Self, Failure> {
        let folder = folder()?;
        config.node.data = folder.path().join("data");
        config.soap.listen.set_port(0);
        config.web.listen.set_port(0);
        let node = Arc::new(Node::open(config).await?);
        let listening = Listening::bind(Arc::clone(&node)).await?;
        let url = format!("https://{}", listening.soap_address());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(listening.serve(async {
            // It ends when it is told to, and when nobody can tell it any more.
            let _ = stopped.await;
        }));
        Ok(Self { node, url, stop, serving, _folder: folder })
    }

    /// Makes patients known to the registry; their numbers.
    async fn announce(&self, count: usize) -> Result<Vec<String>, Failure> {
        let registry = self.node.registry.as_ref();
        let registry = registry.ok_or_else(|| Failure::Refused("the node is no registry".to_owned()))?;
        let refused = |error: String| Failure::Refused(format!("a patient cannot be announced: {error}"));
        let authority = self.node.identifiers.patient_authority.to_string();
        let mut numbers = Vec::new();
        for _ in 0..count {
            let number = format!("K{}", Uuid::new_v4().simple());
            let patient = format!("{number}^^^&{authority}&ISO").parse::<PatientId>();
            let patient = patient.map_err(|error| refused(error.to_string()))?;
            registry.feed(PatientFeed::of(&patient)).await.map_err(|error| refused(error.to_string()))?;
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn target(&self, library: &Library) -> Result<Target, Failure> {
        let mut facts = Facts::defaults(library).map_err(|error| unusable(&error))?;
        facts.repository_unique_id = self.node.identifiers.repository_unique_id.to_string();
        facts.assigning_authority = self.node.identifiers.patient_authority.to_string();
        let config = &self.node.config;
        Ok(Target {
            registry: format!("{}{REGISTRY_PATH}", self.url),
            repository: format!("{}{REPOSITORY_PATH}", self.url),
            credentials: credentials(&config.certificate(), &config.key(), &config.trust())?,
            facts,
        })
    }

    async fn stop(self) -> Result<(), Failure> {
        // Who has ended already needs not be told.
        let _ = self.stop.send(());
        let ended = self.serving.await.map_err(std::io::Error::other).flatten();
        ended.map_err(|error| Failure::Refused(format!("the node ended: {error}")))
    }
}
