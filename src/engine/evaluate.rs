//! Evaluates controls, one after the other, in the order given.

use super::facts::Facts;
use super::gaps::{self, UnusableKinds};
use super::join::Indexes;
use super::outcome::{CheckOutcome, combined, merged};
use crate::catalog::{Check, CheckKind, Control, Overrides, ParamError};
use crate::clock::Timestamp;
use crate::evidence::{Kinds, Snapshot};
use crate::expr::{Frame, Truth, Val, Value};
use crate::findings::{ControlResult, Parameter, Verdict};
use crate::lang::Localised;
use std::collections::BTreeSet;

/// What the event engine found for checks over events.
pub trait Detections {
    /// The outcome of a control's check over events; `None` when no log was given.
    fn detect(&self, control: &Control, check: &Check, parameters: &[Parameter]) -> Option<CheckOutcome>;
}

/// What controls are evaluated over.
#[derive(Clone, Copy)]
pub struct Audit<'a> {
    /// The kinds of evidence there are.
    pub kinds: &'a Kinds,
    /// The evidence.
    pub snapshot: &'a Snapshot,
    /// The instant of the audit.
    pub as_of: Timestamp,
    /// Parameters set by the user.
    pub overrides: &'a Overrides,
    /// The results of the event engine; `None` when no log was evaluated.
    pub detections: Option<&'a dyn Detections>,
}

/// Evaluates `controls`. `progress` is told after each control how many are done. Fails only on parameters that cannot be
/// set; whatever the evidence lacks is in the results.
pub fn evaluate<'a>(
    controls: impl IntoIterator<Item = &'a Control>,
    audit: &Audit<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<ControlResult>, ParamError> {
    let indexes = Indexes::default();
    let mut results = Vec::new();
    for control in controls {
        results.push(one(control, audit, &indexes)?);
        progress(results.len());
    }
    Ok(results)
}

fn one(control: &Control, audit: &Audit<'_>, indexes: &Indexes) -> Result<ControlResult, ParamError> {
    let parameters = control.parameters(audit.overrides.get(&control.id))?;
    // Fields of a record stand in the order of their names, and so do the parameters.
    let params = Value::Record(parameters.iter().map(|(_, value, ..)| value.clone()).collect());
    let shown: Vec<Parameter> =
        parameters.into_iter().map(|(name, _, value, origin)| Parameter { name, value, origin }).collect();
    let fresh = |kind: &str| control.needs.get(kind).map(|n| n.fresh_for_days);
    let unusable = gaps::unusable(audit.kinds, audit.snapshot, audit.as_of, &fresh);
    let frame = whole_frame(audit, &unusable, &params);
    let mut result = blank(control, shown, inputs(control, audit));
    match applies(control, audit, &unusable, frame.clone()) {
        Some(outcome) => fill(&mut result, vec![outcome]),
        None => {
            let facts = Facts { kinds: audit.kinds, unusable: &unusable, indexes, as_of: audit.as_of, control };
            let outcomes = control.checks.iter().map(|check| match &check.kind {
                CheckKind::Facts(of) => facts.check(check, of, frame.clone()),
                CheckKind::Detect(_) => {
                    let found = audit.detections.and_then(|d| d.detect(control, check, &result.parameters));
                    found.unwrap_or_else(|| CheckOutcome::undecided(vec![gaps::no_events()]))
                }
            });
            let outcomes = outcomes.collect();
            fill(&mut result, outcomes);
        }
    }
    Ok(result)
}

/// The whole evidence, `now` and the parameters, in the order in which the catalog lays scopes out.
fn whole_frame<'a>(audit: &Audit<'a>, unusable: &UnusableKinds, params: &'a Value) -> Frame<'a> {
    let evidence = |kind: &str| match audit.snapshot.get(kind) {
        Some(evidence) if !unusable.contains_key(kind) => Val::of(&evidence.data),
        _ => Val::Absent,
    };
    let mut values: Vec<_> = audit.kinds.iter().map(|k| evidence(&k.name)).collect();
    values.push(Val::Instant(audit.as_of));
    values.push(Val::of(params));
    Frame::new(values)
}

/// The outcome when the control does not apply or that cannot be told; `None` when it applies.
fn applies<'a>(
    control: &'a Control,
    audit: &Audit<'_>,
    unusable: &UnusableKinds,
    mut frame: Frame<'a>,
) -> Option<CheckOutcome> {
    let applies = control.applies.as_ref()?;
    match applies.when.test(&mut frame) {
        Ok(Truth::True) => None,
        Ok(Truth::False) => Some(CheckOutcome {
            not_applicable: Some(applies.otherwise.clone()),
            ..CheckOutcome::of(Verdict::NotApplicable)
        }),
        Ok(Truth::Unknown(missing)) => {
            Some(CheckOutcome::undecided(missing.iter().map(|m| gaps::gap(audit.kinds, unusable, m, 1)).collect()))
        }
        Err(spent) => Some(CheckOutcome::undecided(vec![gaps::spent(&spent)])),
    }
}

/// The evidence kinds that the control reads and that are there.
fn inputs(control: &Control, audit: &Audit<'_>) -> Vec<String> {
    let mut names: BTreeSet<&String> = control.applies.iter().flat_map(|a| a.when.names()).collect();
    for check in &control.checks {
        if let CheckKind::Facts(facts) = &check.kind {
            names.extend(facts.programs().into_iter().flat_map(|p| p.names()));
        }
    }
    names.into_iter().filter(|n| audit.snapshot.get(n).is_some()).cloned().collect()
}

fn blank(control: &Control, parameters: Vec<Parameter>, inputs: Vec<String>) -> ControlResult {
    ControlResult {
        control: control.id.clone(),
        version: control.version,
        verdict: Verdict::Unknown,
        verdict_without_waivers: Verdict::Unknown,
        checked: 0,
        failed: 0,
        unknown: 0,
        findings: Vec::new(),
        gaps: Vec::new(),
        not_applicable: None,
        waived: Vec::new(),
        parameters,
        inputs,
    }
}

fn fill(result: &mut ControlResult, outcomes: Vec<CheckOutcome>) {
    let verdicts: Vec<_> = outcomes.iter().map(|o| o.verdict).collect();
    result.verdict = combined(&verdicts);
    result.verdict_without_waivers = result.verdict;
    let mut gaps = Vec::new();
    let mut reason: Option<Localised> = None;
    for outcome in outcomes {
        result.checked += outcome.checked;
        result.failed += outcome.failed;
        result.unknown += outcome.unknown;
        result.findings.extend(outcome.findings);
        gaps.extend(outcome.gaps);
        reason = reason.or(outcome.not_applicable);
    }
    result.gaps = merged(gaps);
    if result.verdict == Verdict::NotApplicable {
        result.not_applicable = reason;
    }
}
