use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::parts::{Binary, XOP, binary, same_content_id};
use crate::xml::{Element, Limits};

/// Attributes may be as long as what is taken out.
fn limits() -> Limits {
    Limits { value: usize::MAX, ..Limits::default() }
}

/// Bytes whose base64 is longer than what stays inline.
fn long() -> Vec<u8> {
    (0..limits::INLINE + 7).map(|at| (at * 31 % 251) as u8).collect()
}

fn read(xml: &str, piece: usize) -> Result<(Element, Vec<Vec<u8>>), String> {
    let mut extractor = Extractor::default();
    for piece in xml.as_bytes().chunks(piece) {
        extractor.feed(piece)?;
    }
    let decoded = extractor.take_decoded();
    let tree = Element::parse(&extractor.envelope, &limits()).map_err(|error| error.to_string())?;
    let document = |taken: &TakenOut| decoded[taken.range.start as usize..taken.range.end as usize].to_vec();
    let mut includes = Vec::new();
    gather(&tree, &mut includes);
    assert_eq!(includes.len(), extractor.documents.len());
    for (include, taken) in includes.iter().zip(&extractor.documents) {
        assert!(same_content_id(include, &taken.content_id));
    }
    Ok((tree, extractor.documents.iter().map(document).collect()))
}

fn gather(element: &Element, ids: &mut Vec<String>) {
    if element.elements().any(|child| child.is(XOP, "Include")) {
        let Ok(Binary::Included(id)) = binary(element) else { panic!("an include that cannot be read") };
        ids.push(id);
    }
    element.elements().for_each(|child| gather(child, ids));
}

#[test]
fn takes_out_what_is_long_however_it_is_cut() {
    let digits = STANDARD.encode(long());
    let xml = format!("<a><D id='x > y' n=\"'\">{digits}</D><!-- <E>--><E>{digits}</E></a>");
    for piece in [1, 7, 4096, usize::MAX] {
        let (tree, documents) = read(&xml, piece).unwrap();
        assert_eq!(documents, [long(), long()]);
        assert_eq!(tree.elements().next().unwrap().attribute("id"), Some("x > y"));
    }
}

#[test]
fn reads_past_an_xml_declaration() {
    let digits = STANDARD.encode(long());
    for declaration in ["<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='UTF-8' ?>\n"] {
        for piece in [1, 4096] {
            let (_, documents) = read(&format!("{declaration}<a><D>{digits}</D></a>"), piece).unwrap();
            assert_eq!(documents, [long()], "{declaration}");
        }
    }
}

#[test]
fn m17_reads_past_white_space_and_its_references() {
    let digits = STANDARD.encode(long());
    let lines = |end: &str| {
        let lines: Vec<_> =
            digits.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join(end)
    };
    for end in ["\r\n", "\n\t ", "&#13;\n", "&#xD;&#xA;", "&#10;", "&#xd;\n", "&#x20;"] {
        let (_, documents) = read(&format!("<a>\n{}\n</a>", lines(end)), 5000).unwrap();
        assert_eq!(documents, [long()], "{end}");
    }
}

#[test]
fn reads_base64_in_a_cdata_section() {
    let digits = STANDARD.encode(long());
    for piece in [1, 9999] {
        let (_, documents) = read(&format!("<a> <![CDATA[{digits}]]>\n</a>"), piece).unwrap();
        assert_eq!(documents, [long()]);
    }
}

#[test]
fn leaves_everything_else_as_it_is() {
    let plain = "lorem ipsum, ".repeat(limits::INLINE / 8);
    let spaces = " ".repeat(2 * limits::INLINE);
    let short = "QUJD".repeat(limits::INLINE / 4);
    let digits = STANDARD.encode(long());
    for xml in [
        format!("<a>{plain}</a>"),
        format!("<a b='{digits}'/>"),
        format!("<a><b/>{spaces}</a>"),
        format!("<a>{spaces}<b/></a>"),
        format!("<a><D>{short}</D></a>"),
        format!("<a><!--{digits}--></a>"),
        format!("<a><![CDATA[{plain}]]]]></a>"),
        format!("<a><![CDATA[x]] >]]]>{digits}</a>"),
        format!("<a>&lt;{digits}</a>"),
        format!("<a>&#65;{digits}</a>"),
        format!("<a><b></b>{digits}</a>"),
        format!("<a><b/>{digits}</a>"),
        format!("<a>{short}<b/></a>"),
        "<a>&amp;&#13;QUJD</a>".to_owned(),
    ] {
        for piece in [1, 4096] {
            let (tree, documents) = read(&xml, piece).unwrap();
            assert!(documents.is_empty(), "{}", &xml[..40]);
            assert_eq!(
                tree,
                Element::parse(xml.as_bytes(), &limits()).unwrap(),
                "{}",
                &xml[..40.min(xml.len())]
            );
        }
    }
}

#[test]
fn refuses_long_base64_that_is_broken() {
    let digits = STANDARD.encode(long());
    for (xml, reason) in [
        (format!("<a>{digits}A</a>"), "padding"),
        (format!("<a>{}</a>", &digits[..digits.len() - 1]), "group of four"),
        (format!("<a>{}-</a>", &digits[..limits::INLINE + 4]), "character '-'"),
        (format!("<a>{}&lt;</a>", &digits[..limits::INLINE + 4]), "character '&'"),
        (format!("<a>{digits}<b/></a>"), "interrupted"),
        (format!("<a>{digits}<!-- --></a>"), "interrupted"),
    ] {
        for piece in [1, 4096] {
            let error = read(&xml, piece).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}

#[test]
fn leaves_utf_16_to_the_parser() {
    let xml = "<a>\u{4141}</a>".encode_utf16().flat_map(u16::to_le_bytes);
    let bytes: Vec<u8> = [0xFF, 0xFE].into_iter().chain(xml).collect();
    let mut extractor = Extractor::default();
    extractor.feed(&bytes[..1]).unwrap();
    extractor.feed(&bytes[1..]).unwrap();
    assert_eq!(extractor.envelope, bytes);
}
