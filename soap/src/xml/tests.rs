use proptest::prelude::*;

use super::*;

const A: Namespace = Namespace { uri: "urn:a", prefix: "a" };
const B: Namespace = Namespace { uri: "urn:b", prefix: "b" };

fn read(text: &str) -> Result<Element, ParseError> {
    Element::parse(text.as_bytes(), &Limits::default())
}

fn refused(text: &str) -> String {
    match read(text) {
        Err(error) => error.reason,
        Ok(element) => panic!("accepted: {text:.200} as {element:?}"),
    }
}

/// Reads with one limit set to `limit`.
fn limited(text: &str, set: impl FnOnce(&mut Limits)) -> Result<Element, ParseError> {
    let mut limits = Limits::default();
    set(&mut limits);
    Element::parse(text.as_bytes(), &limits)
}

#[test]
fn reads_names_attributes_and_text() {
    let root = read("<?xml version='1.0'?>\n<!-- c --><p:a xmlns:p='urn:a' xmlns='urn:b' x='1' p:x=\"2\">t<c/>&lt;<![CDATA[&]]>&#65;</p:a>\n").unwrap();
    assert!(root.is(A, "a"));
    assert_eq!(root.attribute("x"), Some("1"));
    assert_eq!(root.attribute_in(A, "x"), Some("2"));
    assert!(root.child(B, "c").is_some());
    assert_eq!(root.text(), "t<&A");
    assert_eq!(root.name.to_string(), "{urn:a}a");
}

#[test]
fn normalises_line_ends_and_attribute_values() {
    let root = read("<a b=' x\r\ny\tz&#10;&#13; '>1\r\n2\r3&#13;</a>").unwrap();
    assert_eq!(root.attribute("b"), Some(" x y z\n\r "));
    assert_eq!(root.text(), "1\n2\n3\r");
}

#[test]
fn resolves_each_prefix_where_it_stands() {
    let root = read("<p:a xmlns:p='urn:a'><p:c xmlns:p='urn:b'><p:d/></p:c><p:e/><f xmlns='urn:&amp;'><g xmlns=''/></f></p:a>").unwrap();
    let c = root.child(B, "c").unwrap();
    assert!(c.child(B, "d").is_some());
    assert!(root.child(A, "e").is_some());
    let f = root.elements().last().unwrap();
    assert_eq!(f.name.namespace, "urn:&");
    assert_eq!(f.elements().next().unwrap().name.namespace, "");
}

/// All that quick-xml lets pass, and what it does not.
#[test]
fn refuses_what_is_not_well_formed() {
    for text in [
        "",
        " ",
        "text",
        "<a>",
        "<a><b></a>",
        "</a>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a/>&#65;",
        "<a/><![CDATA[x]]>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<a b='1' b='2'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a b=1/>",
        "<a b/>",
        "<a b='<'/>",
        "<a b='1'c='2'/>",
        "<a b='1\"/>",
        "<a b='&'/>",
        "<a b='&x;'/>",
        "<a b='&#0;'/>",
        "<a>&</a>",
        "<a>&x;</a>",
        "<a>&#0;</a>",
        "<a>&#1;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>\u{1}</a>",
        "<a>\u{fffe}</a>",
        "<a b='\u{1}'/>",
        "<a><!-- \u{1} --></a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<1a/>",
        "<a 1='b'/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c/>",
        "<\u{d7}/>",
        "< a/>",
        "<a\u{b}/>",
        "<a xmlns:p=''/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:='u'/>",
        "<a xmlns:p:q='u'/>",
        " <?xml version='1.0'?><a/>",
        "<a><?xml version='1.0'?></a>",
        "<?xml version='1.1'?><a/>",
        "<?xml?><a/>",
    ] {
        refused(text);
    }
}

#[test]
fn says_where_it_gave_up() {
    let error = read("<a><p:b/></a>").unwrap_err();
    assert_eq!((error.reason.as_str(), error.position), ("prefix 'p' is not declared", 9));
}

