//! Everything that somebody needs to repeat the audit.

use super::Teller;
use super::block::{Block, Cell, Fact, Section, Table, Tone};
use super::findings::{place_columns, place_row};
use crate::report::input::{Evidence, Silence};
use crate::report::model::ControlView;
use std::collections::BTreeMap;

const GLOSSARY: [&str; 12] = [
    "control",
    "evidence",
    "finding",
    "verdict",
    "fail",
    "unknown",
    "waived",
    "pass",
    "not_applicable",
    "severity",
    "place",
    "parameter",
];

pub(super) fn section(t: &Teller<'_>) -> Section {
    let glossary =
        |k: &&str| Fact { name: t.w(&format!("glossary.{k}.word")), text: t.w(&format!("glossary.{k}.means")) };
    let mut blocks = vec![
        Block::heading(2, "annex-controls", t.w("annex.controls")),
        controls(t),
        Block::heading(2, "annex-places", t.w("annex.places")),
        places(t),
        Block::heading(2, "annex-parameters", t.w("annex.parameters")),
        parameters(t),
        Block::heading(2, "annex-evidence", t.w("annex.evidence")),
        Block::text(t.w("annex.evidence_text")),
        evidence(t),
        Block::heading(2, "annex-logs", t.w("annex.logs")),
        logs(t),
        bad_lines(t),
    ];
    blocks.extend(super::coverage::standards(t));
    blocks.push(Block::heading(2, "annex-glossary", t.w("annex.glossary")));
    blocks.push(Block::Facts { rows: GLOSSARY.iter().map(glossary).collect() });
    Section::new("annex", t.w("annex.title"), blocks)
}

/// The table, or a sentence when it would be empty.
fn table(t: &Teller<'_>, key: &str, columns: Vec<super::Column>, rows: Vec<Vec<Cell>>) -> Block {
    if rows.is_empty() {
        return Block::text(t.w("nothing"));
    }
    Block::Table(Table { caption: t.w(key), columns, rows })
}

fn controls(t: &Teller<'_>) -> Block {
    let row = |c: &ControlView| {
        let note = c.not_applicable.as_ref().map_or_else(|| c.version.short(12), |why| t.l(why));
        vec![
            Cell::plain(c.id.clone()),
            Cell::plain(t.l(&c.title)),
            Cell::toned(t.severity(c.severity), Tone::of_severity(c.severity)),
            Cell::toned(t.verdict(c.verdict), Tone::of_verdict(c.verdict)),
            Cell::plain(c.checked.to_string()),
            Cell::plain(c.failed.to_string()),
            Cell::plain(c.unknown.to_string()),
            Cell::toned(note, Tone::Quiet),
        ]
    };
    let columns = vec![
        t.column("id", 1.75),
        t.column("control", 3.9),
        t.column("severity", 1.3),
        t.column("verdict", 1.4),
        t.number("checked", 1.1),
        t.number("failed", 0.9),
        t.number("undecided", 1.2),
        t.column("version_or_reason", 2.0),
    ];
    table(t, "annex.controls_caption", columns, t.report.controls.iter().map(row).collect())
}

fn places(t: &Teller<'_>) -> Block {
    let rows = t.report.findings.iter().map(|f| place_row(t, f)).collect();
    table(t, "annex.places_caption", place_columns(t), rows)
}

fn parameters(t: &Teller<'_>) -> Block {
    let mut rows = Vec::new();
    for control in &t.report.controls {
        for p in &control.parameters {
            let value = p.value.as_str().map_or_else(|| p.value.to_string(), str::to_owned);
            rows.push([control.id.clone(), p.name.clone(), value, p.origin.clone()].map(Cell::plain).to_vec());
        }
    }
    let columns =
        vec![t.column("id", 1.4), t.column("parameter", 2.0), t.column("value", 2.4), t.column("origin", 3.0)];
    table(t, "annex.parameters_caption", columns, rows)
}

