//! What was audited, by whom, against what and how.

use super::Teller;
use super::block::{Block, Cell, Fact, Section, Table, Tone};

pub(super) fn section(t: &Teller<'_>) -> Section {
    let mut blocks = vec![
        Block::heading(2, "subject-identification", t.w("subject.identification")),
        Block::Facts { rows: identification(t) },
        Block::heading(2, "subject-parties", t.w("subject.parties")),
        Block::Facts { rows: parties(t) },
        Block::heading(2, "subject-scope", t.w("subject.scope")),
        Block::Facts { rows: scope(t) },
    ];
    blocks.extend(exclusions(t));
    blocks.push(Block::heading(2, "subject-criteria", t.w("subject.criteria")));
    blocks.push(Block::text(t.w("subject.criteria_text")));
    blocks.push(criteria(t));
    blocks.push(Block::heading(2, "subject-method", t.w("subject.method")));
    blocks.push(Block::text(t.w("subject.method_text")));
    blocks.push(proofs(t));
    blocks.push(Block::heading(2, "subject-limits", t.w("subject.limits")));
    blocks.push(Block::List { items: limits(t) });
    Section::new("subject", t.w("subject.title"), blocks)
}

fn identification(t: &Teller<'_>) -> Vec<Fact> {
    let r = t.report;
    vec![
        t.fact("subject.report", &r.id),
        t.fact("subject.as_of", &t.instant(r.as_of)),
        t.fact("subject.period", &format!("{} – {}", r.period.from, r.period.until)),
        t.fact("subject.tool", &format!("{} {}", r.tool.name, r.tool.version)),
        t.fact("subject.classification", &t.w("classification")),
        t.fact("subject.distribution", &t.w("subject.distribution_text")),
    ]
}

fn parties(t: &Teller<'_>) -> Vec<Fact> {
    let p = &t.report.parties;
    let stated = |text: Option<&str>| text.filter(|x| !x.is_empty()).map_or_else(|| t.w("not_stated"), str::to_owned);
    let auditor = p.auditor.as_ref();
    vec![
        t.fact("subject.controller", &p.controller),
        t.fact("subject.places", &t.joined(&p.places)),
        t.fact("subject.regimes", &t.frameworks(&p.regimes)),
        t.fact("subject.processors", &t.joined(&p.processors)),
        t.fact("subject.officer", &stated(p.officer.as_deref())),
        t.fact("subject.auditor", &stated(auditor.map(|a| a.name.as_str()))),
        t.fact("subject.affiliation", &stated(auditor.map(|a| a.affiliation.as_str()))),
        t.fact("subject.qualifications", &stated(auditor.map(|a| a.qualifications.as_str()))),
        t.fact("subject.independence", &stated(auditor.map(|a| a.independence.as_str()))),
    ]
}

fn scope(t: &Teller<'_>) -> Vec<Fact> {
    let s = &t.report.scope;
    let only = if s.only.is_empty() { t.w("subject.all_frameworks") } else { t.frameworks(&s.only) };
    vec![
        t.fact("subject.systems", &t.joined(&s.systems)),
        t.fact("subject.only", &only),
        t.fact("subject.controls", &t.report.catalog.controls.to_string()),
    ]
}

fn exclusions(t: &Teller<'_>) -> Vec<Block> {
    let found = &t.report.scope.exclusions;
    if found.is_empty() {
        return vec![Block::text(t.w("subject.no_exclusions"))];
    }
    let rows = found.iter().map(|e| vec![Cell::plain(t.l(&e.what)), Cell::plain(t.l(&e.reason))]).collect();
    let columns = vec![t.column("excluded", 2.0), t.column("reason", 3.0)];
    vec![Block::Table(Table { caption: t.w("subject.exclusions"), columns, rows })]
}

fn criteria(t: &Teller<'_>) -> Block {
    let row = |f: &super::super::model::Framework| {
        let controls: std::collections::BTreeSet<_> = f.provisions.iter().flat_map(|p| p.controls.keys()).collect();
        vec![
            Cell::linked(t.framework(&f.framework), &format!("coverage-{}", f.framework)),
            Cell::plain(f.provisions.len().to_string()),
            Cell::plain(controls.len().to_string()),
        ]
    };
    let mut rows: Vec<_> = t.report.coverage.iter().map(row).collect();
    let version = t.fill("subject.catalog_row", &[("hash", t.report.catalog.sha256.to_string())]);
    rows.push(vec![
        Cell::toned(version, Tone::Quiet),
        Cell::plain(""),
        Cell::plain(t.report.catalog.controls.to_string()),
    ]);
    let columns = vec![t.column("framework", 4.0), t.number("provisions", 1.0), t.number("controls", 1.0)];
    Block::Table(Table { caption: t.w("subject.criteria_caption"), columns, rows })
}

/// How many controls rest on which kind of proof.
fn proofs(t: &Teller<'_>) -> Block {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for control in &t.report.controls {
        *counts.entry(&control.proof).or_default() += 1;
    }
    let row = |(proof, count): (&str, u64)| {
        let name = t.words.find(&format!("proof.{proof}")).unwrap_or(proof).to_owned();
        let means = t.words.find(&format!("proof_means.{proof}")).unwrap_or_default().to_owned();
        vec![Cell::plain(name), Cell::plain(means), Cell::plain(count.to_string())]
    };
    let columns = vec![t.column("proof", 1.6), t.column("means", 4.4), t.number("controls", 1.0)];
    Block::Table(Table { caption: t.w("subject.proofs"), columns, rows: counts.into_iter().map(row).collect() })
}

fn limits(t: &Teller<'_>) -> Vec<String> {
    let r = t.report;
    let mut items: Vec<_> = r.limits.iter().map(|l| t.l(l)).collect();
    if r.summary.controls.unknown > 0 {
        items.push(t.fill("subject.limit_unknown", &[("count", r.summary.controls.unknown.to_string())]));
    }
    let bad: u64 = r.logs.iter().map(|l| l.bad_lines).sum();
    if bad > 0 {
        items.push(t.fill("subject.limit_bad_lines", &[("count", bad.to_string())]));
    }
    if r.logs.iter().any(|l| !l.gaps.is_empty()) {
        items.push(t.w("subject.limit_gaps"));
    }
    items.push(t.w("subject.limit_point_in_time"));
    items.push(t.w("subject.limit_not_advice"));
    items
}
