//! What is wrong with a configuration whose keys, each by itself, can all be used.

use std::net::IpAddr;

use database::Location;
use metadata::PatientId;
use registry::MAX_RESULTS;
use soap::limits::MESSAGE;

use super::sections::{Config, Database, Identity, Repository, S3};
use super::values::{DocumentsAt, RegistryAt};

/// Ten years: longer is never.
const LONGEST_SCRUB: u32 = 3_650;
/// What a PostgreSQL server takes at most; a pooler may take all of them.
const MOST_CONNECTIONS: u32 = 10_000;

/// Every rule that a configuration breaks.
pub(super) fn of(config: &Config) -> Vec<String> {
    let mut broken = actors(config);
    broken.extend(names(config));
    broken.extend(hosts(config));
    broken.extend(repositories(config));
    broken.extend(people(config));
    broken.extend(services(config));
    broken.extend(way_to_the_database(config));
    broken.extend(feed(config));
    broken
}

/// Patients' data leaves this machine over TLS only, to a server that has shown who it is.
fn way_to_the_database(config: &Config) -> Option<String> {
    let place: Location = match config.database.url.as_ref()?.reveal().parse() {
        Ok(place) => place,
        Err(error) => return Some(format!("database.url: {error}")),
    };
    (!place.is_private()).then(|| {
        format!(
            "database.url: {place} is on another machine, and nothing says that its certificate is checked: patients' \
             data could be read or altered on the way; write ?sslmode=verify-full&sslrootcert=ca.pem behind the name of \
             the database, with the CA of the server (sslmode=verify-ca if its certificate bears another name)"
        )
    })
}

/// Who may tell of patients must show who it is, unless it is on this machine.
fn feed(config: &Config) -> Vec<String> {
    let Config { mllp, registry, .. } = config;
    let open = !mllp.tls && !mllp.listen.ip().is_loopback() && !mllp.unprotected;
    let rules = [
        (
            mllp.enabled && !registry.enabled,
            "mllp.enabled is true, but registry.enabled is false: nobody would keep the patients".to_owned(),
        ),
        (
            mllp.enabled && open,
            format!(
                "mllp.tls is false, and mllp.listen = \"{}\" is not of this machine alone: anybody could read the ids of \
                 patients, and merge them; use TLS, or listen on 127.0.0.1, or write mllp.unprotected = true if \
                 something else protects the way",
                mllp.listen
            ),
        ),
    ];
    rules.into_iter().filter_map(|(broken, rule)| broken.then_some(rule)).collect()
}

/// What a node that is one of several needs, and what one that is alone has no use for.
fn services(config: &Config) -> Vec<String> {
    let Config { database, repository, s3, domain, .. } = config;
    let Database { url, pooler, connections } = database;
    let Repository { enabled, unique_id, documents, scrub_days, .. } = repository;
    let bucket =
        documents.as_ref().is_some_and(|documents| matches!(documents.0, DocumentsAt::Bucket { .. }));
    let shared = if bucket { "repository.documents is a bucket" } else { "database.url is given" };
    let several = url.is_some() || (bucket && *enabled);
    let agree = |key: &str| {
        format!(
            "{key} is not given, but {shared}: every node that shares it must have the same, so choose an OID"
        )
    };
    let secret = s3.access_key_id.is_none() || s3.secret_access_key.is_none();
    let rules = [
        (several && domain.patient_authority.is_none(), agree("domain.patient_authority")),
        (several && *enabled && unique_id.is_none(), agree("repository.unique_id")),
        (
            bucket && secret,
            "s3.access_key_id and s3.secret_access_key are needed for repository.documents: give them in [s3], or as \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
                .to_owned(),
        ),
        (
            !bucket && *s3 != S3::default(),
            "s3 is given, but repository.documents is not a bucket, such as \"s3://bucket/prefix\": nothing would be \
             kept there"
                .to_owned(),
        ),
        (
            *pooler && url.is_none(),
            "database.pooler is true, but database.url is not given: no pooler stands before SQLite files".to_owned(),
        ),
        (
            *connections == 0 || *connections > MOST_CONNECTIONS,
            format!("database.connections = {connections}: expected from 1 to {MOST_CONNECTIONS}"),
        ),
        (
            *scrub_days > LONGEST_SCRUB,
            format!("repository.scrub_days = {scrub_days}: expected from 0, which is never, to {LONGEST_SCRUB}"),
        ),
    ];
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, rule)| rule).collect()
}

