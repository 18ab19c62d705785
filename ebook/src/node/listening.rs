//! A node that listens: for other nodes over mutual TLS, for people on the web listener, for HL7 v2 over MLLP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use repository::Upkeep;
use rustls::ServerConfig;
use soap::limits::SHUTDOWN_TIME;
use soap::server::Server;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal as hear};
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use super::Node;
use super::web_listener::TlsListener;
use crate::exit::Failure;
use crate::{domain, meters};

/// A node with its ports open, ready to serve.
#[derive(Debug)]
pub struct Listening {
    node: Arc<Node>,
    soap: Server,
    web: TcpListener,
    web_address: SocketAddr,
    /// None on loopback.
    web_tls: Option<Arc<ServerConfig>>,
    /// SIGHUP. From now on it does not end the process.
    hang_up: Signal,
    mllp: Option<hl7v2::Server>,
}

impl Listening {
    /// Opens the ports of the configuration; port 0 takes a free one.
    pub async fn bind(node: Arc<Node>) -> Result<Self, Failure> {
        let (soap_at, web_at) = (node.config.soap.listen, node.config.web.listen);
        let unusable = |error: soap::tls::TlsError| Failure::Usage(format!("identity: {error}"));
        let super::Credentials { identity, trust } = &node.credentials;
        let tls = soap::tls::server_config(identity, trust).map_err(unusable)?;
        // Until people can sign in, nobody without a certificate of the domain sees a patient from outside.
        let web_tls = if web_at.ip().is_loopback() { None } else { Some(Arc::clone(&tls)) };
        let mllp = mllp(&node, &tls).await?;
        let soap = Server::bind(soap_at, tls).await.map_err(|error| occupied("soap", soap_at, &error))?;
        let leave = Duration::from_secs(node.config.soap.drain_seconds);
        let soap = soap.spooling_in(node.config.data("spool")).leaving_for(leave);
        let web = TcpListener::bind(web_at).await.map_err(|error| occupied("web", web_at, &error))?;
        let web_address = web.local_addr().map_err(|error| occupied("web", web_at, &error))?;
        let hang_up = hear(SignalKind::hangup());
        let hang_up =
            hang_up.map_err(|error| Failure::Refused(format!("cannot listen for signals: {error}")))?;
        Ok(Self { node, soap, web, web_address, web_tls, hang_up, mllp })
    }

    /// The node that listens.
    pub const fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Where other nodes reach it.
    pub const fn soap_address(&self) -> SocketAddr {
        self.soap.address()
    }

    /// Where people reach it.
    pub const fn web_address(&self) -> SocketAddr {
        self.web_address
    }

    /// Where it is fed patients over MLLP, if it is.
    pub fn mllp_address(&self) -> Option<SocketAddr> {
        self.mllp.as_ref().map(hl7v2::Server::address)
    }

    /// The URL that its web pages begin with.
    pub fn web_url(&self) -> String {
        let scheme = if self.web_tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.web_address)
    }

    /// Serves until `shutdown`. Then it is no longer ready, takes its leave of other nodes, takes no more and
    /// finishes what is under way; all that time it still says on the web listener how it is.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { node, soap, web, web_tls, hang_up, mllp, .. } = self;
        let (stop_soap, soap_stops) = signal();
        let (stop_mllp, mllp_stops) = signal();
        let (stop_web, web_stops) = signal();
        let router = crate::web::router(Arc::clone(&node));
        let soap = tokio::spawn(soap.serve(Arc::new(node.endpoints()), soap_stops));
        let mllp = tokio::spawn(feed(Arc::clone(&node), mllp, mllp_stops));
        let mut web = tokio::spawn(serve_web(web, web_tls, router, web_stops));
        let chores = [
            tokio::spawn(tend(Arc::clone(&node))),
            tokio::spawn(follow_domain(Arc::clone(&node), hang_up)),
            tokio::spawn(count_now_and_then()),
        ];
        let ended_early = tokio::select! {
            () = shutdown => None,
            ended = &mut web => Some(ended),
        };
        node.leave();
        tracing::info!(seconds = node.config.soap.drain_seconds, "the node takes its leave");
        drop((stop_soap, stop_mllp));
        chores.iter().for_each(tokio::task::JoinHandle::abort);
        soap.await.map_err(io::Error::other)?;
        mllp.await.map_err(io::Error::other)?;
        if let Some(repository) = &node.repository {
            // A database that is away would make us wait for ever; who starts again asks the registry.
            let _ = tokio::time::timeout(SHUTDOWN_TIME, repository.settled()).await;
        }
        node.audit.flush().await;
        drop(stop_web);
        if let Some(ended) = ended_early {
            return ended.map_err(io::Error::other)?;
        }
        // A browser may hold its connection for as long as it likes; it has had its answer.
        match tokio::time::timeout(SHUTDOWN_TIME, web).await {
            Ok(ended) => ended.map_err(io::Error::other)?,
            Err(_) => Ok(()),
        }
    }
}

