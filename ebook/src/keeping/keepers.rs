//! The keepers of a node as who saves or verifies them opens them: with or without a node that runs beside.

use std::fmt::Display;
use std::fs::File;

use metadata::CurrentDomain;
use registry::Registry;
use repository::Store;

use crate::config::Config;
use crate::exit::Failure;
use crate::node::stores::{self, For};
use crate::node::{self, Identifiers};

/// What a node keeps.
pub(crate) struct Keepers {
    pub(crate) config: Config,
    pub(crate) identifiers: Identifiers,
    /// Its registry; none if its documents are registered elsewhere.
    pub(crate) registry: Option<Registry>,
    /// The store of its repository, if it is one.
    pub(crate) store: Option<Store>,
    /// Held while nobody else may open the data folder.
    _lock: Option<File>,
}

impl Keepers {
    /// Opens what is there to look at it: nothing is made and nothing is migrated, and a node may be running.
    pub(crate) async fn look(config: Config) -> Result<Self, Failure> {
        stores::restoring(&config)?;
        let data = config.node.data.display();
        let Some(identifiers) = Identifiers::existing(&config).map_err(Failure::Refused)? else {
            return Err(Failure::Usage(format!(
                "{data}: no node has been started with this data folder, so nothing is kept there; name another with \
                 --data or --config"
            )));
        };
        let (registry, store) =
            (stores::look_at_registry(&config).await?, stores::look_at_store(&config).await?);
        Ok(Self { config, identifiers, registry, store, _lock: None })
    }

    /// Opens them to fill them, making what is not there yet; no node may be running.
    pub(crate) async fn take(config: Config, identifiers: Identifiers) -> Result<Self, Failure> {
        let lock = node::lock(&config)?;
        let registry = match config.registry.enabled {
            true => Some(stores::registry(&config, &CurrentDomain::default(), For::Keeping).await?),
            false => None,
        };
        let store = match config.repository.enabled {
            true => Some(stores::store(&config, For::Keeping).await?),
            false => None,
        };
        Ok(Self { config, identifiers, registry, store, _lock: Some(lock) })
    }

    /// A keeper could not do it.
    pub(crate) fn failed(error: impl Display) -> Failure {
        Failure::Refused(error.to_string())
    }
}