/// Refused at the first sight of a DOCTYPE, so nothing is ever opened or expanded.
#[test]
fn threat_1_to_3_any_document_type_is_refused() {
    let nested = (1..10)
        .map(|n| format!("<!ENTITY e{n} '{}'>", format!("&e{};", n - 1).repeat(10)))
        .collect::<String>();
    let flat = format!("<!ENTITY e '{}'>", "x".repeat(100 << 10));
    for declarations in [
        "<!ENTITY e SYSTEM 'file:///etc/passwd'>",
        "<!ENTITY e SYSTEM 'http://127.0.0.1:9/'>",
        "<!ENTITY % e SYSTEM 'http://127.0.0.1:9/'> %e;",
        "<!ELEMENT a ANY><!ATTLIST a b CDATA 'c'>",
        &format!("<!ENTITY e0 'lol'>{nested}"),
        &flat,
    ] {
        let reason = refused(&format!("<!DOCTYPE a [{declarations}]><a>{}</a>", "&e;".repeat(1_000)));
        assert!(reason.contains("document type"), "{reason}");
    }
    assert!(refused("<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>").contains("document type"));
}

#[test]
fn threat_4_depth() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(&nested(Limits::default().depth)).is_ok());
    for depth in [Limits::default().depth + 1, 100_000] {
        assert!(refused(&nested(depth)).contains("deeper"));
    }
}

#[test]
fn threat_5_attributes() {
    let flood = |count: usize| format!("<a{}/>", (0..count).map(|n| format!(" b{n}=''")).collect::<String>());
    assert!(read(&flood(Limits::default().attributes)).is_ok());
    for count in [Limits::default().attributes + 1, 100_000] {
        assert!(refused(&flood(count)).contains("attributes"));
    }
}

#[test]
fn threat_6_namespaces() {
    let flood =
        |count: usize| format!("<a{}/>", (0..count).map(|n| format!(" xmlns:b{n}='u'")).collect::<String>());
    assert!(read(&flood(Limits::default().declarations)).is_ok());
    for count in [Limits::default().declarations + 1, 20_000] {
        assert!(refused(&flood(count)).contains("declarations"));
    }
    let nested = (0..3_000).map(|n| format!("<a xmlns:b{n}='u'>")).collect::<String>();
    assert!(refused(&nested).contains("deeper"));
}

#[test]
fn threat_7_and_9_nodes() {
    let limit = Limits::default().nodes;
    let flood = |node: &str, count: usize| format!("<a>{}</a>", node.repeat(count));
    assert!(read(&flood("<b/>", limit - 1)).is_ok());
    assert!(refused(&flood("<b/>", limit)).contains("nodes"));
    assert!(refused(&flood("<b/>", 1_000_000)).contains("nodes"));
    assert!(refused(&flood("<!---->", limit)).contains("nodes"));
    assert!(refused(&flood("<b/>x", limit / 2)).contains("nodes"));
    assert!(read(&flood("<!---->", 100_000)).is_ok());
}

/// Attributes cost as much as elements, however many elements they are spread over.
#[test]
fn threat_5_and_6_attributes_of_the_whole_document() {
    let limit = 10 * Limits::default().declarations;
    for attribute in ["b", "xmlns:b"] {
        let many = (0..Limits::default().declarations).map(|n| format!(" {attribute}{n}='u'"));
        let element = format!("<a{}/>", many.collect::<String>());
        let flood = |count: usize| format!("<a>{}</a>", element.repeat(count));
        assert!(limited(&flood(10), |limits| limits.nodes = limit).is_ok());
        let error = limited(&flood(11), |limits| limits.nodes = limit).unwrap_err();
        assert!(error.reason.contains("attributes in the document"), "{error}");
    }
}

/// A text that is written once and used often must not be kept often: all that was read is part of one text.
#[test]
fn threat_6_what_is_read_is_kept_once() {
    let text = "<p:a xmlns:p='urn:a' p:x='1'><p:x xmlns:q='urn:b'>text</p:x><q:x xmlns:q='urn:a'/></p:a>";
    let root = read(text).unwrap();
    let (_, namespace) = &root.declarations[0];
    let at_home = |part: &Shared| (namespace.as_ptr().addr().abs_diff(part.as_ptr().addr())) < text.len();
    let children: Vec<_> = root.elements().collect();
    for name in [&root.name, &root.attributes[0].name, &children[0].name, &children[1].name] {
        assert!([&name.namespace, &name.local, &name.prefix].into_iter().all(at_home), "{name}");
    }
    for name in [&root.attributes[0].name, &children[0].name] {
        assert_eq!(name.namespace.as_ptr(), root.name.namespace.as_ptr());
    }
    assert!(at_home(&root.attributes[0].value));
    assert!(matches!(&children[0].children[..], [Node::Text(text)] if at_home(text)));
}

