//! Proves that the judge says red: a server in this process answers wrongly, in every way that it can.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::report::Summary;

/// What the false server says to a request.
#[derive(Clone)]
struct Reply {
    http: u16,
    content_type: String,
    body: Vec<u8>,
}

/// A server that says to everyone what `reply` makes of the question; its URL.
async fn fake(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let reply = Arc::new(reply);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let reply = Arc::clone(&reply);
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let reply = Arc::clone(&reply);
                async move {
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let reply = reply(&String::from_utf8_lossy(&body));
                    let response =
                        Response::builder().status(reply.http).header("content-type", reply.content_type);
                    Ok::<_, Infallible>(response.body(Full::new(Bytes::from(reply.body))).unwrap())
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    url
}

fn message_id(request: &str) -> &str {
    request.split_once("<wsa:MessageID>").unwrap().1.split_once("</").unwrap().0
}

fn simple(http: u16, envelope: String) -> Reply {
    Reply {
        http,
        content_type: "application/soap+xml; charset=UTF-8".to_owned(),
        body: envelope.into_bytes(),
    }
}

fn envelope(action: &str, relates_to: &str, body: &str) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://www.w3.org/2005/08/addressing\" \
         xmlns:rs=\"urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0\" xmlns:rim=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\" \
         xmlns:q=\"urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0\" xmlns:x=\"urn:ihe:iti:xds-b:2007\">\
         <e:Header><a:Action>{action}</a:Action><a:RelatesTo>{relates_to}</a:RelatesTo></e:Header>\
         <e:Body>{body}</e:Body></e:Envelope>"
    )
}

fn registered(request: &str, status: &str, errors: &str) -> Reply {
    let body = format!(
        "<rs:RegistryResponse status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:{status}\">{errors}</rs:RegistryResponse>"
    );
    simple(200, envelope("urn:ihe:iti:2007:RegisterDocumentSet-bResponse", message_id(request), &body))
}

fn error(code: &str) -> String {
    format!(
        "<rs:RegistryErrorList><rs:RegistryError errorCode=\"{code}\" codeContext=\"why\" \
         severity=\"urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error\"/></rs:RegistryErrorList>"
    )
}

fn found(request: &str, list: &str) -> Reply {
    let body = format!(
        "<q:AdhocQueryResponse status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success\">{list}</q:AdhocQueryResponse>"
    );
    simple(200, envelope("urn:ihe:iti:2007:RegistryStoredQueryResponse", message_id(request), &body))
}

/// A retrieve answer with one document, as the judge wants it packed.
fn retrieved(request: &str, unique_id: &str, content: &[u8]) -> Reply {
    let body = format!(
        "<x:RetrieveDocumentSetResponse><rs:RegistryResponse status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success\"/>\
         <x:DocumentResponse><x:RepositoryUniqueId>1</x:RepositoryUniqueId><x:DocumentUniqueId>{unique_id}</x:DocumentUniqueId>\
         <x:mimeType>text/plain</x:mimeType><x:Document><i:Include xmlns:i=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:1%40x\"/></x:Document>\
         </x:DocumentResponse></x:RetrieveDocumentSetResponse>"
    );
    let root = envelope("urn:ihe:iti:2007:RetrieveDocumentSetResponse", message_id(request), &body);
    let mut package = format!(
        "--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n{root}\r\n--b\r\n\
         Content-Type: text/plain\r\nContent-ID: <1@x>\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    )
    .into_bytes();
    package.extend_from_slice(content);
    package.extend_from_slice(b"\r\n--b--\r\n");
    let content_type = "multipart/related; boundary=b; type=\"application/xop+xml\"; start=\"<r>\"; start-info=\"application/soap+xml\"";
    Reply { http: 200, content_type: content_type.to_owned(), body: package }
}

async fn outcome(case: &'static str, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Outcome {
    let library = Library::with_case("test/case", case);
    let url = fake(reply).await;
    let facts = Facts::defaults(&library).unwrap();
    let target =
        Target { registry: url.clone(), repository: url, credentials: Credentials::default(), facts };
    let report = run(&library, &[target], None, |_| {}).await.unwrap();
    let outcome = report.cases[0].outcome.clone();
    assert_eq!(report.is_green(), outcome == Outcome::Passed, "{report}");
    outcome
}

/// What was found wrong, all in one line; empty if nothing was.
async fn wrong(case: &'static str, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    match outcome(case, reply).await {
        Outcome::Passed => String::new(),
        Outcome::Failed(findings) => findings
            .into_iter()
            .map(|finding| format!("{} {}; ", finding.clause.unwrap_or_default(), finding.text))
            .collect(),
        other => panic!("{other:?}"),
    }
}

