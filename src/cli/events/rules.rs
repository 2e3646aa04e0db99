//! Reads rules, placeholders and tables from the paths on the command line.

use crate::cli::exit::Failed;
use crate::events::context::Context;
use crate::events::hash::Seed;
use crate::events::plan::{EVENT_ID, Plan, TIME_FIELDS};
use crate::events::rule::{Placeholders, RuleError, timespan_ms};
use crate::events::slice::Setup;
use crate::files;
use anyhow::{Context as _, anyhow};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Largest table of the context.
const LARGEST_TABLE_BYTES: u64 = 512 << 20;

/// Rules and what they refer to, as every verb takes them.
#[derive(clap::Args)]
pub(super) struct RuleArgs {
    /// Sigma rules: a YAML file or a folder of them; may be given several times.
    #[arg(long, required = true, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Lists for the modifier `expand`: a YAML file of `name: [values]`.
    #[arg(long, value_name = "FILE")]
    placeholders: Option<PathBuf>,
    /// Field that holds an event's time; the first that an event has counts. [default: ts, time, timestamp, @timestamp, event_time, eventTime]
    #[arg(long, value_name = "FIELD")]
    time_field: Vec<String>,
    /// Field that holds an event's unique id: of lines with the same id only the first counts, if the second is not more than
    /// 1,048,576 different ids behind it in the same log. [default: every line counts; with a mapping: `id`; '' turns it off]
    #[arg(long, value_name = "FIELD")]
    event_id: Option<String>,
    /// Table to enrich events from: a JSON file (a list of rows with an id, or an object with such lists, which rules name
    /// FILE.KEY) or a folder of them.
    #[arg(long, value_name = "PATH")]
    context: Vec<PathBuf>,
}

impl RuleArgs {
    /// The rules, planned.
    pub(super) fn plan(&self) -> Result<Plan, Failed> {
        self.setup()?.plan().map_err(|errors| Failed::bad_input(all(&errors)))
    }

    /// The same for events that a mapping makes: it has put their id, if they have one, where it belongs.
    pub(super) fn plan_for_mapped(&self) -> Result<Plan, Failed> {
        let mut setup = self.setup()?;
        setup.event_id = self.event_id.clone().unwrap_or_else(|| EVENT_ID.to_owned());
        setup.plan().map_err(|errors| Failed::bad_input(all(&errors)))
    }

    /// The texts of the rules and all that decides what they mean, but for the tables.
    pub(super) fn setup(&self) -> Result<Setup, Failed> {
        let mut paths = Vec::new();
        for path in &self.rules {
            rule_files(path, true, &mut paths)?;
        }
        if paths.is_empty() {
            return Err(Failed::bad_input(anyhow!(
                "there is no .yml or .yaml file under the paths given with --rules"
            )));
        }
        let mut rules = Vec::new();
        for path in paths {
            let bytes = files::read_limited(&path, 1 << 20).map_err(Failed::unreadable)?;
            let name = path.display().to_string();
            let text = String::from_utf8(bytes)
                .map_err(|_| Failed::bad_input(anyhow!("the rule file `{name}` is not UTF-8")))?;
            rules.push((name, text));
        }
        let time_fields =
            if self.time_field.is_empty() { TIME_FIELDS.map(str::to_owned).to_vec() } else { self.time_field.clone() };
        Ok(Setup {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules,
            placeholders: placeholders(self.placeholders.as_deref())?,
            time_fields,
            event_id: self.event_id.clone().unwrap_or_default(),
            tables: String::new(),
            lateness_ms: 0,
            seed: String::new(),
        })
    }

    /// The tables to enrich from.
    pub(super) fn context(&self) -> Result<Context, Failed> {
        let mut context = Context::default();
        let mut tables = Vec::new();
        for path in &self.context {
            if path.is_dir() {
                let entries = path.read_dir().map_err(Failed::unreadable)?;
                tables.extend(
                    entries
                        .filter_map(Result::ok)
                        .map(|e| e.path())
                        .filter(|p| p.extension().is_some_and(|e| e == "json")),
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
            context.add(&name, []);
            add_tables(&name, value.get("data").unwrap_or(&value), &mut context);
        }
        Ok(context)
    }
}

/// `--lateness` in milliseconds.
pub(super) fn lateness_ms(text: &str) -> Result<i64, Failed> {
    if text == "0" {
        return Ok(0);
    }
    timespan_ms(text).ok_or_else(|| Failed::bad_input(anyhow!("`{text}` is not a time such as `30s`, `5m` or `0`")))
}

/// A seed of this run's own.
pub(super) fn seed() -> Result<Seed, Failed> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| Failed::internal(anyhow!("the system gives no random numbers: {e}")))?;
    let [a, b] = [0, 8].map(|at| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes));
    Ok(Seed([a, b]))
}

/// Reads and plans the rules under `paths`; `time_fields` names where an event's time is, if not where it mostly is.
pub(in crate::cli) fn read_plan(
    paths: &[PathBuf],
    lists: Option<&Path>,
    time_fields: &[String],
) -> Result<Plan, Failed> {
    let (rules, placeholders) = (paths.to_vec(), lists.map(Path::to_path_buf));
    RuleArgs { rules, placeholders, time_field: time_fields.to_vec(), event_id: None, context: Vec::new() }.plan()
}

/// All that is wrong with rules, in one message.
pub(super) fn all(errors: &[RuleError]) -> anyhow::Error {
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

/// Adds a list of rows, or the lists inside an object under dotted names, as rules name them: `hr.teams`.
fn add_tables(name: &str, data: &Value, context: &mut Context) {
    match data {
        Value::Array(rows) => context.add(name, rows.iter().filter_map(|row| Some((row_key(row)?, row.clone())))),
        Value::Object(map) => map.iter().for_each(|(key, inner)| add_tables(&format!("{name}.{key}"), inner, context)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A row's key: its `id`, else its `person_id`, else its `user_id`.
fn row_key(row: &Value) -> Option<String> {
    let key = ["id", "person_id", "user_id"].iter().find_map(|k| row.get(k))?;
    Some(key.as_str().map_or_else(|| key.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_inside_objects_are_tables_of_their_own() {
        let data =
            serde_json::json!({"teams": [{"id": "t1"}], "deep": {"er": [{"person_id": "p"}, {"no": "key"}]}, "n": 1});
        let mut context = Context::default();
        add_tables("hr", &data, &mut context);
        for (table, there) in
            [("hr.teams", true), ("hr.deep.er", true), ("hr", false), ("hr.n", false), ("teams", false)]
        {
            assert_eq!(context.has(table), there, "{table}");
        }
        let mut same = Context::default();
        same.add("hr.teams", [("t1".to_owned(), serde_json::json!({"id": "t1"}))]);
        same.add("hr.deep.er", [("p".to_owned(), serde_json::json!({"person_id": "p"}))]);
        assert_eq!(context.digest(), same.digest());
    }
}
