//! The judge finds nothing wrong with a node, whichever engine keeps what it is told.

use tests::Node;

#[test]
fn a_node_passes_every_case_of_the_judge() {
    let node = Node::start();
    let judged = node.run(["conform", &node.url("/registry"), &node.url("/repository")]);
    assert_eq!(judged.code, 0, "{}\n{}", judged.stdout, judged.stderr);
}
