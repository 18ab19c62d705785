//! The nodes that the judge is shown when nobody names a server: together they have all that cases need.

use std::net::Ipv4Addr;
use std::sync::Arc;

use conformance::{Facts, Library, Target};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{credentials, unusable};
use metadata::PatientId;
use uuid::Uuid;

use crate::config::{Config, NoUrl, Patients, RegistryAt};
use crate::exit::Failure;
use crate::node::{Listening, Node, REGISTRY_PATH, REPOSITORY_PATH};

/// Nodes with one identity, so that whoever may talk to one may talk to all.
pub(super) struct Nodes {
    /// As a node without a file would be.
    plain: ThrowAway,
    /// It knows its patients from a feed only.
    strict: ThrowAway,
    /// Those that it knows.
    patients: Vec<String>,
    /// A repository whose registry does not answer.
    orphan: ThrowAway,
}

impl Nodes {
    pub(super) async fn start() -> Result<Self, Failure> {
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
        let mut orphan = alike();
        orphan.registry.enabled = false;
        let nobody = format!("https://127.0.0.1:{}{REGISTRY_PATH}", nobody_there().await?);
        orphan.repository.registry =
            RegistryAt::Url(nobody.parse().map_err(|error: NoUrl| Failure::Usage(error.to_string()))?);
        let (strict, orphan) = (ThrowAway::start(strict).await?, ThrowAway::start(orphan).await?);
        let patients = strict.announce(KNOWN).await?;
        Ok(Self { plain, strict, patients, orphan })
    }

    pub(super) fn targets(&self, library: &Library) -> Result<[Target; 2], Failure> {
        let mut plain = self.plain.target(library)?;
        plain.facts.dead_repository = Some(format!("{}{REPOSITORY_PATH}", self.orphan.url));
        let mut strict = self.strict.target(library)?;
        strict.facts.offers.extend(["feed", "small-results"].map(str::to_owned));
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
        let folder = tempfile::Builder::new().prefix("dosebook-conform").tempdir();
        let folder =
            folder.map_err(|error| Failure::Refused(format!("cannot make a temporary folder: {error}")))?;
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
            registry.add_patient(patient).await.map_err(|error| refused(error.to_string()))?;
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
