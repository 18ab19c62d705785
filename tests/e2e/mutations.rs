//! The judge notices when a rule of the registry is missing: each is left out in turn, and a case must say so.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actors::audit::Audit;
use actors::endpoint::Endpoints;
use conformance::{Credentials, Facts, Library, Report, Target};
use database::Location;
use metadata::{CurrentDomain, Domain};
use registry::{PatientPolicy, Policy, Registry};
use soap::server::Server;
use soap::tls::{Identity, Trust, server_config};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// What is left out, and the case that must notice; what R1 to A5 are stands in `conformance/cases/clauses.toml`.
const MUTATIONS: [(&str, &str); 13] = [
    ("required_attributes_are_given", "iti-42/missing-entry-attribute/classCode"), // R2
    ("codes_are_allowed", "iti-42/unknown-code/classCode"),                        // R4
    ("authorities_are_ours", "iti-42/patient-of-another-authority"),               // R6
    ("patients_are_known", "iti-42/unknown-patient"),                              // R6
    ("all_are_of_one_patient", "iti-42/entry-of-another-patient"),                 // R7
    ("unique_ids_are_free", "iti-42/set-unique-id-known"),                         // R8
    ("documents_do_not_change", "iti-42/other-hash"),                              // R10
    ("all_are_members", "iti-42/no-membership/folder"),                            // R12
    ("targets_are_there", "iti-42/relationship-to-nothing/APND"),                  // R15
    ("ends_are_approved", "iti-42/deprecated-target/APND"),                        // R16
    ("ends_are_of_one_patient", "iti-42/relationship-across-patients/XFRM"),       // R17
    ("dependents_are_deprecated", "iti-42/replace-with-attachments/RPLC"),         // A4
    ("replacements_take_places", "iti-42/replace-in-two-folders/RPLC"),            // A5
];

/// A registry in this process, without one of its rules.
struct Judged {
    target: Target,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl Judged {
    async fn without(rule: Option<&str>, case: &str, library: &Library) -> Self {
        let mut facts = Facts::defaults(library).unwrap();
        facts.offers.extend(["feed", "codes"].map(str::to_owned));
        let strict = case.contains("patient-of") || case.ends_with("unknown-patient");
        let policy = Policy {
            patients: if strict { PatientPolicy::Feed } else { PatientPolicy::Accept },
            domain: CurrentDomain::new(domain(&facts)),
        };
        let folder = tempfile::tempdir().unwrap();
        let registry =
            Registry::open(&Location::file(folder.path().join("registry.db")), policy).await.unwrap();
        let registry = match rule {
            Some(rule) => registry.without_rule(rule).unwrap(),
            None => registry,
        };
        let endpoint = Arc::new(registry::endpoint(&Arc::new(registry), Audit::none()));

        let authority = certs::Authority::create("a registry").unwrap();
        let trust = authority.certificate();
        let issued = |request: certs::Request| authority.issue(&request).unwrap();
        let node = issued(certs::Request::node("registry", ["localhost"]));
        let identity = Identity::from_pem(node.certificates.as_bytes(), node.key.as_bytes()).unwrap();
        let tls = server_config(&identity, &Trust::from_pem(trust.as_bytes()).unwrap()).unwrap();
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), tls).await.unwrap();
        let url = format!("https://localhost:{}/registry", server.address().port());
        let judge = issued(certs::Request::person("judge"));
        let credentials = Credentials {
            certificates: judge.certificates.as_bytes().to_vec(),
            key: judge.key.as_bytes().to_vec(),
            trust: trust.as_bytes().to_vec(),
        };
        let endpoints = Arc::new(Endpoints::default().at("/registry", endpoint));
        let serving = tokio::spawn(server.serve(endpoints, std::future::pending()));
        Self {
            target: Target { registry: url.clone(), repository: url, credentials, facts },
            serving,
            _folder: folder,
        }
    }

    async fn verdict(self, case: &str, library: &Library) -> Report {
        let report = conformance::run(library, &[self.target], Some(case), |_| {}).await.unwrap();
        self.serving.abort();
        report
    }
}

/// An affinity domain with the judge's authority and its two class codes.
fn domain(facts: &Facts) -> Domain {
    let authority = &facts.assigning_authority;
    let classes = facts.codes.iter().filter(|(name, _)| name.starts_with("class"));
    let codes: Vec<_> = classes
        .map(|(_, class)| format!("{{ code = \"{}\", scheme = \"{}\" }}", class.code, class.scheme))
        .collect();
    let head = format!(
        "name = \"judged\"\npolicy = \"refuse\"\nauthorities = [{{ oid = \"{authority}\" }}]\n\
         [attributes.classCode]\ncodes = [{}]",
        codes.join(", ")
    );
    Domain::read(&[("domain.toml".to_owned(), head.into_bytes())].into()).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judge_notices_each_rule_that_is_left_out() {
    let library = Library::built_in();
    for (rule, case) in MUTATIONS {
        let report = Judged::without(None, case, &library).await.verdict(case, &library).await;
        let summary = report.summary();
        assert_eq!((summary.passed, report.cases.len()), (1, 1), "with {rule}: {report}");

        let report = Judged::without(Some(rule), case, &library).await.verdict(case, &library).await;
        assert_eq!(report.summary().failed, 1, "without {rule}, {case} is not red: {report}");
    }
}
