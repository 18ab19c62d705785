//! Spoils a message in one place, so that a case needs to say no more than what is wrong.

use std::collections::BTreeMap;

use soap::xml::{Attribute, Element, Limits, Name, Node};

use crate::case::Edit;
use crate::path::{self, End, Path, Qualified, Trail};
use crate::variables::Scope;
use crate::write;

/// Names for paths that cases use often (`shared/paths.toml`): `entry.hash` and the like.
pub(crate) type Aliases = BTreeMap<String, String>;

/// Reads a path that may begin with an alias.
pub(crate) fn resolve(text: &str, aliases: &Aliases) -> Result<Path, String> {
    if text.starts_with('/') {
        return Path::parse(text);
    }
    let end = text.find(['/', '[']).unwrap_or(text.len());
    let (alias, rest) = text.split_at(end);
    let known = aliases.get(alias).ok_or_else(|| format!("{alias:?} is no path and no name of one"))?;
    Path::parse(&format!("{known}{rest}"))
}

/// Applies the edits in order. Each must find what it is about.
pub(crate) fn apply(
    message: String,
    edits: &[Edit],
    aliases: &Aliases,
    scope: &mut Scope<'_>,
) -> Result<String, String> {
    let (late, tree): (Vec<_>, Vec<_>) = edits.iter().partition(|edit| edit.text.is_some());
    let mut message = message;
    if !tree.is_empty() {
        let mut root = parse(&message)?;
        for edit in tree {
            change(&mut root, edit, aliases, scope)?;
        }
        message = write::document(&root);
    }
    for edit in late {
        let from = scope.expand(edit.text.as_deref().unwrap_or_default())?;
        let to = scope.expand(edit.to.as_deref().unwrap_or_default())?;
        if !message.contains(&from) {
            return Err(format!("the message does not contain the text {from:?}"));
        }
        message = message.replace(&from, &to);
    }
    Ok(message)
}

pub(crate) fn parse(message: &str) -> Result<Element, String> {
    Element::parse(message.as_bytes(), &Limits::default())
        .map_err(|error| format!("the message is not well-formed: {error}"))
}

/// Markup that uses the fixed prefixes, as nodes.
pub(crate) fn nodes(markup: &str) -> Result<Vec<Node>, String> {
    let declared: String =
        path::NAMESPACES.iter().map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\"")).collect();
    // The prefix xml is bound by the standard itself and may stay undeclared.
    let declared = declared.replace(&format!(" xmlns:xml=\"{}\"", soap::xml::XML.uri), "");
    Ok(parse(&format!("<any{declared}>{markup}</any>"))?.children)
}

fn change(root: &mut Element, edit: &Edit, aliases: &Aliases, scope: &mut Scope<'_>) -> Result<(), String> {
    let actions = [&edit.remove, &edit.set, &edit.add, &edit.before, &edit.after];
    let mut wanted = actions.iter().filter_map(|action| action.as_deref());
    let (Some(text), None) = (wanted.next(), wanted.next()) else {
        return Err("an edit has exactly one of remove, set, add, before, after and text".to_owned());
    };
    let path = resolve(&scope.expand(text)?, aliases)?;
    let mut trails = path.trails(root);
    if trails.is_empty() {
        return Err(format!("the edit of {text:?} finds nothing"));
    }
    // From behind, so that positions in front stay what they are.
    trails.reverse();
    for trail in &trails {
        if edit.remove.is_some() {
            remove(root, trail, &path)?;
        } else if edit.set.is_some() {
            let value = scope.expand(edit.to.as_deref().ok_or("`set` needs `to`")?)?;
            set(root, trail, &path, value)?;
        } else {
            let markup = edit.xml.as_deref().ok_or("`add`, `before` and `after` need `xml`")?;
            let fresh = nodes(&crate::compose::fill(markup, scope)?)?;
            insert(root, trail, edit, fresh)?;
        }
    }
    Ok(())
}

fn remove(root: &mut Element, trail: &Trail, path: &Path) -> Result<(), String> {
    if let End::Attribute(name) = path.end() {
        let element = path::at_mut(root, trail).ok_or(LOST)?;
        let before = element.attributes.len();
        element.attributes.retain(|one| !is(&one.name, name));
        return if element.attributes.len() < before {
            Ok(())
        } else {
            Err(format!("no attribute {}", name.local))
        };
    }
    let (last, parent) = trail.split_last().ok_or("the root cannot be removed")?;
    let parent = path::at_mut(root, parent).ok_or(LOST)?;
    parent.children.remove(*last);
    Ok(())
}

