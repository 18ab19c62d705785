//! Whom a client command asks, and as whom: the node of the configuration, or servers named on the command line.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use actors::Partner;
use actors::audit::Audit;
use actors::consumer::Consumer;
use actors::source::is_busy;
use metadata::{DocumentEntry, Oid, PatientId};

use crate::config::{Config, RegistryAt, Url};
use crate::exit::Failure;
use crate::history::Community;
use crate::node::{
    Credentials, Identifiers, REGISTRY_PATH, REPOSITORY_PATH, make_private, own_community, own_consumer,
    partners,
};

/// Which node is meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct NodeArguments {
    /// The configuration of the node, TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The node's data folder [default: ./dosebook-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

impl NodeArguments {
    /// The file, the environment over it, the command line over both.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let config = Config::load(self.config.as_deref(), environment);
        let mut config = config.map_err(|error| Failure::Usage(error.to_string()))?;
        if let Some(data) = &self.data {
            config.node.data.clone_from(data);
        }
        Ok(config)
    }
}

/// Whom to ask instead of the node, and as whom.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct SessionArguments {
    #[command(flatten)]
    pub(crate) node: NodeArguments,
    /// Ask this registry instead of the node's
    #[arg(long, value_name = "URL")]
    registry: Option<Url>,
    /// Ask this repository instead of the node's
    #[arg(long, value_name = "URL")]
    repository: Option<Url>,
    /// Our certificate and its chain, PEM, instead of the node's
    #[arg(long, value_name = "FILE", requires_all = ["key", "trust"])]
    certificate: Option<PathBuf>,
    /// Our private key, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The CAs whose certificates we accept, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    trust: Option<PathBuf>,
}

/// A client that knows whom to ask.
pub(crate) struct Session {
    pub(crate) config: Config,
    /// Those of the node, if there is one in the data folder.
    pub(crate) identifiers: Option<Identifiers>,
    pub(crate) registry: Partner,
    pub(crate) repository: Partner,
    /// Whether the repository was named on the command line: then it is asked for every document.
    repository_is_given: bool,
    client: soap::Client,
    audit: Audit,
}

impl Session {
    pub(crate) fn open(arguments: &SessionArguments) -> Result<Self, Failure> {
        let config = arguments.node.load()?;
        let credentials = arguments.credentials(&config)?;
        let session = Self::with(config, &credentials)?;
        let partner =
            |url: &Url| Partner::remote(url.as_str(), session.client.clone(), session.audit.clone());
        Ok(Self {
            registry: arguments.registry.as_ref().map_or_else(|| session.registry.clone(), partner),
            repository: arguments.repository.as_ref().map_or_else(|| session.repository.clone(), partner),
            repository_is_given: arguments.repository.is_some(),
            ..session
        })
    }

    /// Asks the node of this configuration.
    pub(crate) fn with(config: Config, credentials: &Credentials) -> Result<Self, Failure> {
        let identifiers = Identifiers::existing(&config).map_err(Failure::Refused)?;
        let client = spooling(&config, credentials.client()?)?.coming_back_when(is_busy);
        let audit = audit(&config)?;
        let partner = |url: &str| Partner::remote(url, client.clone(), audit.clone());
        let registry = match &config.repository.registry {
            RegistryAt::Url(url) => partner(url.as_str()),
            // A client registers nothing.
            RegistryAt::Each(urls) => partner(urls.query.as_str()),
            RegistryAt::Local => partner(&address(&config, REGISTRY_PATH)),
        };
        let repository = partner(&address(&config, REPOSITORY_PATH));
        Ok(Self { config, identifiers, registry, repository, repository_is_given: false, client, audit })
    }

    /// The communities that a history asks: the node first, then the partners of the configuration.
    pub(crate) fn communities(&self) -> Vec<Community> {
        let registry = self.registry.clone();
        let consumer = own_consumer(&self.config, registry, &self.client, &self.audit);
        let repository = Some(self.repository.clone()).filter(|_| self.config.repository.enabled);
        let own = self.identifiers.as_ref();
        let own = own.map(|identifiers| own_community(&self.config, identifiers, consumer, repository));
        own.into_iter().chain(partners(&self.config, &self.client, &self.audit)).collect()
    }

