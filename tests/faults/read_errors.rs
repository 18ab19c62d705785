//! A sector of the disk cannot be read: who needs it is refused, the node goes on, and nothing looks as if it were not
//! there.

use std::sync::Arc;

use tests::{Node, Settings};

use crate::deeds::Client;
use crate::judge::{Shown, shown};
use crate::ledger::Page;
use crate::random::Random;
use crate::shim::{EIO, Fault, Kind, Shim};
use crate::{seed, turn, volume};

/// What one look at a patient reads, about.
const READS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_sector_that_cannot_be_read_costs_an_answer_and_not_the_node() {
    let _turn = turn().await;
    let Some(shim) = Shim::compile() else { return };
    let seed = seed("read errors");
    let mut random = Random::new(seed, u64::MAX);
    let mut node = Node::with(&Settings { environment: shim.environment(), ..Settings::default() });
    // The library has looked for the data folder before the node made it.
    node.stop();
    node.resume();
    let mut client = Client::new(&node, seed, 0);
    let (mut struck, mut refused) = (0, 0);
    for number in 0..volume(15, 150) {
        let page = Arc::new(Page::new(&format!("R{number}")));
        assert!(client.submit(&page).await.unwrap().is_kept());
        let pages = [page];
        let position = u32::try_from(random.below(READS)).unwrap();
        let times = u32::try_from(1 + random.below(3)).unwrap();
        shim.arm(Fault { kind: Kind::Read, position, times, error: EIO, lose: false });
        let under_fault = shown(&node.consumer(), &pages).await;
        shim.disarm();
        let failed = shim.failed();
        let what = format!("{failed} reads failed after {position}");
        match under_fault {
            Shown::Right => (),
            Shown::Refused => refused += 1,
            wrong => panic!("{what}: {wrong:?}"),
        }
        struck += u32::from(failed > 0);
        assert!(!node.has_ended(), "{what}: {}", node.last_words());
        let afterwards = shown(&node.consumer(), &pages).await;
        assert!(matches!(afterwards, Shown::Right), "{what}, and not any more: {afterwards:?}");
    }
    println!("read errors: {struck} struck, {refused} answers were refused, none was wrong");
    assert!(refused > 0, "nothing was read");
}
