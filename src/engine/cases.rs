//! Runs a control's cases and says how reality differs from what was expected.

use super::evaluate::{Audit, Detections, evaluate};
use crate::catalog::{Case, Control, Overrides};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::evidence::{Evidence, Kinds, Method, Snapshot, Source, decode_piece};
use crate::findings::{ControlResult, Place};
use chrono::TimeDelta;

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The case's note.
    pub note: String,
    /// How the result differs from the expectation, one line each; empty when it does not.
    pub differences: Vec<String>,
    /// Whether it could not be run because nothing evaluates events here. Never counts as passed.
    pub not_run: bool,
}

impl CaseOutcome {
    /// Whether the case ran and came out as expected.
    pub const fn passed(&self) -> bool {
        self.differences.is_empty() && !self.not_run
    }
}

/// Evaluates the events of a case: gives the detections for it, or says what is wrong with the events or rules.
pub type EventRunner<'r> = &'r dyn Fn(&Control, &Case) -> Result<Box<dyn Detections>, String>;

/// Runs the cases of a control. Without `events`, cases of controls over events are reported as not run.
pub fn run_cases(
    kinds: &Kinds,
    control: &Control,
    cases: &[Case],
    events: Option<EventRunner<'_>>,
) -> Vec<CaseOutcome> {
    let run = |case: &Case| {
        if control.needs_events() && events.is_none() {
            return CaseOutcome { note: case.note.clone(), differences: Vec::new(), not_run: true };
        }
        let differences = match result(kinds, control, case, events) {
            Ok(result) => differences(case, &result),
            Err(reason) => vec![reason],
        };
        CaseOutcome { note: case.note.clone(), differences, not_run: false }
    };
    cases.iter().map(run).collect()
}

fn result(
    kinds: &Kinds,
    control: &Control,
    case: &Case,
    events: Option<EventRunner<'_>>,
) -> Result<ControlResult, String> {
    let snapshot = snapshot(kinds, case)?;
    let detections = match events {
        Some(run) if case.events.is_some() && control.needs_events() => Some(run(control, case)?),
        _ => None,
    };
    let mut overrides = Overrides::new();
    overrides.insert(control.id.clone(), case.params.clone());
    let audit = Audit {
        kinds,
        snapshot: &snapshot,
        as_of: case.as_of,
        overrides: &overrides,
        detections: detections.as_deref(),
    };
    let results = evaluate([control], &audit, &mut |_| {}).map_err(|e| e.to_string())?;
    results.into_iter().next().ok_or_else(|| "the control gave no result".to_owned())
}

/// The evidence of a case, as old as the case says.
fn snapshot(kinds: &Kinds, case: &Case) -> Result<Snapshot, String> {
    let mut snapshot = Snapshot::default();
    for (name, json) in &case.evidence {
        let kind = kinds.get(name).ok_or_else(|| format!("evidence: there is no evidence kind `{name}`"))?;
        let data = decode_piece(json, &kind.shape).map_err(|v| format!("evidence.{name}: {v}"))?;
        let observed_at = observed_at(case, name)?;
        let source = Source {
            system: "case".to_owned(),
            method: Method::Export,
            collector: "case".to_owned(),
            attested_by: None,
        };
        let evidence = Evidence {
            kind: name.clone(),
            data,
            source,
            observed_at,
            collected_at: observed_at,
            expires_at: None,
            digest: Digest::of(json.to_string().as_bytes()),
            file: format!("{name}.json"),
        };
        snapshot.add(evidence).map_err(|e| e.to_string())?;
    }
    Ok(snapshot)
}

fn observed_at(case: &Case, kind: &str) -> Result<Timestamp, String> {
    let days = case.evidence_age_days.get(kind).copied().unwrap_or(0);
    let age = TimeDelta::try_days(-i64::from(days));
    age.and_then(|age| case.as_of.plus(age))
        .ok_or_else(|| format!("evidence_age_days.{kind}: the evidence would be before 1900"))
}

fn differences(case: &Case, result: &ControlResult) -> Vec<String> {
    let mut lines = Vec::new();
    if result.verdict != case.expect.verdict {
        lines.push(format!("verdict: expected {}, got {}", case.expect.verdict.word(), result.verdict.word()));
        lines.extend(
            result
                .findings
                .iter()
                .map(|f| format!("  finding {}: {} ({})", place(&f.place), f.says.get("en"), f.because)),
        );
        lines.extend(result.gaps.iter().map(|g| format!("  gap {}: {}", g.path, g.reason.get("en"))));
        lines.extend(result.not_applicable.iter().map(|r| format!("  not applicable: {}", r.get("en"))));
    }
    if let Some(expected) = &case.expect.findings {
        compare("findings", expected, result.findings.iter().map(|f| place(&f.place)).collect(), &mut lines);
    }
    if let Some(expected) = &case.expect.gaps {
        compare("gaps", expected, result.gaps.iter().map(|g| g.path.clone()).collect(), &mut lines);
    }
    lines
}

/// A place as cases write it: `users/u1`, `pw` for a whole document, `actor=u1` for events.
fn place(place: &Place) -> String {
    match place {
        Place::Snapshot { kind, pointer, record } => {
            let record = record.as_deref().unwrap_or_else(|| pointer.trim_start_matches('/'));
            if record.is_empty() { kind.clone() } else { format!("{kind}/{record}") }
        }
        Place::Log { key, .. } => key.clone(),
    }
}

fn compare(what: &str, expected: &[String], mut got: Vec<String>, lines: &mut Vec<String>) {
    let mut expected = expected.to_vec();
    expected.sort();
    got.sort();
    if expected != got {
        lines.push(format!("{what}: expected [{}], got [{}]", expected.join(", "), got.join(", ")));
    }
}
