//! The page for the board.

use super::block::{Block, Cell, Section, Table, Tile, Tone};
use super::{Teller, charts};
use crate::findings::{Severity, Verdict};

pub(super) fn section(t: &Teller<'_>) -> Section {
    let s = &t.report.summary;
    let blocks = vec![
        Block::Callout {
            tone: Tone::of_opinion(s.opinion),
            title: t.w(&format!("opinion.{}.title", s.opinion.word())),
            text: t.l(&s.says),
        },
        Block::Tiles { tiles: Verdict::ALL.map(|v| tile(t, v)).to_vec() },
        Block::text(trend_line(t)),
        top_risks(t),
        chart(t, "summary.severity_chart", charts::severities(t)),
        by_severity(t),
        Block::heading(2, "summary-family", t.w("summary.by_family")),
        Block::text(t.w("summary.no_score")),
        chart(t, "summary.family_chart", charts::families(t)),
        by_family(t),
    ];
    Section::new("summary", t.w("summary.title"), blocks)
}

fn chart(t: &Teller<'_>, key: &str, drawing: charts::Drawing) -> Block {
    Block::Chart { title: t.w(key), alt: t.w("summary.chart_alt"), drawing }
}

fn tile(t: &Teller<'_>, verdict: Verdict) -> Tile {
    let (with, without) =
        (t.report.summary.controls.of(verdict), t.report.summary.controls_without_waivers.of(verdict));
    let note = t.fill("summary.without_waivers", &[("count", without.to_string())]);
    Tile {
        label: t.verdict(verdict),
        value: with.to_string(),
        note: if with == without { String::new() } else { note },
        tone: Tone::of_verdict(verdict),
    }
}

fn top_risks(t: &Teller<'_>) -> Block {
    let risks = &t.report.summary.top_risks;
    if risks.is_empty() {
        return Block::text(t.w("summary.no_risks"));
    }
    let row = |id: &String| {
        let control = t.report.controls.iter().find(|c| c.id == *id)?;
        let open = t.report.findings.iter().filter(|f| f.control == *id && f.status.word() != "waived");
        let (mut count, mut worst) = (0_u64, Severity::Low);
        for finding in open {
            count += 1;
            worst = worst.min(finding.severity);
        }
        let worst = if count == 0 { control.severity } else { worst };
        Some(vec![
            Cell::linked(t.l(&control.title), &format!("finding-{id}")),
            Cell::toned(t.severity(worst), Tone::of_severity(worst)),
            Cell::plain(count.to_string()),
            Cell::plain(t.l(&control.risk)),
        ])
    };
    Block::Table(Table {
        caption: t.w("summary.risks_caption"),
        columns: vec![
            t.column("what", 3.2),
            t.column("severity", 1.25),
            t.number("findings", 1.0),
            t.column("risk", 4.2),
        ],
        rows: risks.iter().filter_map(row).collect(),
    })
}

fn by_severity(t: &Teller<'_>) -> Block {
    let row = |r: &super::super::model::SeverityRow| {
        let of = |v| Cell::plain(r.controls.of(v).to_string());
        vec![
            Cell::toned(t.severity(r.severity), Tone::of_severity(r.severity)),
            Cell::plain(r.findings.to_string()),
            Cell::plain((r.findings + r.findings_waived).to_string()),
            of(Verdict::Fail),
            of(Verdict::Unknown),
            of(Verdict::Waived),
            of(Verdict::Pass),
            of(Verdict::NotApplicable),
            Cell::plain(r.severity.remedy_days().to_string()),
        ]
    };
    let mut columns = vec![t.column("severity", 1.4), t.number("findings_open", 1.1), t.number("findings_all", 1.25)];
    columns.extend(verdict_columns(t));
    columns.push(t.number("remedy_days", 1.2));
    Block::Table(Table {
        caption: t.w("summary.severity_caption"),
        columns,
        rows: t.report.summary.by_severity.iter().map(row).collect(),
    })
}

fn verdict_columns(t: &Teller<'_>) -> Vec<super::block::Column> {
    Verdict::ALL.iter().map(|v| t.number(&format!("verdict_{}", v.word()), 1.0)).collect()
}

fn by_family(t: &Teller<'_>) -> Block {
    let row = |(family, counts): (&String, &super::super::model::Counts)| {
        let mut cells = vec![Cell::plain(t.family(family))];
        cells.extend(Verdict::ALL.map(|v| Cell::plain(counts.of(v).to_string())));
        cells
    };
    let mut columns = vec![t.column("family", 3.0)];
    columns.extend(verdict_columns(t));
    let rows = t.report.summary.by_family.iter().map(row).collect();
    Block::Table(Table { caption: t.w("summary.family_caption"), columns, rows })
}

fn trend_line(t: &Teller<'_>) -> String {
    let Some(trend) = &t.report.trend else { return t.w("trend.none") };
    let count = |list: usize| list.to_string();
    t.fill(
        "trend.line",
        &[
            ("previous", trend.previous.clone()),
            ("day", trend.previous_as_of.day_utc().to_string()),
            ("new", count(trend.new.len())),
            ("open", count(trend.still_open.len())),
            ("resolved", count(trend.resolved.len())),
            ("unconfirmed", count(trend.unconfirmed.len())),
        ],
    )
}
