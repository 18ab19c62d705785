//! Who takes large answers slowly keeps nobody else from theirs.

use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actors::audit::Audit;
use actors::endpoint::{Endpoint, Endpoints};
use actors::transactions::stored_query::{Found, GetDocuments, Ids, Query};
use actors::transactions::{QueryResponse, StoredQuery};
use actors::{CallError, Partner};
use metadata::RegistryErrors;
use soap::client::Client;
use soap::peer::Peer;
use soap::server::Server;
use soap::tls::{Identity, Trust, client_config, server_config};
use tests::Cut;
use tokio::task::JoinSet;

/// The most that a registry gives in one answer.
const OBJECTS: usize = 10_000;

/// Questions that one peer asks at once: more than are answered before the others.
const QUESTIONS: usize = 24;

static OBJECT: LazyLock<String> = LazyLock::new(|| {
    let id = "urn:uuid:5cb23b51-ba8f-4c2e-8d27-0540932934ff";
    format!("<rim:ObjectRef id=\"{id}\">{}</rim:ObjectRef>", " ".repeat(1_300))
});

/// A registry that finds much, whatever is asked.
async fn query(_: Arc<()>, _: StoredQuery, _: Peer) -> Result<QueryResponse, RegistryErrors> {
    Ok(QueryResponse::of(vec![Found::Written(OBJECT.as_str().into()); OBJECTS]))
}

async fn ask(registry: Partner) -> Result<QueryResponse, CallError> {
    let ids = Ids::UniqueIds(vec!["1.2.3".parse().unwrap()]);
    registry.ask(StoredQuery::leaf_class(Query::GetDocuments(GetDocuments { ids }))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_large_answers_slowly_keeps_nobody_else_from_theirs() {
    let authority = certs::Authority::create("a registry").unwrap();
    let trust = Trust::from_pem(authority.certificate().as_bytes()).unwrap();
    let identity = |request: certs::Request| {
        let issued = authority.issue(&request).unwrap();
        Identity::from_pem(issued.certificates.as_bytes(), issued.key.as_bytes()).unwrap()
    };
    let tls = server_config(&identity(certs::Request::node("registry", ["localhost"])), &trust).unwrap();
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), tls).await.unwrap();
    let address = server.address();
    let endpoint = Arc::new(Endpoint::new(Audit::none()).answers(&Arc::new(()), query));
    let serving = tokio::spawn(
        server.serve(Arc::new(Endpoints::default().at("/registry", endpoint)), std::future::pending()),
    );
    let partner = |name: &str, port: u16| {
        let client = Client::new(client_config(&identity(certs::Request::person(name)), &trust).unwrap());
        Partner::remote(&format!("https://localhost:{port}/registry"), client, Audit::none())
    };

    let way = Cut::before(address);
    way.slow_down();
    let slow = partner("slow", way.address().port());
    let mut asking = JoinSet::new();
    for _ in 0..QUESTIONS {
        asking.spawn(ask(slow.clone()));
    }
    let answer = asking.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(answer.errors.0[0].code, metadata::ErrorCode::Busy, "{:?}", answer.errors);
    way.stall();

    let other = ask(partner("other", address.port()));
    let answer = tokio::time::timeout(Duration::from_secs(15), other).await.expect("it waits").unwrap();
    assert_eq!((answer.found.len(), answer.errors), (OBJECTS, RegistryErrors::default()));
    asking.abort_all();
    serving.abort();
}
