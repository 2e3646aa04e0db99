//! `habeas requests init`: a usable installation in a folder.

use super::desk::DeskArgs;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::clock::Clock;
use crate::config::organisation::Organisation;
use crate::flows::make_installation::{InstallError, Plan, make_installation, staff_key};
use crate::ids::{OfficerId, OrganisationId};
use serde_json::json;
use std::path::PathBuf;

/// Make an installation: keys, settings, database, and the first data protection officer.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Its folder; made when it is not there.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Short id of the organisation, e.g. acme.
    #[arg(long)]
    organisation: OrganisationId,
    /// Its name, as in the register.
    #[arg(long)]
    name: String,
    /// Its place of establishment, e.g. DE, DE-NW, GB-ENG, US-CA, CN (`habeas clock list`).
    #[arg(long)]
    place: String,
    /// Address for answers.
    #[arg(long)]
    email: String,
    /// The data protection officer's address, which letters name.
    #[arg(long)]
    dpo_contact: String,
    /// Id of the data protection officer who decides on the command line, e.g. dora.
    #[arg(long)]
    dpo: OfficerId,
    /// Postal address in one line.
    #[arg(long, default_value = "")]
    address: String,
    /// Languages it writes in, the first by default.
    #[arg(long, value_delimiter = ',', default_value = "en")]
    languages: Vec<String>,
    /// For practice and tests: the clock may be set by --now, and `habeas doctor` says so.
    #[arg(long)]
    rehearsal: bool,
}

pub(super) fn run(args: Args, desk: &DeskArgs) -> Result<Exit, Failed> {
    let organisation = Organisation {
        id: args.organisation.to_string(),
        name: args.name,
        address: args.address,
        email: args.email,
        place: args.place,
        dpo: args.dpo_contact,
        languages: args.languages,
        rehearsal: args.rehearsal,
        ..Organisation::default()
    };
    let now = desk.now.filter(|_| args.rehearsal).map_or(Clock::Real, Clock::Fixed).now();
    let plan = Plan { folder: args.folder, organisation, dpo: args.dpo };
    let file = make_installation(&plan, now).map_err(|e| match e {
        InstallError::Config(_) | InstallError::Exists(_) | InstallError::Staff(_) => Failed::bad_input(e),
        _ => Failed::unreadable(e),
    })?;
    let key = staff_key(&plan.folder, &plan.dpo);
    if desk.json {
        say(&json!({"config": file, "staff_key": key, "dpo": plan.dpo}).to_string());
        return Ok(Exit::Done);
    }
    let (folder, dpo) = (plan.folder.display(), &plan.dpo);
    say(&format!(
        "Made an installation in `{folder}`: habeas.toml, habeas.db, keys (each readable by you alone), ledger.vkey.

Next:
  1. Copy `{folder}/keys/master.key` to a safe place apart from the database: without it, what is sealed stays sealed.
  2. Hand `{key}` to {dpo}, who keeps it as ~/.habeas/{dpo}.key, and delete it here.
  3. Give `{folder}/ledger.vkey` to whoever is to check the ledger later.
  4. Name a second person, who prepares what {dpo} releases:
       habeas requests staff add ID --role caseworker --as {dpo} --config {file}
  5. Edit {file}: how mail leaves ([mail]) and what answers say of your processing ([words.en]); then
       habeas config check --config {file}
  6. Take a request in: habeas requests add --help",
        key = key.display(),
        file = file.display(),
    ));
    Ok(Exit::Done)
}
