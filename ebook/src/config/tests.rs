use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(text, environment)
}

fn problem(text: &str) -> String {
    read(text, &[]).unwrap_err().join("\n")
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(read("", &[]).unwrap(), Config::default());
}

#[test]
fn an_unknown_key_is_refused_with_a_suggestion() {
    assert_eq!(
        problem("[soap]\nlisen = \"127.0.0.1:1\""),
        "soap.lisen: there is no such key; did you mean \"listen\"?"
    );
    assert_eq!(
        problem("[repo]\n"),
        "repo: there is no such section; expected one of node, soap, web, mllp, identity, database, registry, repository, s3, domain, codes, institution, known_repository, community, same_person"
    );
    assert_eq!(problem("[registy]\n"), "registy: there is no such section; did you mean \"registry\"?");
    let community =
        "[[community]]\nname = \"B\"\npatient_authority = \"1.2\"\nregistry = \"https://b/registry\"\n";
    let misspelt =
        format!("{community}[[community.repository]]\nunique_ids = \"1.2\"\nurl = \"https://b/r\"");
    assert_eq!(
        problem(&misspelt),
        "community.repository.unique_ids: there is no such key; did you mean \"unique_id\"?"
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let problems = read(
        "[soap]\nlisten = \"everywhere\"\n[domain]\npatient_authority = \"one\"\n[registry]\npatients = \"some\"",
        &[("DOSEBOOK__WEB__PORT", "1")],
    );
    let problems = problems.unwrap_err();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems[0].starts_with("DOSEBOOK__WEB__PORT: no key \"port\" in [web]"), "{}", problems[0]);
    let all = problems.join("\n");
    for part in ["soap.listen = \"everywhere\"", "'one' is not an OID", "`accept` or `feed`"] {
        assert!(all.contains(part), "{part} in {all}");
    }
}

#[test]
fn the_environment_goes_over_the_file() {
    let environment = [
        ("DOSEBOOK__NODE__NAME", "12"),
        ("DOSEBOOK__SOAP__LISTEN", "0.0.0.0:9443"),
        ("DOSEBOOK__REGISTRY__ENABLED", "true"),
        ("DOSEBOOK__REPOSITORY__MAX_DOCUMENT", "1000"),
        ("DOSEBOOK__DOMAIN__PATIENT_AUTHORITY", "1.2"),
        ("DOSEBOOK__NODE__HOSTS", "[\"a.example\", \"b.example\"]"),
        ("HOME", "/"),
    ];
    let config = read("[node]\nname = \"file\"\n[registry]\nenabled = false", &environment).unwrap();
    assert_eq!(config.node.name, "12");
    assert_eq!(config.soap.listen.to_string(), "0.0.0.0:9443");
    assert!(config.registry.enabled);
    assert_eq!(config.repository.max_document, 1000);
    assert_eq!(config.domain.patient_authority.unwrap().to_string(), "1.2");
    assert_eq!(config.node.hosts, ["a.example", "b.example"]);
}

#[test]
fn a_section_that_a_variable_cannot_set_is_refused() {
    let problems = read("", &[("DOSEBOOK__COMMUNITY__NAME", "B"), ("DOSEBOOK__NODE", "x")]).unwrap_err();
    assert!(problems[0].starts_with("DOSEBOOK__COMMUNITY__NAME: no section \"community\""), "{problems:?}");
    assert!(problems[1].starts_with("DOSEBOOK__NODE: no key \"\" in [node]"), "{problems:?}");
}

#[test]
fn keys_that_do_not_go_together_are_refused() {
    assert!(problem("[identity]\ncertificate = \"a.pem\"").contains("give all three, or none"));
    assert!(problem("[registry]\nenabled = false").contains("give the URL of a registry"));
    let nothing = problem("[registry]\nenabled = false\n[repository]\nenabled = false");
    assert!(nothing.contains("nothing is left to serve"), "{nothing}");
    let blind = problem("[repository]\nregistry = \"https://r.example:8443/registry\"");
    assert!(blind.contains("set registry.enabled = false"), "{blind}");
    let elsewhere =
        "[registry]\nenabled = false\n[repository]\nregistry = \"https://r.example:8443/registry\"";
    assert!(read(elsewhere, &[]).is_ok());
}

