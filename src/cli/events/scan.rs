//! `habeas events scan`: every firing of every rule over whole logs.

use super::rules::{RuleArgs, lateness_ms, seed};
use crate::cli::exit::{Exit, Failed};
use crate::cli::map::MappingArgs;
use crate::cli::out;
use crate::connectors::logs::{Coverage, Input, Options, scan};
use crate::events::batch::Firing;
use crate::events::coverage::Sight;
use crate::events::doubles::MOST_IDS;
use crate::events::output::Lines;
use crate::events::plan::Plan;
use crate::files;
use anyhow::anyhow;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Output is written in pieces of this size.
const PIECE_BYTES: usize = 1 << 16;

/// Report every firing of every rule over whole logs.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    mapping: MappingArgs,
    /// Log, plain, gzip or zstd: one JSON object a line, or what the mapping reads; `-` reads standard input; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Print one JSON object per firing.
    #[arg(long)]
    json: bool,
    /// How far an event may lie behind the latest of its log and still count in windows; memory holds what waits so long.
    #[arg(long, default_value = "5m", value_name = "TIME")]
    lateness: String,
    /// Threads. [default: one per core]
    #[arg(long)]
    threads: Option<usize>,
    /// Write what was read and what was not to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let mapping = args.mapping.read()?;
    let plan = if mapping.is_some() { args.rules.plan_for_mapped() } else { args.rules.plan() }?;
    let context = args.rules.context()?;
    let lateness_ms = lateness_ms(&args.lateness)?;
    let inputs: Result<Vec<Input>, _> = args.events.iter().map(|p| Input::open(p)).collect();
    let inputs = inputs.map_err(Failed::unreadable)?;
    let names: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
    let mut printer = Printer::new(&plan, &names, args.json);
    let options = Options { threads: threads(args.threads), lateness_ms, seed: seed()? };
    let mapping = mapping.as_ref().map(|(m, hints)| (m, *hints));
    let coverage = scan((&plan, &context), inputs, mapping, options, &mut |firing| printer.print(&firing));
    if printer.end()? == Reading::Stopped {
        return Ok(Exit::Done);
    }
    report(&coverage.map_err(Failed::unreadable)?, args.coverage.as_deref())
}

/// Writes the coverage where it is wanted, and says what was not used.
pub(super) fn report(coverage: &Coverage, to: Option<&Path>) -> Result<Exit, Failed> {
    if let Some(path) = to {
        let text = format!("{:#}\n", coverage_json(coverage));
        files::write_whole(path, text.as_bytes()).map_err(Failed::unreadable)?;
    }
    tell(coverage);
    Ok(Exit::Done)
}

fn threads(asked: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.unwrap_or_else(cores).clamp(1, 256)
}

/// Whether somebody still reads what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// To the end.
    On,
    /// They have seen enough, as with `head`.
    Stopped,
}

/// Prints firings.
pub(super) struct Printer<'a> {
    lines: Lines,
    plan: &'a Plan,
    json: bool,
    text: String,
    failed: Option<std::io::Error>,
}

impl<'a> Printer<'a> {
    /// A printer for firings of `plan` over logs called `names`.
    pub(super) fn new(plan: &'a Plan, names: &[String], json: bool) -> Self {
        Self { lines: Lines::new(plan, names), plan, json, text: String::new(), failed: None }
    }

    /// Prints what is left.
    pub(super) fn end(mut self) -> Result<Reading, Failed> {
        self.flush();
        match self.failed {
            Some(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(Reading::Stopped),
            Some(e) => Err(Failed::unreadable(anyhow!(e).context("could not write the firings"))),
            None => Ok(Reading::On),
        }
    }

    /// Prints one.
    pub(super) fn print(&mut self, firing: &Firing) {
        if self.json {
            self.lines.write(firing, &mut self.text);
        } else {
            self.lines.write_plain(firing, self.plan.title(firing.rule), &mut self.text);
        }
        if self.text.len() > PIECE_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            let mut out = std::io::stdout().lock();
            self.failed = out.write_all(self.text.as_bytes()).and_then(|()| out.flush()).err();
        }
        self.text.clear();
    }
}

/// The coverage as JSON: per log its lines, bytes, events, late ones and duplicates, first and last instant, and bad lines
/// with samples.
fn coverage_json(coverage: &Coverage) -> Value {
    let instant = |ms: i64| crate::clock::Timestamp::from_millis(ms).map(|t| t.to_string());
    let one = |(name, Sight { tally, late, .. }): &(String, Sight)| {
        let bad: serde_json::Map<String, Value> = tally
            .bad
            .iter()
            .map(|(why, (n, at))| {
                let offsets: Vec<u64> = at.iter().map(|p| p.offset()).collect();
                (why.word().to_owned(), json!({"lines": n, "sample_offsets": offsets}))
            })
            .collect();
        json!({
            "file": name, "lines": tally.lines, "bytes": tally.bytes, "events": tally.events, "late": late,
            "duplicates": tally.doubles, "ids_forgotten": tally.forgotten,
            "first": tally.span_ms.and_then(|s| instant(s.0)), "last": tally.span_ms.and_then(|s| instant(s.1)), "bad": bad,
        })
    };
    json!({"sources": coverage.sources.iter().map(one).collect::<Vec<_>>(), "late_events": coverage.late})
}

/// Says on standard error, log by log, what was not used; nothing when everything was.
fn tell(coverage: &Coverage) {
    for (name, tally) in coverage.sources.iter().map(|(n, s)| (n, &s.tally)) {
        for (why, (count, samples)) in &tally.bad {
            let at: Vec<String> = samples.iter().map(|p| p.offset().to_string()).collect();
            let (lines, why, at) = (tally.lines, why.word(), at.join(", "));
            out::tell(&format!("habeas: {name}: {count} of {lines} lines not used ({why}), at byte {at}"));
        }
        if tally.doubles > 0 {
            let doubles = tally.doubles;
            out::tell(&format!(
                "habeas: {name}: {doubles} lines have the id of one before them; only the first counts"
            ));
        }
        if tally.forgotten > 0 {
            let forgotten = tally.forgotten;
            out::tell(&format!(
                "habeas: {name}: {forgotten} ids were forgotten, because more than {MOST_IDS} differ; duplicates of these count"
            ));
        }
    }
    if coverage.late > 0 {
        let late = coverage.late;
        out::tell(&format!("habeas: {late} events came later than --lateness allows; windows did not count them"));
    }
}
