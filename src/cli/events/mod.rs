//! `habeas events`: the event engine alone, over any JSON logs and any Sigma rules.
//!
//! One file per verb; `rules` reads what all of them are given: rules, placeholders, tables.

mod follow;
mod explain;
mod merge;
pub(super) mod rules;
mod scan;
mod slice;

use super::exit::{Exit, Failed};

/// Run Sigma rules over access logs.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas events scan --rules rules/ --events access.ndjson
  habeas events scan --rules rules/ --events jan.ndjson.gz --events feb.ndjson.zst --json > firings.ndjson
  habeas events scan --rules rules/ --connector salesforce --events EventLogFile.csv --json
  habeas events explain --rules rules/ --events access.ndjson --line 1207
  zcat old/*.gz | habeas events scan --rules brute-force.yml --events - --json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Scan(scan::Args),
    Follow(follow::Args),
    Slice(slice::Args),
    Merge(merge::Args),
    Explain(explain::Args),
    Map(super::map::Args),
}

pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    match args.command {
        Command::Scan(args) => scan::run(&args),
        Command::Follow(args) => follow::run(args),
        Command::Slice(args) => slice::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Map(args) => super::map::run(&args),
    }
}
