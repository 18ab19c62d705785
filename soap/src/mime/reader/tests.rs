use futures_util::stream;
use proptest::prelude::*;

use super::*;

fn body(bytes: &[u8], piece: usize) -> Content {
    let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Content::from_stream(stream::iter(pieces))
}

type Found = (String, String, Vec<u8>);

async fn parts(bytes: &[u8], boundary: &str, piece: usize) -> io::Result<Vec<Found>> {
    let mut multipart = Multipart::new(body(bytes, piece), boundary)?;
    let mut found = Vec::new();
    while let Some(part) = multipart.next().await? {
        let content = part.content.collect(1 << 24).await?;
        found.push((part.content_id, part.media_type, content.to_vec()));
    }
    Ok(found)
}

const PIECES: [usize; 7] = [1, 2, 3, 5, 13, 100, usize::MAX];

/// Reads in pieces of many lengths, which must make no difference.
async fn read(text: &str) -> io::Result<Vec<Found>> {
    let whole = parts(text.as_bytes(), "B", usize::MAX).await;
    for piece in PIECES {
        let again = parts(text.as_bytes(), "B", piece).await;
        match (&whole, again) {
            (Ok(whole), Ok(again)) => assert_eq!(*whole, again, "in pieces of {piece}"),
            (Err(whole), Err(again)) => assert_eq!(whole.kind(), again.kind(), "in pieces of {piece}"),
            (whole, again) => panic!("{whole:?} {again:?} in pieces of {piece}"),
        }
    }
    whole
}

async fn contents(text: &str) -> Vec<String> {
    let found = read(text).await.unwrap();
    found.into_iter().map(|(_, _, content)| String::from_utf8(content).unwrap()).collect()
}

async fn reason(text: &str) -> String {
    read(text).await.unwrap_err().to_string()
}

#[tokio::test]
async fn reads_heads_and_contents() {
    let text = "--B\r\nContent-Type: text/xml\r\nContent-ID: <a@b>\r\n\r\n<a/>\r\n--B\r\n\r\nx\r\n--B--\r\n";
    let expected = [
        ("a@b".to_owned(), "text/xml".to_owned(), b"<a/>".to_vec()),
        (String::new(), OCTETS.to_owned(), b"x".to_vec()),
    ];
    assert_eq!(read(text).await.unwrap(), expected);
}

#[tokio::test]
async fn m8_ignores_preamble_and_epilogue() {
    for preamble in ["", "\r\n", "\n", "a preamble\r\nof lines --B\r\n"] {
        assert_eq!(contents(&format!("{preamble}--B\r\n\r\nx\r\n--B--\r\nepilogue\r\n--B\r\n")).await, ["x"]);
    }
}

#[tokio::test]
async fn m9_strips_exactly_one_line_break_and_takes_line_feeds() {
    assert_eq!(
        contents("--B\n\na\n\n--B\n\nb\r\n\r\n--B\n\n c \r\r\n--B--").await,
        ["a\n", "b\r\n", " c \r"]
    );
    assert_eq!(contents("--B\nContent-ID: <x>\n\n\n\n\n--B--\n").await, ["\n\n"]);
}

#[tokio::test]
async fn m10_finds_delimiters_at_line_starts_only() {
    let content = "x--B\r\n--BC\r\n--B.\r\n--B x\r\n --B\r\n-\r\n--\r\n--A\r\r--B";
    let text = format!("--B\r\n\r\n{content}\r\n--B \t\r\n\r\ny\r\n--B--");
    assert_eq!(contents(&text).await, [content, "y"]);
}

#[tokio::test]
async fn m11_takes_a_body_whose_last_delimiter_is_cut_or_missing() {
    for end in ["\r\n--B--", "\r\n--B-", "\r\n--B", "\r\n--B\r", "\r\n--B  "] {
        assert_eq!(contents(&format!("--B\r\n\r\nx{end}")).await, ["x"], "{end:?}");
    }
    for content in ["x", "x\r\n", "x\r\n--", "x\r"] {
        assert_eq!(contents(&format!("--B\r\n\r\n{content}")).await, [content]);
    }
}

#[tokio::test]
async fn m12_reads_field_names_in_any_case_and_folded_values() {
    let text = "--B\r\ncontent-Id:\r\n  <a@b>\r\nCONTENT-TYPE: application/xop+xml;\r\n\ttype=\"x/y\"\r\nContent-Disposition: z\r\n\r\nx\r\n--B--";
    let found = read(text).await.unwrap();
    assert_eq!(found[0].0, "a@b");
    assert_eq!(found[0].1, "application/xop+xml; type=\"x/y\"");
}

#[tokio::test]
async fn m15_undoes_transfer_encodings() {
    let text = "--B\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGVs\r\nbG8=\r\n--B\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\na=3Db\r\n--B--";
    assert_eq!(contents(text).await, ["hello", "a=b"]);
    assert!(reason("--B\r\nContent-Transfer-Encoding: x-gzip\r\n\r\na\r\n--B--").await.contains("x-gzip"));
}

#[tokio::test]
async fn m21_reads_empty_parts() {
    assert_eq!(contents("--B\r\n\r\n\r\n--B\r\nContent-ID: <a>\r\n\r\n--B\r\n\r\n--B--").await, ["", "", ""]);
}

