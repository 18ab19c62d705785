//! Many clients at once, in a closed or an open loop, and what they measure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::asker::{Asker, Outcome};
use crate::plan::Plan;
use crate::postgres;
use crate::process::cpu_seconds;
use crate::random::Random;

/// How long a load runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(500);

/// How a server is loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Clients, each with a connection of its own.
    pub(crate) clients: usize,
    pub(crate) time: Duration,
    /// Open loop: so many questions a second, whatever the answers do. Closed loop: none.
    pub(crate) rate: Option<u64>,
    /// Whether each question has a connection of its own.
    pub(crate) new_connections: bool,
}

/// What a load came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// Right answers a second.
    pub(crate) rate: f64,
    /// Milliseconds, sorted: from the question, in an open loop from when it was due.
    pub(crate) times: Vec<f64>,
    /// Questions that were refused (503).
    pub(crate) refused: u64,
    /// Microseconds of CPU of the server for an answer.
    pub(crate) cpu: f64,
    /// The same of the PostgreSQL server.
    pub(crate) database_cpu: f64,
}

/// When questions are due in an open loop.
struct Pace {
    start: Instant,
    interval: Duration,
    count: u64,
    taken: AtomicU64,
    due: Semaphore,
}

impl Load {
    /// As it was asked for.
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            clients: plan.count("--clients", 32),
            time: plan.time(5),
            rate: plan.value("--rate").map(|rate| rate.parse().unwrap()),
            new_connections: plan.value("--connections") == Some("new"),
        }
    }

    /// Loads a server for some time.
    pub(crate) async fn run(&self, asker: &Arc<Asker>, process: u32, database: Option<u32>) -> Measured {
        Self { time: WARM_UP, ..*self }.clients(asker).await;
        let (start, cpu) = (Instant::now(), cpu_seconds(process));
        let database_cpu = postgres::cpu_seconds(database);
        let (mut times, refused) = self.clients(asker).await;
        let seconds = start.elapsed().as_secs_f64();
        times.sort_by(f64::total_cmp);
        let count = times.len() as f64;
        Measured {
            rate: count / seconds,
            times,
            refused,
            cpu: (cpu_seconds(process) - cpu) * 1e6 / count,
            database_cpu: (postgres::cpu_seconds(database) - database_cpu) * 1e6 / count,
        }
    }

    async fn clients(&self, asker: &Arc<Asker>) -> (Vec<f64>, u64) {
        let pace = self.rate.map(|rate| Pace::start(rate, self.time));
        let until = Instant::now() + self.time;
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let (asker, pace, keep) = (Arc::clone(asker), pace.clone(), !self.new_connections);
            clients.spawn(async move {
                let (mut random, mut connection) = (Random::new(), None);
                let (mut times, mut refused) = (Vec::new(), 0);
                loop {
                    let due = match &pace {
                        Some(pace) => pace.next().await,
                        None => Some(Instant::now()).filter(|now| *now < until),
                    };
                    let Some(due) = due else { return (times, refused) };
                    match asker.ask(&mut connection, &mut random, keep).await {
                        Outcome::Right => times.push(due.elapsed().as_secs_f64() * 1e3),
                        Outcome::Refused => refused += 1,
                    }
                }
            });
        }
        let (times, refused): (Vec<_>, Vec<u64>) = clients.join_all().await.into_iter().unzip();
        (times.concat(), refused.iter().sum())
    }
}

impl Pace {
    /// Says when questions are due, from a thread of its own: timers of an event loop are a millisecond coarse.
    fn start(rate: u64, time: Duration) -> Arc<Self> {
        let interval = Duration::from_secs(1).div_f64(rate as f64);
        let count = (time.as_secs_f64() * rate as f64) as u64;
        let (taken, due) = (AtomicU64::new(0), Semaphore::new(0));
        let pace = Arc::new(Self { start: Instant::now(), interval, count, taken, due });
        let said = Arc::clone(&pace);
        std::thread::spawn(move || {
            for number in 0..count {
                std::thread::sleep(said.at(number).saturating_duration_since(Instant::now()));
                said.due.add_permits(1);
            }
        });
        pace
    }

    fn at(&self, number: u64) -> Instant {
        self.start + self.interval.mul_f64(number as f64)
    }

    /// Waits until the next question is due, and tells when that was; none after the last.
    async fn next(&self) -> Option<Instant> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        if number >= self.count {
            return None;
        }
        self.due.acquire().await.unwrap().forget();
        Some(self.at(number))
    }
}

impl Measured {
    /// The time within which a share of the questions was answered, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        self.times.get((self.times.len() as f64 * share) as usize).copied().unwrap_or_default()
    }
}

/// The median of what several rounds measured.
pub(crate) fn median(rounds: &[Measured], value: impl Fn(&Measured) -> f64) -> f64 {
    middle(rounds.iter().map(value).collect())
}

/// The median of numbers.
pub(crate) fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (upper, lower) = (values.len() / 2, values.len().saturating_sub(1) / 2);
    (values.get(upper).copied().unwrap_or_default() + values.get(lower).copied().unwrap_or_default()) / 2.0
}