/// Something to drop, and what comes true when it is dropped.
fn signal() -> (oneshot::Sender<()>, impl Future<Output = ()> + Send + 'static) {
    let (sender, dropped) = oneshot::channel();
    (sender, async {
        // Nothing is ever sent.
        let _ = dropped.await;
    })
}

/// Where the registry is fed, if it is.
async fn mllp(node: &Node, tls: &ServerConfig) -> Result<Option<hl7v2::Server>, Failure> {
    let config = &node.config.mllp;
    if !config.enabled {
        return Ok(None);
    }
    let server = hl7v2::Server::bind(config.listen, config.tls.then_some(tls)).await;
    server.map(Some).map_err(|error| occupied("mllp", config.listen, &error))
}

/// Takes the feed of the registry's patients, as long as the node serves others too.
async fn feed(node: Arc<Node>, server: Option<hl7v2::Server>, stopping: impl Future<Output = ()> + Send) {
    if let (Some(server), Some(registry)) = (server, &node.registry) {
        let service = Arc::new(registry::identity_feed(registry, node.audit.clone()));
        let leave = Duration::from_secs(node.config.soap.drain_seconds);
        let stopping = async {
            stopping.await;
            tokio::time::sleep(leave).await;
        };
        server.serve(service, stopping).await;
    }
}

async fn serve_web(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    match tls {
        Some(tls) => {
            let listener = TlsListener::new(listener, tls)?;
            axum::serve(listener, router).with_graceful_shutdown(stopping).await
        }
        None => axum::serve(listener, router).with_graceful_shutdown(stopping).await,
    }
}

/// Keeps the repository in order.
async fn tend(node: Arc<Node>) {
    if let Some(repository) = &node.repository {
        let config = &node.config.repository;
        let upkeep = Upkeep { scrub_days: config.scrub_days, remove_many: config.remove_many };
        repository.tend(upkeep).await;
    }
}

/// Reads the affinity domain again when its folder has changed, and when SIGHUP comes.
async fn follow_domain(node: Arc<Node>, mut hang_up: Signal) {
    let mut every = tokio::time::interval(domain::LOOK);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let told = tokio::select! {
            _ = every.tick() => false,
            _ = hang_up.recv() => true,
        };
        let node = Arc::clone(&node);
        if let Err(error) = tokio::task::spawn_blocking(move || node.domain.look(told)).await {
            tracing::error!(%error, "nobody looks at the folder of the affinity domain any more");
            return;
        }
    }
}

/// Keeps what was counted small while nobody asks for it.
async fn count_now_and_then() {
    let mut every = tokio::time::interval(meters::UPKEEP);
    loop {
        every.tick().await;
        meters::recorder().run_upkeep();
    }
}

fn occupied(section: &str, address: SocketAddr, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there: stop it, or choose another port",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: choose one that it has",
        io::ErrorKind::PermissionDenied => {
            "this needs rights that the program does not have: choose a port from 1024"
        }
        _ => "choose another address",
    };
    let variable = section.to_ascii_uppercase();
    Failure::Refused(format!(
        "{section}.listen = \"{address}\": cannot listen there: {error}; {remedy} with [{section}] listen in the \
         configuration, or DOSEBOOK__{variable}__LISTEN"
    ))
}
