//! Makes of printpdf's document what PDF/A-3 (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) ask for: metadata, outline, links,
//! structure, output intent, the attached result, fields to sign.
//!
//! Numbers objects in a fixed order, so that the same book gives the same bytes.

use super::page::Book;
use super::{About, structure, xmp};
use crate::crypto::hash::Digest;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};

/// sRGB as an ICC profile, made by `scripts/make-srgb`.
const SRGB: &[u8] = include_bytes!("../../../assets/srgb.icc");

/// Name of the attached result.
pub(crate) const ATTACHED: &str = "report.json";

/// Adds to `doc` everything that printpdf does not write.
pub(super) fn conform(doc: &mut Document, book: &Book, about: &About<'_>) {
    "1.7".clone_into(&mut doc.version);
    let pages: Vec<ObjectId> = doc.get_pages().into_values().collect();
    let structure = structure::add(doc, book, &pages);
    let fields = structure.fields.clone();
    let outline = outline(doc, book, &pages);
    let metadata = doc.add_object(xmp::stream(about));
    let info = doc.add_object(info(about));
    let filespec = attach(doc, about);
    let intent = output_intent(doc);
    let names = dictionary! {
        "EmbeddedFiles" => dictionary! { "Names" => vec![text(ATTACHED), filespec.into()] },
    };
    let mut form = dictionary! {
        "Fields" => fields.into_iter().map(Object::from).collect::<Vec<_>>(),
        // Signatures are added by appending; rewriting the file would destroy them.
        "SigFlags" => 3,
    };
    form.set("DR", Dictionary::new());
    let form = doc.add_object(form);
    if let Ok(catalog) = doc.catalog_mut() {
        catalog.set("Outlines", outline);
        catalog.set("PageMode", "UseOutlines");
        catalog.set("Metadata", metadata);
        catalog.set("OutputIntents", vec![intent.into()]);
        catalog.set("Lang", text(about.lang));
        catalog.set("MarkInfo", dictionary! { "Marked" => true });
        catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
        catalog.set("StructTreeRoot", structure.root);
        catalog.set("Names", names);
        catalog.set("AF", vec![filespec.into()]);
        catalog.set("AcroForm", form);
    }
    let old_info = doc.trailer.get(b"Info").and_then(Object::as_reference).ok();
    if let Some(id) = old_info {
        doc.objects.remove(&id);
    }
    doc.trailer.set("Info", info);
    let id = about.file_id();
    let half = || Object::String(id.clone(), StringFormat::Hexadecimal);
    doc.trailer.set("ID", vec![half(), half()]);
}

/// A text string: ASCII as it is, everything else as UTF-16 with a mark (ISO 32000-1, 7.9.2.2).
pub(super) fn text(given: &str) -> Object {
    if given.is_ascii() {
        return Object::String(given.as_bytes().to_vec(), StringFormat::Literal);
    }
    let mut bytes = vec![0xFE, 0xFF];
    bytes.extend(given.encode_utf16().flat_map(u16::to_be_bytes));
    Object::String(bytes, StringFormat::Hexadecimal)
}

fn info(about: &About<'_>) -> Dictionary {
    dictionary! {
        "Title" => text(about.title),
        "Author" => text(about.author),
        "Subject" => text(about.subject),
        "Creator" => text(&about.producer),
        "Producer" => text(&about.producer),
        "CreationDate" => text(&about.pdf_date()),
        "ModDate" => text(&about.pdf_date()),
    }
}

fn attach(doc: &mut Document, about: &About<'_>) -> ObjectId {
    let size = i64::try_from(about.json.len()).unwrap_or(i64::MAX);
    let digest = Digest::of(about.json);
    let stream = Stream::new(
        dictionary! {
            "Type" => "EmbeddedFile",
            "Subtype" => "application/json",
            "Params" => dictionary! { "Size" => size, "ModDate" => text(&about.pdf_date()) },
        },
        about.json.to_vec(),
    );
    let file = doc.add_object(stream);
    doc.add_object(dictionary! {
        "Type" => "Filespec",
        "F" => text(ATTACHED),
        "UF" => text(ATTACHED),
        "AFRelationship" => "Data",
        "Desc" => text(&format!("The result as data; SHA-256 {digest}")),
        "EF" => dictionary! { "F" => file, "UF" => file },
    })
}