    /// Asks the node, or the community of that name.
    pub(crate) fn consumer(&self, community: Option<&str>) -> Result<Consumer, Failure> {
        let Some(name) = community else { return Ok(self.own_consumer()) };
        let partners = partners(&self.config, &self.client, &self.audit);
        let names: Vec<&str> = self.config.community.iter().map(|partner| partner.name.as_str()).collect();
        let unknown = || {
            Failure::Usage(format!(
                "--community {name:?}: no such [[community]] in the configuration, which has {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            ))
        };
        let found = partners.iter().find(|partner| partner.name == name).ok_or_else(unknown)?;
        Ok(found.consumer.clone())
    }

    fn own_consumer(&self) -> Consumer {
        let consumer = own_consumer(&self.config, self.registry.clone(), &self.client, &self.audit);
        let own = self.identifiers.as_ref().filter(|_| self.config.repository.enabled);
        let id = own.map(|identifiers| identifiers.repository_unique_id.to_string());
        id.into_iter().fold(consumer, |consumer, id| consumer.with_repository(id, self.repository.clone()))
    }

    /// The same, with the repository of the command line, if there is one, for the documents of these entries.
    pub(crate) fn reaching(&self, consumer: Consumer, entries: &[DocumentEntry]) -> Consumer {
        let ids = entries.iter().filter_map(|entry| entry.repository_unique_id.as_ref());
        ids.filter(|_| self.repository_is_given)
            .fold(consumer, |consumer, id| consumer.with_repository(id.to_string(), self.repository.clone()))
    }

    /// A patient as a person names them: CX, or a bare id of the domain's authority.
    pub(crate) fn patient(&self, text: &str) -> Result<PatientId, Failure> {
        patient(text, self.patient_authority().as_ref())
    }

    /// The authority that assigns the patient ids of the domain.
    pub(crate) fn patient_authority(&self) -> Option<Oid> {
        let made = self.identifiers.as_ref().map(|identifiers| &identifiers.patient_authority);
        let authority = self.config.domain.patient_authority.as_ref().or(made);
        authority.map(|authority| Oid::clone(authority))
    }
}

/// A patient as a person names them: CX, or a bare id of an authority.
pub(crate) fn patient(text: &str, authority: Option<&Oid>) -> Result<PatientId, Failure> {
    if text.contains('^') {
        return text.parse().map_err(|error| Failure::Usage(format!("--patient: {error}")));
    }
    let authority = authority.ok_or_else(|| {
        Failure::Usage(format!(
            "--patient {text:?}: no authority is known that assigned it; write id^^^&OID&ISO"
        ))
    })?;
    PatientId::new(text, authority.clone()).map_err(|error| Failure::Usage(format!("--patient: {error}")))
}

impl SessionArguments {
    fn credentials(&self, config: &Config) -> Result<Credentials, Failure> {
        if let (Some(certificate), Some(key), Some(trust)) = (&self.certificate, &self.key, &self.trust) {
            return Credentials::from_files(certificate, key, trust, &config.identity.crls);
        }
        if config.makes_identity() && !config.certificate().exists() {
            return Err(Failure::Usage(format!(
                "{}: no node has been started with this data folder, so there is no identity to call others with; \
                 start one with `dosebook serve`, name its folder with --data, or give --certificate, --key and \
                 --trust",
                config.node.data.display()
            )));
        }
        Credentials::read(config)
    }
}

/// What is asked from the node's folder is recorded there; without one there is nowhere to keep a record.
fn audit(config: &Config) -> Result<Audit, Failure> {
    let path = config.data("audit.jsonl");
    if !config.node.data.is_dir() {
        return Ok(Audit::none());
    }
    Audit::to_file(&path).map_err(|error| crate::exit::file(&path, "write to it", &error))
}

/// Documents wait in the node's folder, if there is one: the system's may be small, or in memory.
fn spooling(config: &Config, client: soap::Client) -> Result<soap::Client, Failure> {
    if !config.node.data.is_dir() {
        return Ok(client);
    }
    let spool = config.data("spool");
    make_private(&spool).map_err(|error| crate::exit::file(&spool, "make the folder", &error))?;
    Ok(client.spooling_in(spool))
}

/// Where an actor of the node of this configuration is reached from its own machine.
pub(crate) fn address(config: &Config, path: &str) -> String {
    let listen = config.soap.listen;
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    // A name of other machines does not lead to a listener for this one alone.
    match config.node.hosts.first().filter(|_| !listen.ip().is_loopback()) {
        Some(host) => format!("https://{host}:{}{path}", listen.port()),
        None => format!("https://{}{path}", std::net::SocketAddr::new(ip, listen.port())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_reached_under_a_name_of_its_certificate() {
        let mut config = Config::default();
        assert_eq!(address(&config, "/registry"), "https://127.0.0.1:8443/registry");
        config.soap.listen = "0.0.0.0:9443".parse().unwrap();
        assert_eq!(address(&config, ""), "https://127.0.0.1:9443");
        config.soap.listen = "[::]:9443".parse().unwrap();
        assert_eq!(address(&config, ""), "https://[::1]:9443");
        config.node.hosts = vec!["xds.example".to_owned()];
        assert_eq!(address(&config, "/repository"), "https://xds.example:9443/repository");
        config.soap.listen = "127.0.0.1:9443".parse().unwrap();
        assert_eq!(address(&config, "/repository"), "https://127.0.0.1:9443/repository");
    }

    #[test]
    fn without_a_node_it_says_how_to_get_an_identity() {
        let folder = tempfile::tempdir().unwrap();
        let data = Some(folder.path().join("none"));
        let node = NodeArguments { data, ..NodeArguments::default() };
        let failure = Session::open(&SessionArguments { node, ..SessionArguments::default() }).err().unwrap();
        assert_eq!(failure.code(), 2);
        assert!(failure.to_string().contains("start one with `dosebook serve`"), "{failure}");
        assert!(!folder.path().join("none").exists(), "asking must not make a node");
    }
}
