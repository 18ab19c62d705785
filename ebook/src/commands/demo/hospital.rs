//! A hospital of the demonstration: its configuration, and the process that is its node.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use certs::{Directory, Existing, LOOPBACK, Request};
use dose::sample::{self, BELGIAN_HOSPITAL, FRENCH_HOSPITAL};
use metadata::{Oid, PatientId};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::book::patient_path;
use crate::config::{Community, CommunityRepository, Config, Identity, PREFIX, SamePerson, Text};
use crate::exit::{Failure, file};
use crate::node::{REGISTRY_PATH, REPOSITORY_PATH, make_private};

/// How long a node may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The hospitals with the names of their folders and the ports that they would like.
const HOSPITALS: [(&sample::Hospital, &str, [u16; 2]); 2] =
    [(&BELGIAN_HOSPITAL, "belgian", [8443, 8080]), (&FRENCH_HOSPITAL, "french", [8444, 8081])];

/// A running hospital.
#[derive(Debug)]
pub(super) struct Hospital {
    pub(super) sample: &'static sample::Hospital,
    pub(super) config: Config,
    program: PathBuf,
    process: Child,
    pid: u32,
    /// What the node said of itself when it had started.
    pub(super) introduction: Value,
    has_stopped: bool,
}

/// Makes the CA, the identities and the configuration of each hospital; what is there from the last time stays.
/// Ports are those that people remember, unless it is only for once or they are taken.
pub(super) fn configure(
    folder: &Path,
    once: bool,
) -> Result<Vec<(&'static sample::Hospital, Config)>, Failure> {
    let authority = folder.join("ca");
    let authority = if authority.join("ca.pem").exists() {
        Directory::open(authority)?
    } else {
        Directory::init(authority)?
    };
    let mut configs = Vec::new();
    // Kept open until all are chosen, so that no two are the same.
    let mut ports = Vec::new();
    for (hospital, name, preferred) in HOSPITALS {
        let mut addresses = Vec::new();
        for port in preferred {
            let listener = free(if once { 0 } else { port })?;
            addresses.push(listener.local_addr().map_err(|error| no_port(&error))?);
            ports.push(listener);
        }
        let [soap, web] = addresses[..] else {
            return Err(Failure::Refused("two ports are needed".to_owned()));
        };
        let mut config = own(hospital, &folder.join(name), soap, web)?;
        config.identity = identity(&authority, hospital, name)?;
        configs.push((hospital, config));
    }
    let partners: Vec<Community> =
        configs.iter().map(|(_, config)| partner(config)).collect::<Option<_>>().ok_or_else(|| {
            Failure::Refused("a hospital of the demonstration has no identifiers".to_owned())
        })?;
    let same =
        [(sample::CHARLOTTE_IN_BELGIUM, &BELGIAN_HOSPITAL), (sample::CHARLOTTE_IN_FRANCE, &FRENCH_HOSPITAL)];
    let same = same.into_iter().map(|(id, hospital)| Ok(Text(patient(id, hospital)?)));
    let same = SamePerson { ids: same.collect::<Result<_, Failure>>()? };
    for (_, config) in &mut configs {
        config.community =
            partners.iter().filter(|partner| partner.name != config.node.name).cloned().collect();
        config.same_person = vec![same.clone()];
        write(config)?;
    }
    Ok(configs)
}

/// What a hospital is by itself. Identifiers of its own lie under its OID.
fn own(
    hospital: &sample::Hospital,
    folder: &Path,
    soap: SocketAddr,
    web: SocketAddr,
) -> Result<Config, Failure> {
    let mut config = Config::default();
    hospital.name.clone_into(&mut config.node.name);
    folder.clone_into(&mut config.node.data);
    config.soap.listen = soap;
    config.web.listen = web;
    config.domain.patient_authority = Some(Text(oid(hospital.authority_oid)?));
    config.repository.unique_id = Some(Text(oid(&format!("{}.1", hospital.oid))?));
    config.institution.name = Some(hospital.name.to_owned());
    config.institution.oid = Some(Text(oid(hospital.oid)?));
    Ok(config)
}

/// The identity of a hospital, issued when it has none yet.
fn identity(authority: &Directory, hospital: &sample::Hospital, name: &str) -> Result<Identity, Failure> {
    let mut files = authority.files(name)?;
    if !files.certificate.exists() {
        files = authority.keep(&Request::node(hospital.name, LOOPBACK), name, Existing::Keep)?;
    }
    Ok(Identity {
        certificate: Some(files.certificate),
        key: Some(files.key),
        trust: Some(authority.authority_file()),
        crls: Vec::new(),
    })
}

/// A hospital as the other one knows it.
fn partner(config: &Config) -> Option<Community> {
    let url = |path: &str| format!("https://{}{path}", config.soap.listen).parse().ok().map(Text);
    Some(Community {
        name: config.node.name.clone(),
        patient_authority: config.domain.patient_authority.clone()?,
        registry: url(REGISTRY_PATH)?,
        repository: vec![CommunityRepository {
            unique_id: config.repository.unique_id.clone()?,
            url: url(REPOSITORY_PATH)?,
        }],
    })
}