#[test]
fn a_registry_elsewhere_may_have_a_url_for_each_transaction() {
    let each = "{ ITI-42 = \"https://r.example/iti42\", ITI-18 = \"https://r.example/iti18\" }";
    let without = "[registry]\nenabled = false\n";
    let text = format!("{without}[repository]\nregistry = {each}");
    let config = read(&text, &[]).unwrap();
    let RegistryAt::Each(urls) = &config.repository.registry else { panic!("{:?}", config.repository) };
    assert_eq!(urls.register.as_str(), "https://r.example/iti42");
    assert_eq!(urls.query.as_str(), "https://r.example/iti18");
    assert_eq!(read(without, &[("DOSEBOOK__REPOSITORY__REGISTRY", each)]).unwrap(), config);
    let shown = toml::to_string_pretty(&config.effective()).unwrap();
    assert_eq!(read(&shown, &[]).unwrap(), config.effective(), "{shown}");
    for (wrong, expected) in [
        ("{ ITI-42 = \"https://r.example\" }", "missing field `ITI-18`"),
        ("{ ITI-42 = \"https://r.example\", ITI-18 = \"here\" }", "\"here\" is not the address of an actor"),
        ("{ ITI-41 = \"https://r.example\" }", "unknown field `ITI-41`"),
        ("[]", "\"local\", a URL, or { ITI-42"),
    ] {
        let said = problem(&format!("{without}[repository]\nregistry = {wrong}"));
        assert!(said.starts_with("repository.registry = ") && said.contains(expected), "{said}");
    }
}

#[test]
fn names_that_tell_nobody_apart_are_refused() {
    let community = |name| {
        format!(
            "[[community]]\nname = \"{name}\"\npatient_authority = \"1.2\"\nregistry = \"https://b/registry\"\n"
        )
    };
    assert!(read(&(community("B") + &community("C")), &[]).is_ok());
    for text in [community("B") + &community("B"), community("dosebook")] {
        assert!(problem(&text).contains("has that name"), "{text}");
    }
    assert!(problem(&community(" ")).contains("community.name is empty"));
    assert!(problem("[node]\nname = \"\"").contains("node.name is empty"));
}

#[test]
fn a_host_has_no_scheme_port_or_path() {
    let hosts = |host| format!("[node]\nhosts = [\"{host}\"]");
    for host in ["xds.example", "192.0.2.1", "2001:db8::1"] {
        assert!(read(&hosts(host), &[]).is_ok(), "{host}");
    }
    for host in ["https://xds.example", "xds.example:8443", "xds.example/registry", ""] {
        assert!(problem(&hosts(host)).contains("is no host name and no address"), "{host}");
    }
}

#[test]
fn a_largest_document_fits_into_a_message() {
    for size in [0, soap::limits::MESSAGE + 1] {
        let text = format!("[repository]\nmax_document = {size}");
        assert!(problem(&text).contains("repository.max_document"), "{text}");
    }
}

const SHARED: &str = "[domain]\npatient_authority = \"1.2\"\n[repository]\nunique_id = \"1.3\"\n";
const BUCKET: &str = "documents = \"s3://dose/reports\"\n[s3]\n";

#[test]
fn nodes_that_share_a_database_or_a_bucket_agree_on_their_identifiers() {
    let database = "[database]\nurl = \"postgres://ann:s3cret@db/xds?sslmode=verify-full\"\n";
    let alone = read(database, &[]).unwrap_err();
    assert_eq!(alone.len(), 2, "{alone:?}");
    assert!(
        alone[0].starts_with("domain.patient_authority is not given, but database.url is given"),
        "{alone:?}"
    );
    assert!(alone[1].starts_with("repository.unique_id is not given"), "{alone:?}");
    assert!(read(&format!("{SHARED}{database}"), &[]).is_ok());
    let keys = "access_key_id = \"k\"\nsecret_access_key = \"s\"";
    assert!(problem(&format!("[repository]\n{BUCKET}{keys}")).contains("repository.documents is a bucket"));
    assert!(read(&format!("{SHARED}{BUCKET}{keys}"), &[]).is_ok());
}

#[test]
fn a_bucket_is_opened_with_keys_of_the_file_or_of_the_usual_variables() {
    let bucket = format!("{SHARED}{BUCKET}");
    assert!(problem(&bucket).contains("s3.access_key_id and s3.secret_access_key are needed"));
    let usual = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "s3cret"),
        ("AWS_DEFAULT_REGION", "eu-west-3"),
        ("AWS_ENDPOINT_URL", "https://s3.example:9000/"),
    ];
    let config = read(&bucket, &usual).unwrap();
    assert_eq!(config.s3.secret_access_key.unwrap().reveal(), "s3cret");
    assert_eq!(config.s3.region.as_deref(), Some("eu-west-3"));
    assert_eq!(config.s3.endpoint.unwrap().to_string(), "https://s3.example:9000");
    let own = format!("{bucket}access_key_id = \"own\"\n");
    assert_eq!(read(&own, &usual).unwrap().s3.access_key_id.as_deref(), Some("own"));
    assert_eq!(read("", &usual).unwrap(), Config::default(), "they mean nothing to a folder");
    assert!(problem("[s3]\nregion = \"eu-west-3\"").contains("repository.documents is not a bucket"));
}

