//! Each kind of block, placed.

use super::flow::{BODY, Flow, Style};
use super::fonts::Weight;
use super::page::{CONTENT_WIDTH, MARGIN, Role, Shape};
use super::tone::{self, INK, NAVY, PAPER, QUIET, RULE, SHADE};
use super::{chart, table};
use crate::report::document::{Area, Block, Fact, Heading, Section, Tile, Tone};

/// Sections that begin on a page of their own, whatever room is left.
const OWN_PAGE: [&str; 5] = ["summary", "subject", "findings", "signoff", "annex"];
/// Other sections begin on a new page when less than this is left.
const SECTION_ROOM: f32 = 300.0;

const SECTION: Style = Style::new(20.0, 26.0).bold().coloured(NAVY);
const HEADING: Style = Style::new(12.5, 16.5).bold();
const LABEL: Style = Style::new(8.5, 12.5).coloured(QUIET);
const VALUE: Style = Style::new(9.0, 12.5);

/// A section with all its blocks.
pub(super) fn section(flow: &mut Flow<'_>, section: &Section, continued: &str) {
    if OWN_PAGE.contains(&section.id.as_str()) || flow.room() < SECTION_ROOM {
        flow.new_page();
    } else {
        flow.space(30.0);
    }
    let root = flow.parent;
    flow.parent = flow.element("Sect");
    flow.target(&section.id);
    flow.entry(1, &section.number, &section.title, &section.id);
    let title = flow.clean(&format!("{}  {}", section.number, section.title));
    let h1 = flow.element("H1");
    let lines = flow.lines(&title, SECTION, CONTENT_WIDTH);
    flow.write(Some(h1), MARGIN, SECTION, lines);
    let y = flow.y - 2.0;
    flow.rule(MARGIN, y, CONTENT_WIDTH, (1.2, NAVY));
    flow.y -= 14.0;
    for block in &section.blocks {
        place(flow, block, continued);
    }
    flow.parent = root;
}

fn place(flow: &mut Flow<'_>, block: &Block, continued: &str) {
    match block {
        Block::Heading(h) => heading(flow, h),
        Block::Paragraph { text } => {
            flow.paragraph(text, BODY);
            flow.y -= 7.0;
        }
        Block::Callout { tone, title, text } => callout(flow, *tone, title, text),
        Block::Facts { rows } => facts(flow, rows),
        Block::List { items } => list(flow, items),
        Block::Tiles { tiles } => tiles_row(flow, tiles),
        Block::Table(t) => table::place(flow, t, continued),
        Block::Chart { title, alt, drawing } => chart::place(flow, title, alt, drawing),
        Block::Signatures { areas } => areas.iter().for_each(|a| signature(flow, a)),
    }
}

fn heading(flow: &mut Flow<'_>, heading: &Heading) {
    let badge_style = Style::new(7.5, 11.0).bold().coloured(PAPER);
    let badge = heading.badge.as_ref().map(|b| (flow.clean(&b.text), b.tone));
    let badge_width = badge.as_ref().map_or(0.0, |(text, _)| flow.width(text, badge_style) + 12.0);
    let title = flow.clean(&format!("{}  {}", heading.number, heading.title));
    let lines = flow.lines(&title, HEADING, CONTENT_WIDTH - badge_width - 10.0);
    let height = HEADING.leading * f32::from(u8::try_from(lines.len()).unwrap_or(u8::MAX));
    // A heading stays with at least the beginning of what it heads.
    flow.need(height + 150.0);
    flow.space(12.0);
    flow.target(&heading.id);
    if heading.level == 2 {
        flow.entry(2, &heading.number, &heading.title, &heading.id);
    }
    let h = flow.element(if heading.level == 2 { "H2" } else { "H3" });
    let top = flow.y;
    flow.write(Some(h), MARGIN, HEADING, lines);
    if let Some((text, tone)) = badge {
        let x = MARGIN + CONTENT_WIDTH - badge_width;
        flow.rect(x, top - 2.0, (badge_width, 13.0), tone::ink(tone));
        flow.line(Some(h), (x + 6.0, top - 3.0), badge_style, text);
    }
    flow.y -= 5.0;
}