fn write(config: &Config) -> Result<(), Failure> {
    let folder = &config.node.data;
    make_private(folder).map_err(|error| file(folder, "make the folder", &error))?;
    let text = toml::to_string_pretty(config).map_err(|error| Failure::Refused(error.to_string()))?;
    let path = path(config);
    fs::write(&path, text).map_err(|error| file(&path, "write it", &error))
}

fn path(config: &Config) -> PathBuf {
    config.node.data.join("node.toml")
}

/// A patient of a hospital.
pub(super) fn patient(id: &str, hospital: &sample::Hospital) -> Result<PatientId, Failure> {
    PatientId::new(id, oid(hospital.authority_oid)?).map_err(|error| Failure::Refused(error.to_string()))
}

fn oid(text: &str) -> Result<Oid, Failure> {
    text.parse().map_err(|error: metadata::Invalid| Failure::Refused(error.to_string()))
}

/// A port of our own, the preferred one if nobody has it.
fn free(preferred: u16) -> Result<TcpListener, Failure> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bind(preferred).or_else(|_| bind(0)).map_err(|error| no_port(&error))
}

fn no_port(error: &std::io::Error) -> Failure {
    Failure::Refused(format!("no free port on 127.0.0.1: {error}"))
}

impl Hospital {
    /// Starts the node, and waits until it answers.
    pub(super) async fn start(sample: &'static sample::Hospital, config: Config) -> Result<Self, Failure> {
        let program = std::env::current_exe();
        let program = program.map_err(|error| Failure::Refused(format!("where is this program? {error}")))?;
        let log_path = config.node.data.join("node.log");
        let log = File::create(&log_path).map_err(|error| file(&log_path, "write it", &error))?;
        let mut command = Command::new(&program);
        command.args(["serve", "--json", "--until-stdin-ends", "--config"]).arg(path(&config));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        // Both nodes are told everything by their files.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)) {
            command.env_remove(name);
        }
        let not_started = |why: String| {
            let log = fs::read_to_string(&log_path).unwrap_or_default();
            Failure::Refused(format!("the node of {} did not start: {why}\n{log}", sample.name))
        };
        let mut process = command.spawn().map_err(|error| not_started(error.to_string()))?;
        let stdout = process.stdout.take().ok_or_else(|| not_started("it has no output".to_owned()))?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let first = first.map_err(|_| not_started(format!("it took longer than {PATIENCE:?}")))?;
        let first = first.ok().flatten().ok_or_else(|| not_started("it ended".to_owned()))?;
        let introduction = serde_json::from_str(&first).map_err(|error| not_started(error.to_string()))?;
        let pid = process.id().unwrap_or_default();
        Ok(Self { sample, config, program, process, pid, introduction, has_stopped: false })
    }

    /// What people call it.
    pub(super) const fn name(&self) -> &str {
        self.sample.name
    }

    /// The process of its node.
    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// How a person starts it again.
    pub(super) fn command(&self) -> String {
        format!("'{}' serve --config '{}'", self.program.display(), path(&self.config).display())
    }

    /// The page in its book of the patient of both hospitals, under the id that she has here.
    pub(super) fn page(&self) -> Result<String, Failure> {
        let belgian = *self.sample == BELGIAN_HOSPITAL;
        let id = if belgian { sample::CHARLOTTE_IN_BELGIUM } else { sample::CHARLOTTE_IN_FRANCE };
        let path = patient_path(&patient(id, self.sample)?);
        Ok(format!("http://{}{path}", self.config.web.listen))
    }

    /// True once, when the process has ended.
    pub(super) fn has_just_stopped(&mut self) -> bool {
        let stopped = !self.has_stopped && !matches!(self.process.try_wait(), Ok(None));
        self.has_stopped |= stopped;
        stopped
    }

    /// Lets the node finish what is under way, and ends it if that takes too long.
    pub(super) async fn stop(mut self) {
        drop(self.process.stdin.take());
        // What does not stop by itself is killed when it is dropped.
        let _ = tokio::time::timeout(PATIENCE, self.process.wait()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hospitals_know_each_other_and_can_be_configured_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = configure(folder.path(), true).unwrap();
        let [(_, belgian), (_, french)] = &first[..] else { panic!("{first:?}") };
        assert_eq!(belgian.community.len(), 1);
        assert_eq!(belgian.community[0].name, french.node.name);
        assert_eq!(Some(&belgian.community[0].repository[0].unique_id), french.repository.unique_id.as_ref());
        assert_eq!(belgian.same_person, french.same_person);
        let read = Config::load(Some(&path(belgian)), []).unwrap();
        assert_eq!(&read, belgian);
        let again = configure(folder.path(), true).unwrap();
        assert_eq!(again[0].1.identity, belgian.identity);
        assert_eq!(again[0].1.repository.unique_id, belgian.repository.unique_id);
    }
}
