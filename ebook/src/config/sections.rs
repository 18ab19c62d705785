//! The sections of a configuration: what a node can be told. `docs/configuration.md` describes every key.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use metadata::{LanguageCode, Oid, PatientId};
use serde::{Deserialize, Serialize};

use super::secret::{DatabaseUrl, Secret};
use super::text::Text;
use super::values::{Code, DocumentsAt, RegistryAt, ServiceUrl, TimeZone, Url};

/// All that a node can be told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The node itself.
    pub node: Node,
    /// The listener for other nodes.
    pub soap: Soap,
    /// The listener for people.
    pub web: Web,
    /// The listener for HL7 v2.
    pub mllp: Mllp,
    /// Who we are, and whom we trust.
    pub identity: Identity,
    /// Where registry and index are.
    pub database: Database,
    /// The Document Registry.
    pub registry: Registry,
    /// The Document Repository.
    pub repository: Repository,
    /// The S3 service that keeps the documents, when one does.
    pub s3: S3,
    /// The affinity domain.
    pub domain: Domain,
    /// The codes that the affinity domain chooses.
    pub codes: Codes,
    /// Where reports are submitted.
    pub institution: Institution,
    /// Further repositories whose documents are in the registry that the node asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_repository: Vec<CommunityRepository>,
    /// Other communities that are asked for a patient's history.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub community: Vec<Community>,
    /// Identifiers that belong to one person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_person: Vec<SamePerson>,
}

/// `[node]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// What people call it; also the subject of its development certificate.
    pub name: String,
    /// The folder with all that it keeps.
    pub data: PathBuf,
    /// Further host names and addresses under which other nodes reach it.
    pub hosts: Vec<String>,
}

/// `[soap]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Soap {
    /// Where it listens for other nodes.
    pub listen: SocketAddr,
    /// How long a node that is told to stop still answers, while it says that it is not ready.
    pub drain_seconds: u64,
}

/// `[web]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Web {
    /// Where it listens for people.
    pub listen: SocketAddr,
}

/// `[mllp]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mllp {
    /// Whether the registry takes the feed of its patients over MLLP (ITI-8).
    pub enabled: bool,
    /// Where it listens for that.
    pub listen: SocketAddr,
    /// Whether over mutual TLS.
    pub tls: bool,
    /// Whether without TLS other machines may reach it.
    pub unprotected: bool,
}

/// `[identity]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The certificate and the intermediate CAs, PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// The CAs whose certificates are accepted, PEM.
    pub trust: Option<PathBuf>,
    /// Lists of revoked certificates, PEM.
    pub crls: Vec<PathBuf>,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Database {
    /// A PostgreSQL database that both keepers use; SQLite files in the data folder if it is not given.
    pub url: Option<DatabaseUrl>,
    /// Whether a pooler in transaction mode stands before it, such as PgBouncer.
    pub pooler: bool,
    /// Connections that each keeper opens at most.
    pub connections: u32,
}

/// `[registry]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {
    /// Whether this node is a registry.
    pub enabled: bool,
    /// Which patients it takes documents for.
    pub patients: Patients,
    /// How many whole objects it gives in one answer at most, and a fifth of how many references.
    pub max_results: usize,
}

/// How a registry comes to know its patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Patients {
    /// From the submissions themselves.
    Accept,
    /// Only from a feed (ITI-8, ITI-44); others are refused.
    Feed,
}

/// `[repository]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Whether this node is a repository.
    pub enabled: bool,
    /// Its `repositoryUniqueId`; made once and kept if it is not given.
    pub unique_id: Option<Text<Oid>>,
    /// The registry that it registers documents with.
    pub registry: RegistryAt,
    /// The largest document that it takes, in bytes.
    pub max_document: u64,
    /// Where the documents are: a folder, `repository/` of the data folder if it is not given, or a bucket.
    pub documents: Option<Text<DocumentsAt>>,
    /// In how many days every document is read again and compared with its hash; never if it is 0.
    pub scrub_days: u32,
    /// Whether objects that no document names are removed also when they are many.
    pub remove_many: bool,
}

/// `[s3]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct S3 {
    /// The URL of the service; Amazon's in that region if it is not given.
    pub endpoint: Option<Text<ServiceUrl>>,
    /// The region.
    pub region: Option<String>,
    /// Who we are to the service.
    pub access_key_id: Option<String>,
    /// How it knows.
    pub secret_access_key: Option<Secret>,
    /// The only CAs whose certificates it may have, PEM; those of the system if it is not given.
    pub trust: Option<PathBuf>,
}

/// `[domain]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Domain {
    /// The folder with its codes, authorities and sources; nothing is enforced if it is not given.
    pub folder: Option<PathBuf>,
    /// The authority that assigns the domain's patient ids; made once and kept if it is not given.
    pub patient_authority: Option<Text<Oid>>,
    /// The `sourceId` of what is submitted from here; made once and kept if it is not given.
    pub source_id: Option<Text<Oid>>,
    /// The language that our devices write, `en-US` if it is not given.
    pub language: Option<Text<LanguageCode>>,
    /// The zone of times in reports that do not say theirs; that of the machine if it is not given.
    pub time_zone: Option<Text<TimeZone>>,
}