const REGISTER: &str =
    "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = ['set', 'stored', 'member']\n";
const SUCCEEDS: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = ['set', 'stored', 'member']\nexpect = { status = 'Success', errors = 0 }";
const FAILS: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = ['set', 'stored', 'member']\nexpect = { status = 'Failure', codes = 'XDSRegistryMetadataError', errors = 1 }";
const FINDS: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nquery = 'GetDocuments'\nexpect = { status = 'Success', values = { 'entry/@id' = ['a', 'b'] }, kind = { 'entry/@lid' = 'uuid' } }";
const FETCHES: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nretrieve = [{ document = '1.2' }]\nexpect = { status = 'Success', documents = { '1.2' = 'report' } }";
const FAULTS: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = []\nexpect.fault = { code = 'Sender', subcode = 'ActionNotSupported' }";

#[tokio::test]
async fn passes_what_is_right() {
    assert_eq!(wrong(SUCCEEDS, |request| registered(request, "Success", "")).await, "");
    let refusal = |request: &str| registered(request, "Failure", &error("XDSRegistryMetadataError"));
    assert_eq!(wrong(FAILS, refusal).await, "");
}

#[tokio::test]
async fn finds_a_wrong_status_and_says_what_the_server_said() {
    let found = wrong(SUCCEEDS, |request| registered(request, "Failure", &error("XDSRegistryBusy"))).await;
    assert!(found.contains("expected Success (XDSRegistryBusy: why)"), "{found}");
    let found = wrong(FAILS, |request| registered(request, "Success", "")).await;
    assert!(found.contains("expected Failure"), "{found}");
}

#[tokio::test]
async fn finds_another_error_code_and_too_many_errors() {
    let found = wrong(FAILS, |request| registered(request, "Failure", &error("XDSRegistryError"))).await;
    assert!(found.contains("expected only XDSRegistryMetadataError"), "{found}");
    let twice = error("XDSRegistryMetadataError")
        .replace("<rs:RegistryErrorList>", "")
        .replace("</rs:RegistryErrorList>", "");
    let twice = format!("<rs:RegistryErrorList>{twice}{twice}</rs:RegistryErrorList>");
    let found = wrong(FAILS, move |request| registered(request, "Failure", &twice)).await;
    assert!(found.contains("2 errors, expected 1"), "{found}");
}

#[tokio::test]
async fn finds_values_that_are_missing_more_or_of_another_form() {
    let object = |id: &str, lid: &str| format!("<rim:ExtrinsicObject id=\"{id}\" lid=\"{lid}\"/>");
    let lid = "urn:uuid:0b2f0a0e-1111-4222-8333-444455556666";
    let list = move |ids: &[&str], lid: &str| {
        let objects: String = ids.iter().map(|id| object(id, lid)).collect();
        format!("<rim:RegistryObjectList>{objects}</rim:RegistryObjectList>")
    };
    assert_eq!(wrong(FINDS, move |request| found(request, &list(&["b", "a"], lid))).await, "");
    assert!(wrong(FINDS, move |request| found(request, &list(&["a"], lid))).await.contains("expected"));
    assert!(
        wrong(FINDS, move |request| found(request, &list(&["a", "b", "b"], lid))).await.contains("expected")
    );
    assert!(
        wrong(FINDS, move |request| found(request, &list(&["a", "b"], "x"))).await.contains("expected uuid")
    );
}

