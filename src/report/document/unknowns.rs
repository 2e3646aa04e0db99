//! What could not be decided, and what was waived: both shown in full, never hidden.

use super::Teller;
use super::block::{Block, Cell, Section, Table, Tone};
use crate::findings::Verdict;

pub(super) fn section(t: &Teller<'_>) -> Section {
    let mut blocks = vec![Block::text(t.w("unknowns.intro"))];
    if t.report.unknowns.is_empty() {
        blocks.push(Block::text(t.w("unknowns.none")));
        return Section::new("unknowns", t.w("unknowns.title"), blocks);
    }
    let row = |u: &crate::report::model::Unknown| {
        let control = t.report.controls.iter().find(|c| c.id == u.control)?;
        let tone = Tone::of_verdict(control.verdict);
        Some(vec![
            Cell::plain(t.l(&control.title)),
            Cell::plain(u.control.clone()),
            Cell::toned(t.verdict(control.verdict), tone),
            Cell::plain(u.path.clone()),
            Cell::plain(t.l(&u.reason)),
        ])
    };
    blocks.push(Block::Table(Table {
        caption: t.w("unknowns.caption"),
        columns: vec![
            t.column("control", 2.6),
            t.column("id", 1.4),
            t.column("verdict", 1.2),
            t.column("missing", 2.0),
            t.column("supply", 3.4),
        ],
        rows: t.report.unknowns.iter().filter_map(row).collect(),
    }));
    Section::new("unknowns", t.w("unknowns.title"), blocks)
}

pub(super) fn waivers(t: &Teller<'_>) -> Section {
    let mut blocks = vec![Block::text(t.w("waivers.intro"))];
    if t.report.waivers.is_empty() {
        blocks.push(Block::text(t.w("waivers.none")));
        return Section::new("waivers", t.w("waivers.title"), blocks);
    }
    let (with, without) = (&t.report.summary.controls, &t.report.summary.controls_without_waivers);
    let figures = |v: Verdict| {
        vec![
            Cell::toned(t.verdict(v), Tone::of_verdict(v)),
            Cell::plain(with.of(v).to_string()),
            Cell::plain(without.of(v).to_string()),
        ]
    };
    let row = |v: &crate::report::model::WaiverView| {
        let w = &v.waiver;
        vec![
            Cell::plain(w.what.clone()),
            Cell::plain(w.reason.clone()),
            Cell::plain(w.compensating.clone()),
            Cell::plain(format!("{} / {}", w.author, w.approver)),
            Cell::plain(w.expires_on.to_string()),
        ]
    };
    blocks.push(Block::Table(Table {
        caption: t.w("waivers.caption"),
        columns: vec![
            t.column("waived", 2.0),
            t.column("reason", 3.0),
            t.column("compensating", 3.0),
            t.column("author_approver", 1.8),
            t.column("expires_on", 1.3),
        ],
        rows: t.report.waivers.iter().map(row).collect(),
    }));
    blocks.push(Block::Table(Table {
        caption: t.w("waivers.figures"),
        columns: vec![t.column("verdict", 2.0), t.number("with_waivers", 1.0), t.number("without_waivers", 1.0)],
        rows: Verdict::ALL.map(figures).to_vec(),
    }));
    Section::new("waivers", t.w("waivers.title"), blocks)
}