#[test]
fn documents_are_in_a_folder_or_a_bucket() {
    let at = |text: &str| text.parse::<DocumentsAt>().map(|at| at.to_string());
    for place in ["/srv/documents", "documents", "s3://dose", "s3://dose/a/b"] {
        assert_eq!(at(place).as_deref(), Ok(place));
    }
    assert_eq!(at("s3://dose/a/").as_deref(), Ok("s3://dose/a"));
    for place in ["", "s3://", "s3:///a", "s3://dose/../a", "s3://dose/a//b", "s3://dö/a", "gs://dose"] {
        assert!(at(place).is_err(), "{place}");
    }
}

#[test]
fn documents_travel_over_tls_unless_the_service_is_on_this_machine() {
    let service = |url: &str| url.parse::<ServiceUrl>();
    for url in
        ["https://s3.example", "https://s3.example:9000/", "http://127.0.0.1:9000", "http://localhost:1"]
    {
        assert!(service(url).is_ok(), "{url}");
    }
    assert!(service("http://s3.example").unwrap_err().contains("https:// only"));
    let keys = service("https://id:s3cret@s3.example").unwrap_err();
    assert!(!keys.contains("s3cret"), "{keys}");
    for url in ["s3.example", "ftp://s3.example", "https://"] {
        assert!(service(url).is_err(), "{url}");
    }
}