#[test]
fn threat_8_encodings() {
    let limits = Limits::default();
    let text = "<a>\u{e9}\u{10348}</a>";
    let with_mark = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    assert_eq!(Element::parse(&with_mark, &limits).unwrap(), read(text).unwrap());
    let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(unit).collect()
    };
    for bytes in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        assert_eq!(Element::parse(&bytes, &limits).unwrap(), read(text).unwrap());
        assert!(Element::parse(&bytes[..bytes.len() - 1], &limits).is_err());
        assert!(Element::parse(&bytes[2..], &limits).is_err());
    }
    for bytes in [&b"<a>\xff</a>"[..], b"<a>\xc0\xaf</a>", b"<a>\xed\xa0\x80</a>", b"\xFF\xFE\x00\xD8"] {
        assert!(Element::parse(bytes, &limits).is_err());
    }
    for label in ["UTF-7", "UTF-16", "ISO-8859-1", "x"] {
        assert!(refused(&format!("<?xml version='1.0' encoding='{label}'?><a/>")).contains(label));
    }
    assert!(read("<?xml version='1.0' encoding='utf-8' standalone='yes'?><a/>").is_ok());
}

#[test]
fn threat_9_processing_instructions() {
    for text in ["<?xml-stylesheet href='x'?><a/>", "<a><?php x?></a>", "<a/><?x?>"] {
        assert!(refused(text).contains("processing instruction"));
    }
}

#[test]
fn threat_10_includes_and_schemas_are_elements_like_others() {
    let text = "<a xmlns:xi='http://www.w3.org/2001/XInclude' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
                xsi:schemaLocation='urn:a http://127.0.0.1:9/a.xsd'><xi:include href='file:///etc/passwd'/></a>";
    let include = read(text).unwrap().elements().next().cloned().unwrap();
    assert_eq!((include.attribute("href"), include.children.len()), (Some("file:///etc/passwd"), 0));
}

#[test]
fn refuses_what_is_larger_than_allowed() {
    assert!(limited("<a>12</a>", |limits| limits.size = 9).is_ok());
    assert!(limited("<a>123</a>", |limits| limits.size = 9).unwrap_err().reason.contains("10 bytes"));
    for (text, set) in [
        ("<a b='123'/>", (|limits| limits.value = 2) as fn(&mut Limits)),
        ("<a xmlns:b='u:1'/>", |limits| limits.namespace = 2),
        ("<a xmlns='u:1'/>", |limits| limits.namespace = 2),
    ] {
        assert!(read(text).is_ok());
        assert!(limited(text, set).unwrap_err().reason.contains("longer than 2"), "{text}");
    }
    let value = "u".repeat(Limits::default().namespace + 1);
    assert!(read(&format!("<a b='{value}'/>")).is_ok());
    assert!(refused(&format!("<a xmlns='{value}'/>")).contains("longer"));
    assert!(limited("<a>12&amp;<![CDATA[4]]></a>", |limits| limits.text = 4).is_ok());
    for text in ["<a>12345</a>", "<a>1234&amp;</a>", "<a>12<![CDATA[345]]></a>", "<a>12<!-- -->345</a>"] {
        assert!(
            limited(text, |limits| limits.text = 4).unwrap_err().reason.contains("longer than 4"),
            "{text}"
        );
    }
}