/// `[codes]`: what reports are described with, beside what they say themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Codes {
    /// classCode.
    pub class: Code,
    /// typeCode.
    #[serde(rename = "type")]
    pub kind: Code,
    /// confidentialityCode.
    pub confidentiality: Code,
    /// healthcareFacilityTypeCode.
    pub facility: Code,
    /// practiceSettingCode of X-ray reports.
    pub radiology: Code,
    /// practiceSettingCode of radiopharmaceutical reports.
    pub nuclear_medicine: Code,
    /// contentTypeCode of the submission.
    pub content: Code,
}

/// `[institution]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Institution {
    /// Its name, for reports that do not say where they were made.
    pub name: Option<String>,
    /// Its OID.
    pub oid: Option<Text<Oid>>,
}

/// `[[community]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// What people call it.
    pub name: String,
    /// The authority whose patient ids its registry knows.
    pub patient_authority: Text<Oid>,
    /// Its registry.
    pub registry: Text<Url>,
    /// Its repositories.
    #[serde(default)]
    pub repository: Vec<CommunityRepository>,
}

/// `[[known_repository]]` and `[[community.repository]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunityRepository {
    /// Its `repositoryUniqueId`.
    pub unique_id: Text<Oid>,
    /// Where it is.
    pub url: Text<Url>,
}

/// `[[same_person]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamePerson {
    /// The identifiers of one person, each as CX.
    pub ids: Vec<Text<PatientId>>,
}

impl Default for Node {
    fn default() -> Self {
        Self { name: "dosebook".to_owned(), data: PathBuf::from("./dosebook-data"), hosts: Vec::new() }
    }
}

impl Default for Soap {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)), drain_seconds: 0 }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)) }
    }
}

impl Default for Mllp {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 2575));
        Self { enabled: false, listen, tls: true, unprotected: false }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, pooler: false, connections: 16 }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self { enabled: true, patients: Patients::Accept, max_results: registry::MAX_RESULTS }
    }
}

impl Default for Repository {
    fn default() -> Self {
        let limits = repository::Limits::default();
        Self {
            enabled: true,
            unique_id: None,
            registry: RegistryAt::default(),
            max_document: limits.document,
            documents: None,
            scrub_days: 30,
            remove_many: false,
        }
    }
}

impl Default for Codes {
    fn default() -> Self {
        let codes = dose::Description::default_codes();
        Self {
            class: codes.class.into(),
            kind: codes.kind.into(),
            confidentiality: codes.confidentiality.into(),
            facility: codes.facility.into(),
            radiology: codes.radiology.into(),
            nuclear_medicine: codes.nuclear_medicine.into(),
            content: codes.content.into(),
        }
    }
}

impl From<&Codes> for dose::DescriptionCodes {
    fn from(codes: &Codes) -> Self {
        Self {
            class: (&codes.class).into(),
            kind: (&codes.kind).into(),
            confidentiality: (&codes.confidentiality).into(),
            facility: (&codes.facility).into(),
            radiology: (&codes.radiology).into(),
            nuclear_medicine: (&codes.nuclear_medicine).into(),
            content: (&codes.content).into(),
        }
    }
}

impl Config {
    /// The certificate of the node.
    pub fn certificate(&self) -> PathBuf {
        self.identity.certificate.clone().unwrap_or_else(|| self.certificates().join("node.pem"))
    }

    /// The private key of the node.
    pub fn key(&self) -> PathBuf {
        self.identity.key.clone().unwrap_or_else(|| self.certificates().join("node.key"))
    }

    /// The CAs that the node trusts.
    pub fn trust(&self) -> PathBuf {
        self.identity.trust.clone().unwrap_or_else(|| self.certificates().join("ca.pem"))
    }

    /// The folder of the development CA.
    pub fn certificates(&self) -> PathBuf {
        self.node.data.join("certs")
    }

    /// Whether the identity is one that the node makes itself.
    pub const fn makes_identity(&self) -> bool {
        let Identity { certificate, key, trust, .. } = &self.identity;
        certificate.is_none() && key.is_none() && trust.is_none()
    }

    /// The same, with what follows from other keys written out.
    #[must_use]
    pub fn effective(&self) -> Self {
        let path = |path: PathBuf| Some(path);
        let identity = Identity {
            certificate: path(self.certificate()),
            key: path(self.key()),
            trust: path(self.trust()),
            crls: self.identity.crls.clone(),
        };
        let mut effective = Self { identity, ..self.clone() };
        effective.repository.documents = Some(Text(self.documents()));
        effective
    }

    /// Where the documents of the repository are.
    pub fn documents(&self) -> DocumentsAt {
        let given = self.repository.documents.as_ref().map(|documents| documents.0.clone());
        given.unwrap_or_else(|| DocumentsAt::Folder(self.data("repository")))
    }

    /// A file of the node's own in its data folder.
    pub(crate) fn data(&self, name: impl AsRef<Path>) -> PathBuf {
        self.node.data.join(name)
    }
}
