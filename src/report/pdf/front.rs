//! The cover, the table of contents, and what stands at the head and foot of every page.

use super::blocks::leading;
use super::flow::{Flow, Style};
use super::page::{BOTTOM, Book, CONTENT_WIDTH, Entry, Line, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, Page, Piece, Shape, TOP};
use super::text;
use super::tone::{self, NAVY, PAPER, QUIET, RULE, SHADE};
use crate::report::document::{Block, Document};

const TITLE: Style = Style::new(30.0, 36.0).bold().coloured(PAPER);
const SUBJECT: Style = Style::new(16.0, 22.0).coloured(PAPER);
const SECTION: Style = Style::new(9.8, 18.0).bold();
const BELOW: Style = Style::new(8.8, 13.6);
const SMALL: Style = Style::new(7.5, 10.0).coloured(QUIET);

/// The cover, on the current page.
pub(super) fn cover(flow: &mut Flow<'_>, document: &Document) {
    let root = flow.parent;
    flow.parent = flow.element("Sect");
    flow.rect(0.0, PAGE_HEIGHT, (PAGE_WIDTH, 330.0), NAVY);
    flow.y = PAGE_HEIGHT - 150.0;
    let title = flow.clean(&document.title);
    let lines = flow.lines(&title, TITLE, CONTENT_WIDTH);
    let h = flow.element("P");
    flow.write(Some(h), MARGIN, TITLE, lines);
    flow.y -= 6.0;
    let subject = flow.clean(&document.subject);
    let lines: Vec<_> = flow.lines(&subject, SUBJECT, CONTENT_WIDTH).into_iter().take(4).collect();
    let p = flow.element("P");
    flow.write(Some(p), MARGIN, SUBJECT, lines);
    flow.y = PAGE_HEIGHT - 330.0 - 34.0;
    opinion(flow, document);
    cover_facts(flow, document);
    let classification = flow.clean(&document.classification);
    let p = flow.element("P");
    flow.line(Some(p), (MARGIN, BOTTOM + 12.0), Style::new(9.0, 12.0).coloured(QUIET), classification);
    flow.parent = root;
}

fn opinion(flow: &mut Flow<'_>, document: &Document) {
    let style = Style::new(15.0, 21.0).bold().coloured(tone::ink(document.opinion_tone));
    let text = flow.clean(&document.opinion);
    let lines = flow.lines(&text, style, CONTENT_WIDTH - 30.0);
    let height = leading(style, lines.len()) + 20.0;
    let top = flow.y;
    flow.rect(MARGIN, top, (CONTENT_WIDTH, height), SHADE);
    flow.rect(MARGIN, top, (5.0, height), tone::fill(document.opinion_tone));
    flow.y -= 10.0;
    let p = flow.element("P");
    flow.write(Some(p), MARGIN + 18.0, style, lines);
    flow.y = top - height - 26.0;
}

fn cover_facts(flow: &mut Flow<'_>, document: &Document) {
    let label = Style::new(9.0, 14.0).coloured(QUIET);
    let value = Style::new(10.5, 14.0);
    for fact in &document.cover {
        let top = flow.y;
        flow.rule(MARGIN, top + 3.0, CONTENT_WIDTH, (0.5, RULE));
        let p = Some(flow.element("P"));
        let name = flow.clean(&fact.name);
        flow.line(p, (MARGIN, top), label, name);
        let clean = flow.clean(&fact.text);
        let lines: Vec<_> = flow.lines(&clean, value, CONTENT_WIDTH - 130.0).into_iter().take(3).collect();
        flow.write(p, MARGIN + 130.0, value, lines);
        flow.y -= 8.0;
    }
}

/// How many pages the table of contents takes.
pub(super) fn contents_pages(document: &Document) -> usize {
    let headings = |blocks: &[Block]| blocks.iter().filter(|b| matches!(b, Block::Heading(h) if h.level == 2)).count();
    let mut pages = 1;
    let mut y = TOP - 50.0;
    for section in &document.sections {
        let styles = std::iter::once(SECTION).chain(std::iter::repeat_n(BELOW, headings(&section.blocks)));
        for style in styles {
            if y - style.leading < BOTTOM {
                pages += 1;
                y = TOP;
            }
            y -= style.leading;
        }
    }
    pages
}

