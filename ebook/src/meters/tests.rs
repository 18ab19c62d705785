use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn is_part_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The names of meters in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|character| !is_part_of_a_name(character));
    let is_name = |word: &&str| {
        ["dosebook_", "process_"].iter().any(|prefix| word.starts_with(prefix) && word.len() > prefix.len())
    };
    words.filter(is_name).map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The names that stand as whole literals in the code of the program, this list excepted.
fn counted() -> BTreeSet<String> {
    let mut files = Vec::new();
    for member in fs::read_dir(root()).unwrap() {
        sources(&member.unwrap().path().join("src"), &mut files);
    }
    let mut counted = BTreeSet::new();
    for file in files.iter().filter(|file| !file.to_string_lossy().contains("meters/tests")) {
        let text = fs::read_to_string(file).unwrap();
        let text = if file.ends_with("ebook/src/meters.rs") {
            text.split_once("/// Where everything in this process").unwrap().1.to_owned()
        } else {
            text
        };
        let literals = text.split('"').skip(1).step_by(1);
        counted.extend(literals.filter(|literal| names(literal).contains(*literal)).map(str::to_owned));
    }
    counted
}

fn known() -> BTreeMap<&'static str, &'static Meter> {
    METERS.iter().map(|meter| (meter.name, meter)).collect()
}

#[test]
fn the_code_counts_exactly_what_is_listed() {
    let known: BTreeSet<String> = known().into_keys().map(str::to_owned).collect();
    assert_eq!(known.len(), METERS.len(), "a name stands twice");
    assert_eq!(counted(), known);
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for Meter { name, kind, .. } in METERS {
        match kind {
            Kind::Counter => assert!(name.ends_with("_total"), "{name}"),
            Kind::Gauge => assert!(!name.ends_with("_total"), "{name}"),
            Kind::Histogram(buckets) => {
                assert!(name.ends_with("_seconds") || name.ends_with("_writes"), "{name}");
                assert!(buckets.is_sorted() && buckets.len() < 20, "{name}");
            }
        }
    }
}

#[test]
fn the_manual_describes_every_meter() {
    let manual = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let rows: BTreeSet<&str> = manual.lines().filter(|line| line.starts_with("| `")).collect();
    for Meter { name, kind, meaning } in METERS {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let (start, text) = (format!("| `{name}` | {kind} |"), format!("| {meaning}."));
        let is_here = rows.iter().any(|row| row.starts_with(&start) && row.contains(&text));
        assert!(is_here, "not in docs/operations.md: {start} ... {text}");
    }
    let described: BTreeSet<String> = rows.iter().flat_map(|row| names(row)).collect();
    let unknown: Vec<_> = described.iter().filter(|name| !known().contains_key(name.as_str())).collect();
    assert!(unknown.is_empty(), "docs/operations.md describes what is not counted: {unknown:?}");
}

#[test]
fn the_dashboard_shows_only_what_is_counted() {
    let text = fs::read_to_string(root().join("docs/dashboards/dosebook.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(expressions.len() >= 10, "{expressions:?}");
    for name in expressions.iter().flat_map(|expression| names(expression)) {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        let histogram = base.and_then(|base| known().get(base).copied());
        let is_histogram = histogram.is_some_and(|meter| matches!(meter.kind, Kind::Histogram(_)));
        let is_plain =
            known().get(name.as_str()).is_some_and(|meter| !matches!(meter.kind, Kind::Histogram(_)));
        assert!(is_histogram || is_plain, "{name} is not counted");
    }
}

#[test]
fn histograms_have_the_buckets_that_are_listed() {
    recorder();
    metrics::histogram!("dosebook_commit_writes", "keeper" => "test").record(5.0);
    let text = text();
    for line in [
        "# HELP dosebook_commit_writes Writes that shared a commit",
        "# TYPE dosebook_commit_writes histogram",
        "dosebook_commit_writes_bucket{keeper=\"test\",le=\"4\"} 0",
        "dosebook_commit_writes_bucket{keeper=\"test\",le=\"8\"} 1",
        "# TYPE dosebook_build_info gauge",
        "# TYPE process_resident_memory_bytes gauge",
        "# TYPE process_open_fds gauge",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

/// What a transaction pays, in nanoseconds: `cargo test --release -p ebook meters -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn what_counting_costs() {
    recorder();
    let begun = std::time::Instant::now();
    let rounds: u32 = 200_000;
    for round in 0..rounds {
        metrics::counter!(
            "dosebook_transactions_total",
            "transaction" => "ITI-42", "side" => "answering", "outcome" => "success"
        )
        .increment(1);
        metrics::histogram!("dosebook_transaction_seconds", "transaction" => "ITI-42", "side" => "answering")
            .record(f64::from(round));
        if round % 10_000 == 0 {
            recorder().run_upkeep();
        }
    }
    println!("a transaction: {} ns", begun.elapsed().as_nanos() / u128::from(rounds));
}
