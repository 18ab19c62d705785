use metadata::DocumentEntry;
use soap::server::Service;

use super::*;

async fn node(folder: &std::path::Path, text: &str) -> Node {
    let file = folder.join("node.toml");
    fs::write(&file, text).unwrap();
    let mut config = Config::load(Some(&file), []).unwrap();
    config.node.data = folder.join("data");
    Node::open(config).await.unwrap()
}

/// Why the document of an entry cannot be fetched by a node that is its own community.
async fn not_fetched(node: &Node, repository: &str) -> String {
    let [own] = &node.communities[..] else { panic!("{} communities", node.communities.len()) };
    let mut entry: DocumentEntry = metadata::sample().entries.remove(0);
    entry.repository_unique_id = Some(repository.parse().unwrap());
    own.consumer.fetch(&entry).await.err().unwrap().to_string()
}

#[tokio::test]
async fn a_registry_alone_is_a_community_of_its_book() {
    let folder = tempfile::tempdir().unwrap();
    let node =
        node(folder.path(), "[repository]\nenabled = false\n[domain]\npatient_authority = \"1.2\"").await;
    let [own] = &node.communities[..] else { panic!("{} communities", node.communities.len()) };
    assert_eq!(own.name, "dosebook");
    assert_eq!(own.patient_authority.to_string(), "1.2");
    let unknown = not_fetched(&node, "1.2.3").await;
    assert!(unknown.contains("the address of repository \"1.2.3\" is not configured"), "{unknown}");
}

#[tokio::test]
async fn a_registry_reaches_the_repositories_that_it_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let known = "[repository]\nenabled = false\n\
                 [[known_repository]]\nunique_id = \"1.2.3\"\nurl = \"https://127.0.0.1:1/repository\"";
    let tried = not_fetched(&node(folder.path(), known).await, "1.2.3").await;
    assert!(tried.starts_with("https://127.0.0.1:1/repository: "), "{tried}");
}

#[tokio::test]
async fn the_wsdl_of_each_actor_says_all_that_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), "").await;
    for (path, endpoint) in
        [(REGISTRY_PATH, &node.registry_endpoint), (REPOSITORY_PATH, &node.repository_endpoint)]
    {
        let wsdl = node.endpoints().description(path).unwrap().wsdl;
        let requests = wsdl.split("<input message=").skip(1);
        let mut said: Vec<&str> = requests
            .map(|request| request.split_once("wsam:Action=\"").unwrap().1.split_once('"').unwrap().0)
            .collect();
        let mut answered: Vec<&str> = endpoint.as_ref().unwrap().actions().collect();
        said.sort_unstable();
        answered.sort_unstable();
        assert_eq!(said, answered);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_data_folder_that_was_there_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    node(folder.path(), "").await;
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}
