//! A real `PgBouncer` in transaction mode before a PostgreSQL: a connection changes hands after every transaction.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::node::free_port;
use crate::peer;
use crate::postgres::Postgres;

/// A running `PgBouncer`.
#[derive(Debug)]
pub struct PgBouncer {
    folder: TempDir,
    address: SocketAddr,
    process: Child,
}

impl PgBouncer {
    /// A pooler for all databases of a server; none (and loudly) where it is not installed, unless `CI` is set.
    pub fn before(server: &Postgres) -> Option<Self> {
        let sbin = [PathBuf::from("/usr/sbin")];
        let program = peer::program("pgbouncer", &sbin, "apt-get install pgbouncer")?;
        let (folder, address) = (peer::folder(), free_port());
        let users = folder.path().join("users");
        fs::write(&users, format!("\"postgres\" \"{}\"\n", server.password())).unwrap();
        let file = folder.path().join("pgbouncer.ini");
        // Few server connections for many clients: whoever relies on a session is found out.
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n\
             pool_mode = transaction\nmax_client_conn = 1000\ndefault_pool_size = 8\n",
            server.address().port(),
            address.port(),
            users.display()
        );
        fs::write(&file, text).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = peer::command(&program)
            .arg(&file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        let mut pooler = Self { folder, address, process: process.unwrap() };
        peer::wait_until("PgBouncer takes connections", || {
            let exited = pooler.process.try_wait().unwrap();
            assert!(exited.is_none(), "PgBouncer has stopped:\n{}", pooler.log());
            peer::listens(address)
        });
        Some(pooler)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
