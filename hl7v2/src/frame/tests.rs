use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;

use super::*;

fn pair() -> (Frames<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(64 << 10);
    (Frames::new(ours), theirs)
}

async fn next(frames: &mut Frames<DuplexStream>) -> Result<Vec<u8>, Ended> {
    frames.begin().await?;
    frames.message().await
}

/// All that comes of these bytes, sent in pieces, and why it ended.
async fn read(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Ended) {
    let (mut frames, mut theirs) = pair();
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    let sending = tokio::spawn(async move {
        for piece in pieces {
            if theirs.write_all(&piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    let mut messages = Vec::new();
    let ended = loop {
        match next(&mut frames).await {
            Ok(message) => messages.push(message),
            Err(ended) => break ended,
        }
    };
    drop(frames);
    sending.await.unwrap();
    (messages, ended)
}

#[tokio::test]
async fn finds_messages_however_they_are_cut() {
    let wire: &[u8] = b"\x0bone\r\x1c\r\r\n\x0btwo\x1c\r";
    for at in 0..wire.len() {
        let (messages, ended) = read(&[&wire[..at], &wire[at..]]).await;
        assert_eq!(messages, [b"one\r".to_vec(), b"two".to_vec()], "cut at {at}");
        assert!(matches!(ended, Ended::Closed), "{ended:?}");
    }
}

#[tokio::test]
async fn takes_an_end_block_without_its_carriage_return_for_data() {
    let (messages, ended) = read(&[b"\x0bone\x1c\x0btwo\x1c\r"]).await;
    assert_eq!(messages, [b"one\x1c\x0btwo".to_vec()]);
    assert!(matches!(ended, Ended::Closed));
}

#[tokio::test]
async fn says_what_is_missing_of_a_frame() {
    for (wire, defect) in [
        (&b"MSH|^~\\&|"[..], Defect::NoStart),
        (b"\x0bMSH|", Defect::NoEnd),
        (b"\x0bMSH|\x1c", Defect::NoEnd),
    ] {
        let (messages, ended) = read(&[wire]).await;
        assert!(messages.is_empty());
        assert!(matches!(&ended, Ended::Lost(is) if *is == defect), "{ended:?}");
    }
    let (messages, _) = read(&[b"hello\x0bone\x1c\r"]).await;
    assert_eq!(messages, [b"one".to_vec()]);
}

#[tokio::test]
async fn takes_a_message_of_the_largest_size_and_none_that_is_larger() {
    let largest = [b"\x0b".as_slice(), &vec![b'x'; limits::MESSAGE], b"\x1c\r"].concat();
    assert_eq!(read(&[&largest]).await.0[0].len(), limits::MESSAGE);
    let larger = [b"\x0b".as_slice(), &vec![b'x'; limits::MESSAGE + 1], b"\x1c\r"].concat();
    assert!(matches!(read(&[&larger]).await.1, Ended::Lost(Defect::TooLarge)));
    let endless = vec![b'x'; 3 * limits::MESSAGE];
    assert!(matches!(read(&[b"\x0b", &endless]).await.1, Ended::Lost(Defect::TooLarge)));
    assert!(matches!(read(&[&endless]).await.1, Ended::Lost(Defect::NoStart)));
}

#[tokio::test(start_paused = true)]
async fn waits_long_between_messages_and_not_in_the_middle_of_one() {
    let (mut frames, mut theirs) = pair();
    let start = Instant::now();
    let sending = async {
        sleep(limits::IDLE_TIME - limits::BYTE_TIME).await;
        theirs.write_all(b"\x0bone\x1c\r\x0btw").await.unwrap();
        std::future::pending::<()>().await
    };
    let reading = async {
        assert_eq!(next(&mut frames).await.unwrap(), b"one");
        assert!(matches!(next(&mut frames).await, Err(Ended::Lost(Defect::NoEnd))));
        start.elapsed()
    };
    let elapsed = tokio::select! { elapsed = reading => elapsed, () = sending => unreachable!() };
    assert_eq!(elapsed, limits::IDLE_TIME);
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_that_nobody_uses() {
    let (mut frames, theirs) = pair();
    assert!(matches!(next(&mut frames).await, Err(Ended::Closed)));
    drop(theirs);
}

#[tokio::test(start_paused = true)]
async fn does_not_wait_for_ever_for_a_message_that_comes_byte_by_byte() {
    let (mut frames, mut theirs) = pair();
    let start = Instant::now();
    let dripping = async {
        theirs.write_all(b"\x0b").await.unwrap();
        loop {
            sleep(limits::BYTE_TIME / 2).await;
            theirs.write_all(b"x").await.unwrap();
        }
    };
    let ended = tokio::select! { ended = next(&mut frames) => ended, () = dripping => unreachable!() };
    assert!(matches!(ended, Err(Ended::Lost(Defect::NoEnd))));
    assert_eq!(start.elapsed(), limits::MESSAGE_TIME);
}

#[tokio::test]
async fn writes_what_it_reads() {
    let (mut frames, mut theirs) = pair();
    frames.send(b"one").await.unwrap();
    frames.close(false).await;
    let mut wire = Vec::new();
    theirs.read_to_end(&mut wire).await.unwrap();
    assert_eq!(wire, b"\x0bone\x1c\r");
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(prop_oneof![Just(0x0b), Just(0x1c), Just(0x0d), any::<u8>()], 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (messages, _) = runtime.block_on(read(&[&bytes]));
        let held: usize = messages.iter().map(Vec::len).sum();
        prop_assert!(held <= bytes.len());
    }
}
