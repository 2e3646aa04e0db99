//! What changed from one revision to the next: between two signatures nothing but the second one may (DocMDP level 2, read
//! more strictly than the standard does).

use super::field::{Field, fields};
use lopdf::{Dictionary, Document, Object, ObjectId};

/// Keys that signing sets on a field.
const SIGNING_SETS: [&[u8]; 3] = [b"V", b"AP", b"M"];

/// Names the first change from `before` to `after` that is not the filling of the field `signed`.
pub(super) fn foreign_change(before: &Document, after: &Document, signed: &str) -> Option<String> {
    let catalog = |d: &Document| d.trailer.get(b"Root").and_then(Object::as_reference).ok();
    if catalog(before) != catalog(after) {
        return Some("the document has another catalog".to_owned());
    }
    let field = fields(after).into_iter().find(|f| f.name == signed)?;
    for (id, old) in &before.objects {
        match after.objects.get(id) {
            Some(new) if new == old || is_bookkeeping(old) => {}
            Some(new) if *id == field.id && only_signed(old, new) => {}
            Some(_) => return Some(format!("object {} was changed", id.0)),
            None => return Some(format!("object {} was removed", id.0)),
        }
    }
    let mut reachable = vec![];
    for key in SIGNING_SETS {
        if let Ok(value) = field.dict.get(key) {
            collect(after, value, before, &mut reachable);
        }
    }
    let added = after
        .objects
        .iter()
        .find(|(id, new)| !before.objects.contains_key(*id) && !reachable.contains(*id) && !is_bookkeeping(new));
    added.map(|(id, _)| format!("object {} was added", id.0)).or_else(|| signed_twice(before, &field))
}

fn signed_twice(before: &Document, field: &Field) -> Option<String> {
    let earlier = fields(before).into_iter().find(|f| f.id == field.id)?;
    earlier.signature.is_some().then(|| format!("the signature in field `{}` was replaced", field.name))
}

/// Cross-reference and object streams hold other objects, which are compared themselves.
fn is_bookkeeping(object: &Object) -> bool {
    let dict = object.as_stream().map(|s| &s.dict);
    dict.is_ok_and(|d| d.has_type(b"XRef") || d.has_type(b"ObjStm"))
}

fn only_signed(old: &Object, new: &Object) -> bool {
    let (Ok(old), Ok(new)) = (old.as_dict(), new.as_dict()) else { return false };
    let rest = |d: &Dictionary| {
        let mut rest = d.clone();
        for key in SIGNING_SETS {
            rest.remove(key);
        }
        rest
    };
    !old.has(b"V") && rest(old) == rest(new)
}

/// Objects that are new since `before` and hang on `object`.
fn collect(after: &Document, object: &Object, before: &Document, found: &mut Vec<ObjectId>) {
    match object {
        Object::Reference(id) if !before.objects.contains_key(id) && !found.contains(id) => {
            found.push(*id);
            if let Some(there) = after.objects.get(id) {
                collect(after, there, before, found);
            }
        }
        Object::Array(items) => items.iter().for_each(|o| collect(after, o, before, found)),
        Object::Dictionary(d) => d.iter().for_each(|(_, o)| collect(after, o, before, found)),
        Object::Stream(s) => s.dict.iter().for_each(|(_, o)| collect(after, o, before, found)),
        _ => {}
    }
}
