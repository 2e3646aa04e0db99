//! `habeas ledger export`: the ledger as a folder for whoever wants to verify it.

use crate::cli::exit::{Exit, Failed};
use crate::cli::requests::{Desk, DeskArgs};
use crate::cli::say;
use crate::flows::export_ledger::export_ledger;
use std::path::PathBuf;

/// Write the ledger to a folder that verifies offline (c2sp.org/tlog-tiles), under a checkpoint signed now.
#[derive(clap::Args)]
pub(super) struct ExportArgs {
    /// The folder; an older export in it is brought up to date.
    folder: PathBuf,
    #[command(flatten)]
    desk: DeskArgs,
}

pub(super) fn run(args: &ExportArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(&args.desk)?;
    let done = export_ledger(&desk.app, &desk.system(), &args.folder, desk.now).map_err(Failed::unreadable)?;
    let folder = args.folder.display();
    say(&if args.desk.json {
        serde_json::to_string(&done).map_err(Failed::internal)?
    } else {
        format!(
            "{} entries in {} files. Anybody verifies them with:\n  habeas ledger verify {folder} --key {folder}/ledger.vkey\nand with the key and a checkpoint that they got from you earlier, so that nothing can be exchanged for them.",
            done.entries, done.files
        )
    });
    Ok(Exit::Done)
}
