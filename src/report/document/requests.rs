//! How requests were handled: figures by year, law and right (R 4.1; 11 CCR 7102(a)(1) for California).

use super::Teller;
use super::block::{Block, Cell, Section, Table, Tone};
use crate::report::input::RequestFigures;

/// The section; none when no requests were audited.
pub(super) fn section(t: &Teller<'_>) -> Option<Section> {
    let rows = &t.report.requests;
    if rows.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::text(t.w("requests.intro"))];
    let mut years: Vec<i64> = rows.iter().map(|r| r.year).collect();
    years.sort_unstable_by(|a, b| b.cmp(a));
    years.dedup();
    for year in years {
        let of: Vec<&RequestFigures> = rows.iter().filter(|r| r.year == year).collect();
        blocks.push(Block::heading(
            2,
            &format!("requests-{year}"),
            t.fill("requests.year", &[("year", year.to_string())]),
        ));
        blocks.push(ends(t, year, &of));
        blocks.push(times(t, year, &of));
    }
    Some(Section::new("requests", t.w("requests.title"), blocks))
}

fn names(t: &Teller<'_>, r: &RequestFigures) -> [Cell; 2] {
    let right = t.words.find(&format!("right.{}", r.right)).map_or_else(|| r.right.clone(), str::to_owned);
    [Cell::plain(t.framework(&r.regime)), Cell::plain(right)]
}

/// How they ended.
fn ends(t: &Teller<'_>, year: i64, of: &[&RequestFigures]) -> Block {
    let row = |r: &&RequestFigures| {
        let n = &r.numbers;
        let counts = [n.received, n.complied, n.complied_in_part, n.denied, n.withdrawn, n.open, r.undecided];
        let mut cells = names(t, r).to_vec();
        cells.extend(counts.iter().map(|n| Cell::plain(n.to_string())));
        cells
    };
    let mut columns = vec![t.column("law", 1.6), t.column("right", 2.4)];
    let keys = ["received", "complied", "complied_in_part", "denied", "withdrawn", "open_requests", "ending_unknown"];
    columns.extend(keys.map(|key| t.number(key, 1.1)));
    let caption = t.fill("requests.ends_caption", &[("year", year.to_string())]);
    Block::Table(Table { caption, columns, rows: of.iter().map(row).collect() })
}

/// How long they took.
fn times(t: &Teller<'_>, year: i64, of: &[&RequestFigures]) -> Block {
    let days = |d: Option<f64>| d.map_or_else(|| t.w("none"), |d| format!("{d:.1}"));
    let row = |r: &&RequestFigures| {
        let mut cells = names(t, r).to_vec();
        cells.push(Cell::plain(days(r.numbers.median_days)));
        cells.push(Cell::plain(days(r.numbers.mean_days)));
        cells.push(Cell::plain(r.extended.to_string()));
        cells.push(Cell::plain(r.asked_back.to_string()));
        let tone = if r.late > 0 { Tone::of_severity(crate::findings::Severity::High) } else { Tone::Quiet };
        cells.push(Cell::toned(r.late.to_string(), tone));
        cells
    };
    let mut columns = vec![t.column("law", 1.6), t.column("right", 2.4)];
    let keys = ["median_days", "mean_days", "extended", "asked_back", "late"];
    columns.extend(keys.map(|key| t.number(key, 1.2)));
    let caption = t.fill("requests.times_caption", &[("year", year.to_string())]);
    Block::Table(Table { caption, columns, rows: of.iter().map(row).collect() })
}
