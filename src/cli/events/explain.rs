//! `habeas events explain`: why one event did or did not match.

use super::rules::RuleArgs;
use crate::cli::exit::{Exit, Failed};
use crate::connectors::logs::Input;
use crate::events::explain::{Explained, Investigation, json, reporting, text};
use crate::events::line::BOM;
use crate::events::plan::Plan;
use crate::events::rule::{Body, Rule};
use anyhow::anyhow;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// Lines are given to the rules in pieces of about this size.
const PIECE_BYTES: usize = 1 << 20;
/// A line is read no further than this; the rules read less.
const LONGEST_READ_BYTES: u64 = 8 << 20;

/// Tell why an event did or did not match: each question of each rule, the value it met, and what a window held.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas events explain --rules rules/ --events access.ndjson --line 1207
  habeas events explain --rules rules/ --events access.ndjson.gz --offset 81223 --rule 'Many failures'
  habeas events explain --rules brute-force.yml --events access.ndjson --line 12 --json")]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Log of one JSON object a line, plain, gzip or zstd; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// Number of the line, from 1.
    #[arg(long, value_name = "N", required_unless_present = "offset", conflicts_with = "offset")]
    line: Option<u64>,
    /// Byte offset of the line in the (decompressed) log, as firings tell it; any byte of the line will do.
    #[arg(long, value_name = "BYTE")]
    offset: Option<u64>,
    /// Only this rule, by title, id or name; a correlation brings the rules that it refers to. May be repeated.
    #[arg(long, value_name = "TITLE|ID")]
    rule: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

struct Line {
    bytes: Vec<u8>,
    number: u64,
    offset: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let plan = reporting(args.rules.plan()?);
    let context = args.rules.context()?;
    let input = Input::open(&args.events).map_err(Failed::unreadable)?;
    let name = input.name.clone();
    let mut investigation = Investigation::new(&plan, &context);
    let line = read(args, input, &mut investigation)?;
    let begun = line.bytes.trim_ascii_start();
    let event = begun.strip_prefix(BOM).unwrap_or(begun);
    // Where the engine says that the event is.
    let offset = line.offset + (line.bytes.len() - event.len()) as u64;
    let mut explanation = investigation.explain(event.trim_ascii_end(), line.number, offset);
    choose(&args.rule, &plan, &mut explanation.rules)?;
    let out = if args.json { format!("{:#}\n", json(&explanation, &name)) } else { text(&explanation, &name) };
    crate::cli::say(out.trim_end());
    Ok(Exit::Done)
}

/// Keeps the rules asked for, and those that they refer to.
fn choose(wanted: &[String], plan: &Plan, rules: &mut Vec<Explained>) -> Result<(), Failed> {
    if wanted.is_empty() || rules.is_empty() {
        return Ok(());
    }
    let mut keep: BTreeSet<usize> = BTreeSet::new();
    for name in wanted {
        let called = |r: &Rule| r.title == *name || r.id == *name || r.name.as_ref() == Some(name);
        let found = plan.set.rules.iter().position(called);
        keep.insert(found.ok_or_else(|| Failed::bad_input(anyhow!("no rule is called `{name}`")))?);
    }
    // A rule comes after those it refers to, so going backwards reaches them all.
    for (number, rule) in plan.set.rules.iter().enumerate().rev() {
        if let Body::Correlation(_, refers) = &rule.body
            && keep.contains(&number)
        {
            keep.extend(refers);
        }
    }
    let mut number = 0;
    rules.retain(|_| {
        number += 1;
        keep.contains(&(number - 1))
    });
    Ok(())
}

/// Gives the log to the investigation up to the line asked for and what may be simultaneous with it.
fn read(args: &Args, input: Input, investigation: &mut Investigation<'_>) -> Result<Line, Failed> {
    let mut reader = BufReader::with_capacity(PIECE_BYTES, input.into_reader());
    let (mut piece, mut piece_offset) = (Vec::new(), 0u64);
    let (mut offset, mut number, mut found) = (0u64, 0u64, None);
    loop {
        let mut bytes = Vec::new();
        let n = reader
            .by_ref()
            .take(LONGEST_READ_BYTES)
            .read_until(b'\n', &mut bytes)
            .map_err(|e| Failed::unreadable(anyhow!("could not read the log at byte {offset}: {e}")))?;
        if n == 0 {
            break;
        }
        number += 1;
        let next = offset + n as u64;
        let wanted = args.line == Some(number) || args.offset.is_some_and(|o| (offset..next).contains(&o));
        piece.extend_from_slice(&bytes);
        if wanted {
            found = Some(Line { bytes, number, offset });
        }
        offset = next;
        if piece.len() >= PIECE_BYTES {
            investigation.stretch(&piece, piece_offset);
            piece.clear();
            piece_offset = offset;
            // A piece beyond the one that holds the line has what is simultaneous, unless the log is far out of order.
            if found.is_some() && !wanted {
                break;
            }
        }
    }
    investigation.stretch(&piece, piece_offset);
    found.ok_or_else(|| {
        Failed::bad_input(anyhow!("the log has {number} lines and {offset} bytes; there is no such line"))
    })
}
