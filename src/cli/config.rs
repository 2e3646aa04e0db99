//! `habeas config`: checks the settings of an installation, and tells each value with its source.

use super::exit::{Exit, Failed};
use super::requests::config_file;
use super::say;
use crate::config::{Config, ConfigError};
use serde_json::json;
use std::path::PathBuf;

/// Check and show the settings of an installation.
#[derive(clap::Args)]
#[command(after_help = "A variable HABEAS_<SECTION>_<KEY> wins over the file: HABEAS_MAIL_HOST=mail.example.com.

Examples:
  habeas config check
  habeas config show --config /srv/habeas/habeas.toml --json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The settings; by default HABEAS_CONFIG, or `habeas.toml` here.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Check the file, the environment and the files they name.
    Check,
    /// Every value with its source. Secrets are never shown: settings only name their files.
    Show,
}

/// Runs `habeas config`.
pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let file = config_file(args.config.as_deref());
    let failed = |e: ConfigError| match e {
        ConfigError::File(_) => Failed::unreadable(e),
        _ => Failed::bad_input(e),
    };
    let config = Config::load(&file).map_err(failed)?;
    match args.command {
        Command::Check => {
            config.transport().map_err(failed)?;
            config.return_paths().map_err(failed)?;
            say(&if args.json {
                json!({"config": file, "good": true}).to_string()
            } else {
                format!("`{}`: nothing to complain of", file.display())
            });
        }
        Command::Show => {
            let rows = config.shown(&file).map_err(failed)?;
            if args.json {
                let all: Vec<_> = rows
                    .iter()
                    .map(|(s, k, v, from)| json!({"section": s, "key": k, "value": v, "source": from.word()}))
                    .collect();
                say(&json!(all).to_string());
            } else {
                for (section, key, value, source) in rows {
                    say(&format!("{:<12} {section}.{key} = {value}", source.word()));
                }
            }
        }
    }
    Ok(Exit::Done)
}
