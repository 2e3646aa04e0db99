//! Which provision is answered by which control, and how it stands.

use super::Teller;
use super::block::{Block, Cell, Section, Table, Tone};
use crate::report::model::{Framework, Provision};

pub(super) fn section(t: &Teller<'_>) -> Section {
    let mut blocks = vec![Block::text(t.w("coverage.intro"))];
    for framework in &t.report.coverage {
        let id = format!("coverage-{}", framework.framework);
        blocks.push(Block::heading(2, &id, t.framework(&framework.framework)));
        blocks.push(table(t, framework));
    }
    Section::new("coverage", t.w("coverage.title"), blocks)
}

fn table(t: &Teller<'_>, framework: &Framework) -> Block {
    let row = |p: &Provision| {
        let worst = p.worst();
        let one = |(id, verdict): (&String, &crate::findings::Verdict)| format!("{id} {}", t.verdict(*verdict));
        let controls: Vec<_> = p.controls.iter().map(one).collect();
        vec![
            Cell::plain(p.at.clone()),
            Cell::toned(t.verdict(worst), Tone::of_verdict(worst)),
            Cell::plain(controls.join(t.words.get("between_items"))),
        ]
    };
    Block::Table(Table {
        caption: t.fill("coverage.caption", &[("framework", t.framework(&framework.framework))]),
        columns: vec![t.column("provision", 1.5), t.column("stands", 1.4), t.column("answered_by", 6.0)],
        rows: framework.provisions.iter().map(row).collect(),
    })
}
