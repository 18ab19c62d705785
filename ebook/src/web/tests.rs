//! Pages as a browser gets them, from a book whose communities are invented.

use std::time::Duration;

use actors::transactions::PatientFeed;
use database::Location;
use registry::{PatientPolicy, Policy, Registry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::Config;
use crate::history::tests::{charlottes_communities, charlottes_ids, two_reports_of_one_event};
use crate::history::{Community, ReportCache};

struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn says(&self, expected: &[&str]) -> &Self {
        for text in expected {
            assert!(self.body.contains(text), "{text:?} is not in\n{}", self.body);
        }
        self
    }
}

/// A book on a free port, whose registry knows Charlotte by her Belgian number.
struct Shop {
    address: std::net::SocketAddr,
    _data: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        Self::open_with(charlottes_communities(), ReportCache::default()).await
    }

    async fn open_with(communities: Vec<Community>, cache: ReportCache) -> Self {
        Self::open_at("127.0.0.1:8080", communities, cache).await
    }

    async fn open_at(listen: &str, communities: Vec<Community>, cache: ReportCache) -> Self {
        let data = tempfile::tempdir().unwrap();
        let location = Location::file(data.path().join("registry.sqlite"));
        let policy = Policy { patients: PatientPolicy::Accept, domain: metadata::CurrentDomain::default() };
        let registry = Registry::open(&location, policy).await.unwrap();
        let [belgian, french] = charlottes_ids();
        registry.feed(PatientFeed::of(&belgian)).await.unwrap();
        let markup = PatientId::new("<script>alert(1)</script>/\"&", belgian.authority().clone()).unwrap();
        registry.feed(PatientFeed::of(&markup)).await.unwrap();
        let mut config = Config::default();
        config.web.listen = listen.parse().unwrap();
        config.node.name = "Ziekenhuis <Test>".to_owned();
        let ids = [belgian, french].map(crate::config::Text).to_vec();
        config.same_person.push(crate::config::SamePerson { ids });
        let book = Book {
            config,
            communities,
            registry: Some(Arc::new(registry)),
            deadline: Duration::from_millis(300),
            cache,
        };
        Self::serving(pages(Arc::new(book)).layer(middleware::from_fn(protect)), data).await
    }

    async fn serving(router: Router, data: tempfile::TempDir) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, _data: data }
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &format!("Host: {}\r\n", self.address)).await
    }

    async fn get_with(&self, path: &str, headers: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers: head.to_ascii_lowercase(), body: body.to_owned() }
    }
}

fn charlotte() -> String {
    format!(
        "/book/patients/{}%5E%5E%5E%26{}%26ISO",
        charlottes_ids()[0].id(),
        charlottes_ids()[0].authority()
    )
}

#[tokio::test]
async fn shows_a_history_with_its_gaps() {
    let page = Shop::open().await.get(&charlotte()).await;
    assert_eq!(page.status, 200);
    page.says(&[
        "<html lang=\"en\">",
        "Specimen, Charlotte",
        "Centre Hospitalier Sainte-Fictive",
        "Ziekenhuis Sint-Voorbeeld",
        "This history is incomplete.",
        "<strong>Clinique du Silence</strong>: Did not answer.",
        "no answer within 0.3 s",
        "Report cannot be read",
        "1.2.3.4.99",
        "<abbr title=\"Dose length product\">DLP</abbr>",
        "mGy·cm",
        "total stated by the report",
        "role=\"img\" aria-labelledby=\"dose-length-product-title dose-length-product-text\"",
        "Average glandular dose, left breast over time, in mGy",
        "<desc id=\"average-glandular-dose-right-breast-text\">From 8 Oct 2024 to 8 Oct 2024.",
        "<time datetime=\"2024-03-12T09:21\">12 Mar 2024, 09:21</time>",
        "these pages can only be opened on this machine",
    ]);
    let samples = dose::sample::all();
    for sample in samples.iter().filter(|sample| sample.patient == &dose::sample::CHARLOTTE) {
        page.says(&[&sample.sop_instance_uid]);
    }
    assert!(!page.body.contains("<script") && !page.body.contains("style="), "{}", page.body);
}

#[tokio::test]
async fn speaks_the_language_that_is_asked_for() {
    let shop = Shop::open().await;
    let host = format!("Host: {}\r\n", shop.address);
    let dutch = shop.get_with(&charlotte(), &format!("{host}Accept-Language: nl-BE,en;q=0.5\r\n")).await;
    dutch.says(&[
        "<html lang=\"nl\">",
        "Deze geschiedenis is onvolledig.",
        "Dosislengteproduct",
        "Heeft niet geantwoord",
    ]);
    let french =
        shop.get_with(&format!("{}?lang=fr", charlotte()), &format!("{host}Accept-Language: nl\r\n")).await;
    french.says(&[
        "<html lang=\"fr\">",
        "Cet historique est incomplet.",
        "Produit dose-longueur",
        "href=\"/book?lang=fr\"",
    ]);
}