#[tokio::test]
async fn finds_a_document_that_is_not_the_same() {
    let report: &[u8] = b"A dose report, in two lines,\r\nwhich ends with a line break.\r\n";
    assert_eq!(wrong(FETCHES, move |request| retrieved(request, "1.2", report)).await, "");
    let shorter = &report[..report.len() - 2];
    let found = wrong(FETCHES, move |request| retrieved(request, "1.2", shorter)).await;
    assert!(found.contains("59 bytes with SHA-256"), "{found}");
    let found = wrong(FETCHES, move |request| retrieved(request, "1.3", report)).await;
    assert!(found.contains("1.2 did not come") && found.contains("\"1.3\" came unasked"), "{found}");
}

#[tokio::test]
async fn finds_an_answer_that_is_packed_otherwise_than_the_question() {
    let found = wrong(FETCHES, |request| {
        let reply = retrieved(request, "1.2", b"");
        let text = String::from_utf8(reply.body).unwrap();
        let root = text.split_once("\r\n\r\n").unwrap().1.split_once("\r\n--b").unwrap().0;
        simple(200, root.to_owned())
    })
    .await;
    assert!(found.contains("expected Mtom"), "{found}");
}

#[tokio::test]
async fn finds_a_fault_where_an_answer_was_due_and_the_reverse() {
    let fault = |code: &'static str, subcode: &'static str| {
        move |request: &str| {
            let body = format!(
                "<e:Fault><e:Code><e:Value>e:{code}</e:Value><e:Subcode><e:Value>a:{subcode}</e:Value></e:Subcode></e:Code>\
                 <e:Reason><e:Text xml:lang=\"en\">no</e:Text></e:Reason></e:Fault>"
            );
            simple(500, envelope("http://www.w3.org/2005/08/addressing/fault", message_id(request), &body))
        }
    };
    assert_eq!(wrong(FAULTS, fault("Sender", "ActionNotSupported")).await, "");
    assert!(wrong(FAULTS, fault("Receiver", "ActionNotSupported")).await.contains("code is \"Receiver\""));
    assert!(wrong(FAULTS, fault("Sender", "Other")).await.contains("subcodes"));
    assert!(wrong(SUCCEEDS, fault("Sender", "Other")).await.contains("a SOAP fault came: no"));
    assert!(wrong(FAULTS, |request| registered(request, "Success", "")).await.contains("no SOAP fault came"));
}