#[test]
fn patients_data_travels_to_a_database_over_tls_unless_it_is_on_this_machine() {
    let database = |url: &str| format!("{SHARED}[database]\nurl = \"{url}\"\n");
    for url in [
        "postgres://ann@localhost/xds",
        "postgres://ann@127.0.0.1:6432/xds",
        "postgres:///xds?host=/run/postgresql",
        "postgres://ann:s3cret@db.example/xds?sslmode=verify-full&sslrootcert=ca.pem",
        "postgres://ann@db.example/xds?sslmode=verify-ca",
    ] {
        assert!(read(&database(url), &[]).is_ok(), "{url}");
    }
    for url in ["postgres://ann:s3cret@db.example/xds", "postgres://ann:s3cret@192.0.2.1/xds?sslmode=require"]
    {
        let refused = problem(&database(url));
        assert!(refused.starts_with("database.url: postgres://"), "{refused}");
        assert!(refused.contains("?sslmode=verify-full&sslrootcert=ca.pem"), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let text = format!(
        "{SHARED}{BUCKET}access_key_id = \"id\"\nsecret_access_key = \"s3cret\"\n\
         [database]\nurl = \"postgres://ann:s3cret@localhost/xds\""
    );
    let config = read(&text, &[]).unwrap();
    assert_eq!(config.database.url.as_ref().unwrap().reveal(), "postgres://ann:s3cret@localhost/xds");
    let shown = toml::to_string_pretty(&config.effective()).unwrap();
    let json = serde_json::to_string(&config).unwrap();
    for shown in [&shown, &json, &format!("{config:?}")] {
        assert!(!shown.contains("s3cret") && shown.contains("(hidden)"), "{shown}");
    }
    assert!(problem(&shown).contains("give the secret itself"), "it is not taken for the secret");
}

#[test]
fn no_secret_is_shown_when_it_cannot_be_used() {
    let wrong = [
        "[database]\nurl = \"mysql://ann:s3cret@db/xds\"",
        "[database]\nurl = [\"s3cret\"]",
        "[s3]\nsecret_access_key = { key = \"s3cret\" }",
        "[s3]\nsecret_access_key = \"s3cret",
        "[s3]\nsecret_access_key = s3cret\n",
        "[s3]\nsecret_access_key = \"s3cret\"\nsecret_access_key = \"s3cret\"",
    ];
    for text in wrong {
        let problem = problem(text);
        assert!(!problem.contains("s3cret"), "{problem}");
    }
    assert_eq!(
        problem("[s3]\nregion = \"a\nsecret_access_key = \"b\""),
        "line 2, column 12: invalid basic string, expected `\"`"
    );
    let number = read("[s3]\nsecret_access_key = 4711", &[]).unwrap_err().join("\n");
    assert!(number.starts_with("s3.secret_access_key: a text was expected"), "{number}");
}

#[test]
fn pools_and_paces_have_bounds() {
    for (text, key) in [
        ("[database]\nconnections = 0", "database.connections"),
        ("[database]\npooler = true", "database.pooler"),
        ("[repository]\nscrub_days = 4000", "repository.scrub_days"),
        ("[registry]\nmax_results = 0", "registry.max_results"),
        ("[registry]\nmax_results = 10001", "registry.max_results"),
    ] {
        assert!(problem(text).starts_with(key), "{text}");
    }
    assert!(read("[repository]\nscrub_days = 0", &[]).is_ok());
}

#[test]
fn a_repository_is_known_once() {
    let known = "[[known_repository]]\nunique_id = \"1.2.3\"\nurl = \"https://r.example:8443/repository\"\n";
    assert_eq!(read(known, &[]).unwrap().known_repository.len(), 1);
    assert!(problem(&known.repeat(2)).contains("known already"));
    assert!(problem(&format!("[repository]\nunique_id = \"1.2.3\"\n{known}")).contains("known already"));
}

#[test]
fn an_identifier_belongs_to_one_person_of_several() {
    let person = |ids| format!("[[same_person]]\nids = [{ids}]\n");
    let (a, b, c) = ("\"1^^^&1.2&ISO\"", "\"2^^^&1.3&ISO\"", "\"3^^^&1.4&ISO\"");
    assert!(read(&person(format!("{a}, {b}, {c}")), &[]).is_ok());
    assert!(problem(&person(a.to_owned())).contains("two or more were expected, 1 given"));
    let overlapping = person(format!("{a}, {b}")) + &person(format!("{b}, {c}"));
    assert!(problem(&overlapping).contains("2^^^&1.3&ISO is there twice"));
}

#[test]
fn a_partner_is_only_reached_over_tls() {
    let community =
        |url| format!("[[community]]\nname = \"B\"\npatient_authority = \"1.2\"\nregistry = \"{url}\"");
    assert!(read(&community("https://b.example:8443/registry"), &[]).is_ok());
    for url in ["http://b.example/registry", "b.example", "https://", ""] {
        assert!(problem(&community(url)).contains("is not the address of an actor"), "{url}");
    }
}

#[test]
fn a_community_without_its_registry_is_refused() {
    assert!(problem("[[community]]\nname = \"B\"").contains("missing field"));
}

#[test]
fn what_is_shown_can_be_read_again() {
    let text = "[[same_person]]\nids = [\"1^^^&1.2&ISO\", \"2^^^&1.3&ISO\"]\n[repository]\nunique_id = \"1.2.3\"\n\
                [domain]\ntime_zone = \"UTC\"\nlanguage = \"fr\"";
    let config = read(text, &[]).unwrap().effective();
    let shown = toml::to_string_pretty(&config).unwrap();
    assert_eq!(read(&shown, &[]).unwrap(), config, "{shown}");
}

/// A row of the tables in docs/configuration.md: key, default, environment, meaning.
fn documented() -> BTreeMap<String, [String; 3]> {
    let text = include_str!("../../../docs/configuration.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<String> =
            row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
        assert_eq!(cells.len(), 6, "{row}");
        (cells[1].clone(), [cells[2].clone(), cells[3].clone(), cells[4].clone()])
    })
    .collect()
}

fn existing() -> BTreeSet<String> {
    let sections = Section::single().into_iter().chain(Section::repeated());
    let keys =
        sections.flat_map(|section| section.keys.iter().map(move |key| format!("{}.{key}", section.name)));
    keys.filter(|key| key != "community.repository").collect()
}

#[test]
fn every_section_is_known() {
    let names = Section::single().map(|section| section.name);
    let known: BTreeSet<&str> =
        names.into_iter().chain(["known_repository", "community", "same_person"]).collect();
    assert_eq!(known, fields::of::<Config>().iter().copied().collect());
}

#[test]
fn every_key_is_documented_and_no_other() {
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), existing());
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let defaults = Table::try_from(Config::default()).unwrap();
    for (key, [default, _, meaning]) in documented() {
        let (section, name) = key.rsplit_once('.').unwrap();
        let value = defaults.get(section).and_then(|keys| keys.get(name));
        match value {
            Some(value) => assert_eq!(as_toml(&default).as_ref(), Some(value), "{key}"),
            // What has no value until a node makes it, or must be given, is said in words.
            None => assert!(default.starts_with('(') && default.ends_with(')'), "{key}: {default}"),
        }
        assert!(!meaning.is_empty(), "{key}");
    }
}

#[test]
fn the_documented_variables_are_read() {
    for (key, [_, variable, _]) in documented() {
        let (section, name) = key.rsplit_once('.').unwrap();
        if Section::single().iter().any(|single| single.name == section) {
            assert_eq!(variable, format!("{PREFIX}{}__{}", section.to_uppercase(), name.to_uppercase()));
        } else {
            assert_eq!(variable, "(file only)", "{key}");
        }
    }
}
