//! `habeas requests metrics`: the numbers of a year by law and right, counted from the ledger.

use super::desk::{Desk, DeskArgs};
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::ledger::entry::Entry;
use crate::requests::metrics::{Counted, Period, claims, numbers};
use crate::store::Error;
use anyhow::anyhow;
use serde_json::json;

/// Count a year's requests: received, complied with, denied, and the days within which they were answered.
#[derive(clap::Args)]
#[command(
    after_help = "11 CCR 7102(a) asks for these numbers of the calendar year before. A request counts in the year in which it was
received, by its last outcome; the days are those to the first answer, begun days whole. They are counted from the ledger's
entries, so that whoever holds `habeas ledger export` can count them again.

Example:
  habeas requests metrics --year 2026 --as dora --json"
)]
pub(super) struct Args {
    /// The calendar year (UTC).
    #[arg(long)]
    year: i32,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let period = Period::year(args.year)
        .ok_or_else(|| Failed::bad_input(anyhow!("`{}` lies outside 1900 to 2200", args.year)))?;
    let entries = desk.app.store.read(&desk.signed()?, |r| {
        let parsed = |(seq, bytes): (u64, Vec<u8>)| Entry::parse(seq, &bytes).map_err(Error::from);
        (0_u64..).zip(r.entries()?).map(parsed).collect::<Result<Vec<_>, _>>()
    });
    let counted: Vec<Counted> = claims(&entries.map_err(super::store_failed)?).into_values().collect();
    let all = numbers(&counted, &period);
    if desk_args.json {
        let rows: Vec<_> =
            all.iter().map(|((regime, right), n)| json!({"regime": regime, "right": right, "numbers": n})).collect();
        say(&json!({"year": args.year, "rights": rows}).to_string());
        return Ok(Exit::Done);
    }
    let head = ["received", "complied", "in part", "denied", "withdrawn", "open", "median", "mean"];
    say(&format!("{:<10} {:<20} {}", "law", "right", head.map(|h| format!("{h:>10}")).join("")));
    for ((regime, right), n) in &all {
        let counts = [n.received, n.complied, n.complied_in_part, n.denied, n.withdrawn, n.open].map(|c| c.to_string());
        let days = [n.median_days, n.mean_days].map(|d| d.map_or_else(|| "-".to_owned(), |d| format!("{d:.1}")));
        let cells: Vec<String> = counts.iter().chain(&days).map(|c| format!("{c:>10}")).collect();
        say(&format!("{regime:<10} {right:<20} {}", cells.join("")));
    }
    Ok(Exit::Done)
}