fn output_intent(doc: &mut Document) -> ObjectId {
    let profile = doc.add_object(Stream::new(dictionary! { "N" => 3, "Alternate" => "DeviceRGB" }, SRGB.to_vec()));
    doc.add_object(dictionary! {
        "Type" => "OutputIntent",
        "S" => "GTS_PDFA1",
        "OutputConditionIdentifier" => text("sRGB"),
        "Info" => text("sRGB IEC61966-2.1"),
        "DestOutputProfile" => profile,
    })
}

/// The outline: sections, and their headings below them.
fn outline(doc: &mut Document, book: &Book, pages: &[ObjectId]) -> ObjectId {
    let root = doc.new_object_id();
    let ids: Vec<ObjectId> = book.entries.iter().map(|_| doc.new_object_id()).collect();
    let is_top = |i: usize| book.entries.get(i).is_some_and(|e| e.level == 1);
    let tops: Vec<usize> = (0..ids.len()).filter(|i| is_top(*i)).collect();
    for (n, &top) in tops.iter().enumerate() {
        let end = tops.get(n + 1).copied().unwrap_or(ids.len());
        let below: Vec<usize> = (top + 1..end).collect();
        siblings(doc, (book, pages), (&ids, &below), id_at(&ids, top, root));
        let mut item = entry(book, pages, top);
        item.set("Parent", root);
        chain(&mut item, &ids, &tops, n);
        if let (Some(&first), Some(&last)) = (below.first(), below.last()) {
            item.set("First", id_at(&ids, first, root));
            item.set("Last", id_at(&ids, last, root));
            // Negative: closed at first, so that the sections fit on a screen.
            item.set("Count", -i64::try_from(below.len()).unwrap_or(0));
        }
        doc.objects.insert(id_at(&ids, top, root), item.into());
    }
    let mut outlines = dictionary! { "Type" => "Outlines", "Count" => i64::try_from(tops.len()).unwrap_or(0) };
    if let (Some(&first), Some(&last)) = (tops.first(), tops.last()) {
        outlines.set("First", id_at(&ids, first, root));
        outlines.set("Last", id_at(&ids, last, root));
    }
    doc.objects.insert(root, outlines.into());
    root
}

fn id_at(ids: &[ObjectId], i: usize, otherwise: ObjectId) -> ObjectId {
    ids.get(i).copied().unwrap_or(otherwise)
}

fn siblings(
    doc: &mut Document,
    (book, pages): (&Book, &[ObjectId]),
    (ids, below): (&[ObjectId], &[usize]),
    parent: ObjectId,
) {
    for (n, &i) in below.iter().enumerate() {
        let mut item = entry(book, pages, i);
        item.set("Parent", parent);
        chain(&mut item, ids, below, n);
        doc.objects.insert(id_at(ids, i, parent), item.into());
    }
}

fn chain(item: &mut Dictionary, ids: &[ObjectId], row: &[usize], n: usize) {
    let id = |n: Option<usize>| n.and_then(|n| row.get(n)).and_then(|i| ids.get(*i)).copied();
    if let Some(before) = id(n.checked_sub(1)) {
        item.set("Prev", before);
    }
    if let Some(after) = id(Some(n + 1)) {
        item.set("Next", after);
    }
}

fn entry(book: &Book, pages: &[ObjectId], i: usize) -> Dictionary {
    let Some(e) = book.entries.get(i) else { return Dictionary::new() };
    let mut item = dictionary! { "Title" => text(&format!("{} {}", e.number, e.title)) };
    if let Some(there) = structure::destination(book, pages, &e.id) {
        item.set("Dest", there);
    }
    item
}
