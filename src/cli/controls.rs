//! `habeas controls`: lists, shows, lints, tests, exports and documents the controls, embedded or from a folder.

use super::exit::{Exit, Failed};
use super::say;
use crate::catalog::{Catalog, Control, Param, Problem, embedded_files, lint, reference_pages};
use crate::engine::detections::run_case;
use crate::engine::{CaseOutcome, run_cases};
use crate::evidence::Kinds;
use crate::files;
use anyhow::anyhow;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Largest file of a catalog that is read; the loader's own limit is lower and says so better.
const LARGEST_FILE_BYTES: u64 = 2 << 20;

/// List, show, lint, test, export and document the controls.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas controls list
  habeas controls show HAB-AUT-01
  habeas controls lint --controls my-controls/
  habeas controls docs --out docs/reference/controls
  habeas controls test --controls my-controls/ --only HAB-AUT-01
  habeas controls export --to sql --dialect duckdb --out sql/
  habeas controls backtest --events march.ndjson --control HAB-DET-01 --param failures=5")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the controls.
    List(Common),
    /// Show one control.
    Show {
        /// Its id or slug.
        control: String,
        #[command(flatten)]
        common: Common,
    },
    /// Check that every control is complete and makes sense.
    Lint(Common),
    /// Write the reference pages, one per family and language.
    Docs {
        /// Folder to write into.
        #[arg(long, value_name = "DIR", default_value = "docs/reference/controls")]
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Run the cases of every control.
    Test {
        /// Only controls whose id, family or slug contains this; may be repeated.
        #[arg(long)]
        only: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    Export(super::export::Args),
    Backtest(super::backtest::Args),
}

/// Which controls, and how they are told.
#[derive(clap::Args)]
pub(super) struct Common {
    /// Folder with controls, instead of the embedded ones.
    #[arg(long, value_name = "DIR")]
    controls: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Language of what is printed: en or zh-CN.
    #[arg(long, default_value = "en")]
    lang: String,
}

/// Runs `habeas controls`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    match args.command {
        Command::List(common) => list(&load(&common)?, &common),
        Command::Show { control, common } => show(&load(&common)?, &control, &common),
        Command::Docs { out, common } => docs(&load(&common)?, &out),
        Command::Lint(common) => lint_all(&load(&common)?, &common),
        Command::Backtest(args) => super::backtest::run(&args),
        Command::Test { only, common } => test(&load(&common)?, &only, &common),
        Command::Export(args) => super::export::run(&args),
    }
}

/// The catalog asked for, and what is wrong with it.
pub(super) struct Loaded {
    pub(super) catalog: Catalog,
    problems: Vec<Problem>,
    /// The folder's own evidence kinds, when it has some.
    own_kinds: Option<Kinds>,
}

impl Loaded {
    fn kinds(&self) -> Result<&Kinds, Failed> {
        kinds_of(self.own_kinds.as_ref())
    }
}

fn kinds_of(own: Option<&Kinds>) -> Result<&Kinds, Failed> {
    match own {
        Some(kinds) => Ok(kinds),
        None => Kinds::embedded().map_err(Failed::internal),
    }
}

/// Reads the catalog asked for.
pub(super) fn load(common: &Common) -> Result<Loaded, Failed> {
    load_from(common.controls.as_deref())
}

/// Reads the controls of a folder, or the embedded ones; an error when one of them cannot be used.
pub(super) fn whole_catalog(folder: Option<&Path>) -> Result<Catalog, Failed> {
    let loaded = load_from(folder)?;
    match loaded.problems.first() {
        None => Ok(loaded.catalog),
        Some(first) => {
            Err(Failed::bad_input(anyhow!("{} problem(s) in the controls, the first: {first}", loaded.problems.len())))
        }
    }
}

fn load_from(folder: Option<&Path>) -> Result<Loaded, Failed> {
    let Some(folder) = folder else {
        let (catalog, problems) = Catalog::read(kinds_of(None)?, &embedded_files());
        return Ok(Loaded { catalog, problems, own_kinds: None });
    };
    let files = files::read_folder(folder, &[".yaml"], LARGEST_FILE_BYTES).map_err(Failed::unreadable)?;
    let schemas = folder.join("schema/evidence");
    let own_kinds = if schemas.is_dir() {
        let schemas = files::read_folder(&schemas, &[".json"], LARGEST_FILE_BYTES).map_err(Failed::unreadable)?;
        Some(
            Kinds::read(schemas.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice())))
                .map_err(Failed::bad_input)?,
        )
    } else {
        None
    };
    let (catalog, problems) = Catalog::read(kinds_of(own_kinds.as_ref())?, &files);
    Ok(Loaded { catalog, problems, own_kinds })
}

fn say_json(value: &Json) -> Result<(), Failed> {
    say(&serde_json::to_string_pretty(value).map_err(Failed::internal)?);
    Ok(())
}

fn list(loaded: &Loaded, common: &Common) -> Result<Exit, Failed> {
    if common.json {
        say_json(&loaded.catalog.controls().map(summary).collect())?;
    } else {
        for c in loaded.catalog.controls() {
            say(&format!("{}  {:8}  {:14}  {}", c.id, c.severity.word(), c.family, c.title.get(&common.lang)));
        }
    }
    Ok(if loaded.problems.is_empty() { Exit::Done } else { complain(&loaded.problems) })
}

fn complain(problems: &[Problem]) -> Exit {
    problems.iter().for_each(|p| say(&p.to_string()));
    Exit::BadInput
}

