//! Pages as placed pieces, before they become PDF operators, and the tree that says what each piece is.
//!
//! Coordinates are in points from the lower left corner, as in PDF.

use super::fonts::Weight;
use super::tone::Colour;

/// A4, in points.
pub(super) const PAGE_WIDTH: f32 = 595.28;
/// See `PAGE_WIDTH`.
pub(super) const PAGE_HEIGHT: f32 = 841.89;
/// Space left and right of the content.
pub(super) const MARGIN: f32 = 54.0;
/// Width of the content.
pub(super) const CONTENT_WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// Upper edge of the content.
pub(super) const TOP: f32 = PAGE_HEIGHT - 70.0;
/// Lower edge of the content.
pub(super) const BOTTOM: f32 = 62.0;

/// Index of an element in the tree; `None` for decoration that says nothing (an artifact).
pub(super) type Role = Option<usize>;

/// One piece on a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) role: Role,
    pub(super) shape: Shape,
}

/// What a piece looks like.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// One line of text; `y` is its base line.
    Text(Line),
    /// A filled rectangle; `y` is its lower edge.
    Rect { x: f32, y: f32, width: f32, height: f32, colour: Colour },
    /// A line.
    Rule { from: (f32, f32), to: (f32, f32), thickness: f32, colour: Colour },
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
    pub(super) text: String,
}

/// An area that leads somewhere within the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    /// Left, lower, right, upper edge.
    pub(super) area: [f32; 4],
    /// Id of the place it leads to.
    pub(super) to: String,
    /// What a reader aloud says.
    pub(super) says: String,
    /// Its `Link` element.
    pub(super) element: usize,
}

/// An area to be signed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// Name of the signature field.
    pub(super) name: String,
    /// What a reader aloud says.
    pub(super) says: String,
    /// Left, lower, right, upper edge.
    pub(super) area: [f32; 4],
    /// Its `Form` element.
    pub(super) element: usize,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) pieces: Vec<Piece>,
    pub(super) links: Vec<Link>,
    pub(super) fields: Vec<Field>,
}

/// What stands below an element, in reading order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kid {
    /// Another element.
    Element(usize),
    /// Marked content: page and number on it.
    Content(usize, i64),
    /// The n-th link of a page.
    Link(usize, usize),
    /// The n-th field of a page.
    Field(usize, usize),
}

/// One element of the structure tree (ISO 32000-1, 14.7).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    /// E.g. `H1`, `P`, `TD`.
    pub(super) tag: &'static str,
    pub(super) parent: Option<usize>,
    pub(super) kids: Vec<Kid>,
    /// What stands in for a picture.
    pub(super) alt: Option<String>,
}

/// Where a link leads: id, page, upper edge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// An entry of the table of contents and of the outline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// 1 for sections, 2 below.
    pub(super) level: u8,
    pub(super) number: String,
    pub(super) title: String,
    pub(super) id: String,
}

/// A laid-out document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Book {
    pub(super) pages: Vec<Page>,
    pub(super) elements: Vec<Element>,
    pub(super) targets: Vec<Target>,
    pub(super) entries: Vec<Entry>,
}

impl Book {
    /// A new element below `parent`, after what is there.
    pub(super) fn element(&mut self, tag: &'static str, parent: Option<usize>) -> usize {
        let id = self.elements.len();
        self.elements.push(Element { tag, parent, kids: Vec::new(), alt: None });
        if let Some(above) = parent.and_then(|p| self.elements.get_mut(p)) {
            above.kids.push(Kid::Element(id));
        }
        id
    }

    /// Adds `kid` below `element`.
    pub(super) fn adopt(&mut self, element: usize, kid: Kid) {
        if let Some(above) = self.elements.get_mut(element) {
            above.kids.push(kid);
        }
    }
}