fn actors(config: &Config) -> Vec<String> {
    let Config { registry, repository, .. } = config;
    let Identity { certificate, key, trust, .. } = &config.identity;
    let given = [certificate, key, trust].iter().filter(|path| path.is_some()).count();
    let local = repository.registry == RegistryAt::Local;
    let rules = [
        (
            given == 1 || given == 2,
            "identity: certificate, key and trust belong together: give all three, or none for a development CA of \
             our own"
                .to_owned(),
        ),
        (
            !registry.enabled && !repository.enabled,
            "registry.enabled and repository.enabled are both false: nothing is left to serve".to_owned(),
        ),
        (
            repository.enabled && local && !registry.enabled,
            "repository.registry is \"local\", but registry.enabled is false: give the URL of a registry".to_owned(),
        ),
        (
            registry.enabled && !local,
            "repository.registry is that of another node, but registry.enabled is true: nothing would be registered \
             here; set registry.enabled = false, or repository.registry = \"local\""
                .to_owned(),
        ),
        (
            !(1..=MAX_RESULTS).contains(&registry.max_results),
            format!("registry.max_results = {}: expected from 1 to {MAX_RESULTS}", registry.max_results),
        ),
        (
            repository.max_document == 0 || repository.max_document > MESSAGE,
            format!(
                "repository.max_document = {}: expected from 1 to {MESSAGE}, the largest message that is taken",
                repository.max_document
            ),
        ),
    ];
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, rule)| rule).collect()
}

/// People tell communities apart by their names.
fn names(config: &Config) -> Vec<String> {
    let mut broken = Vec::new();
    let mut seen = vec![config.node.name.as_str()];
    if config.node.name.trim().is_empty() {
        broken.push("node.name is empty: a name was expected".to_owned());
    }
    for name in config.community.iter().map(|community| community.name.as_str()) {
        if name.trim().is_empty() {
            broken.push("community.name is empty: a name was expected".to_owned());
        } else if seen.contains(&name) {
            broken.push(format!(
                "community.name = {name:?}: another community, or the node itself, has that name"
            ));
        }
        seen.push(name);
    }
    broken
}

fn hosts(config: &Config) -> Vec<String> {
    let hosts = config.node.hosts.iter().filter(|host| !is_host(host));
    hosts
        .map(|host| {
            format!("node.hosts: {host:?} is no host name and no address, such as xds.example or 192.0.2.1")
        })
        .collect()
}

/// A name of a certificate: without scheme, port or path.
fn is_host(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*');
    text.parse::<IpAddr>().is_ok() || (!text.is_empty() && text.chars().all(letter))
}

/// One repository has one address.
fn repositories(config: &Config) -> Vec<String> {
    let mut broken = Vec::new();
    let mut seen: Vec<_> = config.repository.unique_id.iter().filter(|_| config.repository.enabled).collect();
    for id in config.known_repository.iter().map(|repository| &repository.unique_id) {
        if seen.contains(&id) {
            broken
                .push(format!("known_repository.unique_id = \"{}\": that repository is known already", id.0));
        }
        seen.push(id);
    }
    broken
}

/// A person has at least two identifiers, and an identifier one person.
fn people(config: &Config) -> Vec<String> {
    let mut broken = Vec::new();
    let mut seen: Vec<&PatientId> = Vec::new();
    for person in &config.same_person {
        if person.ids.len() < 2 {
            broken.push(format!("same_person.ids: two or more were expected, {} given", person.ids.len()));
        }
        for id in person.ids.iter().map(|id| &id.0) {
            if seen.contains(&id) {
                broken.push(format!(
                    "same_person.ids: {id} is there twice: an identifier belongs to one person, whose identifiers \
                     stand in one [[same_person]]"
                ));
            }
            seen.push(id);
        }
    }
    broken
}
