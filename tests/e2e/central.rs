//! A community with one registry and a repository elsewhere: its book tells what the repository does not give.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dose::sample::{BELGIAN_HOSPITAL, CHARLOTTE_IN_BELGIUM};
use tests::{dosebook, get, run};

/// A node that serves until it is dropped.
struct Serving(Child);

impl Serving {
    /// Starts a node of the CA in `ca` and waits for it.
    fn start(folder: &Path, name: &str, [soap, web]: [SocketAddr; 2], more: &str) -> Self {
        assert_eq!(run(folder, ["certs", "issue", name, "--dir", "ca"]).code, 0);
        let text = format!(
            "[node]\nname = \"{name}\"\ndata = \"{name}\"\n[soap]\nlisten = \"{soap}\"\n[web]\nlisten = \"{web}\"\n\
             [identity]\ncertificate = \"ca/{name}.pem\"\nkey = \"ca/{name}.key\"\ntrust = \"ca/ca.pem\"\n\
             [domain]\npatient_authority = \"{}\"\n{more}",
            BELGIAN_HOSPITAL.authority_oid
        );
        let file = format!("{name}.toml");
        fs::write(folder.join(&file), text).unwrap();
        let log = fs::File::create(folder.join(format!("{name}.log"))).unwrap();
        let mut serve = Command::new(dosebook());
        serve.args(["serve", "--config", &file]).current_dir(folder).stdin(Stdio::null());
        let serving = Self(serve.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while get(web, "/readyz").is_none_or(|(status, _)| status != 200) {
            assert!(Instant::now() < deadline, "{name} did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        serving
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_registry_shows_what_other_repositories_hold_and_what_they_do_not_give() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(run(folder, ["certs", "init", "ca"]).code, 0);
    let ports = [(); 4].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let [registry, registry_web, archive, archive_web] = ports.map(|port| port.local_addr().unwrap());
    let known = format!(
        "[repository]\nenabled = false\n\
         [[known_repository]]\nunique_id = \"1.2.3.4\"\nurl = \"https://{archive}/repository\"\n"
    );
    let _central = Serving::start(folder, "central", [registry, registry_web], &known);
    let elsewhere = format!(
        "[registry]\nenabled = false\n\
         [repository]\nunique_id = \"1.2.3.4\"\nregistry = \"https://{registry}/registry\"\n"
    );
    let archive = Serving::start(folder, "archive", [archive, archive_web], &elsewhere);
    let sample = dose::sample::all().into_iter().find(|sample| sample.name == "be-ct-adult").unwrap();
    fs::write(folder.join("report.dcm"), &sample.bytes).unwrap();
    let submitted = run(folder, ["submit", "report.dcm", "--config", "archive.toml"]);
    assert_eq!(submitted.code, 0, "{submitted:?}");

    let history = || run(folder, ["history", "--patient", CHARLOTTE_IN_BELGIUM, "--config", "central.toml"]);
    let authority = BELGIAN_HOSPITAL.authority_oid;
    let page = format!("/book/patients/{CHARLOTTE_IN_BELGIUM}%5E%5E%5E%26{authority}%26ISO?lang=en");
    assert!(history().stdout.contains(sample.description), "{:?}", history());
    assert!(get(registry_web, &page).unwrap().1.contains(sample.description));
    drop(archive);
    let gone = history();
    assert!(gone.stdout.contains("Missing") && !gone.stdout.contains(sample.description), "{gone:?}");
}
