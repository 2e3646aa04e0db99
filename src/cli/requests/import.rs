//! `habeas requests import`: a list of requests. Every line that cannot be entered is named; the others are entered.

use super::add::digested;
use super::desk::{Desk, DeskArgs};
use crate::authority::Handler;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::clock::Timestamp;
use crate::flows::FlowError;
use crate::flows::open_request::{Intake, open_request};
use crate::ledger::entry::word;
use crate::personal::Purpose;
use crate::requests::intake::bulk::{self, Known, Received, Row};
use crate::requests::lawful::{ByBook, first_instant};
use crate::requests::open::Asked;
use crate::requests::request::Channel;
use crate::requests::right::{Regime, Right, Sensitivity};
use crate::requests::rules::{Basis, Rules};
use crate::store::Personals;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Largest file of a list.
const LARGEST_FILE_BYTES: u64 = 100 << 20;
/// So many requests are entered at once, so that they share their commits.
const AT_ONCE: usize = 32;

/// Enter requests from a CSV file: received, right, regime, place, and where known name, email, phone, address, language, text,
/// reference, and from your records email_on_file and address_on_file, to which alone answers go.
#[derive(clap::Args)]
#[command(
    after_help = "The first line names the columns, in any order. A reference tells a request from others: the same
file imported twice enters each request once.

Examples:
  habeas requests import calls.csv --as carl --dry-run
  habeas requests import calls.csv --as carl --channel phone"
)]
pub(super) struct Args {
    /// The file.
    file: PathBuf,
    /// How they came.
    #[arg(long, default_value = "letter", value_parser = ["letter", "phone", "counter", "mail", "form", "api"])]
    channel: String,
    /// Only look: enter nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A line that was not entered. Says nothing of the person.
struct Bad {
    line: u64,
    column: String,
    reason: String,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let by = desk.handler()?;
    let bytes = super::add::read_input(&args.file, LARGEST_FILE_BYTES)?;
    let rights: Vec<&str> = Right::ALL.iter().map(|r| r.word()).collect();
    let regimes: Vec<&str> = desk.app.book.regimes.keys().map(String::as_str).collect();
    let mut bad = Vec::new();
    let mut intakes = Vec::new();
    let mut seen = BTreeMap::new();
    for row in bulk::read(&bytes, &Known { rights: &rights, regimes: &regimes }) {
        match row.map_err(|e| Bad { line: e.line, column: e.column, reason: e.reason }) {
            Err(error) => bad.push(error),
            Ok(row) => match intake(&desk, &row, super::add::channel(&args.channel), &mut seen) {
                Ok(intake) => intakes.push((row.line, intake)),
                Err(error) => bad.push(error),
            },
        }
    }
    let good = intakes.len();
    if !args.dry_run {
        bad.extend(enter(&desk, &by, intakes));
    }
    bad.sort_by_key(|b| b.line);
    told(args, desk_args, &bad, good - bad.iter().filter(|b| b.column == "store").count());
    Ok(if bad.is_empty() { Exit::Done } else { Exit::Findings })
}

fn told(args: &Args, desk_args: &DeskArgs, bad: &[Bad], entered: usize) {
    let file = args.file.display().to_string();
    if desk_args.json {
        let lines: Vec<_> =
            bad.iter().map(|b| json!({"file": file, "line": b.line, "column": b.column, "reason": b.reason})).collect();
        say(&json!({"entered": entered, "dry_run": args.dry_run, "not_entered": lines}).to_string());
        return;
    }
    for b in bad {
        say(&format!("{file}, line {}, column `{}`: {}", b.line, b.column, b.reason));
    }
    let verb = if args.dry_run { "can be entered" } else { "entered" };
    say(&format!("{entered} requests {verb}, {} lines not", bad.len()));
}

fn intake(desk: &Desk, row: &Row, channel: Channel, seen: &mut BTreeMap<String, u32>) -> Result<Intake, Bad> {
    let bad = |column: &str, reason: String| Bad { line: row.line, column: column.to_owned(), reason };
    let book = &desk.app.book;
    let place = row.place.to_uppercase();
    let received_at = match row.received {
        Received::At(at) => at,
        Received::On(day) => first_instant(book, &place, day)
            .ok_or_else(|| bad("place", format!("`{}` is not known; see `habeas clock list`", row.place)))?,
    };
    if received_at > desk.now {
        return Err(bad("received", "lies in the future".to_owned()));
    }
    let right = Right::from_word(&row.right).ok_or_else(|| bad("right", "is not known".to_owned()))?;
    let basis = Basis { right, regime: Regime::new(&row.regime), place: word(&place.to_lowercase()), received_at };
    ByBook(book).dues(&basis, &[]).map_err(|e| bad(if e.starts_with("place") { "place" } else { "right" }, e))?;
    let key = key(row, seen);
    let personals: Personals = row.personals.iter().map(|(name, said)| ((*name).to_owned(), said.clone())).collect();
    let asked =
        vec![Asked { right, regime: basis.regime, place: basis.place, contested: BTreeSet::new(), completes: false }];
    Ok(Intake { key, channel, received_at, sensitivity: Sensitivity::Ordinary, asked, personals })
}

/// The reference, or else what the row holds and how often it stood there before: two equal lines are two requests.
fn key(row: &Row, seen: &mut BTreeMap<String, u32>) -> String {
    if let Some(reference) = &row.reference {
        return digested("reference", reference);
    }
    let said: Vec<_> =
        row.personals.iter().map(|(name, said)| json!([name, said.reveal_for(Purpose::Storage)])).collect();
    let whole = json!([row.right, row.regime, row.place, format!("{:?}", row.received), said]);
    let key = digested("row", &whole.to_string());
    let count = seen.entry(key.clone()).or_default();
    *count += 1;
    format!("{key}:{count}")
}

/// Enters requests, many at once; gives those that could not be.
fn enter(desk: &Desk, by: &Handler, intakes: Vec<(u64, Intake)>) -> Vec<Bad> {
    let now: Timestamp = desk.now;
    let mut bad = Vec::new();
    let mut rest = intakes;
    while !rest.is_empty() {
        let next: Vec<(u64, Intake)> = rest.drain(..rest.len().min(AT_ONCE)).collect();
        let failed: Vec<Option<Bad>> = std::thread::scope(|threads| {
            let work = |(line, intake): (u64, Intake)| {
                threads.spawn(move || match open_request(&desk.app.store, &desk.app.book, by, intake, now) {
                    Ok(_) => None,
                    Err(FlowError::Refused(e)) => Some(Bad { line, column: "store".to_owned(), reason: e.to_string() }),
                    Err(FlowError::Store(e)) => Some(Bad { line, column: "store".to_owned(), reason: e.to_string() }),
                })
            };
            let running: Vec<_> = next.into_iter().map(work).collect();
            let lost = || Bad { line: 0, column: "store".to_owned(), reason: "the program broke down".to_owned() };
            running.into_iter().map(|r| r.join().unwrap_or_else(|_| Some(lost()))).collect()
        });
        bad.extend(failed.into_iter().flatten());
    }
    bad
}
