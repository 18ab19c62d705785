//! The S3 service is slow, answers with errors, dies or falls silent while many submit: no document is lost, and the
//! node does not keep in memory what the service does not take.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use dose::sample::BELGIAN_HOSPITAL;
use tests::{Cut, Node, S3, Settings};

use crate::outage::{survive, survive_silence, survive_slowly};
use crate::turn;

/// What a node may have resident at most while its service is away (`docs/performance.md`).
const RESIDENT: u64 = 200 << 20;

fn node(service: &S3, way: &Cut) -> Node {
    let (documents, more) = (Some(service.bucket()), service.section(way.address()));
    Node::with(&Settings { documents, more, ..Settings::default() })
}

/// How long a way that is cut takes to be so for every connection.
const NOTICE: Duration = Duration::from_millis(100);

/// A service that answers 503 to everything, as S3 does when it is asked for too much.
fn refuses_everything() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let _ = connection.set_read_timeout(Some(NOTICE));
            let _ = connection.read(&mut [0; 64 << 10]);
            let _ = connection
                .write_all(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

async fn survives(story: &str, node: &Node, away: impl FnMut(), back: impl FnMut()) {
    survive(story, node, away, back).await;
    is_small(story, node);
}

fn is_small(story: &str, node: &Node) {
    let resident = node.peak_resident();
    println!("{story}: {} MiB resident at most", resident >> 20);
    assert!(resident < RESIDENT, "{} MiB resident", resident >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_dies_loses_no_document() {
    let _turn = turn().await;
    let Some(service) = S3::start() else { return };
    let way = Cut::before(service.address());
    let node = node(&service, &way);
    let service = RefCell::new(service);
    survives("s3 killed", &node, || service.borrow_mut().kill(), || service.borrow_mut().resume()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_answers_with_errors_loses_no_document() {
    let _turn = turn().await;
    let Some(service) = S3::start() else { return };
    let way = Cut::before(service.address());
    let refuses = refuses_everything();
    let lead_to = |service| {
        way.reset();
        std::thread::sleep(NOTICE);
        way.lead_to(service);
        way.restore();
    };
    survives("s3 errors", &node(&service, &way), || lead_to(refuses), || lead_to(service.address())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_slow_or_silent_loses_no_document() {
    let _turn = turn().await;
    let Some(service) = S3::start() else { return };
    let way = Cut::before(service.address());
    let node = node(&service, &way);
    survive_slowly("s3 slow", &node, || way.slow_down(), || way.restore()).await;
    survive_silence("s3 silent", &node, || way.stall(), || way.restore()).await;
    is_small("s3 silent", &node);
}

/// How long a node takes at most to say that its service is away.
const REFUSAL: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn who_submits_while_the_service_is_away_comes_back_by_himself() {
    let _turn = turn().await;
    let Some(service) = S3::start() else { return };
    let way = Cut::before(service.address());
    let (documents, more) = (Some(service.bucket()), service.section(way.address()));
    let authority = Some(BELGIAN_HOSPITAL.authority_oid);
    let node = Node::with(&Settings { authority, documents, more, ..Settings::default() });
    let reports = dose::sample::all();
    let report = reports.iter().find(|report| *report.hospital == BELGIAN_HOSPITAL).unwrap();
    std::fs::write(node.folder().join("report.dcm"), &report.bytes).unwrap();
    way.reset();
    let submitted = std::thread::scope(|scope| {
        let submitting = scope.spawn(|| node.run(["submit", "report.dcm"]));
        let begun = Instant::now();
        while !node.log().contains("XDSRepositoryBusy") {
            assert!(begun.elapsed() < REFUSAL, "the node refuses nothing:\n{}", node.last_words());
            std::thread::sleep(NOTICE);
        }
        way.restore();
        submitting.join().unwrap()
    });
    assert_eq!(submitted.code, 0, "{submitted:?}");
    assert!(submitted.stdout.contains("1 submitted"), "{submitted:?}");
}
