//! The little path language of cases: `//rim:ExtrinsicObject[@id='x']/rim:Slot[1]/@name`.
//!
//! Steps are `/name`, `//name` (any depth) and `*`; predicates are `[n]`, `[path]`, `[path='value']` and
//! `[path!='value']`; the last step may be `@attribute`, `text()` or `name()`. Prefixes are fixed (`NAMESPACES`).

use soap::xml::{Element, Node};

/// The prefixes that cases may use, in paths and in markup.
pub(crate) const NAMESPACES: [(&str, &str); 10] = [
    ("env", "http://www.w3.org/2003/05/soap-envelope"),
    ("wsa", "http://www.w3.org/2005/08/addressing"),
    ("rim", "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"),
    ("rs", "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"),
    ("lcm", "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"),
    ("query", "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"),
    ("xds", "urn:ihe:iti:xds-b:2007"),
    ("xop", "http://www.w3.org/2004/08/xop/include"),
    ("hl7", "urn:hl7-org:v3"),
    ("xml", "http://www.w3.org/XML/1998/namespace"),
];

/// The namespace of a fixed prefix.
pub(crate) fn namespace(prefix: &str) -> Option<&'static str> {
    NAMESPACES.iter().find(|(known, _)| *known == prefix).map(|(_, uri)| *uri)
}

/// A path that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    steps: Vec<Step>,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    deep: bool,
    /// `None` is `*`.
    name: Option<Qualified>,
    predicates: Vec<Predicate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Qualified {
    pub(crate) prefix: String,
    pub(crate) namespace: &'static str,
    pub(crate) local: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Predicate {
    Position(usize),
    Exists(Path),
    Equals(Path, String),
    Differs(Path, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Element,
    Text,
    /// The local name.
    Name,
    Attribute(Qualified),
}

/// The way from the root to an element: which child each time.
pub(crate) type Trail = Vec<usize>;

impl Path {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        read(text).map_err(|reason| format!("the path {text:?} cannot be read: {reason}"))
    }

    pub(crate) fn end(&self) -> &End {
        &self.end
    }

    /// The elements that the steps lead to, whatever the end picks of them.
    pub(crate) fn trails(&self, root: &Element) -> Vec<Trail> {
        let Some((first, rest)) = self.steps.split_first() else { return vec![Vec::new()] };
        let mut found = if first.matches(root) { vec![(Vec::new(), root)] } else { Vec::new() };
        if first.deep {
            below(root, &Vec::new(), first, &mut found);
        }
        let found = first.filtered(found);
        follow(found, rest).into_iter().map(|(trail, _)| trail).collect()
    }

    /// The values at the path: attributes, or the text of elements (trimmed unless `text()` asks for all).
    pub(crate) fn values(&self, root: &Element) -> Vec<String> {
        let elements = self.trails(root);
        elements.iter().filter_map(|trail| at(root, trail)).filter_map(|found| self.value(found)).collect()
    }

    /// The values seen from inside an element, for predicates.
    fn values_inside(&self, context: &Element) -> Vec<String> {
        let found = follow(vec![(Vec::new(), context)], &self.steps);
        found.into_iter().filter_map(|(_, element)| self.value(element)).collect()
    }

    fn value(&self, element: &Element) -> Option<String> {
        match &self.end {
            End::Element => Some(element.text().trim().to_owned()),
            End::Text => Some(element.text().into_owned()),
            End::Name => Some(element.name.local.to_string()),
            End::Attribute(wanted) => {
                let mut all = element.attributes.iter();
                let found = all.find(|one| {
                    one.name.local == wanted.local.as_str() && one.name.namespace == wanted.namespace
                });
                found.map(|attribute| attribute.value.to_string())
            }
        }
    }
}

impl Step {
    fn matches(&self, element: &Element) -> bool {
        self.name.as_ref().is_none_or(|name| {
            element.name.local == name.local.as_str() && element.name.namespace == name.namespace
        })
    }

    fn filtered<'a>(&self, mut found: Vec<(Trail, &'a Element)>) -> Vec<(Trail, &'a Element)> {
        for predicate in &self.predicates {
            found = match predicate {
                Predicate::Position(position) => found.into_iter().skip(position - 1).take(1).collect(),
                other => found.into_iter().filter(|(_, element)| other.holds(element)).collect(),
            };
        }
        found
    }
}

