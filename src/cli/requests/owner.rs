//! `habeas requests assign` and `address`: who answers for a request, and where its answers go.

use super::acts::act;
use super::desk::{Desk, DeskArgs};
use crate::cli::exit::{Exit, Failed};
use crate::config::staff::{Register, Role};
use crate::ids::OfficerId;
use crate::personal::Personal;
use crate::requests::address::{ADDRESS_ON_FILE, EMAIL_ON_FILE};
use crate::requests::command::Act;
use crate::store::Personals;
use anyhow::anyhow;
use serde::Deserialize;
use std::path::PathBuf;

/// Largest file of addresses.
const LARGEST_BYTES: u64 = 64 * 1024;

/// Name the member of staff who answers for a request, or another one. Lists, tasks and overdue notices name them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas requests assign 1f0c --to carl --as dora
  habeas requests assign 1f0c --nobody --as dora
  habeas requests list --owner carl --as carl")]
pub(super) struct AssignArgs {
    /// The request's id, or its beginning.
    request: String,
    /// Their id in the staff register (`habeas requests staff list`).
    #[arg(long, value_name = "ID", required_unless_present = "nobody")]
    to: Option<OfficerId>,
    /// Give it back to all.
    #[arg(long, conflicts_with = "to")]
    nobody: bool,
}

/// Record the address that your records have for the person: answers go there, not to an address first seen in the request.
#[derive(clap::Args)]
#[command(
    after_help = "Take it from your records, never from the request: whoever writes a request chooses the address in it.
An address that was proven in another way, e.g. that of a near relative of a deceased person, is recorded alike.
The file holds one or both of
  email = \"ann@example.org\"
  address = \"Example Street 1, 12345 Town\"

Examples:
  habeas requests address 1f0c --as carl --file - < on-file.toml
  habeas requests resend --all --as carl       # letters that waited for it"
)]
pub(super) struct AddressArgs {
    /// The request's id, or its beginning.
    request: String,
    /// The file, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnFile {
    email: Option<String>,
    address: Option<String>,
}

pub(super) fn assign(a: &AssignArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.request)?;
    if let Some(id) = &a.to {
        let register = Register::load(&desk.app.config.folder).map_err(Failed::unreadable)?;
        let able = register.0.iter().filter(|(_, member)| member.role != Role::Auditor).map(|(id, _)| id.to_string());
        let able: Vec<String> = able.collect();
        if !able.contains(&id.to_string()) {
            let known = able.join(", ");
            return Err(Failed::bad_input(anyhow!("`{id}` handles no requests; these do: {known}")));
        }
    }
    act(&desk, &request, (Act::Assign(by, a.to.clone()), Personals::new()), args.json)
}

pub(super) fn address(a: &AddressArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.request)?;
    let bytes = super::add::read_input(&a.file, LARGEST_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let file = a.file.display();
    let on_file: OnFile = toml::from_str(&text).map_err(|e| {
        let line = e.span().and_then(|s| text.get(..s.start)).map_or(1, |before| before.matches('\n').count() + 1);
        Failed::bad_input(anyhow!(
            "`{file}`, line {line}: expected email = \"...\" and address = \"...\", and nothing else"
        ))
    })?;
    let said = [(EMAIL_ON_FILE, on_file.email), (ADDRESS_ON_FILE, on_file.address)];
    let seals: Personals = said.into_iter().filter_map(|(k, v)| Some((k.to_owned(), Personal::new(v?)))).collect();
    if seals.is_empty() {
        return Err(Failed::bad_input(anyhow!(
            "`{file}` holds no address: write email = \"...\" or address = \"...\""
        )));
    }
    act(&desk, &request, (Act::RecordAddress(by), seals), args.json)
}