#[test]
fn writes_each_prefix_once_where_it_is_needed() {
    let element =
        Element::new(A, "r").with("x", "1").with_child(Element::new(A, "c")).with_child(Element::new(B, "c"));
    assert_eq!(element.write(), r#"<a:r xmlns:a="urn:a" x="1"><a:c/><b:c xmlns:b="urn:b"/></a:r>"#);
    let declaring = Element::new(A, "r").declaring(B).with_child(Element::new(B, "c"));
    assert_eq!(declaring.write(), r#"<a:r xmlns:a="urn:a" xmlns:b="urn:b"><b:c/></a:r>"#);
    let lang = Element::new(A, "r").with_attribute(Name::new(XML, "lang"), "en");
    assert_eq!(lang.write(), r#"<a:r xmlns:a="urn:a" xml:lang="en"/>"#);
}

#[test]
fn writes_what_was_written_before_as_it_is() {
    let mut element = Element::new(A, "r").with_text("<");
    element.children.push(Node::Written(r#"<b:c xmlns:b="urn:b">&amp;</b:c>"#.into()));
    assert_eq!(element.write(), r#"<a:r xmlns:a="urn:a">&lt;<b:c xmlns:b="urn:b">&amp;</b:c></a:r>"#);
    assert_eq!(element.elements().count(), 0);
    assert_eq!(element.text(), "<");
    assert!(read(&element.write()).unwrap().child(B, "c").is_some());
}

#[test]
fn writes_names_whose_prefixes_are_at_odds() {
    const OTHER_A: Namespace = Namespace { uri: "urn:other", prefix: "a" };
    const BARE: Namespace = Namespace { uri: "urn:bare", prefix: "" };
    let element = Element::new(A, "r")
        .declaring(OTHER_A)
        .declaring(XML)
        .with_attribute(Name::new(OTHER_A, "x"), "1")
        .with_attribute(Name::new(BARE, "y"), "2")
        .with_child(
            Element::new(BARE, "c").with_child(Element { name: Name::local("d"), ..Element::new(A, "d") }),
        );
    assert_eq!(read(&element.write()).unwrap(), element, "{}", element.write());
}

#[test]
fn writes_nothing_that_cannot_be_read() {
    let element = Element::new(A, "r").with("x", "\0\u{ffff}\u{e000}").with_text("\u{1b}[1m\u{fffe}");
    let again = read(&element.write()).unwrap();
    assert_eq!(again.attribute("x"), Some("\u{fffd}\u{fffd}\u{e000}"));
    assert_eq!(again.text(), "\u{fffd}[1m\u{fffd}");
}

#[test]
fn escapes_for_markup_put_together_by_hand() {
    let mut out = String::new();
    escape_attribute("<&>\"'\n\t\r", &mut out);
    assert_eq!(out, "&lt;&amp;&gt;&quot;'&#10;&#9;&#13;");
    out.clear();
    escape_text("<&>\"'\n\t\r", &mut out);
    assert_eq!(out, "&lt;&amp;&gt;\"'\n\t&#13;");
}

/// Names with prefixes that agree and disagree.
fn names() -> impl Strategy<Value = Name> {
    (
        "[a-c]",
        prop::sample::select(vec!["", "urn:a", "urn:b&", XML.uri]),
        prop::sample::select(vec!["", "p", "q", "ns1"]),
    )
        .prop_map(|(local, namespace, prefix)| {
            let prefix = if namespace == XML.uri { XML.prefix } else { prefix };
            let prefix = if namespace.is_empty() { "" } else { prefix };
            Name { namespace: namespace.into(), local: local.into(), prefix: prefix.into() }
        })
}

fn text() -> impl Strategy<Value = String> {
    "[ -~\t\r\n\u{e9}\u{fffd}\u{10000}]{1,12}"
}

fn elements() -> impl Strategy<Value = Element> {
    let attributes = prop::collection::vec((names(), text()), 0..4);
    let declarations = prop::collection::vec((prop::sample::select(vec!["", "p", "z"]), "urn:[a-z]"), 0..3);
    let leaf = (names(), attributes, declarations).prop_map(|(name, attributes, declarations)| {
        let mut element = Element { name, ..Element::new(A, "x") };
        for (name, value) in attributes {
            if !element.attributes.iter().any(|other| other.name == name) {
                element.attributes.push(Attribute { name, value: value.into() });
            }
        }
        element.declarations =
            declarations.into_iter().map(|(prefix, uri)| (prefix.into(), uri.into())).collect();
        element
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let children = prop::collection::vec((prop::option::of(text()), inner.clone()), 0..4);
        (inner, children).prop_map(|(mut element, children)| {
            for (text, child) in children {
                if let (Some(text), false) = (text, matches!(element.children.last(), Some(Node::Text(_)))) {
                    element.children.push(Node::Text(text.into()));
                }
                element.push(child);
            }
            element
        })
    })
}

proptest! {
    #[test]
    fn element_to_bytes_and_back(element in elements()) {
        let written = element.write();
        let again = read(&written);
        prop_assert_eq!(again.as_ref(), Ok(&element), "{}", written);
        prop_assert_eq!(again.unwrap().write(), written);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(<|>|/|=|'|\"|&|;|a|b| |<a>|</a>|xmlns|:|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#|\\?)*") {
        if let Ok(element) = read(&text) {
            prop_assert_eq!(read(&element.write()), Ok(element));
        }
    }
}
