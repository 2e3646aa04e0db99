//! `habeas audit`: one audit from files to a signed report.

use super::exit::{Exit, Failed};
use super::progress::Bars;
use super::reporting::{self, Languages};
use crate::catalog::Overrides;
use crate::clock::{Clock, Timestamp};
use crate::files;
use crate::findings::{Severity, waiver};
use crate::flows::run_audit::{AuditError, OwnStore, Request, run_audit};
use crate::ids::OrganisationId;
use crate::law::citation::Framework;
use crate::report::{Report, json};
use crate::store::Database;
use anyhow::{Context, anyhow};
use std::path::PathBuf;

/// Largest waivers file, previous report or control file, in bytes.
const INPUT_LIMIT_BYTES: u64 = 256 << 20;

/// Audit a CRM from exported evidence and access logs, and write a signed report.
///
/// Nothing is sent anywhere. What the evidence does not show comes out as unknown, never as a pass.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas audit --evidence exports/ --events access.ndjson.gz --out audit-2026-11
  habeas audit --connector espocrm --evidence espo-export/ --events espo-export/auth-log.ndjson --out x
  habeas audit --requests habeas.db --organisation acme --ledger-key acme.vkey --held march.checkpoint --out x
  habeas audit --requests postgres://habeas_app@db.example.org/habeas --requests-password db.password --organisation acme --out x
  habeas audit --evidence exports/ --previous audit-2026-10/report.json --waivers waivers.yaml --fail-on high --out y

With --tsa the signature gets a time stamp (PAdES B-T). Without an answer that holds, the report is written all the
same, says B-B, and the exit code is 1.

Exit codes: 0 done, 1 findings at or above --fail-on or no time stamp though --tsa, 2 bad input, 3 evidence unreadable, 4 internal error.")]
pub(super) struct Args {
    /// Evidence: files or folders of files (may be repeated). See `habeas controls show` for what a control needs.
    #[arg(long, value_name = "PATH")]
    evidence: Vec<PathBuf>,
    /// Access log: NDJSON, also .gz or .zst; `-` for standard input (may be repeated).
    #[arg(long, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Read the evidence and logs as this product's own export, e.g. `espocrm`.
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// Store with our own record of requests: an SQLite file, or postgres://habeas_app@host/habeas. The rights are audited
    /// on its ledger.
    #[arg(long, value_name = "DB", requires = "organisation")]
    requests: Option<String>,
    /// File with the password of the role in a PostgreSQL address, mode 0400.
    #[arg(long, value_name = "FILE", requires = "requests")]
    requests_password: Option<PathBuf>,
    /// Whose requests: the organisation's id in the store.
    #[arg(long, value_name = "ID", requires = "requests")]
    organisation: Option<OrganisationId>,
    /// Public key of the ledger of requests, `name+id+key` or a file that holds it; without it signatures go unchecked.
    #[arg(long, value_name = "KEY", requires = "requests")]
    ledger_key: Option<String>,
    /// Checkpoint of that ledger kept elsewhere, which it must agree with (may be repeated).
    #[arg(long, value_name = "FILE", requires = "ledger_key")]
    held: Vec<PathBuf>,
    /// Accepted risks: YAML with `waivers: [{waives, reason, compensating, author, approver, expires_on}]`.
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
    /// `report.json` of the audit before, to compare with.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Only controls that answer one of these: gdpr, ccpa, pipl, iso27001, ... (comma-separated).
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<String>,
    /// Value of a parameter, e.g. HAB-ACC-07.max_days=45 (may be repeated). See `habeas controls show`.
    #[arg(long, value_name = "CONTROL.NAME=VALUE")]
    param: Vec<String>,
    /// Folder with controls, instead of the embedded ones.
    #[arg(long, value_name = "DIR")]
    controls: Option<PathBuf>,
    /// The instant the audit speaks for; by default when the newest evidence was collected.
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Timestamp>,
    /// Leave with exit code 1 when there is a finding of this severity or worse.
    #[arg(long, value_name = "SEVERITY", value_parser = ["critical", "high", "medium", "low"])]
    fail_on: Option<String>,
    #[command(flatten)]
    write: reporting::Args,
}