impl Predicate {
    fn holds(&self, element: &Element) -> bool {
        match self {
            Self::Position(_) => true,
            Self::Exists(path) => !path.values_inside(element).is_empty(),
            Self::Equals(path, value) => path.values_inside(element).contains(value),
            Self::Differs(path, value) => !path.values_inside(element).contains(value),
        }
    }
}

/// The element at a trail.
pub(crate) fn at<'a>(root: &'a Element, trail: &[usize]) -> Option<&'a Element> {
    trail.iter().try_fold(root, |element, index| match element.children.get(*index) {
        Some(Node::Element(child)) => Some(child),
        _ => None,
    })
}

/// The element at a trail, to change it.
pub(crate) fn at_mut<'a>(root: &'a mut Element, trail: &[usize]) -> Option<&'a mut Element> {
    trail.iter().try_fold(root, |element, index| match element.children.get_mut(*index) {
        Some(Node::Element(child)) => Some(child),
        _ => None,
    })
}

fn follow<'a>(mut found: Vec<(Trail, &'a Element)>, steps: &[Step]) -> Vec<(Trail, &'a Element)> {
    for step in steps {
        let mut next = Vec::new();
        for (trail, element) in found {
            let mut here = Vec::new();
            below(element, &trail, step, &mut here);
            next.extend(step.filtered(here));
        }
        found = next;
    }
    found
}

fn below<'a>(element: &'a Element, trail: &Trail, step: &Step, found: &mut Vec<(Trail, &'a Element)>) {
    for (index, node) in element.children.iter().enumerate() {
        let Node::Element(child) = node else { continue };
        let mut here = trail.clone();
        here.push(index);
        if step.matches(child) {
            found.push((here.clone(), child));
        }
        if step.deep {
            below(child, &here, step, found);
        }
    }
}

fn read(text: &str) -> Result<Path, String> {
    let mut path = Path { steps: Vec::new(), end: End::Element };
    // Seen from inside an element, a path begins without a slash.
    let mut rest = text;
    let mut first = true;
    while !rest.is_empty() {
        if path.end != End::Element {
            return Err("nothing may follow an attribute, text() or name()".to_owned());
        }
        let deep = rest.starts_with("//");
        let relative = first && !rest.starts_with('/');
        let inner = rest.trim_start_matches('/');
        let slashes = rest.len() - inner.len();
        if slashes != if relative { 0 } else { 1 + usize::from(deep) } {
            return Err("steps are separated by / or //".to_owned());
        }
        let (step, after) = inner.split_at(step_length(inner));
        if step == "text()" {
            path.end = End::Text;
        } else if step == "name()" {
            path.end = End::Name;
        } else if let Some(attribute) = step.strip_prefix('@') {
            path.end = End::Attribute(qualified(attribute)?);
        } else {
            path.steps.push(read_step(step, deep)?);
        }
        rest = after;
        first = false;
    }
    Ok(path)
}

/// How far a step goes: up to the next slash outside brackets and quotes.
fn step_length(text: &str) -> usize {
    let (mut depth, mut quoted) = (0_usize, false);
    for (position, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '/' if !quoted && depth == 0 => return position,
            _ => {}
        }
    }
    text.len()
}

