//! `dosebook domain`: the affinity domain as files (docs/domain.md).

mod import;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use metadata::Domain;
use metadata::domain::{CodedAttribute, Remark, Rule};
use serde_json::{Value, json};

use super::session::NodeArguments;
use crate::domain;
use crate::exit::{Failure, file};
use crate::output::Output;

/// Checks, shows or makes the affinity domain: codes, assigning authorities, sources
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  dosebook domain new north && dosebook domain check north")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether a folder can be used as a domain, and all that is wrong with it
    #[command(after_help = "Example:\n  dosebook domain check north")]
    Check {
        /// The folder of the domain
        folder: PathBuf,
    },
    /// Shows the domain of a node: whose patients, which sources, how strict about which codes
    #[command(after_help = "Example:\n  dosebook domain show --config node.toml --attribute classCode")]
    Show {
        #[command(flatten)]
        node: NodeArguments,
        /// Show the codes of this attribute
        #[arg(long, value_name = "NAME", value_parser = attribute)]
        attribute: Option<CodedAttribute>,
    },
    /// Makes a folder with the domain that is built in, to begin one's own with
    #[command(after_help = "Example:\n  dosebook domain new north")]
    New {
        /// The folder, which must be empty or not there
        folder: PathBuf,
    },
    /// Puts codes.xml (of IHE's testing tools) or ValueSets (FHIR R4, JSON) into the folder of a domain
    #[command(after_help = "Examples:\n  dosebook domain import codes.xml north
  dosebook domain import ValueSet-class.json north --attribute classCode")]
    Import(import::Arguments),
}

/// An attribute as the files of a domain call it.
fn attribute(key: &str) -> Result<CodedAttribute, String> {
    CodedAttribute::from_key(key).ok_or_else(|| {
        let known: Vec<&str> = CodedAttribute::all().map(CodedAttribute::key).collect();
        format!("expected one of {}", known.join(", "))
    })
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.command {
        Command::Check { folder } => check(&folder, output),
        Command::Show { node, attribute } => {
            let config = node.load()?;
            let (domain, _) = domain::load(&config).map_err(Failure::Refused)?;
            output.line(format_args!("from        {}", domain::origin(&config).display()));
            show(&domain, attribute, output);
            Ok(())
        }
        Command::New { folder } => new(&folder, output),
        Command::Import(arguments) => import::run(arguments, output),
    }
}

fn check(folder: &Path, output: Output) -> Result<(), Failure> {
    let (domain, notes) = domain::of_folder(folder).map_err(Failure::Refused)?;
    say_left_out(&notes, output);
    show(&domain, None, output);
    output.line("can be used");
    Ok(())
}

fn show(domain: &Domain, only: Option<CodedAttribute>, output: Output) {
    output.value(&as_json(domain, only));
    if let Some(attribute) = only {
        let codes = domain.rule(attribute).map(Rule::codes).unwrap_or_default();
        for code in codes {
            let scheme = if code.scheme.is_empty() { "" } else { "^^" };
            let display = code.display.text().unwrap_or_default();
            output.line(format_args!("{}{scheme}{}  {display}", code.code, code.scheme));
        }
        return;
    }
    output.line(format_args!("domain      {} {}", domain.name, domain.version));
    let ours = domain.authorities.iter().map(|authority| match &authority.namespace {
        Some(namespace) => format!("{} ({namespace})", authority.oid),
        None => authority.oid.to_string(),
    });
    output.line(format_args!("patients of {}", or_any(&ours.collect::<Vec<_>>())));
    let sources = domain.sources.iter().flatten().map(ToString::to_string);
    let sources: Vec<String> = sources.collect();
    output.line(format_args!(
        "sources     {}",
        match &domain.sources {
            None => "any".to_owned(),
            Some(_) => sources.join(", "),
        }
    ));
    for (attribute, said) in domain::summary(domain) {
        output.line(format_args!("  {attribute:<27} {said}"));
    }
}

fn or_any(names: &[String]) -> String {
    if names.is_empty() { "any authority".to_owned() } else { names.join(", ") }
}

fn as_json(domain: &Domain, only: Option<CodedAttribute>) -> Value {
    let attributes = CodedAttribute::all().filter(|attribute| only.is_none_or(|only| only == *attribute));
    let attributes = attributes.filter_map(|attribute| {
        let rule = domain.rule(attribute)?;
        let code = |code: &metadata::Code| {
            json!({ "code": code.code, "scheme": code.scheme, "display": code.display.text() })
        };
        let codes: Vec<Value> = rule.codes().iter().map(code).collect();
        let said =
            json!({ "policy": rule.strictness.name(), "codes": codes, "all_of": rule.whole_schemes() });
        Some((attribute.key().to_owned(), said))
    });
    let authorities = domain
        .authorities
        .iter()
        .map(|authority| json!({ "oid": authority.oid.as_str(), "namespace": authority.namespace }));
    let sources = domain.sources.as_ref().map(|sources| sources.iter().map(ToString::to_string).collect());
    let sources: Option<Vec<String>> = sources;
    json!({
        "name": domain.name, "version": domain.version, "sources": sources,
        "authorities": authorities.collect::<Vec<_>>(),
        "attributes": Value::Object(attributes.collect()),
    })
}

fn new(folder: &Path, output: Output) -> Result<(), Failure> {
    let failed = |error: std::io::Error| file(folder, "write into it", &error);
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Failure::Refused(format!(
            "{}: something is in it; choose an empty folder, or one that is not there",
            folder.display()
        )));
    }
    for (name, content) in domain::built_in() {
        fs::write(folder.join(name), content).map_err(failed)?;
    }
    output.line(format_args!(
        "{0}: a domain to begin with; change domain.toml and codes.xml, see whether they can be used with `dosebook \
         domain check {0}`, and put `folder = \"{0}\"` into [domain] of the configuration",
        folder.display()
    ));
    output.value(&json!({ "folder": folder }));
    Ok(())
}

fn say_left_out(notes: &[Remark], output: Output) {
    for note in notes {
        output.line(format_args!("left out: {note}"));
    }
}
