//! This audit beside the one before.

use super::block::{Block, Cell, Section, Table, Tone};
use super::{Teller, charts};
use crate::report::model::{Change, Earlier, Point, Trend};

pub(super) fn section(t: &Teller<'_>) -> Section {
    let blocks = t.report.trend.as_ref().map_or_else(|| vec![Block::text(t.w("trend.none"))], |trend| told(t, trend));
    Section::new("trend", t.w("trend.title"), blocks)
}

fn told(t: &Teller<'_>, trend: &Trend) -> Vec<Block> {
    let values = [("previous", trend.previous.clone()), ("day", trend.previous_as_of.day_utc().to_string())];
    let mut blocks = vec![Block::text(t.fill("trend.intro", &values))];
    if let Some(drawing) = charts::history(t) {
        blocks.push(Block::Chart { title: t.w("trend.chart"), alt: t.w("summary.chart_alt"), drawing });
    }
    blocks.push(history(t, &trend.history));
    for (key, list) in
        [("resolved", &trend.resolved), ("unconfirmed", &trend.unconfirmed), ("not_checked", &trend.not_checked)]
    {
        blocks.push(Block::heading(2, &format!("trend-{key}"), t.w(&format!("trend.{key}"))));
        blocks.push(Block::text(t.w(&format!("trend.{key}_text"))));
        blocks.push(earlier(t, key, list));
    }
    blocks.push(Block::heading(2, "trend-verdicts", t.w("trend.verdicts")));
    blocks.push(changes(t, &trend.verdicts));
    blocks
}

fn history(t: &Teller<'_>, points: &[Point]) -> Block {
    let row = |p: &Point| {
        let mut cells = vec![Cell::plain(p.as_of.day_utc().to_string()), Cell::toned(p.report.clone(), Tone::Quiet)];
        cells.extend(p.findings.iter().map(|n| Cell::plain(n.to_string())));
        cells.push(Cell::plain(p.unknown.to_string()));
        cells
    };
    let mut columns = vec![t.column("day", 1.3), t.column("report", 2.0)];
    columns.extend(["critical", "high", "medium", "low"].map(|s| t.number(&format!("severity_{s}"), 1.0)));
    columns.push(t.number("verdict_unknown", 1.0));
    Block::Table(Table { caption: t.w("trend.caption"), columns, rows: points.iter().map(row).collect() })
}

fn earlier(t: &Teller<'_>, key: &str, list: &[Earlier]) -> Block {
    if list.is_empty() {
        return Block::text(t.w("nothing"));
    }
    let row = |e: &Earlier| {
        vec![
            Cell::plain(t.l(&e.says)),
            Cell::toned(t.severity(e.severity), Tone::of_severity(e.severity)),
            Cell::plain(e.first_seen.day_utc().to_string()),
            Cell::toned(e.id.clone(), Tone::Quiet),
        ]
    };
    let columns =
        vec![t.column("condition", 4.0), t.column("severity", 1.2), t.column("since", 1.2), t.column("finding", 2.0)];
    Block::Table(Table { caption: t.w(&format!("trend.{key}")), columns, rows: list.iter().map(row).collect() })
}

fn changes(t: &Teller<'_>, list: &[Change]) -> Block {
    if list.is_empty() {
        return Block::text(t.w("nothing"));
    }
    let row = |c: &Change| {
        let title = t.report.controls.iter().find(|v| v.id == c.control).map_or_else(String::new, |v| t.l(&v.title));
        let cell = |v| Cell::toned(t.verdict(v), Tone::of_verdict(v));
        vec![Cell::plain(title), Cell::plain(c.control.clone()), cell(c.from), cell(c.to)]
    };
    let columns = vec![t.column("control", 4.0), t.column("id", 1.4), t.column("before", 1.3), t.column("now", 1.3)];
    Block::Table(Table { caption: t.w("trend.verdicts"), columns, rows: list.iter().map(row).collect() })
}
