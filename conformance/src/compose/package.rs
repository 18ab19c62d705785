//! The package of a message: simple SOAP, or MTOM with the documents behind it.

use crate::case::{Document, Encoding, Mime, Transfer};
use crate::exchange::Headers;
use crate::mime::{self, Part};
use crate::variables::Scope;
use crate::write::escaped;

/// A message while its documents are gathered.
#[derive(Debug)]
pub(super) struct Package {
    encoding: Encoding,
    /// The Content-ID of the root.
    root: String,
    /// Header lines, name of the content, transfer encoding.
    parts: Vec<(Vec<String>, String, Transfer)>,
}

impl Package {
    pub(super) fn new(encoding: Encoding, mime: &Mime, scope: &mut Scope<'_>) -> Result<Self, String> {
        let root = scope.expand(mime.root.as_deref().unwrap_or("root.${new:oid}@conformance.example"))?;
        Ok(Self { encoding, root, parts: Vec::new() })
    }

    /// The element of a document; its part is kept for later.
    pub(super) fn document(&mut self, document: &Document, scope: &mut Scope<'_>) -> Result<String, String> {
        let id = escaped(&scope.expand(&document.id)?);
        let content = scope.expand(&document.content)?;
        if document.inline || self.encoding == Encoding::Simple {
            let text = mime::wrapped(scope.content(&content)?, "\n");
            return Ok(format!("<xds:Document id=\"{id}\">{text}</xds:Document>\n"));
        }
        let number = self.parts.len() + 1;
        let fresh = format!("{number}.${{new:oid}}@conformance.example");
        let cid = scope.expand(document.cid.as_deref().unwrap_or(&fresh))?;
        let href = scope.expand(document.href.as_deref().unwrap_or(&format!("cid:{cid}")))?;
        if !document.lost {
            let headers = part_headers(document, &cid, scope)?;
            self.parts.push((headers, content, document.transfer));
        }
        Ok(format!("<xds:Document id=\"{id}\"><xop:Include href=\"{}\"/></xds:Document>\n", escaped(&href)))
    }

    /// Header and body of the HTTP request.
    pub(super) fn finish(
        self,
        message: &str,
        mime: &Mime,
        scope: &mut Scope<'_>,
    ) -> Result<(Headers, Vec<u8>), String> {
        let content_type = |value: String| vec![("Content-Type".to_owned(), value)];
        if self.encoding == Encoding::Simple {
            return Ok((content_type(SIMPLE_TYPE.to_owned()), message.as_bytes().to_vec()));
        }
        let boundary = scope.expand(mime.boundary.as_deref().unwrap_or("conformance-${new:oid}"))?;
        let names = [("boundary", boundary.clone()), ("root", self.root.clone())];
        let mut local = |text: &str| locals(text, &names, scope);
        let header = local(mime.content_type.as_deref().unwrap_or(PACKAGE_TYPE))?;
        let usual = ROOT_HEADERS.map(str::to_owned).to_vec();
        let headers = mime.root_headers.as_ref().unwrap_or(&usual);
        let headers = headers.iter().map(|line| local(line)).collect::<Result<_, _>>()?;
        let spelling =
            Mime { preamble: local(&mime.preamble)?, epilogue: local(&mime.epilogue)?, ..mime.clone() };
        let root = Part { headers, content: message.as_bytes(), transfer: Transfer::Binary };
        let others = self.others(mime, scope)?;
        Ok((content_type(header), mime::write(root, others, &boundary, &spelling)))
    }

    /// The parts behind the root.
    fn others<'a>(&self, mime: &Mime, scope: &'a Scope<'_>) -> Result<Vec<Part<'a>>, String> {
        let mut others = Vec::new();
        for (headers, content, transfer) in &self.parts {
            let content = scope.content(content)?;
            others.push(Part { headers: headers.clone(), content, transfer: *transfer });
        }
        for (index, stray) in mime.strays.iter().enumerate() {
            let headers = vec![format!("Content-ID: <stray-{index}@conformance.example>")];
            others.push(Part { headers, content: scope.content(stray)?, transfer: Transfer::Binary });
        }
        Ok(others)
    }
}

fn part_headers(document: &Document, cid: &str, scope: &mut Scope<'_>) -> Result<Vec<String>, String> {
    let names = [("cid", cid.to_owned())];
    if let Some(lines) = &document.headers {
        return lines.iter().map(|line| locals(line, &names, scope)).collect();
    }
    let transfer = match document.transfer {
        Transfer::Binary => "binary",
        Transfer::Base64 => "base64",
        Transfer::QuotedPrintable => "quoted-printable",
    };
    Ok(vec![
        "Content-Type: application/octet-stream".to_owned(),
        format!("Content-Transfer-Encoding: {transfer}"),
        format!("Content-ID: <{cid}>"),
    ])
}

/// Plain text with values of its own, which also what it is made of may name.
fn locals(text: &str, local: &[(&str, String)], scope: &mut Scope<'_>) -> Result<String, String> {
    for (name, value) in local {
        scope.set((*name).to_owned(), value.clone());
    }
    let expanded = scope.expand(text);
    for (name, _) in local {
        scope.unset(name);
    }
    expanded
}

const SIMPLE_TYPE: &str = "application/soap+xml; charset=UTF-8";
const PACKAGE_TYPE: &str = "multipart/related; boundary=\"${boundary}\"; type=\"application/xop+xml\"; \
                            start=\"<${root}>\"; start-info=\"application/soap+xml\"";
const ROOT_HEADERS: [&str; 3] = [
    "Content-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"",
    "Content-Transfer-Encoding: binary",
    "Content-ID: <${root}>",
];
