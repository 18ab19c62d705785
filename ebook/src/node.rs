//! A node: what one running `dosebook serve` is made of, put together from its configuration.

mod identifiers;
mod identity;
mod listening;
pub(crate) mod stores;
mod web_listener;

use std::fs::{self, File, TryLockError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use actors::audit::Audit;
use actors::consumer::Consumer;
use actors::endpoint::Endpoints;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use actors::transactions::{DocumentRequest, Register, Retrieve, StoredQuery};
use actors::{Endpoint, Partner};
use metadata::{CurrentDomain, ErrorCode, Oid, PatientId, RegistryErrors, UniqueId};
use registry::Registry;
use repository::{Limits, Repository};

use crate::config::{self, Config, RegistryAt};
use crate::domain::FollowedDomain;
use crate::exit::{Failure, file};
use crate::history::Community;
use crate::meters;

pub use identifiers::Identifiers;
pub use identity::Credentials;
pub use listening::Listening;

/// The path of the registry on the SOAP listener.
pub const REGISTRY_PATH: &str = "/registry";
/// The path of the repository on the SOAP listener.
pub const REPOSITORY_PATH: &str = "/repository";

/// A node, its keepers open. The state of every page of the book.
pub struct Node {
    /// What it was told.
    pub config: Config,
    /// What identifies it.
    pub identifiers: Identifiers,
    /// Whom it asks for a patient's history: itself first, then the partners of the configuration.
    pub communities: Vec<Community>,
    /// Its registry, if it is one.
    pub registry: Option<Arc<Registry>>,
    /// Its repository, if it is one.
    pub repository: Option<Arc<Repository>>,
    /// The affinity domain that it keeps to.
    pub domain: FollowedDomain,
    /// Whether it has just made its own CA and identity.
    pub identity_is_new: bool,
    credentials: Credentials,
    audit: Audit,
    registry_endpoint: Option<Arc<Endpoint>>,
    repository_endpoint: Option<Arc<Endpoint>>,
    is_leaving: AtomicBool,
    /// Held for as long as the node is open: nobody else opens the same data folder.
    _lock: File,
}

/// Whether one thing that a node needs to answer is as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// What is wrong with it, for the operator: no patient data.
    pub outcome: Result<(), String>,
    /// What is to be mended although it can answer.
    pub note: Option<String>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.config.node.name).finish_non_exhaustive()
    }
}

impl Node {
    /// Opens everything that the node keeps, making what is not there yet.
    pub async fn open(config: Config) -> Result<Self, Failure> {
        // Before anything counts.
        meters::recorder();
        let lock = lock(&config)?;
        stores::restoring(&config)?;
        let domain = FollowedDomain::open(&config)?;
        let identity_is_new = identity::make(&config)?;
        let credentials = Credentials::read(&config)?;
        let identifiers = Identifiers::of(&config).map_err(Failure::Refused)?;
        let audit_file = config.data("audit.jsonl");
        let audit = Audit::to_files(&audit_file).map_err(|error| file(&audit_file, "write to it", &error))?;
        let spool = config.data("spool");
        make_private(&spool).map_err(|error| file(&spool, "make the folder", &error))?;
        let client = credentials.client()?.spooling_in(spool);

        stores::clear_spool(&config)?;

        let registry = match config.registry.enabled {
            true => Some(Arc::new(stores::registry(&config, domain.current(), stores::For::Serving).await?)),
            false => None,
        };
        let registry_endpoint =
            registry.as_ref().map(|registry| Arc::new(registry::endpoint(registry, audit.clone())));
        let asked = registry_asked(&config, registry_endpoint.as_ref(), &client, &audit);
        let repository = match &asked {
            Some(registry) if config.repository.enabled => {
                Some(open_repository(&config, &identifiers, registry.clone(), domain.current()).await?)
            }
            _ => None,
        };
        let repository_endpoint =
            repository.as_ref().map(|repository| Arc::new(repository::endpoint(repository, audit.clone())));
        let own = asked.map(|registry| {
            let repository = repository_endpoint.as_ref();
            let repository = repository.map(|endpoint| Partner::local(Arc::clone(endpoint), audit.clone()));
            own_community(&config, &identifiers, own_consumer(&config, registry, &client, &audit), repository)
        });
        let communities = own.into_iter().chain(partners(&config, &client, &audit)).collect();
        Ok(Self {
            config,
            identifiers,
            communities,
            registry,
            repository,
            domain,
            identity_is_new,
            credentials,
            audit,
            registry_endpoint,
            repository_endpoint,
            is_leaving: AtomicBool::new(false),
            _lock: lock,
        })
    }

