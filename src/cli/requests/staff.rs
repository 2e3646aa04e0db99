//! `habeas requests staff`: who may act on the command line.

use super::desk::{DeskArgs, proven, settings};
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::config::staff::{Register, Role, StaffError};
use crate::flows::make_installation::staff_key;
use crate::ids::OfficerId;
use anyhow::anyhow;
use serde_json::json;
use std::path::PathBuf;

/// Register who may act, and list them.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Register somebody and make their key file. A data protection officer does it.
    Add {
        /// Their id, a pseudonym: a-z, 0-9, `-`.
        id: OfficerId,
        /// What they may do.
        #[arg(long, value_parser = ["dpo", "caseworker", "auditor"])]
        role: String,
        /// Where to put their key; by default staff/ID.key of the installation.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// List who is registered.
    List,
}

pub(super) fn run(args: Args, desk: &DeskArgs) -> Result<Exit, Failed> {
    let (config, _) = settings(desk)?;
    match args.command {
        Command::Add { id, role, key_file } => {
            let (who, own) = proven(&config, desk)?;
            if own != Role::Dpo {
                return Err(Failed::bad_input(anyhow!(
                    "`{who}` is no data protection officer; only they register staff"
                )));
            }
            let role = match role.as_str() {
                "dpo" => Role::Dpo,
                "auditor" => Role::Auditor,
                _ => Role::Caseworker,
            };
            let key = key_file.unwrap_or_else(|| staff_key(&config.folder, &id));
            Register::add(&config.folder, &id, role, &key).map_err(|e| match e {
                StaffError::File(_) => Failed::unreadable(e),
                _ => Failed::bad_input(e),
            })?;
            say(&if desk.json {
                json!({"id": id, "role": role.word(), "key": key}).to_string()
            } else {
                format!(
                    "Registered {id} as {}. Hand over `{}`; they keep it as ~/.habeas/{id}.key.",
                    role.word(),
                    key.display()
                )
            });
        }
        Command::List => {
            let register = Register::load(&config.folder).map_err(Failed::unreadable)?;
            if desk.json {
                let all: Vec<_> = register.0.iter().map(|(id, m)| json!({"id": id, "role": m.role.word()})).collect();
                say(&json!(all).to_string());
            } else {
                register.0.iter().for_each(|(id, member)| say(&format!("{:<11} {id}", member.role.word())));
            }
        }
    }
    Ok(Exit::Done)
}
