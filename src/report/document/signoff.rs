//! The management's response and the signatures.

use super::Teller;
use super::block::{Area, Block, Cell, Section, Table, Tone};
use crate::findings::Verdict;

pub(super) fn response(t: &Teller<'_>) -> Section {
    let mut blocks = vec![Block::text(t.w("response.intro"))];
    let failed: Vec<_> = t.report.controls.iter().filter(|c| c.verdict == Verdict::Fail).collect();
    if failed.is_empty() {
        blocks.push(Block::text(t.w("nothing")));
        return Section::new("response", t.w("response.title"), blocks);
    }
    let row = |c: &&crate::report::model::ControlView| {
        let due = t.report.findings.iter().filter(|f| f.control == c.id).filter_map(|f| f.due_on).min();
        vec![
            Cell::plain(format!("{}  {}", c.id, t.l(&c.title))),
            Cell::toned(t.severity(c.severity), Tone::of_severity(c.severity)),
            Cell::plain(due.map_or_else(String::new, |d| d.to_string())),
            Cell::plain(""),
            Cell::plain(""),
        ]
    };
    blocks.push(Block::Table(Table {
        caption: t.w("response.caption"),
        columns: vec![
            t.column("finding", 3.6),
            t.column("severity", 1.2),
            t.column("due_on", 1.4),
            t.column("agrees", 1.3),
            t.column("action", 3.0),
        ],
        rows: failed.iter().map(row).collect(),
    }));
    Section::new("response", t.w("response.title"), blocks)
}

pub(super) fn section(t: &Teller<'_>) -> Section {
    let p = &t.report.parties;
    let area = |field: &str, name: Option<&str>| Area {
        field: field.to_owned(),
        role: t.w(&format!("signoff.{field}")),
        statement: t.w(&format!("signoff.{field}_statement")),
        name: name.unwrap_or_default().to_owned(),
        labels: ["signoff.name", "signoff.date", "signoff.signature"].map(|k| t.w(k)),
    };
    let areas =
        vec![area("auditor", p.auditor.as_ref().map(|a| a.name.as_str())), area("officer", p.officer.as_deref())];
    let blocks = vec![
        Block::text(t.w("signoff.intro")),
        Block::Signatures { areas },
        Block::Callout { tone: Tone::Quiet, title: t.w("signoff.worth_title"), text: t.w("signoff.worth") },
        Block::text(t.w("signoff.verify")),
    ];
    Section::new("signoff", t.w("signoff.title"), blocks)
}
