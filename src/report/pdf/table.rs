//! Tables: the header repeated on every page, rows kept whole, words never outside their column.

use super::blocks::leading;
use super::flow::{Flow, Style};
use super::page::{CONTENT_WIDTH, MARGIN, Role};
use super::tone::{self, INK, NAVY, QUIET, RULE, SHADE};
use crate::report::document::{Cell, Column, Table, Tone};

const CELL: Style = Style::new(8.2, 11.2);
const HEAD: Style = Style::new(7.8, 10.6).bold();
const CAPTION: Style = Style::new(8.8, 13.0).bold();
const PAD: f32 = 4.0;
/// Room of the mark before a coloured word.
const MARK: f32 = 9.0;
/// A longer word than this does not widen its column.
const LEAST_AT_MOST: f32 = 96.0;
/// How many rows are measured for the widths; the rest is alike.
const ROWS_MEASURED: usize = 200;

struct Grid {
    /// Left edge and width of each column.
    columns: Vec<(f32, f32)>,
    heads: Vec<Vec<String>>,
    head_height: f32,
}

pub(super) fn place(flow: &mut Flow<'_>, table: &Table, continued: &str) {
    let grid = grid(flow, table);
    let caption = flow.clean(&table.caption);
    let captions = flow.lines(&caption, CAPTION, CONTENT_WIDTH);
    flow.need(leading(CAPTION, captions.len()) + grid.head_height + 46.0);
    flow.space(2.0);
    let root = flow.parent;
    let element = flow.element("Table");
    let caption_element = flow.book.element("Caption", Some(element));
    flow.write(Some(caption_element), MARGIN, CAPTION, captions);
    flow.y -= 2.0;
    let row = flow.book.element("TR", Some(element));
    let roles: Vec<Role> = table.columns.iter().map(|_| Some(flow.book.element("TH", Some(row)))).collect();
    head(flow, table, &grid, &roles);
    let again = flow.clean(&format!("{} ({continued})", table.caption));
    for cells in &table.rows {
        flow.parent = element;
        place_row(flow, table, &grid, (cells, &again));
    }
    flow.parent = root;
    flow.y -= 14.0;
}

/// Widths by share, except that no column is narrower than its longest word (up to a limit): the others give way.
fn widths(flow: &Flow<'_>, table: &Table) -> Vec<f32> {
    let total: f32 = table.columns.iter().map(|c| c.share).sum();
    let wanted: Vec<f32> = table.columns.iter().map(|c| CONTENT_WIDTH * c.share / total.max(0.1)).collect();
    let least: Vec<f32> = (0..table.columns.len()).map(|i| least_width(flow, table, i)).collect();
    let needed: f32 = wanted.iter().zip(&least).map(|(w, l)| (l - w).max(0.0)).sum();
    let spare: f32 = wanted.iter().zip(&least).map(|(w, l)| (w - l).max(0.0)).sum();
    let give = if spare > 0.0 { (needed / spare).min(1.0) } else { 0.0 };
    let take = if needed > 0.0 { (spare / needed).min(1.0) } else { 0.0 };
    let width = |(w, l): (&f32, &f32)| if l > w { w + (l - w) * take } else { w - (w - l) * give };
    wanted.iter().zip(&least).map(width).collect()
}

fn least_width(flow: &Flow<'_>, table: &Table, i: usize) -> f32 {
    let Some(column) = table.columns.get(i) else { return 0.0 };
    let longest = |text: &str, style: Style| {
        let clean = flow.clean(text);
        clean.split_whitespace().map(|w| word_width(flow, w, style)).fold(0.0_f32, f32::max)
    };
    let cells = table
        .rows
        .iter()
        .take(ROWS_MEASURED)
        .filter_map(|r| r.get(i))
        .map(|c| longest(&c.text, CELL) + if has_mark(c.tone) { MARK } else { 0.0 });
    cells.fold(longest(&column.title, HEAD), f32::max).min(LEAST_AT_MOST) + 2.0 * PAD + 0.5
}

/// Width of a word that a line cannot break; Chinese can be broken after nearly every character.
fn word_width(flow: &Flow<'_>, word: &str, style: Style) -> f32 {
    if word.is_ascii() { flow.width(word, style) } else { flow.width(&word.chars().take(4).collect::<String>(), style) }
}

fn grid(flow: &Flow<'_>, table: &Table) -> Grid {
    let mut x = MARGIN;
    let mut places = Vec::new();
    for width in widths(flow, table) {
        places.push((x, width));
        x += width;
    }
    let columns = &table.columns;
    let head = |(column, (_, width)): (&Column, &(f32, f32))| {
        let clean = flow.clean(&column.title);
        flow.lines(&clean, HEAD, width - 2.0 * PAD)
    };
    let heads: Vec<_> = columns.iter().zip(&places).map(head).collect();
    let tallest = heads.iter().map(Vec::len).max().unwrap_or(1);
    Grid { columns: places, heads, head_height: leading(HEAD, tallest) + 2.0 * PAD }
}

