//! What is seen in a signature field once it is signed.
//!
//! Has fonts of its own: the report's subsets lack the letters of the signer's name.

use super::fonts::{Fonts, Weight};
use super::page::{Book, Line, Page, Piece, Shape};
use super::tone::{INK, NAVY, QUIET};
use super::{PdfError, emit, text};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

/// A form and everything it needs, numbered on its own.
pub(crate) struct Stamp {
    /// The objects.
    pub(crate) objects: Vec<(ObjectId, Object)>,
    /// Which of them is the form.
    pub(crate) form: ObjectId,
}

/// `lines` within a field of this width and height in points, the first one strongest; each is cut to the width.
pub(crate) fn stamp(lines: &[String], (width, height): (f32, f32)) -> Result<Stamp, PdfError> {
    let fonts = Fonts::embedded()?;
    let mut book = Book { pages: vec![page(lines, (width, height), fonts)], ..Book::default() };
    let mut doc = emit::emit(&mut book, fonts, "")?;
    doc.compress();
    let broken = |e: lopdf::Error| PdfError::Write(e.to_string());
    let page = doc.get_pages().into_values().next().ok_or_else(|| PdfError::Write("no page".to_owned()))?;
    let dict = doc.get_dictionary(page).map_err(broken)?;
    let resources = dict.get(b"Resources").and_then(Object::as_reference).map_err(broken)?;
    let font = doc.get_dictionary(resources).and_then(|r| r.get(b"Font")).map_err(broken)?.clone();
    let content = dict.get(b"Contents").and_then(Object::as_reference).map_err(broken)?;
    let content = doc.get_object(content).and_then(Object::as_stream).map_err(broken)?.clone();
    let form = doc.add_object(form(content, font.clone(), (width, height)));
    let mut needed = vec![form];
    reach(&doc, &font, &mut needed);
    let objects = needed.into_iter().filter_map(|id| Some((id, doc.objects.get(&id)?.clone()))).collect();
    Ok(Stamp { objects, form })
}

fn form(content: Stream, font: Object, (width, height): (f32, f32)) -> Stream {
    let mut dict: Dictionary = content.dict;
    let own = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Form",
        "BBox" => vec![0.into(), 0.into(), Object::Real(width), Object::Real(height)],
        "Resources" => dictionary! { "Font" => font },
    };
    dict.extend(&own);
    Stream::new(dict, content.content)
}

fn page(lines: &[String], (width, height): (f32, f32), fonts: &Fonts) -> Page {
    let mut page = Page::default();
    let mut y = height - 16.0;
    for (n, given) in lines.iter().enumerate() {
        let (size, weight, colour) = match n {
            0 => (10.0, Weight::Bold, NAVY),
            1 => (7.5, Weight::Regular, INK),
            _ => (7.0, Weight::Regular, QUIET),
        };
        let clean = text::printable(given, fonts);
        let text = text::cut(&clean, weight, size, width - 16.0, fonts);
        page.pieces.push(Piece { role: None, shape: Shape::Text(Line { x: 8.0, y, size, weight, colour, text }) });
        y -= size + 4.5;
    }
    page
}

/// Adds to `found` all objects that `object` leads to.
fn reach(doc: &Document, object: &Object, found: &mut Vec<ObjectId>) {
    match object {
        Object::Reference(id) if !found.contains(id) => {
            found.push(*id);
            if let Some(there) = doc.objects.get(id) {
                reach(doc, there, found);
            }
        }
        Object::Array(items) => items.iter().for_each(|o| reach(doc, o, found)),
        Object::Dictionary(d) => d.iter().for_each(|(_, o)| reach(doc, o, found)),
        Object::Stream(s) => s.dict.iter().for_each(|(_, o)| reach(doc, o, found)),
        _ => {}
    }
}
