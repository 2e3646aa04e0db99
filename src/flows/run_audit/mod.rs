//! One audit: evidence and logs in, one report out. Writes nothing; the caller decides where the report goes.
//!
//! The audit speaks for the instant its evidence was collected, unless told otherwise: the same inputs give the same
//! report on any day.

mod detect;
mod evidence;
mod manifest;
mod rights;

pub use evidence::ReadError;
pub use rights::OwnStore;

use crate::catalog::{self, Catalog, CatalogFile, Control, Overrides, Problem, Status};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::engine;
use crate::evidence::{Kinds, Snapshot};
use crate::findings::ControlResult;
use crate::findings::waiver::{self, Unused, Waiver};
use crate::lang::Localised;
use crate::law::citation::Framework;
use crate::report::{self, Report};
use std::path::PathBuf;

/// What to audit, and with what.
#[derive(Debug, Default)]
pub struct Request {
    /// Files and folders of evidence.
    pub evidence: Vec<PathBuf>,
    /// Access logs; `-` reads standard input.
    pub events: Vec<PathBuf>,
    /// The product whose own export and logs these are; `None` for evidence and events in canonical form.
    pub connector: Option<String>,
    /// Our own store, whose requests are evidence; `None` when there is none or the requests come in a file.
    pub requests: Option<OwnStore>,
    /// Waivers, read and checked.
    pub waivers: Vec<Waiver>,
    /// The report of the audit before.
    pub previous: Option<Report>,
    /// Only controls that answer one of these; empty for all.
    pub only: Vec<Framework>,
    /// Values of parameters.
    pub overrides: Overrides,
    /// The instant to speak for; `None` for the newest evidence.
    pub as_of: Option<Timestamp>,
    /// A catalog of the user's own; `None` for the embedded one.
    pub catalog: Option<Vec<CatalogFile>>,
}

/// What came of it.
#[derive(Debug)]
pub struct Audited {
    /// The report.
    pub report: Report,
    /// What is worth telling the person at the terminal, beside the report.
    pub notes: Vec<Localised>,
}

/// An audit that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The catalog has errors: nothing is decided by half a catalog.
    #[error("the catalog of controls has {count} error(s); the first: {first}")]
    Catalog {
        /// How many.
        count: usize,
        /// The first, with file and line.
        first: Box<Problem>,
    },
    /// Evidence or a log could not be read.
    #[error(transparent)]
    Read(Box<ReadError>),
    /// A parameter cannot be set so.
    #[error(transparent)]
    Parameter(#[from] catalog::ParamError),
    /// There is neither evidence nor a log, so there is nothing to speak for.
    #[error("there is nothing to audit; give evidence with --evidence, logs with --events, or try `habeas demo`")]
    Nothing,
    /// A defect of this program.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<ReadError> for AuditError {
    fn from(error: ReadError) -> Self {
        Self::Read(Box::new(error))
    }
}

/// How far the audit is, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Reading evidence.
    Evidence,
    /// Reading logs: bytes so far, of how many.
    Events {
        /// Bytes read.
        done: u64,
        /// Bytes in all; 0 when not known.
        of: u64,
    },
    /// Evaluating controls: so many done, of how many.
    Controls {
        /// Controls done.
        done: usize,
        /// Controls in all.
        of: usize,
    },
    /// Writing the report.
    Report,
}

/// Runs one audit. `progress` is told how far it is.
pub fn run_audit(request: &Request, progress: &mut dyn FnMut(Progress)) -> Result<Audited, AuditError> {
    let kinds = Kinds::embedded().map_err(|e| AuditError::Internal(e.to_string()))?;
    let embedded;
    let files = match &request.catalog {
        Some(files) => files,
        None => {
            embedded = catalog::embedded_files();
            &embedded
        }
    };
    let (catalog, problems) = Catalog::read(kinds, files);
    if let Some(first) = problems.first() {
        return Err(AuditError::Catalog { count: problems.len(), first: Box::new(first.clone()) });
    }
    progress(Progress::Evidence);
    let mut read = evidence::read(request, kinds)?;
    rights::read(request.requests.as_ref(), kinds, &mut read)?;
    let controls: Vec<&Control> = catalog.controls().filter(|c| wanted(c, &request.only)).collect();
    let logs = detect::read(request, &controls, (kinds, &read.snapshot), progress)?;
    let read_at = request.requests.as_ref().map(|store| store.now);
    let as_of = request.as_of.or_else(|| newest(&read.snapshot, &logs)).or(read_at).ok_or(AuditError::Nothing)?;
    evidence::assume_organisation(kinds, &mut read, as_of)?;
    let results = judge(&controls, kinds, &read.snapshot, as_of, &logs, request, progress)?;
    let (results, unused) = waived(results, &request.waivers, as_of);
    progress(Progress::Report);
    let catalog = digest(files);
    let material = manifest::Material { request, read: &read, logs: &logs, as_of, catalog, controls: &controls, kinds };
    let report = report::build(material.into_input(results));
    Ok(Audited { report, notes: notes(&read, &unused) })
}

fn wanted(control: &Control, only: &[Framework]) -> bool {
    control.status == Status::Active && (only.is_empty() || only.iter().any(|f| control.answers.contains_key(f)))
}

fn newest(snapshot: &Snapshot, logs: &detect::Logs) -> Option<Timestamp> {
    snapshot.iter().map(|e| e.collected_at).chain(logs.last()).max()
}

#[expect(clippy::too_many_arguments, reason = "one call, in the order in which an audit uses them")]
fn judge(
    controls: &[&Control],
    kinds: &Kinds,
    snapshot: &Snapshot,
    as_of: Timestamp,
    logs: &detect::Logs,
    request: &Request,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<ControlResult>, AuditError> {
    let of = controls.len();
    let found = logs.detections(kinds, snapshot, as_of);
    let detections = found.as_deref();
    let audit = engine::Audit { kinds, snapshot, as_of, overrides: &request.overrides, detections };
    let results =
        engine::evaluate(controls.iter().copied(), &audit, &mut |done| progress(Progress::Controls { done, of }))?;
    Ok(results)
}

fn waived(mut results: Vec<ControlResult>, waivers: &[Waiver], as_of: Timestamp) -> (Vec<ControlResult>, Unused) {
    let unused = waiver::apply(&mut results, waivers, as_of.day_utc());
    (results, unused)
}

/// One digest over all files of the catalog, names included: changing any of them changes it.
fn digest(files: &[CatalogFile]) -> Digest {
    let mut all = String::new();
    for (path, bytes) in files {
        all.push_str(&format!("{path}\n{}\n", Digest::of(bytes)));
    }
    Digest::of(all.as_bytes())
}

fn notes(read: &evidence::Read, unused: &Unused) -> Vec<Localised> {
    let mut notes = read.notes.clone();
    for what in &unused.expired {
        notes.push(
            [
                ("en", format!("the waiver for {what} has expired; its findings count again").as_str()),
                ("zh-CN", format!("对 {what} 的豁免已过期，其问题重新计入").as_str()),
            ]
            .into(),
        );
    }
    for what in &unused.without_finding {
        notes.push(
            [
                (
                    "en",
                    format!("the waiver for {what} covers no finding of this audit; remove it or check the id")
                        .as_str(),
                ),
                ("zh-CN", format!("对 {what} 的豁免不对应本次审计的任何问题；请删除或核对编号").as_str()),
            ]
            .into(),
        );
    }
    notes
}
