//! Two hospitals share one patient; one of them goes away, and the other's book says so.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::{dosebook, get, run};

/// A demonstration that runs until it is dropped.
struct Demo {
    process: Child,
    printed: std::path::PathBuf,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let printed = folder.join("printed");
        let output = fs::File::create(&printed).unwrap();
        let mut demo = Command::new(dosebook());
        demo.args(["demo", "--data", "demo"]).current_dir(folder).stdin(Stdio::null());
        let demo = Self { process: demo.stdout(output).spawn().unwrap(), printed };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !demo.printed().contains("All of it happened") {
            assert!(Instant::now() < deadline, "the demo does not get there:\n{}", demo.printed());
            std::thread::sleep(Duration::from_millis(50));
        }
        demo
    }

    fn printed(&self) -> String {
        fs::read_to_string(&self.printed).unwrap_or_default()
    }

    /// What stands behind a label, for the first hospital and the second.
    fn both(&self, label: &str) -> [String; 2] {
        let printed = self.printed();
        let values = printed.lines().filter_map(|line| line.trim().split_once(label));
        let values: Vec<String> = values.map(|(_, value)| value.trim().to_owned()).take(2).collect();
        values.try_into().unwrap_or_else(|_| panic!("no two of {label:?} in:\n{printed}"))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// The address of a page by its URL.
fn page(url: &str, path: &str) -> String {
    let address = url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
    let (status, body) = get(address, path).unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

#[test]
fn a_book_shows_both_hospitals_and_names_the_one_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let [belgian, french] = demo.both(", process ");
    let [book, _] = demo.both("book ");
    let patients = page(&book, "/book");
    let patient = "71040199905%5E%5E%5E%262.16.840.1.113883.19.32.2%26ISO";
    assert!(patients.contains("71040199905"), "{patients}");

    let path = format!("/book/patients/{patient}?lang=en");
    let whole = page(&book, &path);
    for said in ["Ziekenhuis Sint-Voorbeeld", "Centre Hospitalier Sainte-Fictive", "Coronarographie"] {
        assert!(whole.contains(said), "{said} is not on the page");
    }
    assert!(!whole.contains("Did not answer"));

    assert!(Command::new("kill").args(["-KILL", &french]).status().unwrap().success());
    let rest = page(&book, &path);
    assert!(rest.contains("Did not answer.") && !rest.contains("Coronarographie"), "{rest}");
    assert!(rest.contains("CT thorax-abdomen"), "what the other hospital knows stays");
    assert_ne!(belgian, french);
}

#[test]
fn the_demo_runs_once_and_says_that_all_of_it_happened() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), ["demo", "--once"]);
    assert_eq!(output.code, 0, "{output:?}");
    for said in ["ITI-41", "ITI-42", "ITI-18", "ITI-43", "dose length product", "dose area product"] {
        assert!(output.stdout.contains(said), "{said} is not in {}", output.stdout);
    }
}
