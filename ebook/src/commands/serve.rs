//! `dosebook serve`: runs a node until it is told to stop.

use std::sync::Arc;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::session::NodeArguments;
use crate::exit::Failure;
use crate::node::{Listening, Node, REGISTRY_PATH, REPOSITORY_PATH};
use crate::output::Output;

/// Runs a node; without a configuration a safe one for this machine alone
///
/// Without a file it listens on loopback only, with a development CA of its own, and keeps all it has under
/// ./dosebook-data. It stops on SIGINT or SIGTERM, after finishing what is under way.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  dosebook serve\n  dosebook serve --config node.toml")]
pub(crate) struct Arguments {
    #[command(flatten)]
    node: NodeArguments,
    /// Also stop when stdin ends: for a program that starts nodes and may end before them
    #[arg(long)]
    until_stdin_ends: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let config = arguments.node.load()?;
    let stop = stop(arguments.until_stdin_ends)?;
    let node = Arc::new(Node::open(config).await?);
    let listening = Listening::bind(node).await?;
    introduce(&listening, output);
    listening.serve(stop).await.map_err(|error| Failure::Refused(format!("the node ended: {error}")))?;
    output.line("stopped");
    Ok(())
}

/// Says where everything is.
fn introduce(listening: &Listening, output: Output) {
    let node = listening.node();
    let config = &node.config;
    let soap = |path: &str| format!("https://{}{path}", listening.soap_address());
    let registry = node.registry.as_ref().map(|_| soap(REGISTRY_PATH));
    let repository = node.repository.as_ref().map(|_| soap(REPOSITORY_PATH));
    let feed = listening.mllp_address().map(|address| match config.mllp.tls {
        true => format!("mllps://{address}"),
        false => format!("mllp://{address}"),
    });
    let book = format!("{}/book", listening.web_url());
    let data = absolute(&config.node.data);
    let (certificate, trust) = (absolute(&config.certificate()), absolute(&config.trust()));
    let made = if node.identity_is_new { " (made just now)" } else { "" };

    output.line(format_args!("node        {}", config.node.name));
    for (name, url) in [("registry", &registry), ("repository", &repository), ("feed", &feed)] {
        if let Some(url) = url {
            output.line(format_args!("{name:<11} {url}"));
        }
    }
    output.line(format_args!("book        {book}"));
    output.line(format_args!("data        {data}"));
    output.line(format_args!("identity    {certificate}{made}"));
    output.line(format_args!("trusts      {trust}"));
    output.line(format_args!("patients of {}", node.identifiers.patient_authority.0));
    output.line("ready; stop it with Ctrl-C");
    output.value(&json!({
        "node": config.node.name, "registry": registry, "repository": repository, "feed": feed, "book": book, "data": data,
        "certificate": certificate, "trust": trust,
        "patient_authority": node.identifiers.patient_authority,
        "repository_unique_id": node.identifiers.repository_unique_id,
        "pid": std::process::id(),
    }));
}

fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Comes true when we are told to stop. Listening for it begins now, so that no signal is missed.
fn stop(until_stdin_ends: bool) -> Result<impl Future<Output = ()>, Failure> {
    let signalled = signalled()?;
    let ended = until_stdin_ends.then(stdin_ends);
    Ok(async move {
        match ended {
            Some(ended) => tokio::select! {
                () = signalled => {}
                _ = ended => {}
            },
            None => signalled.await,
        }
    })
}

/// Reads stdin to its end in a thread of its own: nothing can interrupt that, and the runtime would wait for it.
fn stdin_ends() -> oneshot::Receiver<()> {
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || {
        // However it ends, nobody holds the other side any more.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(sender);
    });
    ended
}

/// Comes true at SIGINT or SIGTERM.
pub(super) fn signalled() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error: std::io::Error| Failure::Refused(format!("cannot listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
