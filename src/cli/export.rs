//! `habeas controls export`: rules and controls over events as SQL statements, for logs in a database or a lakehouse.

use super::controls::whole_catalog;
use super::events::rules::read_plan;
use super::exit::{Exit, Failed};
use super::say;
use crate::catalog::{Control, Overrides};
use crate::engine::detections::Detector;
use crate::events::plan::{Plan, TIME_FIELDS};
use crate::events::sql::{Dialect, Export, Rows, Schema, compile, from_event_schema, inferred, load};
use crate::evidence::Kinds;
use crate::files;
use anyhow::{Context as _, anyhow};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Largest schema file.
const LARGEST_SCHEMA_BYTES: u64 = 4 << 20;
/// The JSON Schema of the canonical event.
const EVENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/controls/schema/event.json"));

/// Write Sigma rules, or the controls over events, as SQL statements.
///
/// Without --rules, the controls over events are exported. What the dialect cannot say exactly is refused by name, and the
/// exit code is then 1; the rest is written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas controls export --to sql --dialect datafusion --out sql/
  habeas controls export --to sql --dialect spark --control HAB-DET-02 --firings --out sql/
  habeas controls export --to sql --dialect duckdb --rules rules/ --schema columns.json --out sql/")]
pub(super) struct Args {
    /// What to write.
    #[arg(long, value_parser = ["sql"])]
    to: String,
    /// Whose SQL.
    #[arg(long, value_parser = ["datafusion", "spark", "duckdb"])]
    dialect: String,
    /// Sigma rules: a YAML file or a folder of them; may be given several times.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["control", "controls"])]
    rules: Vec<PathBuf>,
    /// Only this control, by id or slug; may be given several times.
    #[arg(long, value_name = "ID")]
    control: Vec<String>,
    /// Folder with controls, instead of the embedded ones.
    #[arg(long, value_name = "DIR")]
    controls: Option<PathBuf>,
    /// Lists for the modifier `expand`: a YAML file of `name: [values]`.
    #[arg(long, value_name = "FILE", requires = "rules")]
    placeholders: Option<PathBuf>,
    /// Field that holds an event's time.
    #[arg(long, value_name = "FIELD", default_value = "ts")]
    time_field: String,
    /// The columns with their types, as JSON. [default: what the rules, or the canonical event, imply]
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// The log that load.sql reads: one JSON object a line.
    #[arg(long, value_name = "FILE", default_value = "events.ndjson")]
    log: String,
    /// Statements that give one row for each firing, not one for each group that fired.
    #[arg(long)]
    firings: bool,
    /// Folder to write into; must be empty or absent.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `habeas controls export`.
pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let dialect = Dialect::of_word(&args.dialect).ok_or_else(|| Failed::internal(anyhow!("no such dialect")))?;
    let rows = if args.firings { Rows::Firings } else { Rows::Groups };
    let schema = args.schema.as_deref().map(read_schema).transpose()?;
    let (export, schema) = if args.rules.is_empty() {
        let catalog = whole_catalog(args.controls.as_deref())?;
        let detector = Detector::compile(&chosen(args, catalog.controls().collect())?, &Overrides::new())
            .map_err(Failed::bad_input)?;
        let schema = schema.map_or_else(|| canonical(detector.plan(), &args.time_field), Ok)?;
        let mut export = compile(detector.plan(), &schema, dialect, rows);
        // The engine's own rules about holes in a log belong to no control.
        export.statements.retain(|s| !s.id.starts_with("log/"));
        export.refused.retain(|r| !r.id.starts_with("log/"));
        (export, schema)
    } else {
        let plan = read_plan(&args.rules, args.placeholders.as_deref(), std::slice::from_ref(&args.time_field))?;
        let schema = schema.unwrap_or_else(|| inferred(&plan, &args.time_field));
        (compile(&plan, &schema, dialect, rows), schema)
    };
    let load = load(&schema, dialect, &args.log).map_err(|e| Failed::bad_input(anyhow!("the schema: {e}")))?;
    write(&args.out, &export, &schema, &load, (dialect, args.json))
}

