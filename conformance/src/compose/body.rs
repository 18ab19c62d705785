//! The body of a message: fragments to objects, objects to a submission; queries and retrievals.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Place;
use super::package::Package;
use crate::case::{Document, Object, OneOrMany, Step, Wanted};
use crate::variables::{self, Scope};
use crate::write::escaped;

/// An object that submissions are made of (`shared/fragments.toml`).
#[derive(Debug, Deserialize)]
pub(super) struct Fragment {
    /// The markup, in `shared/fragments`.
    file: String,
    /// Another fragment whose parameters hold unless this one has its own.
    like: Option<String>,
    /// Whether an ITI-41 brings a document with it.
    #[serde(default)]
    document: bool,
    #[serde(default)]
    slots: BTreeMap<String, OneOrMany>,
    #[serde(flatten)]
    parameters: BTreeMap<String, String>,
}

/// The content of the Body of a step's message.
pub(super) fn body(
    step: &Step,
    package: &mut Package,
    place: Place<'_>,
    scope: &mut Scope<'_>,
) -> Result<String, String> {
    if let Some(objects) = step.register.as_deref().or(step.provide.as_deref()) {
        let (list, entries) = submission(objects, place, scope)?;
        let submit = format!(
            "<lcm:SubmitObjectsRequest><rim:RegistryObjectList>\n{list}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
        );
        if step.register.is_some() {
            return Ok(submit);
        }
        let documents =
            step.documents.clone().unwrap_or_else(|| entries.iter().map(Document::plain).collect());
        let mut written = String::new();
        for document in &documents {
            written += &package.document(document, scope)?;
        }
        let root = "xds:ProvideAndRegisterDocumentSetRequest";
        return Ok(format!("<{root}>{submit}{written}</{root}>"));
    }
    if let Some(name) = &step.query {
        return query(name, step, scope);
    }
    retrieve(step.retrieve.as_deref().ok_or("a step does nothing")?, scope)
}

fn submission(
    objects: &[Object],
    place: Place<'_>,
    scope: &mut Scope<'_>,
) -> Result<(String, Vec<String>), String> {
    let (mut list, mut entries) = (String::new(), Vec::new());
    for object in objects {
        let none = BTreeMap::new();
        let (name, given) = match object {
            Object::Plain(name) => (name.as_str(), &none),
            Object::With(given) => {
                let name =
                    given.get("is").and_then(toml::Value::as_str).ok_or("an object says what it `is`")?;
                (name, given)
            }
        };
        repeated(times(given)?, scope, |scope| {
            let (xml, entry) = fragment(name, given, place, scope)?;
            list += &xml;
            entries.extend(entry);
            Ok(())
        })?;
    }
    Ok((list, entries))
}

fn times(given: &BTreeMap<String, toml::Value>) -> Result<usize, String> {
    let Some(times) = given.get("times") else { return Ok(1) };
    times.as_integer().and_then(|times| times.try_into().ok()).ok_or_else(|| "`times` is a number".to_owned())
}