    /// What its SOAP listener serves.
    fn endpoints(&self) -> Endpoints {
        let actors = [(REGISTRY_PATH, &self.registry_endpoint), (REPOSITORY_PATH, &self.repository_endpoint)];
        actors.into_iter().fold(Endpoints::default(), |endpoints, (path, endpoint)| match endpoint {
            Some(endpoint) => endpoints.at(path, Arc::clone(endpoint)),
            None => endpoints,
        })
    }

    /// The records of what it asks and answers.
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// It is about to stop, and no longer ready.
    fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    /// Looks at all that it needs to answer, by asking its own keepers. Nothing of this is audited or counted.
    pub async fn readiness(&self) -> Vec<Check> {
        let check = |name, outcome| Check { name, outcome, note: None };
        if self.is_leaving.load(Ordering::Relaxed) {
            return vec![check("node", Err("it is about to stop: ask another".to_owned()))];
        }
        let mut checks = vec![check("certificate", self.certificate_holds())];
        if let Some(trouble) = self.domain.trouble() {
            let note = format!("what held before still holds, for {trouble}");
            checks.push(Check { name: "domain", outcome: Ok(()), note: Some(note) });
        }
        if let Some(registry) = &self.registry {
            let endpoint = Arc::new(registry::endpoint(registry, Audit::none()));
            checks.push(check("registry", registry_answers(endpoint).await));
        }
        if let Some(repository) = &self.repository {
            let endpoint = Arc::new(repository::endpoint(repository, Audit::none()));
            let id = self.identifiers.repository_unique_id.to_string();
            checks.push(check("repository", repository_answers(endpoint, id).await));
            let damaged = repository.damaged().await.unwrap_or_default();
            let damaged = (damaged > 0).then(|| {
                format!("{damaged} damaged, which are not given to anyone: restore what the log names from a backup")
            });
            let held_back = match self.config.repository.remove_many {
                true => None,
                false => repository.held_back().await.unwrap_or_default(),
            };
            let held_back = held_back.map(|objects| {
                format!("{objects} objects that no document names, too many to be removed: see `repository.remove_many`")
            });
            let notes: Vec<String> = damaged.into_iter().chain(held_back).collect();
            let note = (!notes.is_empty()).then(|| notes.join("; "));
            let owns = match repository.owns_its_place() {
                true => Ok(()),
                false => {
                    Err("it is not known yet whose documents the storage service has: see the log".to_owned())
                }
            };
            checks.push(Check { name: "documents", outcome: owns, note });
        }
        checks
    }

    fn certificate_holds(&self) -> Result<(), String> {
        let certificate = self.credentials.identity.certificate().map_err(|error| error.to_string())?;
        let now = now();
        if now > certificate.not_after {
            return Err("the node's certificate has expired: give it a new one".to_owned());
        }
        if now < certificate.not_before {
            return Err("the node's certificate is not valid yet: is the clock right?".to_owned());
        }
        Ok(())
    }
}

impl Config {
    /// The identifiers of the person who has this one, itself first.
    pub fn identifiers_of(&self, patient: &PatientId) -> Vec<PatientId> {
        let same = |person: &&config::SamePerson| person.ids.iter().any(|id| **id == *patient);
        let others = self.same_person.iter().filter(same).flat_map(|person| &person.ids);
        let mut all = vec![patient.clone()];
        for id in others {
            if !all.contains(id) {
                all.push(PatientId::clone(id));
            }
        }
        all
    }
}

/// The registry that our repository tells and our book asks.
fn registry_asked(
    config: &Config,
    local: Option<&Arc<Endpoint>>,
    client: &soap::Client,
    audit: &Audit,
) -> Option<Partner> {
    let remote = |url: &config::Url| Partner::remote(url.as_str(), client.clone(), audit.clone());
    match &config.repository.registry {
        RegistryAt::Url(url) => Some(remote(url)),
        RegistryAt::Each(urls) => Some(remote(&urls.query).asked_at::<Register>(urls.register.as_str())),
        RegistryAt::Local => local.map(|endpoint| Partner::local(Arc::clone(endpoint), audit.clone())),
    }
}

/// Asks the registry of this node, and the further repositories that register their documents there.
pub(crate) fn own_consumer(
    config: &Config,
    registry: Partner,
    client: &soap::Client,
    audit: &Audit,
) -> Consumer {
    with_repositories(Consumer::new(registry), &config.known_repository, client, audit)
}

/// What is registered in the registry that this node asks, as its own book and its clients ask for it.
pub(crate) fn own_community(
    config: &Config,
    identifiers: &Identifiers,
    consumer: Consumer,
    repository: Option<Partner>,
) -> Community {
    let id = identifiers.repository_unique_id.to_string();
    let consumer = match repository {
        Some(repository) => consumer.with_repository(id, repository),
        None => consumer,
    };
    let patient_authority = Oid::clone(&identifiers.patient_authority);
    Community { name: config.node.name.clone(), patient_authority, consumer }
}