fn read_step(text: &str, deep: bool) -> Result<Step, String> {
    let (name, mut rest) = text.split_at(text.find('[').unwrap_or(text.len()));
    let name = if name == "*" { None } else { Some(qualified(name)?) };
    let mut predicates = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let end = predicate_length(inner).ok_or("a [ is not closed")?;
        let (predicate, after) = inner.split_at(end);
        predicates.push(read_predicate(predicate)?);
        rest = after.strip_prefix(']').unwrap_or_default();
    }
    if rest.is_empty() { Ok(Step { deep, name, predicates }) } else { Err(format!("{rest:?} is left over")) }
}

fn predicate_length(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0_usize, false);
    for (position, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted && depth == 0 => return Some(position),
            ']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}

fn read_predicate(text: &str) -> Result<Predicate, String> {
    if let Ok(position) = text.parse::<usize>() {
        return if position > 0 {
            Ok(Predicate::Position(position))
        } else {
            Err("positions begin at 1".to_owned())
        };
    }
    let Some((path, value)) = comparison(text) else { return Ok(Predicate::Exists(read(text)?)) };
    let value = value.strip_suffix('\'').ok_or("a value is closed by '")?.to_owned();
    match path.strip_suffix('!') {
        Some(path) => Ok(Predicate::Differs(read(path)?, value)),
        None => Ok(Predicate::Equals(read(path)?, value)),
    }
}

/// Splits at the `='` that stands outside brackets.
fn comparison(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted) = (0_usize, false);
    for (position, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '=' if depth == 0 && !quoted => {
                let (path, rest) = text.split_at(position);
                return Some((path, rest.strip_prefix("='")?));
            }
            _ => {}
        }
    }
    None
}

fn qualified(text: &str) -> Result<Qualified, String> {
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    if local.is_empty() || !local.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err(format!("{text:?} is no name"));
    }
    let namespace = match prefix {
        "" => "",
        prefix => namespace(prefix).ok_or_else(|| format!("the prefix {prefix:?} is not known"))?,
    };
    Ok(Qualified { prefix: prefix.to_owned(), namespace, local: local.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use soap::xml::Limits;

    fn values(path: &str) -> Vec<String> {
        let text = format!(
            "<rim:L xmlns:rim='{}'><rim:E id='1'><rim:S n='a/b'> x </rim:S><rim:S n='c'>y</rim:S></rim:E>\
             <rim:E id='2' k='v'><rim:F><rim:S n='d]'>z</rim:S></rim:F></rim:E></rim:L>",
            namespace("rim").unwrap()
        );
        let tree = Element::parse(text.as_bytes(), &Limits::default()).unwrap();
        Path::parse(path).unwrap().values(&tree)
    }

    #[test]
    fn walks_children_and_descendants() {
        assert_eq!(values("/rim:L/rim:E/@id"), ["1", "2"]);
        assert_eq!(values("//rim:S"), ["x", "y", "z"]);
        assert_eq!(values("/rim:L/rim:E/rim:S"), ["x", "y"]);
        assert_eq!(values("/rim:L/*/rim:F/rim:S/@n"), ["d]"]);
        assert_eq!(values("//rim:S[1]/text()"), [" x "]);
        assert_eq!(values("/rim:L/rim:E[1]/*/name()"), ["S", "S"]);
        assert_eq!(values("//rim:L/rim:E[2]//rim:S"), ["z"]);
        assert!(values("/rim:E").is_empty());
    }

    #[test]
    fn picks_by_predicate() {
        assert_eq!(values("//rim:E[@id='2']/@k"), ["v"]);
        assert_eq!(values("//rim:E[@k]/@id"), ["2"]);
        assert_eq!(values("//rim:E[rim:S/@n='a/b']/@id"), ["1"]);
        assert_eq!(values("//rim:E[rim:F/rim:S[@n='d]']]/@id"), ["2"]);
        assert_eq!(values("//rim:E[@id!='2']/rim:S[2]"), ["y"]);
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for path in ["//foo:E", "//rim:E[", "//rim:E/@id/rim:S", "//rim:E[0]", "///rim:E", "//rim:E]", "//"] {
            assert!(Path::parse(path).is_err(), "{path} was read");
        }
    }
}
