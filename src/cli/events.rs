//! `habeas events`: the event engine alone, over any JSON logs and any Sigma rules.

use super::exit::{Exit, Failed};
use crate::connectors::logs::{Coverage, Input, Options, scan};
use crate::events::batch::Firing;
use crate::events::context::Context;
use crate::events::coverage::Sight;
use crate::events::hash::Seed;
use crate::events::output::Lines;
use crate::events::plan::{Plan, TIME_FIELDS};
use crate::events::rule::{Placeholders, RuleError, RuleSet, Settings, timespan_ms};
use crate::files;
use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Largest table of the context.
const LARGEST_TABLE_BYTES: u64 = 512 << 20;
/// Output is written in pieces of this size.
const PIECE_BYTES: usize = 1 << 16;

/// Run Sigma rules over access logs.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas events scan --rules rules/ --events access.ndjson
  habeas events scan --rules rules/ --events jan.ndjson.gz --events feb.ndjson.zst --json > firings.ndjson
  zcat old/*.gz | habeas events scan --rules brute-force.yml --events - --json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Report every firing of every rule over whole logs.
    Scan(ScanArgs),
    Map(super::map::Args),
}

#[derive(clap::Args)]
struct RuleArgs {
    /// Sigma rules: a YAML file or a folder of them; may be given several times.
    #[arg(long, required = true, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Lists for the modifier `expand`: a YAML file of `name: [values]`.
    #[arg(long, value_name = "FILE")]
    placeholders: Option<PathBuf>,
    /// Field that holds an event's time; the first that an event has counts. [default: ts, time, timestamp, @timestamp, event_time, eventTime]
    #[arg(long, value_name = "FIELD")]
    time_field: Vec<String>,
    /// Table to enrich events from: a JSON file (a list of rows with an id) or a folder of them.
    #[arg(long, value_name = "PATH")]
    context: Vec<PathBuf>,
}

#[derive(clap::Args)]
struct ScanArgs {
    #[command(flatten)]
    rules: RuleArgs,
    /// Log of one JSON object a line, plain, gzip or zstd; `-` reads standard input; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Print one JSON object per firing.
    #[arg(long)]
    json: bool,
    /// How far an event may lie behind the latest of its log and still count in windows.
    #[arg(long, default_value = "5m", value_name = "TIME")]
    lateness: String,
    /// Threads. [default: one per core]
    #[arg(long)]
    threads: Option<usize>,
    /// Write what was read and what was not to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    match args.command {
        Command::Scan(args) => scan_logs(&args),
        Command::Map(args) => super::map::run(&args),
    }
}

fn scan_logs(args: &ScanArgs) -> Result<Exit, Failed> {
    let plan = plan(&args.rules)?;
    let context = context(&args.rules.context)?;
    let lateness_ms = lateness_ms(&args.lateness)?;
    let inputs: Result<Vec<Input>, _> = args.events.iter().map(|p| Input::open(p)).collect();
    let inputs = inputs.map_err(Failed::unreadable)?;
    let names: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
    let lines = Lines::new(&plan, &names);
    let mut printer = Printer { lines, plan: &plan, json: args.json, text: String::new(), failed: None };
    let options = Options { threads: threads(args.threads), lateness_ms, seed: seed()? };
    let coverage = scan((&plan, &context), inputs, None, options, &mut |firing| printer.print(&firing));
    printer.flush();
    match printer.failed {
        // Whoever reads us has seen enough, as with `head`.
        Some(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
        Some(e) => return Err(Failed::unreadable(anyhow!(e).context("could not write the firings"))),
        None => {}
    }
    let coverage = coverage.map_err(Failed::unreadable)?;
    if let Some(path) = &args.coverage {
        let text = format!("{:#}\n", coverage_json(&coverage));
        files::write_whole(path, text.as_bytes()).map_err(Failed::unreadable)?;
    }
    tell(&coverage);
    Ok(Exit::Done)
}

fn lateness_ms(text: &str) -> Result<i64, Failed> {
    if text == "0" {
        return Ok(0);
    }
    timespan_ms(text).ok_or_else(|| Failed::bad_input(anyhow!("`{text}` is not a time such as `30s`, `5m` or `0`")))
}

fn threads(asked: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.unwrap_or_else(cores).clamp(1, 256)
}

fn seed() -> Result<Seed, Failed> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| Failed::internal(anyhow!("the system gives no random numbers: {e}")))?;
    let [a, b] = [0, 8].map(|at| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes));
    Ok(Seed([a, b]))
}

fn plan(args: &RuleArgs) -> Result<Plan, Failed> {
    let mut paths = Vec::new();
    for path in &args.rules {
        rule_files(path, true, &mut paths)?;
    }
    if paths.is_empty() {
        return Err(Failed::bad_input(anyhow!("there is no .yml or .yaml file under the paths given with --rules")));
    }
    let mut rules = Vec::new();
    for path in paths {
        let bytes = files::read_limited(&path, 1 << 20).map_err(Failed::unreadable)?;
        let name = path.display().to_string();
        let text =
            String::from_utf8(bytes).map_err(|_| Failed::bad_input(anyhow!("the rule file `{name}` is not UTF-8")))?;
        rules.push((name, text));
    }
    let settings = Settings { placeholders: placeholders(args.placeholders.as_deref())? };
    let set = RuleSet::from_files(&rules, &settings).map_err(|errors| Failed::bad_input(all(&errors)))?;
    let time_fields: Vec<String> =
        if args.time_field.is_empty() { TIME_FIELDS.map(str::to_owned).to_vec() } else { args.time_field.clone() };
    Ok(Plan::new(set, &time_fields))
}

fn all(errors: &[RuleError]) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(|e| format!("  {e}")).collect();
    anyhow!("{} rule problem(s), nothing was scanned:\n{}", errors.len(), lines.join("\n"))
}

fn rule_files(path: &Path, named: bool, out: &mut Vec<PathBuf>) -> Result<(), Failed> {
    let failed = |e| Failed::unreadable(anyhow!("could not read `{}`: {e}", path.display()));
    if !path.metadata().map_err(failed)?.is_dir() {
        let yaml = path.extension().is_some_and(|e| e == "yml" || e == "yaml");
        out.extend((named || yaml).then(|| path.to_path_buf()));
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = path.read_dir().map_err(failed)?.collect();
    let mut below: Vec<PathBuf> = entries.map_err(failed)?.into_iter().map(|e| e.path()).collect();
    below.sort();
    below.iter().try_for_each(|p| rule_files(p, false, out))
}

fn placeholders(path: Option<&Path>) -> Result<Placeholders, Failed> {
    let Some(path) = path else { return Ok(Placeholders::new()) };
    let bytes = files::read_limited(path, 1 << 20).map_err(Failed::unreadable)?;
    let read = || -> anyhow::Result<Placeholders> { Ok(serde_saphyr::from_str(std::str::from_utf8(&bytes)?)?) };
    read()
        .with_context(|| format!("the placeholders in `{}` are not `name: [values]`", path.display()))
        .map_err(Failed::bad_input)
}

fn context(paths: &[PathBuf]) -> Result<Context, Failed> {
    let mut context = Context::default();
    let mut tables = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = path.read_dir().map_err(Failed::unreadable)?;
            tables.extend(
                entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")),
            );
        } else {
            tables.push(path.clone());
        }
    }
    tables.sort();
    for path in tables {
        let bytes = files::read_limited(&path, LARGEST_TABLE_BYTES).map_err(Failed::unreadable)?;
        let value: Value = serde_json::from_slice(&bytes)
            .with_context(|| format!("the context `{}` is not JSON", path.display()))
            .map_err(Failed::bad_input)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let rows = value.get("data").unwrap_or(&value).as_array().cloned().unwrap_or_default();
        context.add(&name, rows.into_iter().filter_map(|row| Some((row_key(&row)?, row))));
    }
    Ok(context)
}

/// A row's key: its `id`, else its `person_id`, else its `user_id`.
fn row_key(row: &Value) -> Option<String> {
    let key = ["id", "person_id", "user_id"].iter().find_map(|k| row.get(k))?;
    Some(key.as_str().map_or_else(|| key.to_string(), str::to_owned))
}

struct Printer<'a> {
    lines: Lines,
    plan: &'a Plan,
    json: bool,
    text: String,
    failed: Option<std::io::Error>,
}

impl Printer<'_> {
    fn print(&mut self, firing: &Firing) {
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

/// The coverage as JSON: per log its lines, bytes, events, first and last instant, and bad lines with samples.
fn coverage_json(coverage: &Coverage) -> Value {
    let instant = |ms: i64| crate::clock::Timestamp::from_millis(ms).map(|t| t.to_string());
    let one = |(name, Sight { tally, .. }): &(String, Sight)| {
        let bad: serde_json::Map<String, Value> = tally
            .bad
            .iter()
            .map(|(why, (n, at))| {
                let offsets: Vec<u64> = at.iter().map(|p| p.offset()).collect();
                (why.word().to_owned(), json!({"lines": n, "sample_offsets": offsets}))
            })
            .collect();
        json!({
            "file": name, "lines": tally.lines, "bytes": tally.bytes, "events": tally.events,
            "first": tally.span_ms.and_then(|s| instant(s.0)), "last": tally.span_ms.and_then(|s| instant(s.1)), "bad": bad,
        })
    };
    json!({"sources": coverage.sources.iter().map(one).collect::<Vec<_>>(), "late_events": coverage.late})
}

/// Says on standard error what was not used; nothing when everything was.
#[expect(clippy::print_stderr, reason = "the command line is where messages reach people")]
fn tell(coverage: &Coverage) {
    for (name, tally) in coverage.sources.iter().map(|(n, s)| (n, &s.tally)).filter(|(_, t)| t.bad_lines() > 0) {
        for (why, (count, samples)) in &tally.bad {
            let at: Vec<String> = samples.iter().map(|p| p.offset().to_string()).collect();
            eprintln!(
                "habeas: {name}: {count} of {} lines not used ({}), at byte {}",
                tally.lines,
                why.word(),
                at.join(", ")
            );
        }
    }
    if coverage.late > 0 {
        eprintln!("habeas: {} events came later than --lateness allows; windows did not count them", coverage.late);
    }
}