fn callout(flow: &mut Flow<'_>, tone: Tone, title: &str, text: &str) {
    let inner = CONTENT_WIDTH - 30.0;
    let title_style = Style::new(12.0, 17.0).bold().coloured(tone::ink(tone));
    let (title, text) = (flow.clean(title), flow.clean(text));
    let titles = flow.lines(&title, title_style, inner);
    let lines = flow.lines(&text, BODY, inner);
    let height = leading(title_style, titles.len()) + leading(BODY, lines.len()) + 22.0;
    flow.need(height);
    let top = flow.y;
    flow.rect(MARGIN, top, (CONTENT_WIDTH, height), SHADE);
    flow.rect(MARGIN, top, (4.0, height), tone::fill(tone));
    flow.y -= 10.0;
    let p = flow.element("P");
    flow.write(Some(p), MARGIN + 16.0, title_style, titles);
    let p = flow.element("P");
    flow.write(Some(p), MARGIN + 16.0, BODY, lines);
    flow.y = top - height - 12.0;
}

/// Height of `count` lines.
pub(super) fn leading(style: Style, count: usize) -> f32 {
    style.leading * f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

fn facts(flow: &mut Flow<'_>, rows: &[Fact]) {
    const NAMES: f32 = 122.0;
    let root = flow.parent;
    flow.parent = flow.element("L");
    for row in rows {
        let (name, text) = (flow.clean(&row.name), flow.clean(&row.text));
        let names = flow.lines(&name, LABEL, NAMES - 10.0);
        let values = flow.lines(&text, VALUE, CONTENT_WIDTH - NAMES);
        let height = leading(LABEL, names.len()).max(leading(VALUE, values.len().min(40))) + 5.0;
        flow.need(height);
        let top = flow.y;
        flow.rule(MARGIN, top, CONTENT_WIDTH, (0.5, RULE));
        let item = flow.book.element("LI", Some(flow.parent));
        let label = flow.book.element("Lbl", Some(item));
        let body = flow.book.element("LBody", Some(item));
        flow.y = top - 2.5;
        let page = flow.page();
        flow.write(Some(label), MARGIN, LABEL, names);
        let below_names = flow.y;
        flow.y = top - 2.5;
        flow.write(Some(body), MARGIN + NAMES, VALUE, values);
        flow.y = if flow.page() == page { flow.y.min(below_names) } else { flow.y } - 2.5;
    }
    flow.parent = root;
    flow.y -= 8.0;
}

fn list(flow: &mut Flow<'_>, items: &[String]) {
    let root = flow.parent;
    flow.parent = flow.element("L");
    for item in items {
        let text = flow.clean(item);
        let lines = flow.lines(&text, BODY, CONTENT_WIDTH - 14.0);
        flow.need(leading(BODY, lines.len().min(3)));
        let li = flow.element("LI");
        let (label, body) = (flow.book.element("Lbl", Some(li)), flow.book.element("LBody", Some(li)));
        let top = flow.y;
        flow.line(Some(label), (MARGIN + 2.0, top), BODY, "•".to_owned());
        flow.write(Some(body), MARGIN + 14.0, BODY, lines);
        flow.y -= 3.0;
    }
    flow.parent = root;
    flow.y -= 6.0;
}

fn tiles_row(flow: &mut Flow<'_>, tiles: &[Tile]) {
    const GAP: f32 = 8.0;
    const HEIGHT: f32 = 66.0;
    let count = f32::from(u8::try_from(tiles.len().max(1)).unwrap_or(u8::MAX));
    let width = (CONTENT_WIDTH - GAP * (count - 1.0)) / count;
    flow.need(HEIGHT + 10.0);
    let top = flow.y;
    let mut x = MARGIN;
    for tile in tiles {
        flow.rect(x, top, (width, HEIGHT), SHADE);
        flow.rect(x, top, (width, 3.5), tone::fill(tile.tone));
        let p = Some(flow.element("P"));
        let figure = Style::new(22.0, 28.0).bold().coloured(tone::ink(tile.tone));
        let text = flow.clean(&tile.label);
        flow.line(p, (x + 8.0, top - 7.0), Style::new(8.5, 12.0).bold(), text);
        let text = flow.clean(&tile.value);
        flow.line(p, (x + 8.0, top - 19.0), figure, text);
        let text = flow.clean(&tile.note);
        if !text.is_empty() {
            flow.line(p, (x + 8.0, top - 49.0), Style::new(7.5, 11.0).coloured(QUIET), text);
        }
        x += width + GAP;
    }
    flow.y = top - HEIGHT - 12.0;
}

fn signature(flow: &mut Flow<'_>, area: &Area) {
    const HEIGHT: f32 = 146.0;
    const FIELD: (f32, f32) = (215.0, 62.0);
    let statement = flow.clean(&area.statement);
    let lines = flow.lines(&statement, VALUE, CONTENT_WIDTH - 28.0);
    let height = HEIGHT + leading(VALUE, lines.len().saturating_sub(1));
    flow.need(height);
    let top = flow.y;
    frame(flow, top, height);
    flow.y -= 10.0;
    let role = flow.clean(&area.role);
    let p = flow.element("P");
    flow.write(Some(p), MARGIN + 14.0, HEADING, vec![role]);
    let p = flow.element("P");
    flow.write(Some(p), MARGIN + 14.0, VALUE, lines);
    let base = top - height + 30.0;
    let [name, date, sign] = &area.labels;
    let x = MARGIN + 14.0;
    blank(flow, (x, base + 38.0), name, &area.name);
    blank(flow, (x, base), date, "");
    let left = MARGIN + CONTENT_WIDTH - 14.0 - FIELD.0;
    let lower = base;
    dashed(flow, [left, lower, left + FIELD.0, lower + FIELD.1]);
    flow.field(&area.field, &format!("{}: {}", area.role, sign), [left, lower, left + FIELD.0, lower + FIELD.1]);
    let label = flow.clean(sign);
    let p = Some(flow.element("P"));
    flow.line(p, (left, lower - 2.0), LABEL, label);
    flow.y = top - height - 14.0;
}

fn frame(flow: &mut Flow<'_>, top: f32, height: f32) {
    let (left, right, low) = (MARGIN, MARGIN + CONTENT_WIDTH, top - height);
    for (from, to) in [
        ((left, top), (right, top)),
        ((left, low), (right, low)),
        ((left, low), (left, top)),
        ((right, low), (right, top)),
    ] {
        flow.put(None, Shape::Rule { from, to, thickness: 0.7, colour: RULE });
    }
}

fn dashed(flow: &mut Flow<'_>, [left, low, right, top]: [f32; 4]) {
    flow.rect(left, top, (right - left, top - low), SHADE);
    flow.rule(left, low, right - left, (0.8, INK));
}

/// A line to write on, with its label below and the name, if known, above.
fn blank(flow: &mut Flow<'_>, (x, y): (f32, f32), label: &str, text: &str) {
    const WIDTH: f32 = 200.0;
    flow.rule(x, y, WIDTH, (0.8, INK));
    let p: Role = Some(flow.element("P"));
    let label = flow.clean(label);
    flow.line(p, (x, y - 2.0), LABEL, label);
    let clean = flow.clean(text);
    let style = Style { weight: Weight::Regular, ..VALUE };
    if !clean.is_empty() {
        let cut = super::text::cut(&clean, style.weight, style.size, WIDTH, flow.fonts);
        flow.line(p, (x, y + 14.0), style, cut);
    }
}