fn set(root: &mut Element, trail: &Trail, path: &Path, value: String) -> Result<(), String> {
    let element = path::at_mut(root, trail).ok_or(LOST)?;
    let End::Attribute(name) = path.end() else {
        element.children = vec![Node::Text(value.into())];
        return Ok(());
    };
    match element.attributes.iter_mut().find(|one| is(&one.name, name)) {
        Some(attribute) => attribute.value = value.into(),
        None => element.attributes.push(Attribute { name: owned(name), value: value.into() }),
    }
    Ok(())
}

fn insert(root: &mut Element, trail: &Trail, edit: &Edit, fresh: Vec<Node>) -> Result<(), String> {
    if edit.add.is_some() {
        path::at_mut(root, trail).ok_or(LOST)?.children.extend(fresh);
        return Ok(());
    }
    let (last, parent) = trail.split_last().ok_or("nothing stands beside the root")?;
    let parent = path::at_mut(root, parent).ok_or(LOST)?;
    let place = if edit.after.is_some() { last + 1 } else { *last };
    parent.children.splice(place..place, fresh);
    Ok(())
}

fn is(name: &Name, wanted: &Qualified) -> bool {
    name.local == wanted.local.as_str() && name.namespace == wanted.namespace
}

fn owned(name: &Qualified) -> Name {
    Name {
        namespace: name.namespace.into(),
        local: name.local.clone().into(),
        prefix: name.prefix.clone().into(),
    }
}

const LOST: &str = "an element moved while it was edited";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::library::Library;
    use crate::variables::Patients;

    fn edited(edit: &str) -> Result<String, String> {
        let library = Library::built_in();
        let facts = Facts::defaults(&library).unwrap();
        let (mut patients, none, nothing) = (Patients::default(), BTreeMap::new(), BTreeMap::new());
        let mut scope = Scope::new(&facts, &mut patients, &none, [&nothing, &nothing]);
        let aliases = BTreeMap::from([("x".to_owned(), "//rim:x".to_owned())]);
        let edit: Edit = toml::from_str(edit).unwrap();
        let message = format!(
            "<rim:a xmlns:rim=\"{}\"><rim:x n=\"1\"/><rim:y>t</rim:y></rim:a>",
            path::namespace("rim").unwrap()
        );
        let whole = apply(message, &[edit], &aliases, &mut scope)?;
        Ok(whole.split_once('>').unwrap().1.replace("</rim:a>", ""))
    }

    #[test]
    fn removes_sets_and_adds() {
        assert_eq!(edited("remove = 'x'").unwrap(), "<rim:y>t</rim:y>");
        assert_eq!(edited("remove = 'x/@n'").unwrap(), "<rim:x/><rim:y>t</rim:y>");
        assert_eq!(edited("set = 'x/@m'\nto = '&'").unwrap(), "<rim:x n=\"1\" m=\"&amp;\"/><rim:y>t</rim:y>");
        assert_eq!(edited("set = '//rim:y'\nto = 'u'").unwrap(), "<rim:x n=\"1\"/><rim:y>u</rim:y>");
        assert_eq!(edited("add = 'x'\nxml = 'v'").unwrap(), "<rim:x n=\"1\">v</rim:x><rim:y>t</rim:y>");
        let comment = edited("text = '<rim:y>'\nto = '<!-- --><rim:y>'").unwrap();
        assert_eq!(comment, "<rim:x n=\"1\"/><!-- --><rim:y>t</rim:y>");
        let after = edited("after = 'x'\nxml = '<rim:z/>'").unwrap();
        assert_eq!(after, "<rim:x n=\"1\"/><rim:z/><rim:y>t</rim:y>");
    }

    #[test]
    fn an_edit_that_finds_nothing_is_a_mistake() {
        assert!(edited("remove = '//rim:q'").unwrap_err().contains("finds nothing"));
        assert!(edited("remove = 'q'").unwrap_err().contains("no name"));
        assert!(edited("to = 'q'").is_err());
        assert!(edited("text = 'q'").is_err());
    }
}
