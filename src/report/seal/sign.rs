//! Signs a PDF by appending a revision that fills one of its signature fields.

use super::revision::Revision;
use super::signer::Signing;
use super::{SealError, cms, field};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::lang::words::Words;
use crate::report::pdf::stamp;
use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat, dictionary};

/// Room for the container, in bytes: ours takes about 1.6 KB with a chain of two.
const ROOM: usize = 6 * 1024;
/// Room with a time stamp: authorities put their own chain into it.
const STAMPED_ROOM: usize = 30 * 1024;
/// Ten digits are enough for any PDF with a plain cross-reference table.
const PLACEHOLDER: i64 = 9_999_999_999;

/// What to sign, and as whom.
pub struct Seal<'a> {
    /// The field to fill, e.g. `auditor`.
    pub field: &'a str,
    /// Whether this signature certifies the document: afterwards only further signatures are allowed (DocMDP level 2).
    /// The first signature certifies, later ones approve.
    pub certify: bool,
    /// When, as the signer claims.
    pub at: Timestamp,
    /// Why, e.g. `Audit report`.
    pub reason: &'a str,
    /// In which language the field says who signed.
    pub words: &'a Words,
    /// Asks for a time stamp over a digest and gives its token, or nothing: then the signature stays without.
    pub stamp: Option<&'a Stamping<'a>>,
}

/// See `Seal::stamp`. The caller keeps the reason when there is no token.
pub type Stamping<'a> = dyn Fn(&Digest) -> Option<Vec<u8>> + 'a;

impl Seal<'_> {
    const fn room(&self) -> usize {
        if self.stamp.is_some() { STAMPED_ROOM } else { ROOM }
    }
}

/// `pdf` with one more revision that holds a PAdES B-B signature of `signer`.
pub fn sign(pdf: &[u8], seal: &Seal<'_>, signer: &Signing) -> Result<Vec<u8>, SealError> {
    let doc = Document::load_mem(pdf).map_err(|e| SealError::Pdf(e.to_string()))?;
    let wrong = |what| SealError::Field { field: seal.field.to_owned(), what };
    let fields = field::fields(&doc);
    if seal.certify && fields.iter().any(|f| f.signature.is_some()) {
        return Err(wrong("cannot certify a document that is signed already"));
    }
    let chosen = fields.into_iter().find(|f| f.name == seal.field).ok_or_else(|| wrong("does not exist"))?;
    if chosen.signature.is_some() {
        return Err(wrong("is signed already"));
    }
    let mut revision = Revision::of(&doc);
    let signature = revision.add(dictionary(seal, signer));
    let mut widget = chosen.dict;
    widget.set("V", signature);
    let form = appearance(&mut revision, &widget, seal, signer)?;
    widget.set("AP", dictionary! { "N" => form });
    revision.set(chosen.id, widget);
    if seal.certify {
        let (id, catalog) = certified(&doc, signature)?;
        revision.set(id, catalog);
    }
    let (mut out, places) = revision.append(pdf, &doc)?;
    let start = places.get(&signature).copied().unwrap_or_default();
    fill(&mut out, start, seal, signer)?;
    Ok(out)
}

/// What is seen in the field from now on.
fn appearance(
    revision: &mut Revision,
    widget: &Dictionary,
    seal: &Seal<'_>,
    signer: &Signing,
) -> Result<ObjectId, SealError> {
    let area = widget.get(b"Rect").and_then(Object::as_array).map_err(|e| SealError::Pdf(e.to_string()))?;
    let numbers: Vec<f32> = area.iter().filter_map(|o| o.as_float().ok()).collect();
    let [left, low, right, top] = *numbers.as_slice() else {
        return Err(SealError::Pdf("the field has no place on its page".to_owned()));
    };
    let at = seal.at.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let values = [("name", signer.name()), ("at", at)];
    let lines = ["signoff.signed_by", "signoff.signed_at", "signoff.signed_level", "signoff.signed_check"];
    let lines = lines.map(|key| seal.words.fill(key, &values));
    let stamp = stamp(&lines, (right - left, top - low)).map_err(|e| SealError::Pdf(e.to_string()))?;
    Ok(revision.import(stamp.objects, stamp.form))
}

/// The signature dictionary with room for what is known only later.
fn dictionary(seal: &Seal<'_>, signer: &Signing) -> Dictionary {
    let mut dict = dictionary! {
        "Type" => "Sig",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.CAdES.detached",
        "ByteRange" => vec![0.into(), PLACEHOLDER.into(), PLACEHOLDER.into(), PLACEHOLDER.into()],
        "Contents" => Object::String(vec![0; seal.room()], StringFormat::Hexadecimal),
        "M" => Object::string_literal(seal.at.utc().format("D:%Y%m%d%H%M%SZ").to_string()),
        "Name" => text(&signer.name()),
        "Reason" => text(seal.reason),
    };
    if seal.certify {
        let params = dictionary! { "Type" => "TransformParams", "P" => 2, "V" => "1.2" };
        let reference = dictionary! { "Type" => "SigRef", "TransformMethod" => "DocMDP", "TransformParams" => params };
        dict.set("Reference", vec![reference.into()]);
    }
    dict
}

fn text(given: &str) -> Object {
    let utf16 = given.encode_utf16().flat_map(u16::to_be_bytes);
    Object::String([0xFE, 0xFF].into_iter().chain(utf16).collect(), StringFormat::Hexadecimal)
}

fn certified(doc: &Document, signature: lopdf::ObjectId) -> Result<(lopdf::ObjectId, Dictionary), SealError> {
    let broken = |e: lopdf::Error| SealError::Pdf(e.to_string());
    let id = doc.trailer.get(b"Root").and_then(Object::as_reference).map_err(broken)?;
    let mut catalog = doc.get_dictionary(id).map_err(broken)?.clone();
    catalog.set("Perms", dictionary! { "DocMDP" => signature });
    Ok((id, catalog))
}

/// Writes the byte range, then signs everything but the container and writes that.
fn fill(out: &mut [u8], start: usize, seal: &Seal<'_>, signer: &Signing) -> Result<(), SealError> {
    let lost = || SealError::Container("the room left for it was not found".to_owned());
    let find = |out: &[u8], what: &[u8]| {
        let rest = out.get(start..).unwrap_or_default();
        memchr::memmem::find(rest, what).map(|at| start + at + what.len()).ok_or_else(lost)
    };
    let open = find(out, b"/Contents ")?;
    let room = seal.room();
    let close = open + 2 * room + 2;
    let range = format!("[0 {open} {close} {}]", out.len() - close);
    let at = find(out, b"/ByteRange ")?;
    let width = format!("[0 {PLACEHOLDER} {PLACEHOLDER} {PLACEHOLDER}]").len();
    let padded = format!("{range:<width$}");
    out.get_mut(at..at + width).ok_or_else(lost)?.copy_from_slice(padded.as_bytes());
    let signed = [out.get(..open).unwrap_or_default(), out.get(close..).unwrap_or_default()].concat();
    let container = cms::container(&Digest::of(&signed), signer, seal.stamp)?;
    if container.len() > room {
        return Err(SealError::Room { needed: container.len(), room });
    }
    let digits = hex::encode(container);
    let place = out.get_mut(open + 1..open + 1 + digits.len()).ok_or_else(lost)?;
    place.copy_from_slice(digits.as_bytes());
    Ok(())
}