/// Runs `habeas audit`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let languages = Languages::of(&args.write)?;
    let request = request(&args)?;
    let bars = Bars::new();
    let audited = run_audit(&request, &mut |p| bars.show(p, languages.words)).map_err(failed)?;
    bars.done();
    let written = reporting::write(&audited.report, &args.write, &languages)?;
    reporting::tell(&audited, &written, &args.write, &languages)?;
    let unstamped = written.stamped.as_ref().is_some_and(Result::is_err);
    Ok(if unstamped || fails(&audited.report, args.fail_on.as_deref()) { Exit::Findings } else { Exit::Done })
}

/// Which exit code an audit that could not be run leaves with.
pub(super) fn failed(error: AuditError) -> Failed {
    match error {
        AuditError::Catalog { .. } | AuditError::Parameter(_) | AuditError::Nothing => Failed::bad_input(error),
        AuditError::Read(_) => Failed::unreadable(error),
        AuditError::Internal(_) => Failed::internal(error),
    }
}

fn fails(report: &Report, fail_on: Option<&str>) -> bool {
    let limit = Severity::ALL.into_iter().find(|s| Some(s.word()) == fail_on);
    let open = |row: &crate::report::SeverityRow| row.findings > 0;
    limit.is_some_and(|limit| report.summary.by_severity.iter().any(|r| open(r) && r.severity <= limit))
}

fn request(args: &Args) -> Result<Request, Failed> {
    let waivers = match &args.waivers {
        None => Vec::new(),
        Some(path) => {
            let bytes = files::read_limited(path, INPUT_LIMIT_BYTES).map_err(Failed::bad_input)?;
            let text = String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", path.display()));
            waiver::parse(&path.display().to_string(), &text.map_err(Failed::bad_input)?).map_err(Failed::bad_input)?
        }
    };
    let catalog = match &args.controls {
        None => None,
        Some(folder) => Some(files::read_folder(folder, &[".yaml"], INPUT_LIMIT_BYTES).map_err(Failed::bad_input)?),
    };
    Ok(Request {
        evidence: args.evidence.clone(),
        events: args.events.clone(),
        connector: args.connector.clone(),
        requests: own_store(args)?,
        waivers,
        previous: previous(args)?,
        only: frameworks(&args.only)?,
        overrides: overrides(&args.param)?,
        as_of: args.as_of,
        catalog,
    })
}

fn own_store(args: &Args) -> Result<Option<OwnStore>, Failed> {
    let Some((place, organisation)) = args.requests.clone().zip(args.organisation.clone()) else { return Ok(None) };
    let database = Database::at(&place, args.requests_password.clone()).map_err(Failed::bad_input)?;
    let pin = args.ledger_key.as_deref().map(|key| super::ledger::pin(key, None)).transpose()?;
    let held = args.held.iter().map(|path| super::ledger::read_text(path)).collect::<Result<_, _>>()?;
    Ok(Some(OwnStore { database, organisation, pin, held, now: Clock::Real.now() }))
}

fn previous(args: &Args) -> Result<Option<Report>, Failed> {
    let Some(path) = &args.previous else { return Ok(None) };
    let bytes = files::read_limited(path, INPUT_LIMIT_BYTES).map_err(Failed::bad_input)?;
    let report = json::read(&bytes).with_context(|| format!("`{}` is not the report.json of an audit", path.display()));
    report.map(Some).map_err(Failed::bad_input)
}

fn frameworks(words: &[String]) -> Result<Vec<Framework>, Failed> {
    let framework = |word: &String| {
        Framework::from_word(word).ok_or_else(|| {
            let known: Vec<&str> = Framework::ALL.into_iter().map(Framework::word).collect();
            Failed::bad_input(anyhow!("--only: there is no framework `{word}`; there are {}", known.join(", ")))
        })
    };
    words.iter().map(framework).collect()
}

/// Parameters from `CONTROL.NAME=VALUE`.
pub(super) fn overrides(params: &[String]) -> Result<Overrides, Failed> {
    let mut overrides = Overrides::new();
    for text in params {
        let parts = text.split_once('=').and_then(|(path, value)| Some((path.split_once('.')?, value)));
        let Some(((control, name), value)) = parts else {
            return Err(Failed::bad_input(anyhow!(
                "--param: `{text}` is not CONTROL.NAME=VALUE, e.g. HAB-ACC-07.max_days=45"
            )));
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        overrides.entry(control.to_owned()).or_default().insert(name.to_owned(), value);
    }
    Ok(overrides)
}
