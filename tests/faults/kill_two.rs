//! One of two nodes before one PostgreSQL is killed in the middle of its work, or both: nothing acknowledged is lost,
//! nothing is half there, and who talks to the other notices nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tests::{Node, Postgres, Settings};
use tokio::task::{JoinSet, block_in_place};

use crate::deeds::Client;
use crate::ledger::Page;
use crate::random::Random;
use crate::{damages, judge, seed, turn, volume};

/// Patients; one client at each of the nodes submits for each of them.
const PATIENTS: u64 = 16;
/// Rounds after which the clients turn to other patients, so that looking at all that they have done stays quick.
const ROUNDS_OF_A_PATIENT: u64 = 4;
/// The longest that the nodes work before one ends.
const WORK: Duration = Duration::from_secs(2);
/// How long the server takes at most to end what a node has left.
const SETTLED: Duration = Duration::from_secs(30);

/// What is killed: the one node, the other, or both.
const WHO: [&[usize]; 3] = [&[0], &[1], &[0, 1]];

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_either_of_two_nodes_loses_nothing_that_was_acknowledged() {
    let _turn = turn().await;
    let Some(server) = Postgres::start() else { return };
    let (database, documents) = (server.database(), tempfile::tempdir().unwrap());
    let mut nodes = Node::two(&Settings::shared(server.url(&database), documents.path()));
    let seed = seed("kill two");
    let mut random = Random::new(seed, u64::MAX);
    let (mut pages, mut submitted, mut killed) = (Vec::new(), 0, 0);
    let rounds = volume(6, 200);
    for round in 0..rounds {
        if round % ROUNDS_OF_A_PATIENT == 0 {
            let page = |patient| Arc::new(Page::new(&format!("T{round}P{patient}")));
            pages = (0..PATIENTS).map(page).collect();
        }
        let number = |client| round * PATIENTS * 2 + client;
        let crowds =
            [0, 1].map(|at| Crowd::at(&nodes[at], &pages, |client| (seed, number(client * 2 + at as u64))));
        let work = WORK.mul_f64(random.below(1_000) as f64 / 1_000.0);
        tokio::time::sleep(Duration::from_millis(50) + work).await;
        let who = WHO[random.below(WHO.len() as u64) as usize];
        who.iter().for_each(|at| nodes[*at].kill());
        killed += who.len();
        // The other goes on for a while.
        tokio::time::sleep(work / 4).await;
        for (at, crowd) in crowds.into_iter().enumerate() {
            submitted += crowd.stop(who.contains(&at)).await;
        }
        block_in_place(|| {
            who.iter().for_each(|at| nodes[*at].resume());
            settled(&server, &database);
        });
        let consumer = nodes[round as usize % 2].consumer();
        for page in &pages {
            let wrong = judge::audit(&consumer, page).await;
            assert!(wrong.is_empty(), "after round {round}, {who:?} killed: {}", wrong.join("\n"));
        }
    }
    assert_eq!(damages(&nodes[0]), 0, "what verify finds");
    println!(
        "kill two: {killed} kills in {rounds} rounds, {submitted} acknowledged, none lost, none half there"
    );
    assert!(submitted > 0, "nothing was done at all");
}

/// Those who talk to one node.
struct Crowd {
    clients: JoinSet<(usize, Option<String>)>,
    done: Arc<AtomicBool>,
}

impl Crowd {
    fn at(node: &Node, pages: &[Arc<Page>], number: impl Fn(u64) -> (u64, u64)) -> Self {
        let (mut clients, done) = (JoinSet::new(), Arc::<AtomicBool>::default());
        for (patient, page) in (0..).zip(pages) {
            let (seed, number) = number(patient);
            clients.spawn(submit(Client::new(node, seed, number), Arc::clone(page), Arc::clone(&done)));
        }
        Self { clients, done }
    }

    /// Lets all finish what they are at; how much was acknowledged. They were always answered, unless theirs was killed.
    async fn stop(self, was_killed: bool) -> usize {
        self.done.store(true, Ordering::Relaxed);
        let ended = self.clients.join_all().await;
        let unanswered = ended.iter().find_map(|(_, error)| error.as_ref());
        assert!(was_killed || unanswered.is_none(), "a node that was not killed: {unanswered:?}");
        ended.iter().map(|(kept, _)| kept).sum()
    }
}

async fn submit(mut client: Client, page: Arc<Page>, done: Arc<AtomicBool>) -> (usize, Option<String>) {
    let mut kept = 0;
    while !done.load(Ordering::Relaxed) {
        match client.submit(&page).await {
            Ok(attempt) => kept += usize::from(attempt.is_kept()),
            Err(error) => return (kept, Some(error.to_string())),
        }
    }
    (kept, None)
}

/// Waits until the server has ended what killed nodes had begun: a commit may still be on its way.
fn settled(server: &Postgres, database: &str) {
    let busy = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND state <> 'idle' AND \
         pid <> pg_backend_pid()"
    );
    let deadline = Instant::now() + SETTLED;
    while server.sql(database, &busy) != "0" {
        assert!(Instant::now() < deadline, "the server does not end what a killed node had begun");
        std::thread::sleep(Duration::from_millis(20));
    }
}
