//! The pen: where on which page the next thing goes.
//!
//! Assumes that nothing it is given is higher than a page unless it says so. Never lets a heading stand alone at the foot.

use super::fonts::{Fonts, Weight};
use super::page::{
    BOTTOM, Book, CONTENT_WIDTH, Entry, Field, Kid, Line, Link, MARGIN, Page, Piece, Role, Shape, TOP, Target,
};
use super::text;
use super::tone::{Colour, INK};

/// How a stretch of text is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) leading: f32,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
}

impl Style {
    pub(super) const fn new(size: f32, leading: f32) -> Self {
        Self { size, leading, weight: Weight::Regular, colour: INK }
    }

    pub(super) const fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub(super) const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// Running text.
pub(super) const BODY: Style = Style::new(9.5, 14.0);

/// The pen over a growing book.
pub(super) struct Flow<'a> {
    pub(super) book: Book,
    pub(super) fonts: &'a Fonts,
    /// Upper edge of what comes next.
    pub(super) y: f32,
    /// Element that new blocks are put below.
    pub(super) parent: usize,
}

impl<'a> Flow<'a> {
    pub(super) fn new(fonts: &'a Fonts) -> Self {
        let mut book = Book::default();
        let parent = book.element("Document", None);
        book.pages.push(Page::default());
        Self { book, fonts, y: TOP, parent }
    }

    /// The number of the current page, from 0.
    pub(super) fn page(&self) -> usize {
        self.book.pages.len().saturating_sub(1)
    }

    pub(super) fn new_page(&mut self) {
        self.book.pages.push(Page::default());
        self.y = TOP;
    }

    /// Height left on the page.
    pub(super) fn room(&self) -> f32 {
        self.y - BOTTOM
    }

    /// Goes to a new page unless `height` fits on this one.
    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height && self.y < TOP {
            self.new_page();
        }
    }

    /// Leaves space, except at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if self.y < TOP {
            self.y -= height;
        }
    }

    pub(super) fn element(&mut self, tag: &'static str) -> usize {
        self.book.element(tag, Some(self.parent))
    }

    pub(super) fn put(&mut self, role: Role, shape: Shape) {
        if let Some(page) = self.book.pages.last_mut() {
            page.pieces.push(Piece { role, shape });
        }
    }

    /// A filled rectangle by its upper left corner; decoration.
    pub(super) fn rect(&mut self, x: f32, top: f32, (width, height): (f32, f32), colour: Colour) {
        self.put(None, Shape::Rect { x, y: top - height, width, height, colour });
    }

    /// A horizontal line; decoration.
    pub(super) fn rule(&mut self, x: f32, y: f32, width: f32, (thickness, colour): (f32, Colour)) {
        self.put(None, Shape::Rule { from: (x, y), to: (x + width, y), thickness, colour });
    }

    /// The text as it can be printed.
    pub(super) fn clean(&self, given: &str) -> String {
        text::printable(given, self.fonts)
    }

    /// A printable text in lines.
    pub(super) fn lines(&self, clean: &str, style: Style, room: f32) -> Vec<String> {
        text::lines(clean, style.weight, style.size, room, self.fonts)
    }

    pub(super) fn width(&self, clean: &str, style: Style) -> f32 {
        text::width(clean, style.weight, style.size, self.fonts)
    }

    /// One line whose line box begins at `top`.
    pub(super) fn line(&mut self, role: Role, (x, top): (f32, f32), style: Style, clean: String) {
        // Half of the leading above the letters, half below; letters stand at about three quarters of their size.
        let y = top - (style.leading - style.size) / 2.0 - style.size * 0.8;
        let Style { size, weight, colour, .. } = style;
        self.put(role, Shape::Text(Line { x, y, size, weight, colour, text: clean }));
    }

    /// Lines one below the other from the pen on, going to new pages as needed.
    pub(super) fn write(&mut self, role: Role, x: f32, style: Style, lines: Vec<String>) {
        for line in lines {
            if self.room() < style.leading {
                self.new_page();
            }
            let top = self.y;
            self.line(role, (x, top), style, line);
            self.y -= style.leading;
        }
    }

    /// A paragraph over the whole width.
    pub(super) fn paragraph(&mut self, given: &str, style: Style) {
        let clean = self.clean(given);
        let lines = self.lines(&clean, style, CONTENT_WIDTH);
        self.need(style.leading * f32::from(u8::try_from(lines.len().min(3)).unwrap_or(3)));
        let p = self.element("P");
        self.write(Some(p), MARGIN, style, lines);
    }

    /// Remembers that links to `id` lead here.
    pub(super) fn target(&mut self, id: &str) {
        let target = Target { id: id.to_owned(), page: self.page(), y: self.y };
        self.book.targets.push(target);
    }

    pub(super) fn entry(&mut self, level: u8, number: &str, title: &str, id: &str) {
        let entry = Entry { level, number: number.to_owned(), title: self.clean(title), id: id.to_owned() };
        self.book.entries.push(entry);
    }

    /// A link over `area` of the current page, below `parent`; its element.
    pub(super) fn link(&mut self, parent: usize, area: [f32; 4], to: &str, says: &str) -> usize {
        let element = self.book.element("Link", Some(parent));
        let page = self.page();
        if let Some(last) = self.book.pages.last_mut() {
            let nth = last.links.len();
            last.links.push(Link { area, to: to.to_owned(), says: says.to_owned(), element });
            self.book.adopt(element, Kid::Link(page, nth));
        }
        element
    }

    /// A field to be signed on the current page.
    pub(super) fn field(&mut self, name: &str, says: &str, area: [f32; 4]) {
        let element = self.element("Form");
        let page = self.page();
        if let Some(last) = self.book.pages.last_mut() {
            let nth = last.fields.len();
            last.fields.push(Field { name: name.to_owned(), says: says.to_owned(), area, element });
            self.book.adopt(element, Kid::Field(page, nth));
        }
    }
}
