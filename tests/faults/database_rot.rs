//! A bit of the database changes: what the registry still shows is what was said, or it is refused.
//!
//! SQLite does not notice a changed bit by itself. Fragments carry a checksum, so that no description is ever given
//! altered; an index or a column that is wrong can hide an object or show it as current, and `dosebook verify` is there
//! to find that.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tests::Node;

use crate::deeds::Client;
use crate::judge::{Shown, shown};
use crate::ledger::Page;
use crate::random::Random;
use crate::{damages, seed, turn, volume};

const PATIENTS: u64 = 20;
const SUBMISSIONS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_bit_of_the_database_never_shows_what_nobody_said() {
    let _turn = turn().await;
    let seed = seed("database rot");
    let mut random = Random::new(seed, u64::MAX);
    let mut node = crate::node();
    let Some(file) = database_of(&node) else {
        println!("SKIPPED: bits are changed in the files of SQLite, and this node has another database");
        return;
    };
    let pages = fill(&node, seed).await;
    node.stop();
    let sound = fs::read(&file).unwrap();
    let (mut harmless, mut found, mut hidden) = (0, 0, 0);
    for _ in 0..volume(20, 300) {
        let mut rotten = sound.clone();
        let index = usize::try_from(random.below(rotten.len() as u64)).unwrap();
        *rotten.get_mut(index).unwrap() ^= 1 << random.below(8);
        fs::write(&file, rotten).unwrap();
        if !node.try_resume() {
            found += 1;
            continue;
        }
        match shown(&node.consumer(), &pages).await {
            Shown::Right => harmless += 1,
            Shown::Refused => found += 1,
            Shown::Hidden(wrong) => {
                hidden += 1;
                assert!(damages(&node) > 0, "byte {index}: verify finds nothing: {wrong:?}");
                println!("database rot: byte {index} of {}: {}", sound.len(), wrong.first().unwrap());
            }
            Shown::Altered(wrong) => panic!("byte {index}: {}", wrong.join("\n")),
        }
        node.kill();
        for left in ["registry.sqlite-wal", "registry.sqlite-shm"] {
            // It is there or not.
            let _ = fs::remove_file(file.with_file_name(left));
        }
    }
    fs::write(&file, sound).unwrap();
    println!(
        "database rot: {harmless} changed bits did no harm, {found} were found when they were read, {hidden} hid \
         something or changed its status, none changed a description"
    );
}

/// The file of the registry's database, if it has one.
fn database_of(node: &Node) -> Option<PathBuf> {
    Some(node.folder().join("data/registry.sqlite")).filter(|file| file.exists())
}

async fn fill(node: &Node, seed: u64) -> Vec<Arc<Page>> {
    let mut pages = Vec::new();
    for number in 0..PATIENTS {
        let page = Arc::new(Page::new(&format!("D{number}")));
        let mut client = Client::new(node, seed, number);
        for _ in 0..SUBMISSIONS {
            client.submit(&page).await.unwrap();
        }
        pages.push(page);
    }
    pages
}
