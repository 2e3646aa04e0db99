//! From the results of an audit to its report.
//!
//! Assumes that ids of controls are unique. Adds no judgement of its own beyond counting, sorting and comparing: a verdict
//! comes from the engine and stays as it is.

use super::input::{Input, Judged};
use super::model::{
    Catalog, ControlView, FORMAT, FindingView, Framework, Provision, Report, Status, Tool, Unknown, WaiverView,
};
use super::{compare, guard, summary};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::findings::{ControlResult, Finding, Place, Shown, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The report of the audit `input`. The same input gives the same report.
pub fn build(mut input: Input) -> Report {
    input.controls.sort_by(|a, b| a.text.id.cmp(&b.text.id));
    input.evidence.sort();
    let id = report_id(&input);
    let previous = input.previous.take();
    let mut findings: Vec<_> = input.controls.iter().flat_map(|j| findings_of(j, input.as_of)).collect();
    findings.sort_by(|a, b| (a.severity, &a.control, &a.id).cmp(&(b.severity, &b.control, &b.id)));
    if let Some(previous) = &previous {
        compare::carry_over(&mut findings, previous);
    }
    let mut report = Report {
        habeas: FORMAT.to_owned(),
        id,
        as_of: input.as_of,
        period: input.period,
        tool: Tool { name: "habeas".to_owned(), version: input.tool_version },
        catalog: Catalog { sha256: input.catalog, controls: input.controls.len() as u64 },
        parties: input.parties,
        scope: input.scope,
        limits: input.limits,
        summary: summary::of(&input.controls, &findings),
        trend: None,
        findings,
        unknowns: input.controls.iter().flat_map(unknowns_of).collect(),
        waivers: input.controls.iter().flat_map(waivers_of).collect(),
        coverage: coverage(&input.controls),
        controls: input.controls.into_iter().map(control_view).collect(),
        evidence: input.evidence,
        logs: input.logs,
        requests: input.requests,
    };
    report.trend = previous.map(|p| compare::trend(&report, &p));
    report
}

/// A name for the report that changes with anything that went into it.
fn report_id(input: &Input) -> String {
    let previous = input.previous.as_ref().map(|p| p.id.as_str()).unwrap_or_default();
    let results: Vec<_> = input.controls.iter().map(|j| &j.result).collect();
    let parts = (&input.parties, &input.scope, input.period, input.as_of, input.catalog, &results);
    // These types serialise without fail: maps have text keys and no number is outside JSON.
    let bytes = serde_json::to_vec(&(parts, &input.evidence, &input.logs, &input.tool_version, previous));
    format!("HR-{}", Digest::of(&bytes.unwrap_or_default()).short(12))
}

fn findings_of(judged: &Judged, as_of: Timestamp) -> impl Iterator<Item = FindingView> {
    judged.result.findings.iter().map(move |f| finding_view(f, &judged.result, as_of))
}

fn finding_view(finding: &Finding, result: &ControlResult, as_of: Timestamp) -> FindingView {
    let waived = result.waived.iter().any(|w| w.what == finding.id || w.what == finding.control);
    let shown = |s: &Shown| Shown { name: s.name.clone(), value: guard::value(&s.value) };
    FindingView {
        id: finding.id.clone(),
        control: finding.control.clone(),
        check: finding.check.clone(),
        severity: finding.severity,
        status: if waived { Status::Waived } else { Status::New },
        place: guarded_place(&finding.place),
        says: finding.says.map(|_, t| guard::text(t)),
        because: guard::text(&finding.because),
        shown: finding.shown.iter().map(shown).collect(),
        affected: finding.affected,
        first_seen: finding.first_seen.unwrap_or(as_of),
        last_seen: finding.last_seen.unwrap_or(as_of),
        due_on: as_of.day_utc().plus_days(finding.severity.remedy_days()),
    }
}

fn guarded_place(place: &Place) -> Place {
    match place {
        Place::Snapshot { kind, pointer, record } => {
            Place::Snapshot { kind: kind.clone(), pointer: pointer.clone(), record: record.as_deref().map(guard::text) }
        }
        Place::Log { file, offset, key } => Place::Log { file: file.clone(), offset: *offset, key: guard::text(key) },
    }
}

fn unknowns_of(judged: &Judged) -> impl Iterator<Item = Unknown> {
    judged.result.gaps.iter().map(|gap| Unknown {
        control: judged.text.id.clone(),
        path: gap.path.clone(),
        reason: gap.reason.clone(),
        affected: gap.affected,
    })
}

fn waivers_of(judged: &Judged) -> impl Iterator<Item = WaiverView> {
    judged.result.waived.iter().map(|w| WaiverView { control: judged.text.id.clone(), waiver: w.clone() })
}

fn control_view(Judged { text, result }: Judged) -> ControlView {
    ControlView {
        id: text.id,
        slug: text.slug,
        family: text.family,
        severity: text.severity,
        proof: text.proof,
        answers: text.answers,
        title: text.title,
        why: text.why,
        risk: text.risk,
        remedy: text.remedy,
        version: result.version,
        verdict: result.verdict,
        verdict_without_waivers: result.verdict_without_waivers,
        checked: result.checked,
        failed: result.failed,
        unknown: result.unknown,
        not_applicable: result.not_applicable,
        parameters: result.parameters,
        inputs: result.inputs,
    }
}

/// Laws, in the order in which a report lists them; standards follow.
pub(super) const LAWS: [&str; 6] = ["gdpr", "uk-gdpr", "ccpa", "ccpa-regs", "pipl", "ndsmr"];

/// Frameworks with the provisions that the evaluated controls answer. Derived, never kept by hand.
fn coverage(controls: &[Judged]) -> Vec<Framework> {
    let mut found: BTreeMap<&str, BTreeMap<&str, BTreeMap<String, Verdict>>> = BTreeMap::new();
    for judged in controls {
        for (framework, citations) in &judged.text.answers {
            for at in citations.iter().collect::<BTreeSet<_>>() {
                let provision = found.entry(framework).or_default().entry(at).or_default();
                provision.insert(judged.text.id.clone(), judged.result.verdict);
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    // Laws before standards, each in the order in which people look for them.
    found.sort_by_key(|(name, _)| (LAWS.iter().position(|l| l == name).unwrap_or(LAWS.len()), *name));
    let framework = |(name, provisions): (&str, BTreeMap<&str, BTreeMap<String, Verdict>>)| {
        let mut provisions: Vec<_> =
            provisions.into_iter().map(|(at, controls)| Provision { at: at.to_owned(), controls }).collect();
        provisions.sort_by_cached_key(|p| reading_order(&p.at));
        Framework { framework: name.to_owned(), provisions }
    };
    found.into_iter().map(framework).collect()
}

/// Sorts `5(2)` before `32(1)`: numbers by value, the rest by letter.
fn reading_order(citation: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = citation;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (word, next) = after.split_at(letters);
        parts.push((number.parse().unwrap_or(u64::MAX), word.to_owned()));
        rest = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provisions_come_in_reading_order() {
        let mut cited = vec!["32(1)(b)", "5(2)", "32(1)(a)", "17(2)", "5(1)(f)", "A.8.2", "A.5.15"];
        cited.sort_by_cached_key(|c| reading_order(c));
        assert_eq!(cited, ["5(1)(f)", "5(2)", "17(2)", "32(1)(a)", "32(1)(b)", "A.5.15", "A.8.2"]);
    }
}
