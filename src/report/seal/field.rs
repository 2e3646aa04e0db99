//! The signature fields of a PDF.

use lopdf::{Dictionary, Document, Object, ObjectId};

/// One signature field.
pub(super) struct Field {
    pub(super) id: ObjectId,
    pub(super) name: String,
    pub(super) dict: Dictionary,
    /// Its signature, when it is signed.
    pub(super) signature: Option<Dictionary>,
}

/// All signature fields, in the order of the form.
pub(super) fn fields(doc: &Document) -> Vec<Field> {
    let form = doc.catalog().ok().and_then(|c| dereferenced(doc, c.get(b"AcroForm").ok()?)?.as_dict().ok());
    let list = form.and_then(|f| dereferenced(doc, f.get(b"Fields").ok()?)?.as_array().ok());
    list.into_iter().flatten().filter_map(|f| field(doc, f.as_reference().ok()?)).collect()
}

fn field(doc: &Document, id: ObjectId) -> Option<Field> {
    let dict = doc.get_dictionary(id).ok()?;
    if dict.get(b"FT").and_then(Object::as_name).ok()? != b"Sig" {
        return None;
    }
    let name = dict.get(b"T").and_then(Object::as_str).ok()?;
    let signature = dict.get(b"V").ok().and_then(|v| dereferenced(doc, v)?.as_dict().ok().cloned());
    Some(Field { id, name: String::from_utf8_lossy(name).into_owned(), dict: dict.clone(), signature })
}

/// The object that a reference leads to; anything else as it is.
pub(super) fn dereferenced<'a>(doc: &'a Document, object: &'a Object) -> Option<&'a Object> {
    doc.dereference(object).ok().map(|(_, o)| o)
}