fn summary(c: &Control) -> Json {
    json!({"id": c.id, "slug": c.slug, "family": c.family, "status": c.status, "severity": c.severity, "evidence": c.proof,
        "title": c.title, "answers": c.answers, "file": c.file, "version": c.version})
}

/// Everything a control says of itself.
fn whole(c: &Control, cases: usize) -> Json {
    let param = |p: &Param| json!({"type": p.ty, "default": p.default, "min": p.min, "max": p.max, "source": p.source, "means": p.means});
    let params: serde_json::Map<_, _> = c.params.iter().map(|(name, p)| (name.clone(), param(p))).collect();
    let rest = json!({"why": c.why, "risk": c.risk, "remedy": c.remedy, "params": params, "cases": cases});
    match (summary(c), rest) {
        (Json::Object(mut all), Json::Object(rest)) => {
            all.extend(rest);
            Json::Object(all)
        }
        (summary, _) => summary,
    }
}

fn show(loaded: &Loaded, wanted: &str, common: &Common) -> Result<Exit, Failed> {
    let found = loaded.catalog.controls().find(|c| c.id.eq_ignore_ascii_case(wanted) || c.slug == wanted);
    let control = found
        .ok_or_else(|| Failed::bad_input(anyhow!("there is no control `{wanted}`; see `habeas controls list`")))?;
    if common.json {
        say_json(&whole(control, loaded.catalog.cases(control).len()))?;
        return Ok(Exit::Done);
    }
    let lang = common.lang.as_str();
    say(&format!(
        "{}  {}\n{} | {} | {}\n",
        control.id,
        control.title.get(lang),
        control.severity.word(),
        control.family,
        control.file
    ));
    for text in [&control.why, &control.risk, &control.remedy] {
        say(&format!("{}\n", text.get(lang).trim()));
    }
    for (framework, citations) in &control.answers {
        say(&format!("{}: {}", framework.name(lang), citations.join(", ")));
    }
    for (name, p) in &control.params {
        say(&format!("parameter {name} = {} ({}): {}", p.default, p.source, p.means.get(lang)));
    }
    Ok(Exit::Done)
}

fn docs(loaded: &Loaded, out: &Path) -> Result<Exit, Failed> {
    if !loaded.problems.is_empty() {
        return Ok(complain(&loaded.problems));
    }
    let pages = reference_pages(&loaded.catalog);
    files::create_folder(out).map_err(Failed::unreadable)?;
    for (name, text) in &pages {
        files::write_whole(&out.join(name), text.as_bytes()).map_err(Failed::unreadable)?;
    }
    say(&format!("{} pages in {}", pages.len(), out.display()));
    Ok(Exit::Done)
}

fn lint_all(loaded: &Loaded, common: &Common) -> Result<Exit, Failed> {
    let mut problems = loaded.problems.clone();
    problems.extend(lint(&loaded.catalog));
    if common.json {
        let all: Vec<_> = problems
            .iter()
            .map(|p| json!({"file": p.file, "line": p.line, "field": p.field, "reason": p.reason}))
            .collect();
        say_json(&json!({"controls": loaded.catalog.controls().count(), "problems": all}))?;
    } else {
        problems.iter().for_each(|p| say(&p.to_string()));
        say(&format!("{} controls, {} problems", loaded.catalog.controls().count(), problems.len()));
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Findings })
}

fn test(loaded: &Loaded, only: &[String], common: &Common) -> Result<Exit, Failed> {
    let wanted = |c: &Control| {
        only.is_empty() || only.iter().any(|w| c.id.contains(w) || c.family.contains(w) || c.slug.contains(w))
    };
    let kinds = loaded.kinds()?;
    let run = |c| (c, run_cases(kinds, c, loaded.catalog.cases(c), Some(&run_case)));
    let outcomes: Vec<(&Control, Vec<CaseOutcome>)> =
        loaded.catalog.controls().filter(|c| wanted(c)).map(run).collect();
    let all = || outcomes.iter().flat_map(|(_, cases)| cases);
    let passed = all().filter(|c| c.passed()).count();
    let not_run = all().filter(|c| c.not_run).count();
    let failed = all().count() - passed - not_run;
    if common.json {
        let cases: Vec<_> = outcomes
            .iter()
            .flat_map(|(control, cases)| {
                cases.iter().map(move |c| {
                    json!({"control": control.id,
            "case": c.note, "passed": c.passed(), "not_run": c.not_run, "differences": c.differences})
                })
            })
            .collect();
        say_json(&json!({"passed": passed, "failed": failed, "not_run": not_run, "cases": cases,
            "problems": loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>()}))?;
    } else {
        loaded.problems.iter().for_each(|p| say(&p.to_string()));
        for (control, cases) in &outcomes {
            cases.iter().filter(|c| !c.passed()).for_each(|c| tell(control, c));
        }
        let left =
            if not_run > 0 { format!(", {not_run} not run (they need the event engine)") } else { String::new() };
        say(&format!("{} controls, {passed} cases passed, {failed} failed{left}", outcomes.len()));
    }
    Ok(if failed == 0 && loaded.problems.is_empty() { Exit::Done } else { Exit::Findings })
}

fn tell(control: &Control, case: &CaseOutcome) {
    if case.not_run {
        return say(&format!("{} not run: {}", control.id, case.note));
    }
    say(&format!("{} FAILED: {}", control.id, case.note));
    case.differences.iter().for_each(|line| say(&format!("    {line}")));
}