/// Does something so often, while `${index}` counts from 1.
pub(crate) fn repeated(
    times: usize,
    scope: &mut Scope<'_>,
    mut what: impl FnMut(&mut Scope<'_>) -> Result<(), String>,
) -> Result<(), String> {
    for index in 1..=times {
        scope.set("index".to_owned(), index.to_string());
        what(scope)?;
    }
    scope.unset("index");
    Ok(())
}

/// One object; and its id if an ITI-41 brings a document with it.
fn fragment(
    name: &str,
    given: &BTreeMap<String, toml::Value>,
    place: Place<'_>,
    scope: &mut Scope<'_>,
) -> Result<(String, Option<String>), String> {
    let fragments = &place.shared.fragments;
    let fragment = fragments.get(name).ok_or_else(|| format!("there is no fragment {name:?}"))?;
    let like = fragment.like.as_ref().and_then(|like| fragments.get(like));
    let mut parameters = like.map(|like| like.parameters.clone()).unwrap_or_default();
    parameters.extend(fragment.parameters.clone());
    let (mut slots, mut inner) = (fragment.slots.clone(), String::new());
    for (key, value) in given {
        match key.as_str() {
            "is" | "times" => {}
            "slots" => {
                slots.extend(value.clone().try_into::<BTreeMap<_, _>>().map_err(|error| error.to_string())?)
            }
            "inner" => inner = fill(value.as_str().ok_or("`inner` is markup")?, scope)?,
            known if parameters.contains_key(known) => {
                let value = value.as_str().ok_or_else(|| format!("{key} of {name} is a string"))?;
                parameters.insert(key.clone(), value.to_owned());
            }
            _ => return Err(format!("the fragment {name:?} has no parameter {key:?}")),
        }
    }
    let mut local = Vec::new();
    for (key, value) in &parameters {
        local.push((key.as_str(), scope.expand(value)?));
    }
    let raw = [("slots", written_slots(&slots, scope)?), ("inner", inner)];
    let file = place.library.text(&format!("shared/fragments/{}", fragment.file));
    let xml = with_locals(file.map_err(|error| error.to_string())?, &local, &raw, scope)?;
    let id = local.into_iter().find(|(key, _)| *key == "id").map(|(_, id)| id);
    Ok((xml, id.filter(|_| fragment.document)))
}

fn written_slots(slots: &BTreeMap<String, OneOrMany>, scope: &mut Scope<'_>) -> Result<String, String> {
    let mut out = String::new();
    for (name, values) in slots {
        out += &slot(name, values.as_slice(), scope)?;
    }
    Ok(out)
}

fn slot(name: &str, values: &[String], scope: &mut Scope<'_>) -> Result<String, String> {
    let mut list = String::new();
    for value in values {
        list += &format!("<rim:Value>{}</rim:Value>", escaped(&scope.expand(value)?));
    }
    let name = escaped(&scope.expand(name)?);
    Ok(format!("<rim:Slot name=\"{name}\"><rim:ValueList>{list}</rim:ValueList></rim:Slot>\n"))
}

fn query(name: &str, step: &Step, scope: &mut Scope<'_>) -> Result<String, String> {
    let name = scope.expand(name)?;
    let id = if name.starts_with("urn:") { name } else { scope.value(&name)? };
    let returns = step.returns.as_deref().unwrap_or("LeafClass");
    let returns = escaped(&scope.expand(returns)?);
    let mut slots = String::new();
    for parameter in &step.parameters {
        let (name, values) = parameter.split_first().ok_or("a parameter has a name")?;
        slots += &slot(name, values, scope)?;
    }
    Ok(format!(
        "<query:AdhocQueryRequest><query:ResponseOption returnType=\"{returns}\" returnComposedObjects=\"true\"/>\n\
         <rim:AdhocQuery id=\"{}\">\n{slots}</rim:AdhocQuery></query:AdhocQueryRequest>",
        escaped(&id)
    ))
}

fn retrieve(wanted: &[Wanted], scope: &mut Scope<'_>) -> Result<String, String> {
    let mut out = String::from("<xds:RetrieveDocumentSetRequest>\n");
    for one in wanted {
        repeated(one.times, scope, |scope| {
            out += &format!(
                "<xds:DocumentRequest><xds:RepositoryUniqueId>{}</xds:RepositoryUniqueId>\
                 <xds:DocumentUniqueId>{}</xds:DocumentUniqueId></xds:DocumentRequest>\n",
                escaped(&scope.expand(&one.repository)?),
                escaped(&scope.expand(&one.document)?)
            );
            Ok(())
        })?;
    }
    Ok(out + "</xds:RetrieveDocumentSetRequest>")
}

/// Markup with every `${...}` replaced by escaped text.
pub(crate) fn fill(markup: &str, scope: &mut Scope<'_>) -> Result<String, String> {
    with_locals(markup, &[], &[], scope)
}

/// The same with values of its own, which come first; `raw` ones are markup.
pub(super) fn with_locals(
    markup: &str,
    local: &[(&str, String)],
    raw: &[(&str, String)],
    scope: &mut Scope<'_>,
) -> Result<String, String> {
    let find = |all: &[(&str, String)], name: &str| {
        all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    variables::expand(markup, &mut |name| match find(raw, name) {
        Some(markup) => Ok(markup),
        None => find(local, name).map_or_else(|| scope.value(name), Ok).map(|value| escaped(&value)),
    })
}