fn read_schema(path: &Path) -> Result<Schema, Failed> {
    let bytes = files::read_limited(path, LARGEST_SCHEMA_BYTES).map_err(Failed::unreadable)?;
    let read = || -> anyhow::Result<Schema> { Schema::parse(std::str::from_utf8(&bytes)?).map_err(|e| anyhow!(e)) };
    read().with_context(|| format!("the schema `{}` cannot be used", path.display())).map_err(Failed::bad_input)
}

fn chosen<'c>(args: &Args, all: Vec<&'c Control>) -> Result<Vec<&'c Control>, Failed> {
    let mut chosen: Vec<&Control> = Vec::new();
    for wanted in &args.control {
        let found = all.iter().find(|c| c.id.eq_ignore_ascii_case(wanted) || c.slug == *wanted);
        let control = found
            .ok_or_else(|| Failed::bad_input(anyhow!("there is no control `{wanted}`; see `habeas controls list`")))?;
        if !control.needs_events() {
            return Err(Failed::bad_input(anyhow!("the control `{wanted}` is about configuration, not about events")));
        }
        chosen.push(control);
    }
    Ok(if args.control.is_empty() { all } else { chosen })
}

/// The columns of the canonical event and of the tables of evidence.
fn canonical(plan: &Plan, time: &str) -> Result<Schema, Failed> {
    if time != TIME_FIELDS[0] {
        return Err(Failed::bad_input(anyhow!("the time of a canonical event is in `{}`", TIME_FIELDS[0])));
    }
    let event: Json = serde_json::from_str(EVENT).map_err(Failed::internal)?;
    let kinds = Kinds::embedded().map_err(Failed::internal)?;
    let rows = |table: &str| -> Option<Json> {
        let mut path = table.split('.');
        let schema: Json = serde_json::from_str(&kinds.get(path.next()?)?.schema).ok()?;
        path.try_fold(&schema, |at, key| at.get("properties")?.get(key))?.get("items").cloned()
    };
    Ok(from_event_schema(plan, time, &event, &rows))
}

fn write(
    out: &Path,
    export: &Export,
    schema: &Schema,
    load: &str,
    (dialect, as_json): (Dialect, bool),
) -> Result<Exit, Failed> {
    files::create_folder(out).map_err(Failed::unreadable)?;
    if out.read_dir().map_err(Failed::unreadable)?.next().is_some() {
        return Err(Failed::bad_input(anyhow!("the folder `{}` is not empty; name another", out.display())));
    }
    let put = |name: &str, text: &str| files::write_whole(&out.join(name), text.as_bytes()).map_err(Failed::unreadable);
    let mut accepted = Vec::new();
    for (number, statement) in (1..).zip(&export.statements) {
        let file = format!("{number:03}-{}.sql", slug(&statement.id));
        put(&file, &statement.sql)?;
        accepted.push(json!({"rule": statement.id, "title": statement.title, "file": file}));
    }
    let refused: Vec<Json> =
        export.refused.iter().map(|r| json!({"rule": r.id, "title": r.title, "key": r.key, "why": r.why})).collect();
    let summary = json!({"dialect": dialect.word(), "accepted": accepted, "refused": refused});
    let text = serde_json::to_string_pretty(&summary).map_err(Failed::internal)?;
    put("summary.json", &format!("{text}\n"))?;
    put("load.sql", load)?;
    put("schema.json", &format!("{}\n", serde_json::to_string_pretty(schema).map_err(Failed::internal)?))?;
    if as_json {
        say(&text);
    } else {
        export.refused.iter().for_each(|r| say(&format!("refused: {} ({}): {}: {}", r.id, r.title, r.key, r.why)));
        say(&format!(
            "{} rules written to {}, {} refused",
            export.statements.len(),
            out.display(),
            export.refused.len()
        ));
    }
    Ok(if export.refused.is_empty() { Exit::Done } else { Exit::Findings })
}

/// A name for a file that no text of a rule can lead astray.
fn slug(id: &str) -> String {
    let plain: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn files_stay_in_their_folder() {
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("HAB-DET-02/spraying/correlation 0"), "hab-det-02-spraying-correlation-0");
        assert_eq!(slug("日本"), "");
    }
}
