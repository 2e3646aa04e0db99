//! `habeas events merge`: puts slices together to what `scan` gives over the whole logs.

use super::rules::all;
use super::scan::{Printer, Reading, report};
use super::slice::failed;
use crate::cli::exit::{Exit, Failed};
use crate::connectors::logs::slices::Whole;
use anyhow::anyhow;
use std::path::PathBuf;

/// Put slices together: every firing of every rule over the whole logs, as `scan` gives them.
#[derive(clap::Args)]
#[command(
    after_help = "The slices may be given in any order; several logs count in the order in which the slices name them.
Slices of other rules, settings, versions or files, gaps and overlaps are refused by name.

Example:
  habeas events merge *.slice --json > firings.ndjson"
)]
pub(super) struct Args {
    /// Slices made by `habeas events slice`.
    #[arg(required = true, value_name = "SLICE")]
    slices: Vec<PathBuf>,
    /// Print one JSON object per firing.
    #[arg(long)]
    json: bool,
    /// Write what was read and what was not to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let whole = Whole::open(&args.slices).map_err(failed)?;
    let setup = whole.setup().cloned().ok_or_else(|| Failed::bad_input(anyhow!("no slice is given")))?;
    if setup.version != env!("CARGO_PKG_VERSION") {
        return Err(Failed::bad_input(anyhow!(
            "the slices were made by habeas {}, this is {}; merge them with the program that made them",
            setup.version,
            env!("CARGO_PKG_VERSION")
        )));
    }
    let plan = setup.plan().map_err(|errors| Failed::bad_input(all(&errors)))?;
    let mut printer = Printer::new(&plan, &whole.files(), args.json);
    let coverage = whole.run(&plan, &mut |firing| printer.print(&firing));
    if printer.end()? == Reading::Stopped {
        return Ok(Exit::Done);
    }
    report(&coverage.map_err(failed)?, args.coverage.as_deref())
}
