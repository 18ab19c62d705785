//! The judge finds nothing wrong with a node, whichever engine keeps what it is told.

use std::path::Path;

use tests::{Node, run};

#[test]
fn a_node_passes_every_case_of_the_judge() {
    let node = Node::start();
    let judged = node.run(["conform", &node.url("/registry"), &node.url("/repository")]);
    assert_eq!(judged.code, 0, "{}\n{}", judged.stdout, judged.stderr);
}

#[test]
fn the_page_of_the_documentation_is_what_a_run_of_every_case_says() {
    let judged = run(Path::new("."), ["conform", "--markdown"]);
    assert_eq!(judged.code, 0, "{}", judged.stderr);
    let page = include_str!("../../docs/conformance.md");
    assert!(judged.stdout == page, "`dosebook conform --markdown > docs/conformance.md`:\n{}", judged.stdout);
}
