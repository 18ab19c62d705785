//! What actors say of themselves to those who write clients: WSDL 1.1 and the schemas that it imports, our own text of
//! them (ITI TF-2 appendix V).

use soap::server::Description;

/// `document-registry.wsdl`: ITI-18, ITI-42.
pub const DOCUMENT_REGISTRY: Description = Description {
    wsdl: include_str!("../wsdl/document-registry.wsdl"),
    address: "https://localhost:8443/registry",
    folder: FOLDER,
    schemas: SCHEMAS,
};

/// `document-repository.wsdl`: ITI-41, ITI-43.
pub const DOCUMENT_REPOSITORY: Description = Description {
    wsdl: include_str!("../wsdl/document-repository.wsdl"),
    address: "https://localhost:8443/repository",
    folder: FOLDER,
    schemas: SCHEMAS,
};

const FOLDER: &str = "schemas/";

const SCHEMAS: &[(&str, &str)] = &[
    ("lcm.xsd", include_str!("../wsdl/schemas/lcm.xsd")),
    ("query.xsd", include_str!("../wsdl/schemas/query.xsd")),
    ("rim.xsd", include_str!("../wsdl/schemas/rim.xsd")),
    ("rs.xsd", include_str!("../wsdl/schemas/rs.xsd")),
    ("xds-b.xsd", include_str!("../wsdl/schemas/xds-b.xsd")),
    ("xml.xsd", include_str!("../wsdl/schemas/xml.xsd")),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use soap::xml::{Element, Limits, Namespace};

    use super::*;
    use crate::transactions::{ProvideAndRegister, Register, Retrieve, StoredQuery, Transaction};

    const WSDL: Namespace = Namespace { uri: "http://schemas.xmlsoap.org/wsdl/", prefix: "wsdl" };
    const ADDRESSING: [Namespace; 2] = [
        Namespace { uri: "http://www.w3.org/2007/05/addressing/metadata", prefix: "wsam" },
        Namespace { uri: "http://www.w3.org/2006/05/addressing/wsdl", prefix: "wsaw" },
    ];

    fn read(text: &str) -> Element {
        Element::parse(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn all<'a>(element: &'a Element, local: &str, found: &mut Vec<&'a Element>) {
        for child in element.elements() {
            if child.name.local == *local {
                found.push(child);
            }
            all(child, local, found);
        }
    }

    fn named<'a>(root: &'a Element, local: &str) -> Vec<&'a Element> {
        let mut found = Vec::new();
        all(root, local, &mut found);
        found
    }

    /// The action of each operation's request, its element, and the action of the answer.
    fn operations(description: &Description) -> BTreeSet<(String, String, String)> {
        let root = read(description.wsdl);
        let elements: BTreeMap<&str, &str> = named(&root, "message")
            .into_iter()
            .map(|message| {
                let part = message.child(WSDL, "part").unwrap();
                (message.attribute("name").unwrap(), part.attribute("element").unwrap())
            })
            .collect();
        let port = root.child(WSDL, "portType").unwrap();
        let operations = port.children_named(WSDL, "operation").map(|operation| {
            let [request, answer] = ["input", "output"].map(|way| {
                let message = operation.child(WSDL, way).unwrap();
                let [recommended, before] = ADDRESSING.map(|of| message.attribute_in(of, "Action").unwrap());
                assert_eq!(recommended, before);
                (
                    recommended.to_owned(),
                    elements[message.attribute("message").unwrap().trim_start_matches("ihe:")],
                )
            });
            (request.0, request.1.to_owned(), answer.0)
        });
        operations.collect()
    }

    fn of<T: Transaction>() -> (String, String, String) {
        let body = format!("{}:{}", T::BODY.prefix, T::BODY.local);
        (T::ACTION.to_owned(), body, T::RESPONSE_ACTION.to_owned())
    }

    #[test]
    fn a_wsdl_says_which_element_goes_with_which_action() {
        assert_eq!(operations(&DOCUMENT_REGISTRY), [of::<StoredQuery>(), of::<Register>()].into());
        assert_eq!(operations(&DOCUMENT_REPOSITORY), [of::<ProvideAndRegister>(), of::<Retrieve>()].into());
    }

    #[test]
    fn each_operation_is_bound_by_the_name_that_it_has() {
        for description in [DOCUMENT_REGISTRY, DOCUMENT_REPOSITORY] {
            let root = read(description.wsdl);
            let [port, binding] = ["portType", "binding"].map(|of| {
                let operations = root.child(WSDL, of).unwrap().children_named(WSDL, "operation");
                operations.map(|operation| operation.attribute("name").unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(port, binding);
            let actor = root.attribute("name").unwrap();
            assert!(port.iter().all(|name| name.starts_with(&format!("{actor}_"))), "{port:?}");
            assert_eq!(description.wsdl.matches(description.address).count(), 1);
        }
    }

    #[test]
    fn every_schema_that_is_imported_is_there_under_its_namespace() {
        let schemas: BTreeMap<&str, Element> =
            SCHEMAS.iter().map(|(name, text)| (*name, read(text))).collect();
        let namespace = |name: &str| schemas[name].attribute("targetNamespace").unwrap();
        let mut imported = BTreeSet::new();
        let wsdls = [DOCUMENT_REGISTRY, DOCUMENT_REPOSITORY].map(|description| read(description.wsdl));
        for (root, folder) in
            wsdls.iter().map(|wsdl| (wsdl, FOLDER)).chain(schemas.values().map(|schema| (schema, "")))
        {
            for import in named(root, "import") {
                let name = import.attribute("schemaLocation").unwrap().strip_prefix(folder).unwrap();
                assert_eq!(import.attribute("namespace").unwrap(), namespace(name), "{name}");
                imported.insert(name);
            }
        }
        assert_eq!(imported, schemas.keys().copied().collect());
    }
}
