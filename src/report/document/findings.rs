//! The findings, one control after the other: criterion, condition, cause, effect, recommendation.

use super::Teller;
use super::block::{Block, Cell, Fact, Heading, Section, Table, Tone};
use crate::findings::Severity;
use crate::report::model::{ControlView, FindingView, Report, Status};
use std::collections::BTreeMap;

/// How many places of one control are shown beside it; all of them are in the annex.
const PLACES_SHOWN: usize = 10;

pub(super) fn section(t: &Teller<'_>) -> Section {
    let groups = groups(t.report);
    let mut blocks = vec![Block::text(t.w("findings.intro"))];
    if groups.is_empty() {
        blocks.push(Block::text(t.w("findings.none")));
    }
    for (control, findings) in groups {
        blocks.extend(group(t, control, &findings));
    }
    Section::new("findings", t.w("findings.title"), blocks)
}

/// Controls with findings, worst first.
fn groups(report: &Report) -> Vec<(&ControlView, Vec<&FindingView>)> {
    let mut by_control: BTreeMap<&str, Vec<&FindingView>> = BTreeMap::new();
    for finding in &report.findings {
        by_control.entry(&finding.control).or_default().push(finding);
    }
    let with = |c| by_control.remove(ControlView::id(c)).map(|f| (c, f));
    let mut groups: Vec<_> = report.controls.iter().filter_map(with).collect();
    groups.sort_by_key(|(c, f)| (worst(f), &c.id));
    groups
}

impl ControlView {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Severity of the worst finding that no waiver covers, else of the worst at all; waived groups come last.
fn worst(findings: &[&FindingView]) -> (bool, Severity) {
    let open = findings.iter().filter(|f| f.status != Status::Waived).map(|f| f.severity).min();
    let any = findings.iter().map(|f| f.severity).min().unwrap_or(Severity::Low);
    (open.is_none(), open.unwrap_or(any))
}

fn group(t: &Teller<'_>, control: &ControlView, findings: &[&FindingView]) -> Vec<Block> {
    let (waived, severity) = worst(findings);
    let badge = if waived {
        Cell::toned(t.w("status.waived"), Tone::Waived)
    } else {
        Cell::toned(t.severity(severity), Tone::of_severity(severity))
    };
    vec![
        Block::Heading(Heading {
            level: 2,
            id: format!("finding-{}", control.id),
            number: String::new(),
            title: t.l(&control.title),
            badge: Some(badge),
        }),
        Block::Facts { rows: five_cs(t, control, findings) },
        places(t, control, findings),
    ]
}

/// GAGAS and the IIA ask for criterion, condition, cause, effect and recommendation.
fn five_cs(t: &Teller<'_>, control: &ControlView, findings: &[&FindingView]) -> Vec<Fact> {
    let affected: u64 = findings.iter().map(|f| f.affected).sum();
    let due = findings.iter().filter(|f| f.status != Status::Waived).filter_map(|f| f.due_on).min();
    let condition = t.fill(
        "findings.condition_text",
        &[
            ("findings", findings.len().to_string()),
            ("affected", affected.to_string()),
            ("checked", control.checked.to_string()),
            ("unknown", control.unknown.to_string()),
        ],
    );
    let seen = findings.iter().map(|f| f.first_seen).min().zip(findings.iter().map(|f| f.last_seen).max());
    let seen = seen.map_or_else(String::new, |(a, b)| format!("{} – {}", a.day_utc(), b.day_utc()));
    vec![
        t.fact("findings.control", &format!("{} · {}", control.id, t.family(&control.family))),
        t.fact("findings.criterion", &citations(t, &control.answers)),
        t.fact("findings.condition", &condition),
        t.fact("findings.cause", &t.l(&control.why)),
        t.fact("findings.effect", &t.l(&control.risk)),
        t.fact("findings.recommendation", &t.l(&control.remedy)),
        t.fact("findings.due_on", &due.map_or_else(|| t.w("findings.not_due"), |d| d.to_string())),
        t.fact("findings.seen", &seen),
    ]
}

fn citations(t: &Teller<'_>, answers: &BTreeMap<String, Vec<String>>) -> String {
    // In the order of the coverage: laws first.
    let one = |f: &crate::report::model::Framework| {
        answers.get(&f.framework).map(|at| format!("{} {}", t.framework(&f.framework), at.join(", ")))
    };
    t.report.coverage.iter().filter_map(one).collect::<Vec<_>>().join("; ")
}

fn places(t: &Teller<'_>, control: &ControlView, findings: &[&FindingView]) -> Block {
    let shown = findings.len().min(PLACES_SHOWN);
    let caption = if shown == findings.len() {
        t.fill("findings.places_all", &[("control", control.id.clone())])
    } else {
        let values =
            [("control", control.id.clone()), ("shown", shown.to_string()), ("all", findings.len().to_string())];
        t.fill("findings.places_some", &values)
    };
    let rows = findings.iter().take(shown).map(|f| place_row(t, f)).collect();
    Block::Table(Table { caption, columns: place_columns(t), rows })
}

pub(super) fn place_columns(t: &Teller<'_>) -> Vec<super::Column> {
    vec![
        t.column("condition", 4.2),
        t.column("place", 2.1),
        t.number("affected", 1.0),
        t.column("status", 1.1),
        t.column("finding", 2.2),
    ]
}

pub(super) fn place_row(t: &Teller<'_>, finding: &FindingView) -> Vec<Cell> {
    let tone = if finding.status == Status::Waived { Tone::Waived } else { Tone::of_severity(finding.severity) };
    let status = t.w(&format!("status.{}", finding.status.word()));
    vec![
        Cell::plain(t.l(&finding.says)),
        Cell::toned(finding.place.to_string(), Tone::Quiet),
        Cell::plain(finding.affected.to_string()),
        Cell::toned(status, tone),
        Cell::toned(finding.id.clone(), Tone::Quiet),
    ]
}