/// The row of headers. `roles` are empty when it is only repeated: then it is decoration.
fn head(flow: &mut Flow<'_>, table: &Table, grid: &Grid, roles: &[Role]) {
    let top = flow.y;
    flow.rect(MARGIN, top, (CONTENT_WIDTH, grid.head_height), SHADE);
    flow.rule(MARGIN, top - grid.head_height, CONTENT_WIDTH, (0.9, QUIET));
    for (i, ((x, width), lines)) in grid.columns.iter().zip(&grid.heads).enumerate() {
        let role = roles.get(i).copied().flatten();
        let right = table.columns.get(i).is_some_and(|c| c.right);
        for (n, line) in lines.iter().enumerate() {
            let at = if right { x + width - PAD - flow.width(line, HEAD) } else { x + PAD };
            flow.line(role, (at, top - PAD - leading(HEAD, n)), HEAD, line.clone());
        }
    }
    flow.y = top - grid.head_height;
}

fn place_row(flow: &mut Flow<'_>, table: &Table, grid: &Grid, (cells, again): (&[Cell], &str)) {
    let mut texts: Vec<Vec<String>> = Vec::new();
    for (cell, (_, width)) in cells.iter().zip(&grid.columns) {
        let clean = flow.clean(&cell.text);
        let mark = if has_mark(cell.tone) && !clean.is_empty() { MARK } else { 0.0 };
        texts.push(flow.lines(&clean, CELL, width - 2.0 * PAD - mark));
    }
    let row = flow.book.element("TR", Some(flow.parent));
    let roles: Vec<usize> = cells.iter().map(|_| flow.book.element("TD", Some(row))).collect();
    let mut from = 0;
    let all = texts.iter().map(Vec::len).max().unwrap_or(1);
    while from < all {
        let wanted = leading(CELL, all - from) + 2.0 * PAD;
        let fits = flow.room() >= wanted;
        // A row goes to the next page as a whole, unless it is taller than half a page.
        if !fits && (wanted < 330.0 || flow.room() < 60.0) {
            flow.new_page();
            repeat_head(flow, table, grid, again);
        }
        let mut count = all - from;
        while count > 1 && leading(CELL, count) + 2.0 * PAD > flow.room() {
            count -= 1;
        }
        let height = leading(CELL, count) + 2.0 * PAD;
        let top = flow.y;
        for (i, cell) in cells.iter().enumerate() {
            let (Some(lines), Some(&(x, width)), Some(&role)) = (texts.get(i), grid.columns.get(i), roles.get(i))
            else {
                continue;
            };
            let lines: Vec<_> = lines.iter().skip(from).take(count).cloned().collect();
            let right = table.columns.get(i).is_some_and(|c| c.right);
            place_cell(flow, (cell, role), (x, width, top), (&lines, right));
        }
        flow.rule(MARGIN, top - height, CONTENT_WIDTH, (0.5, RULE));
        flow.y = top - height;
        from += count;
    }
}

fn repeat_head(flow: &mut Flow<'_>, table: &Table, grid: &Grid, again: &str) {
    let style = Style { weight: super::fonts::Weight::Regular, colour: QUIET, ..CAPTION };
    let cut = super::text::cut(again, style.weight, style.size, CONTENT_WIDTH, flow.fonts);
    let top = flow.y;
    flow.line(None, (MARGIN, top), style, cut);
    flow.y -= CAPTION.leading + 2.0;
    head(flow, table, grid, &[]);
}

const fn has_mark(tone: Tone) -> bool {
    !matches!(tone, Tone::Plain | Tone::Quiet)
}

fn place_cell(
    flow: &mut Flow<'_>,
    (cell, role): (&Cell, usize),
    (x, width, top): (f32, f32, f32),
    (lines, right): (&[String], bool),
) {
    let marked = has_mark(cell.tone) && lines.iter().any(|l| !l.is_empty());
    let mut left = x + PAD;
    if marked {
        flow.rect(left, top - PAD - 2.6, (5.6, 5.6), tone::fill(cell.tone));
        left += MARK;
    }
    let mut role = role;
    let mut style = CELL.coloured(if marked { INK } else { tone::ink(cell.tone) });
    if let Some(to) = &cell.link {
        let area = [x + PAD, top - PAD - leading(CELL, lines.len()), x + width - PAD, top - PAD];
        role = flow.link(role, area, to, &cell.text);
        style = style.coloured(NAVY);
    }
    for (n, line) in lines.iter().enumerate() {
        let at = if right { x + width - PAD - flow.width(line, style) } else { left };
        flow.line(Some(role), (at, top - PAD - leading(CELL, n)), style, line.clone());
    }
}
