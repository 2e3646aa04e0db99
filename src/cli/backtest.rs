//! `habeas controls backtest`: controls over old logs, as they are and with other parameters.

use super::audit::overrides;
use super::controls::{Common, load};
use super::exit::{Exit, Failed};
use crate::alerts::staff::{PseudonymKey, SHORTEST_KEY_BYTES};
use crate::catalog::Control;
use crate::clock::{Day, Timestamp};
use crate::files;
use crate::flows::backtest_controls::{BacktestError, Count, Outcome, Request, Tested, backtest_controls};
use anyhow::anyhow;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Largest table that is read.
const LARGEST_TABLE_BYTES: u64 = 512 << 20;

/// Tell how often controls over logs would have fired on old logs, day by day, as they are and with other parameters. Whom
/// they fired on is told by pseudonyms that hold for this run alone.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas controls backtest --events 2026-*.ndjson.gz
  habeas controls backtest --events march.ndjson --control HAB-DET-01 --param failures=5
  habeas controls backtest --events march.ndjson --evidence exports/ --from 2026-03-10 --to 2026-03-20 --json")]
pub(super) struct Args {
    /// Log, plain, gzip or zstd; may be given several times.
    #[arg(long, required = true, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// Product whose mapping reads the log; without it, the log holds canonical events.
    #[arg(long, value_name = "PRODUCT")]
    connector: Option<String>,
    /// Only this control, by id or slug; may be repeated. [default: all over events]
    #[arg(long, value_name = "ID")]
    control: Vec<String>,
    /// Parameter to compare with the control's own: NAME=VALUE with one --control, else CONTROL.NAME=VALUE. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// Folder of evidence whose tables (users, hr, approvals, ...) rules look rows up in.
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
    /// First day that counts, in UTC; events before it only fill windows.
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<String>,
    /// Last day that counts, in UTC.
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let loaded = load(&args.common)?;
    let controls = chosen(args, loaded.catalog.controls().filter(|c| c.needs_events()).collect())?;
    let request = Request {
        overrides: overrides(&qualified(args, &controls)?)?,
        controls,
        events: args.events.clone(),
        connector: args.connector.clone(),
        tables: args.evidence.as_deref().map(tables).transpose()?.unwrap_or_default(),
        from: args.from.as_deref().map(day).transpose()?,
        to: args.to.as_deref().map(day).transpose()?,
        key: key()?,
    };
    for (control, params) in &request.overrides {
        let known = request.controls.iter().find(|c| c.id == *control);
        let known =
            known.ok_or_else(|| Failed::bad_input(anyhow!("--param: `{control}` is not among the controls run")))?;
        known.parameters(Some(params)).map_err(Failed::bad_input)?;
    }
    let outcome = backtest_controls(&request).map_err(|e| match e {
        BacktestError::Log(_) => Failed::unreadable(e),
        _ => Failed::bad_input(e),
    })?;
    let out = if args.common.json { format!("{:#}", json_of(&outcome)) } else { text_of(&outcome) };
    super::say(out.trim_end());
    Ok(Exit::Done)
}

fn chosen<'c>(args: &Args, all: Vec<&'c Control>) -> Result<Vec<&'c Control>, Failed> {
    if args.control.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        let found = all.iter().find(|c| c.id == *name || c.slug == *name).copied();
        found.ok_or_else(|| {
            Failed::bad_input(anyhow!("no control over events is called `{name}`; see `habeas controls list`"))
        })
    };
    args.control.iter().map(find).collect()
}

/// `NAME=VALUE` belongs to the only control.
fn qualified(args: &Args, controls: &[&Control]) -> Result<Vec<String>, Failed> {
    let one = |text: &String| {
        let (name, _) = text.split_once('=').unwrap_or_default();
        match controls {
            _ if name.contains('.') => Ok(text.clone()),
            [only] if !args.control.is_empty() => Ok(format!("{}.{text}", only.id)),
            _ => {
                Err(Failed::bad_input(anyhow!("--param: `{text}` says not of which control; name one with --control")))
            }
        }
    };
    args.param.iter().map(one).collect()
}

fn day(text: &str) -> Result<Day, Failed> {
    text.parse().map_err(|_| Failed::bad_input(anyhow!("`{text}` is no day such as 2026-03-05")))
}

fn key() -> Result<PseudonymKey, Failed> {
    let mut bytes = [0; SHORTEST_KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|e| Failed::internal(anyhow!("the system gives no random numbers: {e}")))?;
    PseudonymKey::new(&bytes).map_err(Failed::internal)
}

