//! Many transactions at once: a node beside the floor, in turns.

use std::sync::Arc;

use crate::asker::{Asker, Kind};
use crate::engine::Engine;
use crate::floor::{Floor, Material};
use crate::https::Peer;
use crate::identity;
use crate::known::Known;
use crate::load::{Load, Measured, median};
use crate::plan::Plan;
use crate::requests::Requests;
use crate::table::{Cell, Row, Table};
use crate::template::Template;

/// A dose report of a common size.
const DOCUMENT: usize = 40 << 10;
/// Sizes of dose reports with `--mix`, one as often as the other: the middle is a CT report with a few events,
/// the largest an angiography with hundreds.
const MIX: [usize; 8] = [8 << 10, 12 << 10, 16 << 10, 24 << 10, 40 << 10, 80 << 10, 160 << 10, 400 << 10];
/// Patients that are asked for, and documents of each.
const KNOWN: (usize, usize) = (50, 20);

/// A row of the table.
struct Work {
    kind: Kind,
    name: &'static str,
    /// The share of the floor's rate that is asked for.
    bar: f64,
    /// What the floor is asked.
    floor: &'static str,
}

const WORK: [Work; 4] = [
    Work { kind: Kind::Register, name: "ITI-42, one entry", bar: 0.5, floor: "/register" },
    Work { kind: Kind::Provide, name: "ITI-41, one entry", bar: 0.5, floor: "/provide/{start}" },
    Work { kind: Kind::Find, name: "ITI-18, 20 x LeafClass", bar: 0.4, floor: "/find" },
    Work { kind: Kind::Fetch, name: "ITI-43, one document", bar: 0.5, floor: "/fetch/{document}" },
];
/// With a new connection for each question the floor of the first row only shakes hands and takes the request.
const NEW_CONNECTIONS: [Work; 5] = [
    Work { kind: Kind::Register, name: "ITI-42, floor keeps nothing", bar: 0.6, floor: "/post" },
    Work { bar: 0.6, ..WORK[0] },
    Work { bar: 0.6, ..WORK[1] },
    Work { bar: 0.6, ..WORK[2] },
    Work { bar: 0.6, ..WORK[3] },
];

/// Measures each kind of transaction in turn with the floor, and prints the table.
pub(crate) async fn compare(plan: &Plan) {
    let load = Load::of(plan);
    let engine = Engine::of(plan).await;
    let mut node = engine.node();
    let sizes = if plan.says("--mix") { MIX.to_vec() } else { vec![DOCUMENT] };
    let requests = Requests::prepare(&node, &sizes).await;
    let peer = identity::peer(&node);
    let provide = Requests::prepare(&node, &[DOCUMENT]).await.provide.remove(0);
    let known = Arc::new(Known::submit(&peer, &provide, KNOWN.0, KNOWN.1).await);
    let material = Material::of(&peer, &requests, &known).await;
    node.stop();
    let floor = Floor::start(&node, &engine, Some(&material)).await;
    node.resume();
    print_requests(&requests, &material);
    let mut table = Table::new(title(plan, &load, &engine), plan.says("--json"));
    let works: &[Work] = if load.new_connections { &NEW_CONNECTIONS } else { &WORK };
    for work in works {
        let Work { kind, name, .. } = *work;
        if plan.value("--only").is_some_and(|only| !name.starts_with(only)) {
            continue;
        }
        let asker = |peer: &Peer, templates| {
            Asker::new(kind, peer.clone(), templates, Arc::clone(&known), plan.count("--patients", 10_000))
        };
        let on_node = asker(&peer, of_kind(&requests, kind));
        let on_floor = asker(floor.peer(), floor_requests(&requests, work));
        let (mut floors, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..plan.number("--rounds", 3) {
            floors.push(load.run(&on_floor, floor.process_id(), engine.process()).await);
            nodes.push(load.run(&on_node, node.process_id(), engine.process()).await);
        }
        on_node.check_noted(&node).await;
        table.push(row(work, &floors, &nodes, engine.is_postgres()));
    }
    table.print();
    eprintln!("node, most memory resident: {} MiB", node.peak_resident() >> 20);
    drop((node, floor));
    engine.clean().await;
}

fn title(plan: &Plan, load: &Load, engine: &Engine) -> String {
    let loop_ = load.rate.map_or("closed loop".to_owned(), |rate| format!("open loop, {rate} a second"));
    let connections = if load.new_connections { ", a new connection each time" } else { "" };
    let documents = if plan.says("--mix") { "8 to 400 KiB" } else { "40 KiB" };
    format!(
        "{engine}, {} clients, {loop_}{connections}, documents of {documents}, {} rounds of {} s in turns, medians",
        load.clients,
        plan.number("--rounds", 3),
        load.time.as_secs()
    )
}

fn print_requests(requests: &Requests, material: &Material) {
    eprintln!(
        "requests: ITI-42 {} bytes, ITI-41 {} bytes, ITI-18 {} bytes and its answer {}, ITI-43 {} bytes",
        requests.register.size(),
        requests.provide.iter().map(Template::size).max().unwrap_or(0),
        requests.find.size(),
        material.found.bytes.len(),
        requests.fetch.size()
    );
}

fn of_kind(requests: &Requests, kind: Kind) -> Vec<Template> {
    match kind {
        Kind::Register => vec![requests.register.clone()],
        Kind::Provide => requests.provide.clone(),
        Kind::Find => vec![requests.find.clone()],
        Kind::Fetch => vec![requests.fetch.clone()],
    }
}

/// The same bytes, to the paths of the floor, which does not read what is in them.
fn floor_requests(requests: &Requests, work: &Work) -> Vec<Template> {
    let to_floor = |template: &Template| {
        let start = template.document().unwrap_or(0).to_string();
        template.to(work.floor.replace("{start}", &start))
    };
    of_kind(requests, work.kind).iter().map(to_floor).collect()
}

fn row(work: &Work, floors: &[Measured], nodes: &[Measured], postgres: bool) -> Row {
    let (floor, node) = (median(floors, |m| m.rate), median(nodes, |m| m.rate));
    let (floor_cpu, node_cpu) = (median(floors, |m| m.cpu), median(nodes, |m| m.cpu));
    let time = |rounds: &[Measured], share| Cell::Number(median(rounds, |m| m.percentile(share)), 2);
    let mut row = vec![
        ("work", Cell::text_of(work.name)),
        ("floor/s", Cell::Number(floor, 0)),
        ("node/s", Cell::Number(node, 0)),
        ("ratio", Cell::Number(node / floor, 2)),
        ("bar", Cell::Number(work.bar, 1)),
        ("floor p50 ms", time(floors, 0.5)),
        ("floor p99", time(floors, 0.99)),
        ("floor p99.9", time(floors, 0.999)),
        ("node p50 ms", time(nodes, 0.5)),
        ("node p99", time(nodes, 0.99)),
        ("node p99.9", time(nodes, 0.999)),
        ("floor CPU us", Cell::Number(floor_cpu, 0)),
        ("node CPU us", Cell::Number(node_cpu, 0)),
        ("CPU ratio", Cell::Number(floor_cpu / node_cpu, 2)),
    ];
    if postgres {
        row.push(("floor database CPU us", Cell::Number(median(floors, |m| m.database_cpu), 0)));
        row.push(("node database CPU us", Cell::Number(median(nodes, |m| m.database_cpu), 0)));
    }
    let refused: u64 = floors.iter().chain(nodes).map(|m| m.refused).sum();
    row.push(("refused", Cell::Number(refused as f64, 0)));
    row
}