#[tokio::test]
async fn lists_and_searches_patients_and_escapes_what_they_are_called() {
    let shop = Shop::open().await;
    let list = shop.get("/book").await;
    list.says(&[
        "71040199905",
        "&#60;script&#62;",
        "%3Cscript%3Ealert%281%29%3C%2Fscript%3E%2F%22%5CT%5C%5E",
        "Ziekenhuis &#60;Test&#62;",
    ]);
    assert!(!list.body.contains("<script"), "{}", list.body);
    assert!(!shop.get("/book?q=script").await.body.contains("71040199905"));
    let whole = format!("/book?q={}", charlotte().trim_start_matches("/book/patients/"));
    assert!(shop.get(&whole).await.says(&["71040199905"]).body.contains("Show all"));
    shop.get("/book?q=nobody%22%3E")
        .await
        .says(&["No patient known to this node", "value=\"nobody&#34;&#62;\""]);
    let path = "/book/patients/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%2F%22%5CT%5C%5E%5E%5E%262.16.840.1.113883.19.32.2%26ISO";
    let page = shop.get(path).await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script"), "{}", page.body);
}

#[tokio::test]
async fn says_that_a_patient_or_a_page_is_not_known() {
    let shop = Shop::open().await;
    let unknown = shop.get("/book/patients/X%5E%5E%5E%261.2.3%26ISO").await;
    assert_eq!(unknown.status, 404);
    unknown.says(&["Unknown patient", "This node knows no patient X^^^&#38;1.2.3&#38;ISO."]);
    let wrong = shop.get("/book/patients/%3Cb%3E").await;
    assert_eq!(wrong.status, 404);
    wrong.says(&["Not a patient identifier", "&#60;b&#62;"]);
    let nothing = shop.get("/nowhere").await;
    assert_eq!(nothing.status, 404);
    nothing.says(&["Page not found", "<html lang=\"en\">"]);
    let elsewhere = shop.get("//elsewhere.example/").await;
    assert_eq!(elsewhere.status, 404);
    assert!(!elsewhere.body.contains("elsewhere.example"), "{}", elsewhere.body);
}

#[tokio::test]
async fn forbids_scripts_frames_and_copies() {
    let shop = Shop::open().await;
    for path in [charlotte().as_str(), "/book", "/nowhere"] {
        let page = shop.get(path).await;
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(page.headers.contains(header), "{header} is not in\n{}", page.headers);
        }
    }
    let style = shop.get("/book.css").await;
    assert!(
        style.headers.contains("content-type: text/css") && style.headers.contains("max-age"),
        "{}",
        style.headers
    );
}

#[tokio::test]
async fn answers_a_loopback_listener_only_by_a_name_of_this_machine() {
    let shop = Shop::open().await;
    for host in ["Host: rebound.example\r\n", "Host: 127.0.0.1.example:80\r\n", "Host: localhost.example\r\n"]
    {
        assert_eq!(shop.get_with("/book", host).await.status, 421, "{host}");
    }
    for host in
        ["Host: LOCALHOST\r\n", "Host: localhost:8080\r\n", "Host: [::1]:8080\r\n", "Host: 127.0.0.1\r\n"]
    {
        assert_eq!(shop.get_with("/book", host).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn says_who_can_open_the_pages() {
    let shop = Shop::open_at("192.0.2.1:8080", Vec::new(), ReportCache::default()).await;
    let page = shop.get("/book").await;
    page.says(&["whoever reaches this address can read these pages"]);
    assert!(!page.body.contains("only be opened on this machine"), "{}", page.body);
}

#[tokio::test]
async fn leads_from_the_root_to_the_book() {
    let answer = Shop::open().await.get("/").await;
    assert_eq!(answer.status, 303);
    assert!(answer.headers.contains("location: /book"), "{}", answer.headers);
}

#[tokio::test]
async fn leads_from_a_report_that_is_not_counted_to_the_one_that_is() {
    let (community, cache) = two_reports_of_one_event();
    let shop = Shop::open_with(vec![community], cache).await;
    let page = shop.get(&charlotte()).await;
    page.says(&[
        "<tr class=\"uncounted\">",
        "Not counted again: its irradiation events are all in report <a class=\"ordinal\" href=\"#report-1\">1</a>",
        "<article id=\"report-2\"",
        "every report was read",
    ]);
    assert_eq!(page.body.matches("<strong>30</strong> mGy·cm").count(), 1, "{}", page.body);
}

#[tokio::test]
async fn warns_of_reports_that_may_not_be_of_one_person() {
    let (community, cache) = two_reports_of_one_event();
    let shop = Shop::open_with(vec![community], cache).await;
    shop.get(&charlotte()).await.says(&[
        "These reports may not all be of one person. Sex: male (1.2); female (1.1)",
        "role=\"alert\"",
    ]);
}

#[tokio::test]
async fn says_that_nobody_was_asked() {
    let page = Shop::open_with(Vec::new(), ReportCache::default()).await.get(&charlotte()).await;
    page.says(&["This history is incomplete.", "Nobody was asked", "No dose report was found."]);
    assert!(!page.body.contains("Every institution answered"), "{}", page.body);
}

#[tokio::test]
async fn says_whether_the_node_lives_and_is_ready() {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.node.data = data.path().join("node");
    let node = Node::open(config).await.unwrap_or_else(|failure| panic!("{failure}"));
    let shop = Shop::serving(router(Arc::new(node)), data).await;
    // Probes come by whatever name the node has.
    assert_eq!(shop.get_with("/healthz", "Host: 10.0.0.7\r\n").await.status, 200);
    let ready = shop.get_with("/readyz", "Host: 10.0.0.7\r\n").await;
    assert_eq!(ready.status, 200, "{}", ready.body);
    ready.says(&["registry: ready", "repository: ready"]);
    shop.get("/book").await.says(&["This node knows no patient yet."]);
}