/// Fills the pages from `first` on with the table of contents.
pub(super) fn contents(flow: &mut Flow<'_>, document: &Document, (first, parent): (usize, usize)) {
    let body = std::mem::take(&mut flow.book.pages);
    let mut pages: Vec<Page> = body;
    let rest = pages.split_off(first.min(pages.len()));
    flow.book.pages = pages;
    flow.parent = parent;
    let count = contents_pages(document);
    flow.new_page();
    let title = flow.clean(&document.contents);
    let h = flow.element("H1");
    let style = Style::new(20.0, 26.0).bold().coloured(NAVY);
    flow.write(Some(h), MARGIN, style, vec![title]);
    flow.y = TOP - 50.0;
    let toc = flow.element("TOC");
    for entry in flow.book.entries.clone() {
        entry_line(flow, toc, &entry);
    }
    while flow.book.pages.len() < first + count {
        flow.new_page();
    }
    flow.book.pages.extend(rest.into_iter().skip(count));
}

fn entry_line(flow: &mut Flow<'_>, toc: usize, entry: &Entry) {
    let (style, indent) = if entry.level == 1 { (SECTION, 0.0) } else { (BELOW, 14.0) };
    if flow.y - style.leading < BOTTOM {
        flow.new_page();
    }
    let page = flow.book.targets.iter().find(|t| t.id == entry.id).map_or(0, |t| t.page);
    let number = (page + 1).to_string();
    let item = flow.book.element("TOCI", Some(toc));
    let top = flow.y;
    let area = [MARGIN, top - style.leading, MARGIN + CONTENT_WIDTH, top];
    let link = flow.link(item, area, &entry.id, &entry.title);
    let title = format!("{}  {}", entry.number, entry.title);
    let title = text::cut(&title, style.weight, style.size, CONTENT_WIDTH - 60.0 - indent, flow.fonts);
    let right = MARGIN + CONTENT_WIDTH - flow.width(&number, style);
    let end = MARGIN + indent + flow.width(&title, style) + 6.0;
    flow.line(Some(link), (MARGIN + indent, top), style, title);
    if right - end > 12.0 {
        let y = top - style.leading * 0.72;
        flow.rule(end, y, right - end - 6.0, (0.4, RULE));
    }
    flow.line(Some(link), (right, top), style, number);
    flow.y -= style.leading;
}

/// Head and foot of every page but the cover. They are decoration: a reader aloud skips them.
pub(super) fn furniture(flow: &mut Flow<'_>, document: &Document) {
    let total = flow.book.pages.len();
    let head = flow.clean(&format!("{} – {}", document.title, document.subject));
    let head = text::cut(&head, SMALL.weight, SMALL.size, CONTENT_WIDTH - 120.0, flow.fonts);
    let foot = flow.clean(&document.foot);
    let foot = text::cut(&foot, SMALL.weight, SMALL.size, CONTENT_WIDTH - 90.0, flow.fonts);
    let (fonts, id) = (flow.fonts, document.id.clone());
    let width = |t: &str| text::width(t, SMALL.weight, SMALL.size, fonts);
    for (n, page) in flow.book.pages.iter_mut().enumerate().skip(1) {
        let of = document.page_of.replace("{page}", &(n + 1).to_string()).replace("{pages}", &total.to_string());
        let of = text::printable(&of, fonts);
        let right = MARGIN + CONTENT_WIDTH;
        put(page, (MARGIN, PAGE_HEIGHT - 42.0), head.clone());
        put(page, (right - width(&id), PAGE_HEIGHT - 42.0), id.clone());
        rule(page, PAGE_HEIGHT - 50.0);
        rule(page, 46.0);
        put(page, (MARGIN, 34.0), foot.clone());
        put(page, (right - width(&of), 34.0), of);
    }
}

fn put(page: &mut Page, (x, y): (f32, f32), text: String) {
    let Style { size, weight, colour, .. } = SMALL;
    page.pieces.push(Piece { role: None, shape: Shape::Text(Line { x, y, size, weight, colour, text }) });
}

fn rule(page: &mut Page, y: f32) {
    let shape = Shape::Rule { from: (MARGIN, y), to: (MARGIN + CONTENT_WIDTH, y), thickness: 0.5, colour: RULE };
    page.pieces.push(Piece { role: None, shape });
}

/// The whole document on pages.
pub(super) fn lay_out(document: &Document, fonts: &super::fonts::Fonts) -> Book {
    let mut flow = Flow::new(fonts);
    cover(&mut flow, document);
    let first = flow.book.pages.len();
    let contents_element = flow.element("Sect");
    for _ in 0..contents_pages(document) {
        flow.new_page();
    }
    // The pen stands at the top of the last of these pages; the first section goes to a page of its own.
    flow.y = TOP - 1.0;
    for section in &document.sections {
        super::blocks::section(&mut flow, section, &document.continued);
    }
    let root = flow.parent;
    contents(&mut flow, document, (first, contents_element));
    flow.parent = root;
    furniture(&mut flow, document);
    flow.book
}
