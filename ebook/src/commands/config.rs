//! `dosebook config`: whether a configuration can be used, and what holds with everything that was not given.

use clap::Subcommand;

use super::session::NodeArguments;
use crate::exit::Failure;
use crate::node::Identifiers;
use crate::output::Output;

/// Checks a configuration, or shows what holds
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  dosebook config check --config node.toml")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether the configuration can be used, and all that is wrong with it
    #[command(after_help = "Example:\n  dosebook config check --config node.toml")]
    Check(NodeArguments),
    /// Prints the configuration that holds, defaults and what the node has made included, as TOML
    #[command(after_help = "Example:\n  DOSEBOOK__WEB__LISTEN=127.0.0.1:9090 dosebook config show")]
    Show(NodeArguments),
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.command {
        Command::Check(node) => {
            let config = node.load()?;
            crate::domain::load(&config).map_err(Failure::Usage)?;
            output.line(format_args!("the configuration of node {:?} can be used", config.node.name));
            output.value(&serde_json::json!({ "usable": true }));
        }
        Command::Show(node) => {
            let config = Identifiers::written_out(node.load()?.effective()).map_err(Failure::Refused)?;
            let text =
                toml::to_string_pretty(&config).map_err(|error| Failure::Refused(error.to_string()))?;
            output.line(text.trim_end());
            output.value(&config);
        }
    }
    Ok(())
}
