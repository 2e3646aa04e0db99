//! This audit beside the one before.
//!
//! A finding that is not there any more counts as resolved only if its control could be decided this time: unknown is
//! never a pass, and a control that was not part of the audit says nothing at all.

use super::model::{Change, ControlView, Earlier, FindingView, Point, Report, Status, Trend};
use crate::findings::{Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Longest history that a report carries on, in audits.
const HISTORY_LONGEST: usize = 12;

/// Takes over from `previous` since when each finding is known, and with it when it is due.
pub(super) fn carry_over(findings: &mut [FindingView], previous: &Report) {
    let earlier: BTreeMap<_, _> = previous.findings.iter().map(|f| (f.id.as_str(), f)).collect();
    for finding in findings {
        let Some(before) = earlier.get(finding.id.as_str()) else { continue };
        finding.first_seen = finding.first_seen.min(before.first_seen);
        // A finding does not get a new period for remedy with every audit.
        finding.due_on = finding.due_on.min(before.due_on.or(finding.due_on));
        if finding.status == Status::New {
            finding.status = Status::Open;
        }
    }
}

/// What changed from `previous` to `report`, whose findings have been carried over.
pub(super) fn trend(report: &Report, previous: &Report) -> Trend {
    let before: BTreeSet<_> = previous.findings.iter().map(|f| f.id.as_str()).collect();
    let now: BTreeSet<_> = report.findings.iter().map(|f| f.id.as_str()).collect();
    let ids = |known: bool| {
        let chosen = report.findings.iter().filter(|f| before.contains(f.id.as_str()) == known);
        chosen.map(|f| f.id.clone()).collect()
    };
    let controls: BTreeMap<_, _> = report.controls.iter().map(|c| (c.id.as_str(), c)).collect();
    let gone: Vec<_> = previous.findings.iter().filter(|f| !now.contains(f.id.as_str())).collect();
    let of_fate = |fate| gone.iter().filter(|f| fate_of(f, &controls) == fate).map(|f| earlier(f)).collect();
    Trend {
        previous: previous.id.clone(),
        previous_as_of: previous.as_of,
        new: ids(false),
        still_open: ids(true),
        resolved: of_fate(Fate::Resolved),
        unconfirmed: of_fate(Fate::Unconfirmed),
        not_checked: of_fate(Fate::NotChecked),
        verdicts: changes(report, previous),
        history: history(report, previous),
    }
}

#[derive(PartialEq)]
enum Fate {
    Resolved,
    Unconfirmed,
    NotChecked,
}

fn fate_of(finding: &FindingView, controls: &BTreeMap<&str, &ControlView>) -> Fate {
    match controls.get(finding.control.as_str()) {
        None => Fate::NotChecked,
        // A control that fails elsewhere may still have been unable to look at this place.
        Some(c) if c.unknown > 0 || c.verdict_without_waivers == Verdict::Unknown => Fate::Unconfirmed,
        Some(_) => Fate::Resolved,
    }
}

fn earlier(finding: &FindingView) -> Earlier {
    Earlier {
        id: finding.id.clone(),
        control: finding.control.clone(),
        severity: finding.severity,
        says: finding.says.clone(),
        first_seen: finding.first_seen,
    }
}

fn changes(report: &Report, previous: &Report) -> Vec<Change> {
    let before: BTreeMap<_, _> = previous.controls.iter().map(|c| (c.id.as_str(), c.verdict)).collect();
    let changed = |c: &ControlView| {
        let from = *before.get(c.id.as_str())?;
        (from != c.verdict).then(|| Change { control: c.id.clone(), from, to: c.verdict })
    };
    report.controls.iter().filter_map(changed).collect()
}

fn history(report: &Report, previous: &Report) -> Vec<Point> {
    let mut points = previous.trend.as_ref().map_or_else(|| vec![point(previous)], |t| t.history.clone());
    points.push(point(report));
    let surplus = points.len().saturating_sub(HISTORY_LONGEST);
    points.split_off(surplus)
}

fn point(report: &Report) -> Point {
    let open = |s: Severity| report.summary.by_severity.iter().filter(|r| r.severity == s).map(|r| r.findings).sum();
    Point {
        report: report.id.clone(),
        as_of: report.as_of,
        findings: Severity::ALL.map(open),
        unknown: report.summary.controls.unknown,
    }
}
