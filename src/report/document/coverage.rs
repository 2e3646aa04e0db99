//! Which provision is answered by which control, and how it stands.

use super::Teller;
use super::block::{Block, Cell, Section, Table, Tone};
use crate::findings::Verdict;
use crate::report::model::{Framework, Provision};

pub(super) fn section(t: &Teller<'_>) -> Section {
    let mut blocks = vec![Block::text(t.w("coverage.intro"))];
    for framework in t.report.coverage.iter().filter(|f| is_law(f)) {
        let id = format!("coverage-{}", framework.framework);
        blocks.push(Block::heading(2, &id, t.framework(&framework.framework)));
        blocks.push(table(t, framework));
    }
    Section::new("coverage", t.w("coverage.title"), blocks)
}

/// Whether it binds by itself; standards are in the annex.
fn is_law(framework: &Framework) -> bool {
    crate::report::LAWS.contains(&framework.framework.as_str())
}

/// The standards, for the annex.
pub(super) fn standards(t: &Teller<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for framework in t.report.coverage.iter().filter(|f| !is_law(f)) {
        let title = t.fill("coverage.standard", &[("framework", t.framework(&framework.framework))]);
        blocks.push(Block::heading(2, &format!("coverage-{}", framework.framework), title));
        blocks.push(table(t, framework));
    }
    blocks
}

/// The controls of a provision, grouped by verdict: what failed is seen first.
fn grouped(t: &Teller<'_>, provision: &Provision) -> String {
    let of = |verdict: Verdict| {
        let ids: Vec<_> = provision.controls.iter().filter(|(_, v)| **v == verdict).map(|(id, _)| id.clone()).collect();
        (!ids.is_empty())
            .then(|| format!("{}{}{}", t.verdict(verdict), t.words.get("between_name_and_list"), t.joined(&ids)))
    };
    Verdict::ALL.into_iter().filter_map(of).collect::<Vec<_>>().join(t.words.get("between_groups"))
}

fn table(t: &Teller<'_>, framework: &Framework) -> Block {
    let row = |p: &Provision| {
        let worst = p.worst();
        vec![
            Cell::plain(p.at.clone()),
            Cell::toned(t.verdict(worst), Tone::of_verdict(worst)),
            Cell::plain(grouped(t, p)),
        ]
    };
    Block::Table(Table {
        caption: t.fill("coverage.caption", &[("framework", t.framework(&framework.framework))]),
        columns: vec![t.column("provision", 1.5), t.column("stands", 1.4), t.column("answered_by", 6.0)],
        rows: framework.provisions.iter().map(row).collect(),
    })
}