/// Tables by the name of their file, from envelopes or bare data.
fn tables(folder: &Path) -> Result<BTreeMap<String, Json>, Failed> {
    let mut tables = BTreeMap::new();
    for (name, bytes) in files::read_folder(folder, &[".json"], LARGEST_TABLE_BYTES).map_err(Failed::unreadable)? {
        let json: Json = serde_json::from_slice(&bytes)
            .map_err(|e| Failed::bad_input(anyhow!("`{name}` in the evidence is not JSON: {e}")))?;
        let stem = Path::new(&name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        tables.insert(stem, json.get("data").cloned().unwrap_or(json));
    }
    Ok(tables)
}

/// All days of a control together: as it is, and with the parameters given.
fn totals(tested: &Tested) -> (Count, Count) {
    let mut sums = (Count::default(), Count::default());
    for (own, given) in tested.days.values() {
        for (sum, count) in [(&mut sums.0, own), (&mut sums.1, given)] {
            sum.firings += count.firings;
            sum.who.extend(count.who.iter().cloned());
        }
    }
    sums
}

fn short(count: &Count) -> String {
    format!("{} on {}", count.firings, count.who.len())
}

fn text_of(outcome: &Outcome) -> String {
    let tally = &outcome.sight.tally;
    let instant = |ms: i64| Timestamp::from_millis(ms).map_or_else(String::new, |t| t.to_string());
    let span = tally.span_ms.map_or_else(String::new, |(a, b)| format!(", {} to {}", instant(a), instant(b)));
    let mut out = format!("{} events{span}; {} lines not used\n", tally.events, tally.bad_lines());
    // Writing to a string cannot fail.
    for table in &outcome.absent {
        let _ =
            writeln!(out, "no table `{table}`: rules that look rows up in it cannot match; give it with --evidence");
    }
    let (fired, silent): (Vec<&Tested>, Vec<&Tested>) = outcome.controls.iter().partition(|c| !c.days.is_empty());
    for tested in fired {
        one_text(tested, outcome.compared, &mut out);
    }
    if !silent.is_empty() {
        let ids: Vec<&str> = silent.iter().map(|c| c.control.as_str()).collect();
        let _ = writeln!(out, "\ndid not fire: {}", ids.join(", "));
    }
    out
}

fn one_text(tested: &Tested, compared: bool, out: &mut String) {
    let _ = writeln!(out, "\n{}", tested.control);
    for (name, own, given) in &tested.changed {
        let _ = writeln!(out, "  {name}: {own} -> {given}");
    }
    let mut row = |name: &str, own: &Count, given: &Count| {
        let given = if compared { short(given) } else { String::new() };
        let _ = writeln!(out, "{}", format!("  {name:<12}{:<16}{given}", short(own)).trim_end());
    };
    for (day, (own, given)) in &tested.days {
        row(&day.to_string(), own, given);
    }
    let (own, given) = totals(tested);
    row("together", &own, &given);
    if compared {
        differ(out, "only as it is", &own.who, &given.who);
        differ(out, "only with these parameters", &given.who, &own.who);
    }
}

fn differ(out: &mut String, says: &str, one: &BTreeSet<String>, other: &BTreeSet<String>) {
    let alone: Vec<&str> = one.difference(other).map(String::as_str).collect();
    if !alone.is_empty() {
        let shown = alone.get(..alone.len().min(10)).unwrap_or_default().join(", ");
        let more = if alone.len() > 10 { format!(" and {} more", alone.len() - 10) } else { String::new() };
        let _ = writeln!(out, "  {says}: {shown}{more}");
    }
}

fn json_of(outcome: &Outcome) -> Json {
    let tally = &outcome.sight.tally;
    let instant = |ms: i64| Timestamp::from_millis(ms).map(|t| t.to_string());
    let count = |c: &Count| json!({"firings": c.firings, "who": c.who});
    let pair = |(own, given): &(Count, Count)| {
        if outcome.compared { json!({"own": count(own), "given": count(given)}) } else { json!({"own": count(own)}) }
    };
    let one = |tested: &Tested| {
        let changed: Vec<Json> =
            tested.changed.iter().map(|(name, own, given)| json!({"name": name, "own": own, "given": given})).collect();
        let days: BTreeMap<String, Json> = tested.days.iter().map(|(d, p)| (d.to_string(), pair(p))).collect();
        json!({"control": tested.control, "changed": changed, "days": days, "together": pair(&totals(tested))})
    };
    json!({
        "events": tally.events, "bad_lines": tally.bad_lines(),
        "first": tally.span_ms.and_then(|s| instant(s.0)), "last": tally.span_ms.and_then(|s| instant(s.1)),
        "absent_tables": outcome.absent, "controls": outcome.controls.iter().map(one).collect::<Vec<_>>(),
    })
}
