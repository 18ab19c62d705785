//! `dosebook domain import`: files of others into the folder of a domain, all of them or none.

use std::fs;
use std::path::{Path, PathBuf};

use metadata::Domain;
use metadata::domain::{CodedAttribute, Files, attribute_of_file};
use serde_json::json;

use super::{attribute, say_left_out, show};
use crate::domain;
use crate::exit::{Failure, file};
use crate::output::Output;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// codes.xml, or ValueSets as JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder of the domain; made if it is not there
    folder: PathBuf,
    /// The attribute that the ValueSets are for [default: the name of the file, such as classCode.json]
    #[arg(long, value_name = "NAME", value_parser = attribute)]
    attribute: Option<CodedAttribute>,
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments { files, folder, attribute } = arguments;
    let mut whole = match folder.exists() {
        true => domain::read_files(&folder).map_err(Failure::Refused)?,
        false => Files::new(),
    };
    let mut brought = Files::new();
    if !whole.contains_key("domain.toml") {
        brought.insert("domain.toml".to_owned(), head(&folder).into_bytes());
    }
    for path in &files {
        brought.insert(place(path, attribute)?, domain::content(path).map_err(Failure::Refused)?);
    }
    whole.extend(brought.clone());
    let (domain, notes) = Domain::read(&whole).map_err(|problems| {
        let problems: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        Failure::Refused(format!("nothing was imported: {} could not be used{problems}", folder.display()))
    })?;
    for (name, content) in &brought {
        write(&folder.join(name), content)?;
        output.line(format_args!("{}", folder.join(name).display()));
    }
    say_left_out(&notes, output);
    show(&domain, None, output);
    Ok(())
}

/// What a domain has to say at least.
fn head(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("name = {}\npolicy = \"refuse\"\n", json!(name))
}

/// Where a file goes: a ValueSet's name begins with its attribute.
fn place(path: &Path, attribute: Option<CodedAttribute>) -> Result<String, Failure> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let told = attribute.map(|attribute| format!("{}.{name}", attribute.key()));
    match (name.rsplit_once('.'), attribute_of_file(name)) {
        (Some((_, "xml")), _) => Ok(name.to_owned()),
        (Some((_, "json")), own) if own.is_some() && (attribute.is_none() || own == attribute) => {
            Ok(format!("valuesets/{name}"))
        }
        (Some((_, "json")), _) => told.map(|name| format!("valuesets/{name}")).ok_or_else(|| {
            Failure::Usage(format!(
                "{}: which attribute is it for? Say it with --attribute, or call it classCode.json",
                path.display()
            ))
        }),
        _ => Err(Failure::Usage(format!(
            "{}: neither codes.xml nor a ValueSet as JSON, by its name",
            path.display()
        ))),
    }
}

/// Whole or not at all: a node may be reading.
fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| file(path, "write it", &error);
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut beside = tempfile::Builder::new().prefix(".").tempfile_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut beside, content).map_err(failed)?;
    readable(beside.path()).map_err(failed)?;
    beside.persist(path).map(drop).map_err(|error| failed(error.error))
}

/// Whoever runs the node may be another user; nothing in a domain is secret.
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = r#"{ "resourceType": "ValueSet", "compose": { "include": [
        { "system": "urn:oid:1.2.3", "concept": [{ "code": "A" }] }] } }"#;

    fn import(files: &[PathBuf], folder: &Path, attribute: Option<CodedAttribute>) -> Result<(), Failure> {
        let arguments = Arguments { files: files.to_vec(), folder: folder.to_owned(), attribute };
        run(arguments, Output { json: false })
    }

    #[test]
    fn makes_a_domain_of_the_files_of_others() {
        let place = tempfile::tempdir().unwrap();
        let (table, set, other) = (
            place.path().join("codes.xml"),
            place.path().join("classCode.json"),
            place.path().join("ValueSet-x.json"),
        );
        let codes = "<Codes><CodeType name='typeCode'><Code code='T' codingScheme='1'/></CodeType></Codes>";
        fs::write(&table, codes).unwrap();
        fs::write(&set, SET).unwrap();
        fs::write(&other, SET).unwrap();
        let folder = place.path().join("north");
        import(&[table, set], &folder, None).unwrap();
        import(&[other], &folder, Some(CodedAttribute::FormatCode)).unwrap();
        let (domain, _) = domain::of_folder(&folder).unwrap();
        assert_eq!(domain.name, "north");
        for attribute in [CodedAttribute::TypeCode, CodedAttribute::ClassCode, CodedAttribute::FormatCode] {
            assert_eq!(domain.rule(attribute).unwrap().codes().len(), 1, "{attribute}");
        }
        assert!(folder.join("valuesets/formatCode.ValueSet-x.json").exists());
    }

    #[test]
    fn a_file_that_cannot_be_used_changes_nothing() {
        let place = tempfile::tempdir().unwrap();
        let (folder, set) = (place.path().join("north"), place.path().join("classCode.json"));
        fs::write(&set, "{}").unwrap();
        let refused = import(std::slice::from_ref(&set), &folder, None).unwrap_err().to_string();
        assert!(refused.contains("nothing was imported") && refused.contains("classCode.json: resourceType"));
        assert!(!folder.exists());
    }

    #[test]
    fn a_file_for_no_attribute_is_asked_about() {
        for (name, asked) in [("set.json", "--attribute"), ("codes.csv", "neither codes.xml")] {
            let failure = import(&[name.into()], Path::new("nowhere"), None).unwrap_err();
            assert_eq!(failure.code(), 2);
            assert!(failure.to_string().contains(asked), "{failure}");
        }
    }
}
