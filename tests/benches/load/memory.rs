//! How much memory a node needs: idle, with many uploads at once, with a very large document.

use std::sync::Arc;
use std::time::Duration;

use tests::Node;
use tokio::task::JoinSet;

use crate::documents::Mover;
use crate::plan::Plan;
use crate::process::{peak_resident, resident};
use crate::random::Random;
use crate::table::{Cell, Table};
use crate::template::unique_id;

/// Uploads at once, and the size of each.
const UPLOADS: usize = 64;
const UPLOAD: u64 = 64 << 20;
/// A very large document.
const LARGE: u64 = 1 << 30;
/// How long a node is left alone before it counts as idle.
const SETTLED: Duration = Duration::from_secs(3);

/// Measures each on a node of its own, because a peak does not go away.
pub(crate) async fn measure(plan: &Plan) {
    let mut table = Table::new("memory of the node", plan.says("--json"));
    let mut push = |what: &str, bytes: u64, bound: f64| {
        table.push(vec![
            ("work", Cell::text_of(what)),
            ("resident MiB", Cell::Number(bytes as f64 / f64::from(1 << 20), 1)),
            ("bound MiB", Cell::Number(bound, 0)),
        ]);
    };
    let node = Node::start();
    tokio::time::sleep(SETTLED).await;
    push("idle", resident(node.process_id()), 50.0);
    drop(node);

    let node = Node::start();
    let refused = upload_at_once(&Arc::new(Mover::prepare(&node).await)).await;
    eprintln!("of 64 uploads at once, {refused} were told to come back, and did");
    push("64 uploads of 64 MiB at once, peak", peak_resident(node.process_id()), 200.0);
    tokio::time::sleep(SETTLED).await;
    push("64 uploads of 64 MiB at once, afterwards", resident(node.process_id()), 200.0);
    drop(node);

    let node = Node::start();
    let mover = Mover::prepare(&node).await;
    let large = unique_id(&mut Random::new());
    mover.provide(&large, LARGE).await;
    push("1 GiB up, peak", peak_resident(node.process_id()), 100.0);
    mover.fetch(&large, LARGE).await;
    push("1 GiB up and down, peak", peak_resident(node.process_id()), 100.0);
    table.print();
}

/// All of them are taken in the end; how often one was told to come back.
async fn upload_at_once(mover: &Arc<Mover>) -> u64 {
    let mut uploads = JoinSet::new();
    for _ in 0..UPLOADS {
        let mover = Arc::clone(mover);
        uploads.spawn(async move { mover.provide(&unique_id(&mut Random::new()), UPLOAD).await });
    }
    uploads.join_all().await.iter().sum()
}
