//! What keeping and giving documents costs beside the bare work: measurements, run by hand.
//!
//! `cargo test --release -p repository cost -- --ignored --nocapture --test-threads 1`

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::*;

const SMALL: usize = 40 << 10;
const LARGE: usize = 256 << 20;
/// What comes from the wire at a time.
const CHUNK: usize = 64 << 10;

/// Seconds of CPU that this process has used.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // User and system time, in hundredths of a second.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

async fn measured(what: &str, times: usize, work: impl Future<Output = ()>) {
    let (wall, busy) = (Instant::now(), cpu());
    work.await;
    let (wall, busy) = (wall.elapsed().as_secs_f64(), cpu() - busy);
    let each = 1e6 / times as f64;
    println!("{what:<44} {:>9.0} us CPU {:>9.0} us each", busy * each, wall * each);
}

fn content(bytes: &bytes::Bytes) -> Content {
    let bytes = bytes.clone();
    let chunks = (0..bytes.len()).step_by(CHUNK);
    let chunks = chunks.map(move |at| Ok(bytes.slice(at..bytes.len().min(at + CHUNK))));
    Content::from_stream(futures_util::stream::iter(chunks))
}

fn bare(folder: &Path, name: usize, chunks: &bytes::Bytes, hashed: bool) {
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    let path = folder.join(format!("{name}.new"));
    let mut file = File::create_new(&path).unwrap();
    for chunk in chunks.chunks(CHUNK) {
        if hashed {
            sha1.update(chunk);
            sha256.update(chunk);
        }
        file.write_all(chunk).unwrap();
    }
    file.sync_all().unwrap();
    drop(file);
    fs::rename(&path, folder.join(name.to_string())).unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
    std::hint::black_box((sha1.finalize(), sha256.finalize()));
}

async fn side_by_side(size: usize, times: usize) {
    let ward = Ward::open().await;
    let store = &ward.repository.store;
    let bytes = bytes::Bytes::from((0..size).map(|at| (at % 251) as u8).collect::<Vec<_>>());
    for round in 1..=2 {
        let folder = ward.folder.path().join(format!("bare{round}"));
        fs::create_dir(&folder).unwrap();
        measured("bare: hashes, write, fsync, rename, fsync", times, async {
            for name in 0..times {
                let (folder, bytes) = (folder.clone(), bytes.clone());
                tokio::task::spawn_blocking(move || bare(&folder, name, &bytes, true)).await.unwrap();
            }
        })
        .await;
        let mut kept = Vec::new();
        measured("kept", times, async {
            for _ in 0..times {
                kept.push(store.keep(content(&bytes), u64::MAX).await.unwrap());
            }
        })
        .await;
        measured("bare: read", times, async {
            for name in 0..times {
                let path = folder.join(name.to_string());
                let read = move || {
                    let (mut file, mut chunk, mut total) = (File::open(path).unwrap(), vec![0; 256 << 10], 0);
                    loop {
                        let length = file.read(&mut chunk).unwrap();
                        total += length;
                        if length == 0 {
                            return total;
                        }
                    }
                };
                assert_eq!(tokio::task::spawn_blocking(read).await.unwrap(), size);
            }
        })
        .await;
        measured("given, with SHA-256", times, async {
            for kept in &kept {
                let mut given = store.contents().open(kept.key.clone(), kept.sha256);
                let mut total = 0;
                while let Some(chunk) = given.chunk().await.unwrap() {
                    total += chunk.len();
                }
                assert_eq!(total, size);
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn what_a_small_document_costs() {
    side_by_side(SMALL, 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn what_a_large_document_costs() {
    side_by_side(LARGE, 3).await;
}
