//! Where the cases are: in the program, or in a directory while one is writing them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::Error;

/// All files of `conformance/cases`, by their path below it.
#[derive(Debug, Clone)]
pub struct Library {
    files: BTreeMap<String, Cow<'static, [u8]>>,
}

impl Library {
    /// The cases of this program.
    pub fn built_in() -> Self {
        let files = BUILT_IN.iter().map(|(name, content)| ((*name).to_owned(), Cow::Borrowed(*content)));
        Self { files: files.collect() }
    }

    /// What all cases share, and one case.
    #[cfg(test)]
    pub(crate) fn with_case(name: &str, case: &'static str) -> Self {
        let mut library = Self::built_in();
        library.files.retain(|name, _| !name.ends_with("/case.toml"));
        library.files.insert(format!("{name}/case.toml"), Cow::Borrowed(case.as_bytes()));
        library
    }

    /// The cases of a directory laid out like `conformance/cases`.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let mut files = BTreeMap::new();
        collect(directory, "", &mut files)?;
        Ok(Self { files })
    }

    /// The directories that hold a `case.toml`, in alphabetical order.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &str> {
        self.files.keys().filter_map(|name| name.strip_suffix("/case.toml"))
    }

    pub(crate) fn bytes(&self, name: &str) -> Result<&[u8], Error> {
        let file = self.files.get(name);
        file.map(AsRef::as_ref).ok_or_else(|| Error::case(name, "there is no such file among the cases"))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Error> {
        std::str::from_utf8(self.bytes(name)?).map_err(|error| Error::case(name, error))
    }

    /// A TOML file as whatever it describes.
    pub(crate) fn toml<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        toml::from_str(self.text(name)?).map_err(|error| Error::case(name, error))
    }
}

type Files = &'static [(&'static str, &'static [u8])];
const BUILT_IN: Files = include!(concat!(env!("OUT_DIR"), "/cases.rs"));

fn collect(
    directory: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, Cow<'static, [u8]>>,
) -> Result<(), Error> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let path = entry.map_err(at(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            collect(&path, &name, files)?;
        } else {
            files.insert(name, Cow::Owned(fs::read(&path).map_err(at(&path))?));
        }
    }
    Ok(())
}
