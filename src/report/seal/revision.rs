//! A PDF as a row of revisions, and the appending of one more (ISO 32000-1, 7.5.6).

use super::{SealError, write};
use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};
use std::collections::BTreeMap;

/// Objects that are new or changed in one more revision.
pub(super) struct Revision {
    objects: BTreeMap<ObjectId, Object>,
    next: u32,
}

impl Revision {
    /// Nothing changed yet.
    pub(super) fn of(doc: &Document) -> Self {
        Self { objects: BTreeMap::new(), next: doc.max_id.saturating_add(1) }
    }

    /// A new object.
    pub(super) fn add(&mut self, object: impl Into<Object>) -> ObjectId {
        let id = (self.next, 0);
        self.next += 1;
        self.objects.insert(id, object.into());
        id
    }

    /// Objects that were numbered elsewhere, under new numbers; the new number of `wanted`.
    pub(super) fn import(&mut self, objects: Vec<(ObjectId, Object)>, wanted: ObjectId) -> ObjectId {
        let mut numbers = BTreeMap::new();
        for (old, _) in &objects {
            numbers.insert(*old, (self.next, 0));
            self.next += 1;
        }
        for (old, mut object) in objects {
            renumber(&mut object, &numbers);
            if let Some(new) = numbers.get(&old) {
                self.objects.insert(*new, object);
            }
        }
        numbers.get(&wanted).copied().unwrap_or(wanted)
    }

    /// A changed object.
    pub(super) fn set(&mut self, id: ObjectId, object: impl Into<Object>) {
        self.objects.insert(id, object.into());
    }

    /// `base` with this revision behind it; also where each of its objects begins.
    pub(super) fn append(
        &self,
        base: &[u8],
        doc: &Document,
    ) -> Result<(Vec<u8>, BTreeMap<ObjectId, usize>), SealError> {
        let previous = startxref(base).ok_or_else(|| SealError::Pdf("it has no startxref".to_owned()))?;
        if base.get(previous..previous + 4) != Some(b"xref") {
            return Err(SealError::Pdf("it has no plain cross-reference table".to_owned()));
        }
        let mut out = base.to_vec();
        // The old end mark and the update must not touch.
        if !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        let mut places = BTreeMap::new();
        for (id, object) in &self.objects {
            places.insert(*id, out.len());
            out.extend(format!("{} {} obj\n", id.0, id.1).bytes());
            write::object(&mut out, object);
            out.extend(b"\nendobj\n");
        }
        let xref = out.len();
        out.extend(table(&places).bytes());
        out.extend(b"trailer\n");
        write::object(&mut out, &Object::Dictionary(self.trailer(doc, previous)?));
        out.extend(format!("\nstartxref\n{xref}\n%%EOF\n").bytes());
        Ok((out, places))
    }

    fn trailer(&self, doc: &Document, previous: usize) -> Result<Dictionary, SealError> {
        let get = |key: &[u8]| doc.trailer.get(key).cloned().map_err(|e| SealError::Pdf(e.to_string()));
        Ok(dictionary! {
            "Size" => i64::from(self.next),
            "Root" => get(b"Root")?,
            "Info" => get(b"Info")?,
            "ID" => get(b"ID")?,
            "Prev" => i64::try_from(previous).unwrap_or(i64::MAX),
        })
    }
}

fn renumber(object: &mut Object, numbers: &BTreeMap<ObjectId, ObjectId>) {
    match object {
        Object::Reference(id) => *id = numbers.get(id).copied().unwrap_or(*id),
        Object::Array(items) => items.iter_mut().for_each(|o| renumber(o, numbers)),
        Object::Dictionary(d) => d.iter_mut().for_each(|(_, o)| renumber(o, numbers)),
        Object::Stream(s) => s.dict.iter_mut().for_each(|(_, o)| renumber(o, numbers)),
        _ => {}
    }
}

fn table(places: &BTreeMap<ObjectId, usize>) -> String {
    let mut out = String::from("xref\n");
    let mut run: Vec<(&ObjectId, &usize)> = Vec::new();
    let mut flush = |run: &mut Vec<(&ObjectId, &usize)>| {
        if let Some((first, _)) = run.first() {
            out.push_str(&format!("{} {}\n", first.0, run.len()));
        }
        for (id, place) in run.drain(..) {
            out.push_str(&format!("{place:010} {:05} n \n", id.1));
        }
    };
    for entry in places {
        if run.last().is_some_and(|(last, _)| last.0 + 1 != entry.0.0) {
            flush(&mut run);
        }
        run.push(entry);
    }
    flush(&mut run);
    out
}

/// Where the last cross-reference table begins.
pub(super) fn startxref(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memmem::rfind(bytes, b"startxref")?;
    let rest = bytes.get(at + b"startxref".len()..)?;
    let digits: String = rest
        .iter()
        .skip_while(|b| b.is_ascii_whitespace())
        .take_while(|b| b.is_ascii_digit())
        .map(|b| char::from(*b))
        .collect();
    digits.parse().ok()
}