#[tokio::test]
async fn holds_every_answer_against_its_frame() {
    let changed = |from: &'static str, to: &'static str| {
        move |request: &str| {
            let reply = registered(request, "Success", "");
            let text = String::from_utf8(reply.body.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            Reply { body: text.replace(from, to).into_bytes(), ..reply }
        }
    };
    let action = changed("RegisterDocumentSet-bResponse", "RegisterDocumentSet-b");
    assert!(wrong(SUCCEEDS, action).await.contains("S2.2-action"));
    assert!(wrong(SUCCEEDS, changed("<a:RelatesTo>", "<a:RelatesTo>x")).await.contains("S2.2-relates"));
    assert!(wrong(SUCCEEDS, changed("rs:RegistryResponse", "rs:Response")).await.contains("S8.1-status"));
    assert!(
        wrong(SUCCEEDS, changed("StatusType:Success", "StatusType:Warning")).await.contains("S8.1-status")
    );
    let contradiction = |request: &str| registered(request, "Success", &error("XDSRegistryError"));
    assert!(wrong(SUCCEEDS, contradiction).await.contains("S8.2-list Success with an error"));
    let mute = |request: &str| registered(request, "Failure", "");
    assert!(wrong(FAILS, mute).await.contains("S8.2-list no error in the list"));
    assert!(wrong(FINDS, |request| found(request, "")).await.contains("S5.1-response"));
    let disordered = "<rim:RegistryObjectList><rim:ExtrinsicObject id=\"a\"><rim:Name/><rim:Slot name=\"s\"/></rim:ExtrinsicObject></rim:RegistryObjectList>";
    assert!(wrong(FINDS, move |request| found(request, disordered)).await.contains("S13.2-order"));
}

#[tokio::test]
async fn finds_what_is_no_answer() {
    let html = |_: &str| Reply { http: 200, content_type: "text/html".to_owned(), body: b"<html/>".to_vec() };
    assert!(wrong(SUCCEEDS, html).await.contains("text/html"));
    assert!(wrong(SUCCEEDS, |_| simple(200, "<broken".to_owned())).await.contains("not well-formed"));
    assert!(
        wrong(SUCCEEDS, |request| Reply { http: 500, ..registered(request, "Success", "") })
            .await
            .contains("HTTP status 500")
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure() {
    let library = Library::with_case("test/case", SUCCEEDS);
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nowhere}/");
    let facts = Facts::defaults(&library).unwrap();
    let target =
        Target { registry: url.clone(), repository: url, credentials: Credentials::default(), facts };
    let target = [target];
    let report = run(&library, &target, None, |_| {}).await.unwrap();
    assert!(!report.is_green() && report.to_string().contains("S4.2-R2"), "{report}");
    assert!(run(&library, &target, Some("no such case"), |_| {}).await.is_err());
}

#[tokio::test]
async fn skips_what_the_server_does_not_offer_and_counts_it_apart() {
    let case = "title = 't'\nclauses = ['S4.2-R6']\nneeds = 'feed'\n[[steps]]\nregister = []\nexpect.status = 'Failure'";
    let library = Library::with_case("test/case", case);
    let facts = Facts::defaults(&library).unwrap();
    let (registry, repository) = ("http://127.0.0.1:9/".to_owned(), String::new());
    let target = Target { registry, repository, credentials: Credentials::default(), facts };
    let report = run(&library, &[target], None, |_| {}).await.unwrap();
    let Summary { passed, failed, skipped, covered, .. } = report.summary();
    // Beside the clause of the case, those that hold for every answer.
    assert_eq!((passed, failed, skipped), (0, 0, 1));
    let always = Clauses::of(&library).unwrap().0.values().filter(|clause| clause.always).count();
    assert_eq!(covered, always + 1);
    assert!(report.without_case.contains(&"S4.2-R2".to_owned()));
}

#[tokio::test]
async fn one_of_several_expectations_is_enough() {
    const EITHER: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = []\n[[steps.expect]]\nstatus = 'Success'\n[[steps.expect]]\nstatus = 'Failure'\ncodes = 'XDSRegistryError'";
    assert_eq!(wrong(EITHER, |request| registered(request, "Success", "")).await, "");
    assert_eq!(wrong(EITHER, |request| registered(request, "Failure", &error("XDSRegistryError"))).await, "");
    let found = wrong(EITHER, |request| registered(request, "Failure", &error("XDSRegistryBusy"))).await;
    assert!(found.contains("none of the 2 right answers"), "{found}");
}

#[tokio::test]
async fn a_case_without_expectation_is_broken() {
    let outcome = outcome(REGISTER, |request| registered(request, "Success", "")).await;
    assert!(matches!(&outcome, Outcome::Broken(reason) if reason.contains("can never fail")), "{outcome:?}");
}

#[tokio::test]
async fn every_case_can_be_composed_and_every_expectation_read() {
    let wrong = check(&Library::built_in()).await.unwrap();
    let wrong: Vec<_> = wrong.iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_sloppy_case_is_noticed() {
    let sloppy = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = [{ is = 'set', id = 'same' }, { is = 'stored', id = 'same' }]\nexpect.status = 'Success'";
    let unknown =
        "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = ['sett']\nexpect.status = 'Success'";
    let kind = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = []\nexpect.kind = { 'entry/@id' = 'colour' }";
    for (case, reason) in [(sloppy, "twice"), (unknown, "no fragment \"sett\""), (kind, "no kind")] {
        let wrong = check(&Library::with_case("test/case", case)).await.unwrap();
        assert!(wrong[0].to_string().contains(reason), "{}", wrong[0]);
    }
    let clause = "title = 't'\nclauses = ['S9']\nsteps = []";
    assert!(check(&Library::with_case("test/case", clause)).await.unwrap_err().to_string().contains("S9"));
    let key = "title = 't'\nclauses = []\nstep = []";
    assert!(check(&Library::with_case("test/case", key)).await.is_err());
}

#[test]
fn the_library_is_large_and_its_names_are_unique() {
    let library = Library::built_in();
    let court = Court::of(&library).unwrap();
    let ids: BTreeSet<_> = court.trials.iter().map(|trial| &trial.id).collect();
    assert_eq!(ids.len(), court.trials.len());
    assert!(library.cases().count() >= 250 && ids.len() >= 650);
    assert!(court.trials.iter().all(|trial| !trial.case.clauses.is_empty()));
}

/// A server that has one answer to everything, whatever the transaction.
fn stubborn(status: &'static str, errors: &'static str) -> impl Fn(&str) -> Reply + Send + Sync {
    move |request| {
        let status = format!("status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:{status}\"");
        let registry = format!("<rs:RegistryResponse {status}>{errors}</rs:RegistryResponse>");
        let query = format!(
            "<q:AdhocQueryResponse {status}>{errors}<rim:RegistryObjectList/></q:AdhocQueryResponse>"
        );
        let action = request.split_once("mustUnderstand=\"1\">").map_or("", |(_, rest)| rest);
        let action = action.split_once('<').map_or("", |(action, _)| action);
        let body = match action {
            "urn:ihe:iti:2007:RegistryStoredQuery" => query,
            "urn:ihe:iti:2007:RetrieveDocumentSet" => {
                format!("<x:RetrieveDocumentSetResponse>{registry}</x:RetrieveDocumentSetResponse>")
            }
            _ => registry,
        };
        let id = request.split_once("<wsa:MessageID>").map_or("", |(_, rest)| rest);
        let id = id.split_once('<').map_or("", |(id, _)| id);
        let envelope = envelope(&format!("{action}Response"), id, &body);
        if request.starts_with("--") {
            let body = format!(
                "--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n{envelope}\r\n--b--\r\n"
            );
            let content_type = "multipart/related; boundary=b; type=\"application/xop+xml\"; start-info=\"application/soap+xml\"";
            return Reply { http: 200, content_type: content_type.to_owned(), body: body.into_bytes() };
        }
        simple(200, envelope)
    }
}

/// A server of HL7 v2 that acknowledges everything alike; its URL.
async fn fake_mllp(code: &'static str) -> String {
    answering(move |message| {
        let field =
            |number: usize| message.split('\r').next().unwrap().split('|').nth(number).unwrap_or_default();
        let (us, them) = (format!("{}|{}", field(4), field(5)), format!("{}|{}", field(2), field(3)));
        let header = format!("MSH|^~\\&|{us}|{them}|20240101||ACK|1|{}|{}", field(10), field(11));
        format!("\u{b}{header}\rMSA|{code}|{}\r\u{1c}\r", field(9))
    })
    .await
}

/// A server that says to each frame of MLLP what `reply` makes of the message in it; its URL.
async fn answering(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mllp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut message = Vec::new();
            while let Ok(byte) = stream.read_u8().await {
                message.push(byte);
                if message.ends_with(b"\x1c\r") {
                    let text = String::from_utf8_lossy(&message).into_owned();
                    let answer = reply(text.split_once('\u{b}').map_or(text.as_str(), |(_, text)| text));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    message.clear();
                }
            }
        }
    });
    url
}