fn with_repositories(
    consumer: Consumer,
    repositories: &[config::CommunityRepository],
    client: &soap::Client,
    audit: &Audit,
) -> Consumer {
    repositories.iter().fold(consumer, |consumer, repository| {
        let partner = Partner::remote(repository.url.as_str(), client.clone(), audit.clone());
        consumer.with_repository(repository.unique_id.to_string(), partner)
    })
}

/// The communities of the configuration, as a consumer asks them.
pub(crate) fn partners(config: &Config, client: &soap::Client, audit: &Audit) -> Vec<Community> {
    let partner = |community: &config::Community| {
        let registry = Partner::remote(community.registry.as_str(), client.clone(), audit.clone());
        let consumer = with_repositories(Consumer::new(registry), &community.repository, client, audit);
        let patient_authority = Oid::clone(&community.patient_authority);
        Community { name: community.name.clone(), patient_authority, consumer }
    };
    config.community.iter().map(partner).collect()
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Makes the data folder, if needed, and takes it for ourselves.
pub(crate) fn lock(config: &Config) -> Result<File, Failure> {
    let folder = &config.node.data;
    make_closed(folder)?;
    let path = config.data("lock");
    let lock = File::create(&path).map_err(|error| file(&path, "write it", &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!(
            "{}: another dosebook is using this data folder; stop it, or choose another with --data",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(file(&path, "lock it", &error)),
    }
}

/// Makes a folder for patients' data, if needed, and closes one that was there before.
pub(crate) fn make_closed(folder: &std::path::Path) -> Result<(), Failure> {
    make_private(folder).map_err(|error| file(folder, "make the folder", &error))?;
    #[cfg(unix)]
    close(folder)?;
    Ok(())
}

/// Lets nobody else look into a folder that was there before.
#[cfg(unix)]
fn close(folder: &std::path::Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let read = |error: std::io::Error| file(folder, "look at its permissions", &error);
    let mode = fs::metadata(folder).map_err(read)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|error| {
        Failure::Refused(format!(
            "{0}: others may look into this folder (mode {1:03o}), and patients' data goes into it: run `chmod 700 \
             {0}` as its owner, or choose another folder ({error})",
            folder.display(),
            mode & 0o777,
        ))
    })
}

/// Makes a folder for patients' data and keys: only we may look into it.
pub(crate) fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

async fn open_repository(
    config: &Config,
    identifiers: &Identifiers,
    registry: Partner,
    domain: &CurrentDomain,
) -> Result<Arc<Repository>, Failure> {
    let store = stores::store(config, stores::For::Serving).await?;
    let limits = Limits { document: config.repository.max_document, ..Limits::default() };
    let unique_id = Oid::clone(&identifiers.repository_unique_id);
    let repository = Repository::new(unique_id, store, registry, limits);
    Ok(Arc::new(repository.in_domain(domain.clone())))
}

/// Asks for a document that no registry has.
async fn registry_answers(endpoint: Arc<Endpoint>) -> Result<(), String> {
    let ids = Ids::UniqueIds(vec![UniqueId::from(nobodys())]);
    let question = StoredQuery::leaf_class(Query::GetDocuments(GetDocuments { ids }));
    let answer = Partner::local(endpoint, Audit::none()).ask(question).await;
    answer.map_err(|error| error.to_string()).and_then(|answer| without_internal(&answer.errors))
}

/// Asks for a document that no repository has; that it is not there is the right answer.
async fn repository_answers(endpoint: Arc<Endpoint>, repository_unique_id: String) -> Result<(), String> {
    let document_unique_id = nobodys().to_string();
    let request = DocumentRequest { home_community_id: None, repository_unique_id, document_unique_id };
    let answer = Partner::local(endpoint, Audit::none()).ask(Retrieve { documents: vec![request] }).await;
    answer.map_err(|error| error.to_string()).and_then(|answer| without_internal(&answer.errors))
}

fn nobodys() -> Oid {
    Oid::from_uuid(uuid::Uuid::new_v4())
}

fn without_internal(errors: &RegistryErrors) -> Result<(), String> {
    let is_ours =
        |code: &ErrorCode| matches!(code, ErrorCode::Internal | ErrorCode::Busy | ErrorCode::OutOfResources);
    let internal = errors.0.iter().find(|error| is_ours(&error.code));
    internal.map_or(Ok(()), |error| Err(error.context.clone()))
}

#[cfg(test)]
mod tests;