fn evidence(t: &Teller<'_>) -> Block {
    let row = |e: &Evidence| {
        let at = |x: Option<crate::clock::Timestamp>| x.map_or_else(|| t.w("not_stated"), |i| t.instant(i));
        vec![
            Cell::plain(e.kind.clone()),
            Cell::plain(format!("{} ({}, {})", e.file, e.source, e.method)),
            Cell::plain(format!("{} / {}", at(e.observed_at), at(e.collected_at))),
            Cell::plain(e.records.to_string()),
            Cell::toned(e.sha256.to_string(), Tone::Quiet),
        ]
    };
    let columns = vec![
        t.column("kind", 1.4),
        t.column("file_source", 2.6),
        t.column("observed_collected", 2.1),
        t.number("records", 1.0),
        t.column("sha256", 2.9),
    ];
    table(t, "annex.evidence_caption", columns, t.report.evidence.iter().map(row).collect())
}

fn logs(t: &Teller<'_>) -> Block {
    let mut rows = Vec::new();
    for l in &t.report.logs {
        let at = |x: Option<crate::clock::Timestamp>| x.map_or_else(|| t.w("none"), |i| t.instant(i));
        let figures = [l.lines, l.events, l.bad_lines, l.duplicates, l.late].map(|n| n.to_string());
        let whole = [l.source.clone(), at(l.first), at(l.last)].into_iter().chain(figures);
        rows.push(whole.map(Cell::plain).collect());
        rows.extend(l.gaps.iter().take(SILENCES_TOLD).map(|gap| silence(t, gap)));
        if l.gaps.len() > SILENCES_TOLD {
            let count = (l.gaps.len() - SILENCES_TOLD).to_string();
            rows.push(row_of(t.fill("annex.more_silences", &[("count", count)]), Vec::new()));
        }
    }
    let columns = vec![
        t.column("source", 2.6),
        t.column("first", 1.5),
        t.column("last", 1.5),
        t.number("lines", 1.0),
        t.number("events", 1.0),
        t.number("bad_lines", 1.0),
        t.number("duplicates", 1.0),
        t.number("late_events", 0.9),
    ];
    table(t, "annex.logs_caption", columns, rows)
}

/// Silences that the table tells of each log; the result file has all.
const SILENCES_TOLD: usize = 40;

/// A row under its log: a time in which the log said nothing.
fn silence(t: &Teller<'_>, gap: &Silence) -> Vec<Cell> {
    let minutes = (gap.until.millis() - gap.from.millis()) / 60_000;
    let what = t.fill("annex.silence_of", &[("log", gap.source.clone()), ("minutes", minutes.to_string())]);
    row_of(what, vec![t.instant(gap.from), t.instant(gap.until)])
}

/// A row of the table of logs that begins so; the rest is empty.
fn row_of(first: String, more: Vec<String>) -> Vec<Cell> {
    let mut cells: Vec<String> = std::iter::once(first).chain(more).collect();
    cells.resize(8, String::new());
    cells.into_iter().map(|c| Cell::toned(c, Tone::Quiet)).collect()
}

/// Lines that could not be read: for each log and reason how many, and where a few of them stand.
fn bad_lines(t: &Teller<'_>) -> Block {
    let mut rows = Vec::new();
    for log in &t.report.logs {
        let mut reasons: BTreeMap<&str, (Option<u64>, Vec<String>)> =
            log.unread.iter().map(|(reason, n)| (reason.as_str(), (Some(*n), Vec::new()))).collect();
        for line in &log.samples {
            reasons.entry(&line.reason).or_default().1.push(line.offset.to_string());
        }
        for (reason, (count, offsets)) in reasons {
            let count = count.map_or_else(String::new, |n| n.to_string());
            rows.push([log.source.clone(), reason.to_owned(), count, offsets.join(", ")].map(Cell::plain).to_vec());
        }
    }
    if rows.is_empty() {
        return Block::text(t.w("annex.no_bad_lines"));
    }
    let columns =
        vec![t.column("source", 2.4), t.column("reason", 1.6), t.number("lines", 1.0), t.column("offset", 4.0)];
    Block::Table(Table { caption: t.w("annex.bad_lines_caption"), columns, rows })
}
