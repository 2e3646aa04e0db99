//! From placed pieces to printpdf's operators and fonts: only the glyphs that are used are embedded.
//!
//! Every id and name is chosen here, because printpdf's own come from a counter of the process and would differ from run
//! to run.

use super::PdfError;
use super::fonts::{FaceId, Fonts, Weight};
use super::page::{Book, Kid, Line, PAGE_HEIGHT, PAGE_WIDTH, Page, Piece, Role, Shape};
use super::text;
use super::tone::Colour;
use crate::crypto::hash::Digest;
use printpdf::{
    Color, DictItem, FontId, LinePoint, Op, PaintMode, ParsedFont, PdfDocument, PdfFont, PdfFontHandle, PdfPage,
    PdfSaveOptions, Point, Pt, Rect, Rgb, TextItem, TextRenderingMode,
};
use std::collections::{BTreeMap, BTreeSet};
use subsetter::GlyphRemapper;

/// The book as a document that still lacks all that printpdf cannot write. Adds to `book` what each element holds.
pub(super) fn emit(book: &mut Book, fonts: &Fonts, title: &str) -> Result<lopdf::Document, PdfError> {
    let mut document = PdfDocument::new(title);
    for (id, used) in used_characters(book, fonts) {
        document.resources.fonts.map.insert(font_id(id), embedded(id, &used, fonts)?);
    }
    for number in 0..book.pages.len() {
        let ops = page_ops(book, number, fonts);
        document.pages.push(sheet(ops));
    }
    let options = PdfSaveOptions { optimize: true, subset_fonts: false, secure: true, image_optimization: None };
    let mut warnings = Vec::new();
    Ok(document.to_lopdf_document(&options, &mut warnings))
}

fn sheet(ops: Vec<Op>) -> PdfPage {
    let whole = Rect {
        x: Pt(0.0),
        y: Pt(0.0),
        width: Pt(PAGE_WIDTH),
        height: Pt(PAGE_HEIGHT),
        mode: None,
        winding_order: None,
    };
    PdfPage { media_box: whole.clone(), trim_box: whole.clone(), crop_box: whole, ops }
}

fn font_id(id: FaceId) -> FontId {
    let name = match id {
        FaceId::Regular => "HR",
        FaceId::Bold => "HB",
        FaceId::Han => "HH",
        FaceId::HanRest => "HX",
    };
    FontId(name.to_owned())
}

fn lines_of(page: &Page) -> impl Iterator<Item = &Line> {
    page.pieces.iter().filter_map(|p| if let Shape::Text(line) = &p.shape { Some(line) } else { None })
}

fn used_characters(book: &Book, fonts: &Fonts) -> BTreeMap<FaceId, BTreeSet<char>> {
    let mut used: BTreeMap<FaceId, BTreeSet<char>> = BTreeMap::new();
    for line in book.pages.iter().flat_map(lines_of) {
        for run in text::runs(&line.text, line.weight, fonts) {
            used.entry(run.face).or_default().extend(run.text.chars());
        }
    }
    used
}

/// The part of a face that `used` needs, under a name that says so (ISO 32000-1, 9.6.4).
fn embedded(id: FaceId, used: &BTreeSet<char>, fonts: &Fonts) -> Result<PdfFont, PdfError> {
    let face = fonts.face(id);
    let glyphs: BTreeSet<u16> = used.iter().filter_map(|c| face.glyph(*c)).collect();
    let mut remapper = GlyphRemapper::new();
    glyphs.iter().for_each(|g| {
        remapper.remap(*g);
    });
    let broken = |e: subsetter::Error| PdfError::Font { name: face.name, reason: e.to_string() };
    let bytes = subsetter::subset(&face.bytes, 0, &remapper).map_err(broken)?;
    let (mut codes, mut widths) = (BTreeMap::new(), BTreeMap::new());
    widths.insert(0, face.width_units(0));
    for c in used {
        if let Some((old, new)) = face.glyph(*c).and_then(|old| Some((old, remapper.get(old)?))) {
            codes.insert(u32::from(*c), new);
            widths.insert(new, face.width_units(old));
        }
    }
    let name = format!("{}+{}", subset_tag(&bytes), face.name);
    let metrics = printpdf::FontMetrics { ascent: face.ascent, descent: face.descent };
    let mut parsed = ParsedFont::with_glyph_data(bytes, 0, Some(name), codes, widths, face.em, metrics);
    let [x_min, y_min, x_max, y_max] = face.bounds;
    let own = &mut parsed.pdf_font_metrics;
    (own.x_min, own.y_min, own.x_max, own.y_max) = (x_min, y_min, x_max, y_max);
    Ok(PdfFont::new(parsed))
}

