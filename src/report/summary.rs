//! The figures and the opinion for a board.
//!
//! Counts controls and findings; never adds them up to one score (R 3.8).

use super::input::Judged;
use super::model::{Counts, FindingView, Opinion, SeverityRow, Status, Summary};
use crate::findings::{Severity, Verdict};
use crate::lang::words;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many risks a board is shown first.
const TOP_RISKS: usize = 5;

/// The summary of `controls` and their `findings`.
pub(super) fn of(controls: &[Judged], findings: &[FindingView]) -> Summary {
    let mut with = Counts::default();
    let mut without = Counts::default();
    let mut by_family: BTreeMap<String, Counts> = BTreeMap::new();
    for judged in controls {
        with.add(judged.result.verdict);
        without.add(judged.result.verdict_without_waivers);
        by_family.entry(judged.text.family.clone()).or_default().add(judged.result.verdict);
    }
    let by_severity: Vec<_> = Severity::ALL.iter().map(|&s| severity_row(s, controls, findings)).collect();
    let opinion = opinion(&by_severity, &with);
    Summary {
        opinion,
        says: says(opinion, &by_severity, &with, &without),
        controls: with,
        controls_without_waivers: without,
        by_severity,
        by_family,
        top_risks: top_risks(controls, findings),
    }
}

fn severity_row(severity: Severity, controls: &[Judged], findings: &[FindingView]) -> SeverityRow {
    let mut counts = Counts::default();
    controls.iter().filter(|j| j.text.severity == severity).for_each(|j| counts.add(j.result.verdict));
    let of = |waived: bool| {
        let chosen = findings.iter().filter(|f| f.severity == severity && (f.status == Status::Waived) == waived);
        chosen.count() as u64
    };
    SeverityRow { severity, controls: counts, findings: of(false), findings_waived: of(true) }
}

fn opinion(by_severity: &[SeverityRow], controls: &Counts) -> Opinion {
    let open = |s: Severity| by_severity.iter().any(|r| r.severity == s && r.findings > 0);
    if open(Severity::Critical) {
        Opinion::Adverse
    } else if open(Severity::High) {
        Opinion::Qualified
    } else if open(Severity::Medium) || open(Severity::Low) || controls.fail > 0 {
        Opinion::Minor
    } else if controls.unknown > 0 || controls.total() == 0 {
        Opinion::Undecided
    } else {
        Opinion::Clean
    }
}

fn says(opinion: Opinion, rows: &[SeverityRow], with: &Counts, without: &Counts) -> crate::lang::Localised {
    let open = |s: Severity| rows.iter().filter(|r| r.severity == s).map(|r| r.findings).sum::<u64>().to_string();
    let figures = [
        ("critical", open(Severity::Critical)),
        ("high", open(Severity::High)),
        ("medium", open(Severity::Medium)),
        ("low", open(Severity::Low)),
        ("total", with.total().to_string()),
        ("decided", (with.total() - with.unknown - with.not_applicable).to_string()),
        ("fail", with.fail.to_string()),
        ("fail_without_waivers", without.fail.to_string()),
        ("pass", with.pass.to_string()),
        ("unknown", with.unknown.to_string()),
        ("waived", with.waived.to_string()),
    ];
    let mut keys = vec![format!("opinion.{}.text", opinion.word())];
    if with.unknown > 0 && opinion != Opinion::Undecided {
        keys.push("opinion.unknown".to_owned());
    }
    if with.waived > 0 {
        keys.push("opinion.waived".to_owned());
    }
    words::everywhere(|w| {
        let sentences: Vec<_> = keys.iter().map(|k| w.fill(k, &figures)).collect();
        sentences.join(w.get("between_sentences"))
    })
}

/// Failed controls: worst severity first, then by how much is affected.
fn top_risks(controls: &[Judged], findings: &[FindingView]) -> Vec<String> {
    let mut open: BTreeMap<&str, (Severity, u64)> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.status != Status::Waived) {
        let entry = open.entry(&finding.control).or_insert((finding.severity, 0));
        entry.0 = entry.0.min(finding.severity);
        entry.1 += finding.affected;
    }
    let failed = controls.iter().filter(|j| j.result.verdict == Verdict::Fail);
    let mut ranked: Vec<_> = failed
        .map(|j| {
            let (severity, affected) = open.get(j.text.id.as_str()).copied().unwrap_or((j.text.severity, 0));
            (severity, Reverse(affected), j.text.id.clone())
        })
        .collect();
    ranked.sort();
    ranked.into_iter().take(TOP_RISKS).map(|(.., id)| id).collect()
}