/// What was found wrong with the acknowledgement of a message.
async fn misread(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    const FEEDS: &str = "title = 't'\nclauses = ['S10.5-ack']\n[[steps]]\nfeed = ['MSH|^~\\&|A|B|C|D|20240101||ADT^A01|4711|P|2.3.1', 'PID|||x']\nexpect = { ack = 'AE', texts = [['PID-3']] }";
    let library = Library::with_case("test/case", FEEDS);
    let facts = Facts::defaults(&library).unwrap();
    let facts = Facts { mllp: Some(answering(reply).await), ..facts };
    let (registry, repository) = (String::new(), String::new());
    let target = Target { registry, repository, credentials: Credentials::default(), facts };
    match &run(&library, &[target], None, |_| {}).await.unwrap().cases[0].outcome {
        Outcome::Passed => String::new(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn finds_an_acknowledgement_that_is_none_or_says_too_little() {
    const RIGHT: &str =
        "\u{b}MSH|^~\\&|C|D|A|B|20240101||ACK^A01|1|P|2.3.1\rMSA|AE|4711|PID-3 has no id\r\u{1c}\r";
    assert_eq!(misread(|_| RIGHT.to_owned()).await, "");
    for (from, to, finding) in [
        ("MSA|AE", "MSA|AA", "MSA-1"),
        ("|4711|", "|4712|", "MSA-2"),
        ("PID-3", "something", "is not named"),
        ("ACK^A01", "ADT^A01", "MSH-9"),
        ("C|D|A|B", "A|B|C|D", "MSH-5"),
        ("\u{b}", "", "no frame"),
        ("|1|P|", "||P|", "MSH-10"),
    ] {
        let found = misread(move |_| RIGHT.replace(from, to)).await;
        assert!(found.contains(finding), "{from} to {to}: {found}");
    }
}

#[tokio::test]
async fn of_several_errors_each_text_needs_one_of_its_own() {
    const NAMES: &str = "title = 't'\nclauses = ['S4.2-R2']\n[[steps]]\nregister = []\nexpect = { status = 'Failure', texts = [['why'], ['why']] }";
    let found = wrong(NAMES, |request| registered(request, "Failure", &error("XDSRegistryError"))).await;
    assert!(found.contains("no error names [\"why\"]"), "{found}");
    let one = error("XDSRegistryError").replace("</rs:RegistryErrorList>", "");
    let twice = format!("{one}{}", error("XDSRegistryError").replace("<rs:RegistryErrorList>", ""));
    assert_eq!(wrong(NAMES, move |request| registered(request, "Failure", &twice)).await, "");
}

#[tokio::test]
async fn a_case_goes_to_the_first_server_that_has_what_it_needs() {
    let case = "title = 't'\nclauses = ['S4.2-R6']\nneeds = 'feed'\n[[steps]]\nregister = []\nexpect.status = 'Failure'";
    let library = Library::with_case("test/case", case);
    let facts = Facts::defaults(&library).unwrap();
    let url = fake(|request| registered(request, "Failure", &error("XDSRegistryError"))).await;
    let target = |url: &str, facts: &Facts| Target {
        registry: url.to_owned(),
        repository: url.to_owned(),
        credentials: Credentials::default(),
        facts: facts.clone(),
    };
    let feed = Facts { offers: vec!["feed".to_owned()], ..facts.clone() };
    let targets = [target("http://127.0.0.1:9/", &facts), target(&url, &feed)];
    let report = run(&library, &targets, None, |_| {}).await.unwrap();
    assert_eq!(report.cases[0].outcome, Outcome::Passed);
    let report = run(&library, &targets[..1], None, |_| {}).await.unwrap();
    assert!(matches!(report.cases[0].outcome, Outcome::Skipped(_)));
}

/// The cases that a server passes.
async fn passed(
    reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ack: &'static str,
) -> BTreeSet<String> {
    let library = Library::built_in();
    let court = Court::of(&library).unwrap();
    let url = fake(reply).await;
    let facts = Facts::defaults(&library).unwrap();
    let facts = facts.with_everything(court.trials.iter().flat_map(|trial| &trial.case.needs));
    let facts = Facts { dead_repository: Some(url.clone()), mllp: Some(fake_mllp(ack).await), ..facts };
    let target =
        Target { registry: url.clone(), repository: url, credentials: Credentials::default(), facts };
    let report = run(&library, &[target], None, |_| {}).await.unwrap();
    let passed = report.cases.into_iter().filter(|case| case.outcome == Outcome::Passed);
    passed.map(|case| case.id).collect()
}

#[tokio::test]
async fn every_case_can_fail() {
    const ODD: &str = "<rs:RegistryErrorList><rs:RegistryError errorCode=\"XDSOdd\" codeContext=\"why\"/></rs:RegistryErrorList>";
    let yes = passed(stubborn("Success", ""), "AA").await;
    let no = passed(stubborn("Failure", ODD), "AR").await;
    let both: Vec<_> = yes.intersection(&no).collect();
    assert!(both.is_empty(), "these cases accept both always yes and always no: {both:?}");
    assert!(!yes.is_empty(), "the stubborn server is not understood");
}