/// Six capital letters that name a subset, the same for the same subset.
fn subset_tag(bytes: &[u8]) -> String {
    Digest::of(bytes).bytes().iter().take(6).map(|b| char::from(b'A' + b % 26)).collect()
}

/// The operators of one page; content that says something is marked with the element it belongs to.
fn page_ops(book: &mut Book, number: usize, fonts: &Fonts) -> Vec<Op> {
    let Some(page) = book.pages.get(number) else { return Vec::new() };
    let pieces = page.pieces.clone();
    let mut ops = Vec::new();
    let mut open: Option<Role> = None;
    let mut next = 0_i64;
    for piece in &pieces {
        if open != Some(piece.role) {
            if open.is_some() {
                ops.push(Op::EndMarkedContent);
            }
            ops.push(begin(piece.role, next));
            if let Some(element) = piece.role {
                book.adopt(element, Kid::Content(number, next));
                next += 1;
            }
            open = Some(piece.role);
        }
        draw(&mut ops, piece, fonts);
    }
    if open.is_some() {
        ops.push(Op::EndMarkedContent);
    }
    ops
}

fn begin(role: Role, number: i64) -> Op {
    match role {
        None => Op::BeginMarkedContent { tag: "Artifact".to_owned() },
        Some(_) => {
            let map = BTreeMap::from([("MCID".to_owned(), DictItem::Int(number))]);
            Op::BeginMarkedContentWithProperties { tag: "Span".to_owned(), properties: DictItem::Dict { map } }
        }
    }
}

fn draw(ops: &mut Vec<Op>, piece: &Piece, fonts: &Fonts) {
    match &piece.shape {
        Shape::Text(line) => draw_text(ops, line, fonts),
        Shape::Rect { x, y, width, height, colour } => {
            ops.push(Op::SetFillColor { col: colour_of(*colour) });
            let rectangle = Rect {
                x: point(*x),
                y: point(*y),
                width: point(*width),
                height: point(*height),
                mode: Some(PaintMode::Fill),
                winding_order: None,
            };
            ops.push(Op::DrawRectangle { rectangle });
        }
        Shape::Rule { from, to, thickness, colour } => {
            ops.push(Op::SetOutlineColor { col: colour_of(*colour) });
            ops.push(Op::SetOutlineThickness { pt: point(*thickness) });
            let end = |(x, y): (f32, f32)| LinePoint { p: Point { x: point(x), y: point(y) }, bezier: false };
            let line = printpdf::Line { points: vec![end(*from), end(*to)], is_closed: false };
            ops.push(Op::DrawLine { line });
        }
    }
}

fn draw_text(ops: &mut Vec<Op>, line: &Line, fonts: &Fonts) {
    if line.text.trim().is_empty() {
        return;
    }
    ops.push(Op::StartTextSection);
    ops.push(Op::SetFillColor { col: colour_of(line.colour) });
    ops.push(Op::SetTextCursor { pos: Point { x: point(line.x), y: point(line.y) } });
    let mut thick = false;
    for run in text::runs(&line.text, line.weight, fonts) {
        // There is one Chinese weight; a thin outline of the same colour makes it stronger.
        let wanted = line.weight == Weight::Bold && run.face != FaceId::Bold;
        if wanted != thick {
            thick = wanted;
            let mode = if thick { TextRenderingMode::FillStroke } else { TextRenderingMode::Fill };
            ops.push(Op::SetTextRenderingMode { mode });
            ops.push(Op::SetOutlineColor { col: colour_of(line.colour) });
            ops.push(Op::SetOutlineThickness { pt: point(line.size * 0.03) });
        }
        ops.push(Op::SetFont { font: PdfFontHandle::External(font_id(run.face)), size: point(line.size) });
        ops.push(Op::ShowText { items: vec![TextItem::Text(run.text)] });
    }
    if thick {
        ops.push(Op::SetTextRenderingMode { mode: TextRenderingMode::Fill });
    }
    ops.push(Op::EndTextSection);
}

/// Hundredths of a point are finer than any printer, and keep the file small.
fn point(value: f32) -> Pt {
    Pt((value * 100.0).round() / 100.0)
}

fn colour_of([r, g, b]: Colour) -> Color {
    let short = |v: f32| (v * 1000.0).round() / 1000.0;
    Color::Rgb(Rgb { r: short(r), g: short(g), b: short(b), icc_profile: None })
}