#[tokio::test]
async fn skips_what_was_not_read_of_a_part_and_closes_it() {
    for piece in PIECES {
        let mut multipart =
            Multipart::new(body(b"--B\r\n\r\nlong\r\n--B\r\n\r\ny\r\n--B--", piece), "B").unwrap();
        let mut first = multipart.next().await.unwrap().unwrap();
        first.content.chunk().await.unwrap();
        let second = multipart.next().await.unwrap().unwrap();
        assert!(first.content.chunk().await.is_err());
        assert_eq!(second.content.collect(9).await.unwrap(), "y");
        assert!(multipart.next().await.unwrap().is_none());
        assert!(multipart.next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn hands_frames_on_without_copying() {
    let mut frame = b"--B\r\n\r\n".to_vec();
    frame.resize(100_000, 7);
    let frame = Bytes::from(frame);
    let within = frame.as_ptr_range();
    let mut multipart = Multipart::new(Content::from_stream(stream::iter([Ok(frame.clone())])), "B").unwrap();
    let chunk = multipart.next().await.unwrap().unwrap().content.chunk().await.unwrap().unwrap();
    assert_eq!(chunk.len(), 100_000 - 7);
    assert!(within.contains(&chunk.as_ptr()));
}

#[tokio::test]
async fn refuses_a_body_without_its_boundary() {
    for text in ["", "nothing", "--C\r\n\r\nx\r\n--C--"] {
        assert!(reason(text).await.contains("nowhere"), "{text}");
    }
    let endless = "no delimiter\r\n".repeat(limits::PREAMBLE / 14 + 1);
    assert!(reason(&endless).await.contains("no delimiter"));
}

#[tokio::test]
async fn refuses_broken_heads() {
    for (head, expected) in
        [("no colon\r\n\r\n", "colon"), (" folded: x\r\n\r\n", "folded"), ("A: b\r\n", "inside the head")]
    {
        assert!(reason(&format!("--B\r\n{head}")).await.contains(expected), "{head}");
    }
}

#[tokio::test]
async fn refuses_heads_beyond_the_limits() {
    let filler = |length: usize| format!("--B\r\nA: {}\r\n\r\nx\r\n--B--", "a".repeat(length));
    assert!(reason(&filler(1 << 20)).await.contains("longer than"));
    assert!(reason(&filler(limits::PART_HEAD - 6)).await.contains("longer than"));
    assert_eq!(contents(&filler(limits::PART_HEAD - 7)).await, ["x"]);
    let fields = |count: usize| format!("--B\r\n{}\r\nx\r\n--B--", "A: b\r\n".repeat(count));
    assert_eq!(contents(&fields(limits::PART_FIELDS)).await, ["x"]);
    assert!(reason(&fields(limits::PART_FIELDS + 1)).await.contains("fields"));
}

#[tokio::test]
async fn refuses_more_parts_than_allowed() {
    let many = |count: usize| format!("{}--B--", "--B\r\n\r\n\r\n".repeat(count));
    assert_eq!(parts(many(limits::PARTS).as_bytes(), "B", usize::MAX).await.unwrap().len(), limits::PARTS);
    assert_eq!(limits::PARTS, 1 + 1_000, "the root and a thousand documents");
    let error = parts(many(limits::PARTS + 1).as_bytes(), "B", usize::MAX).await.unwrap_err();
    assert!(error.to_string().contains("parts"));
    assert!(parts(many(100_000).as_bytes(), "B", 1000).await.is_err());
}

#[tokio::test]
async fn refuses_boundaries_that_are_none() {
    let long = "b".repeat(limits::BOUNDARY);
    assert!(Multipart::new(Content::empty(), &long).is_ok());
    for wrong in ["", "a\r\nb", "ü", &format!("{long}b")] {
        assert!(Multipart::new(Content::empty(), wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn never_holds_back_padding_without_end() {
    let spaces = " ".repeat(100_000);
    let content = format!("x\r\n--B{spaces}");
    assert_eq!(contents(&format!("--B\r\n\r\n{content}\r\n--B--")).await, [content]);
}

#[tokio::test]
async fn passes_on_that_the_connection_broke() {
    let broken =
        [Ok(Bytes::from_static(b"--B\r\n\r\nx\r\n")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    let mut multipart = Multipart::new(Content::from_stream(stream::iter(broken)), "B").unwrap();
    let part = multipart.next().await.unwrap().unwrap();
    assert_eq!(part.content.collect(9).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(multipart.next().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

proptest! {
    /// Whatever the documents hold and however the network cuts them, they arrive as they were.
    #[test]
    fn multipart_to_bytes_and_back(
        contents in prop::collection::vec("(\r|\n|-|--B|\r\n--B|[a-c]| ){0,40}", 0..4),
        piece in 1_usize..60,
    ) {
        // A boundary that is long and unlike the documents, and a short one that is like them.
        let ours = contents.iter().map(|content| format!("--BOUNDARY\r\n\r\n{content}\r\n")).collect::<String>();
        let body = format!("{ours}--BOUNDARY--\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(parts(body.as_bytes(), "BOUNDARY", piece)).unwrap();
        let found: Vec<_> = found.into_iter().map(|(_, _, content)| String::from_utf8(content).unwrap()).collect();
        prop_assert_eq!(found, contents);
    }

    /// No body makes the reader panic, and the cut makes no difference.
    #[test]
    fn any_body_is_read_or_refused(text in "(\r|\n|-|--B|\r\n--B|\r\n\r\n|a: b|[a-c]| |\t){0,60}", piece in 1_usize..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = runtime.block_on(parts(text.as_bytes(), "B", usize::MAX)).map_err(|error| error.to_string());
        let cut = runtime.block_on(parts(text.as_bytes(), "B", piece)).map_err(|error| error.to_string());
        prop_assert_eq!(whole, cut);
    }
}
