//! The structure tree: what each piece of content is, for who listens instead of looking (ISO 32000-1, 14.7; PDF/UA-1).

use super::conform::text;
use super::page::{Book, Element, Field, Kid, Link};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use std::collections::BTreeMap;

/// Where the tree and the fields are.
pub(super) struct Structure {
    pub(super) root: ObjectId,
    pub(super) fields: Vec<ObjectId>,
}

/// Adds the tree, the links and the fields of `book` to `doc`.
pub(super) fn add(doc: &mut Document, book: &Book, pages: &[ObjectId]) -> Structure {
    let root = doc.new_object_id();
    let ids: Vec<ObjectId> = book.elements.iter().map(|_| doc.new_object_id()).collect();
    let mut numbers = ParentTree { next: i64::try_from(pages.len()).unwrap_or(0), entries: BTreeMap::new() };
    let mut annotations = Annotations { links: BTreeMap::new(), fields: BTreeMap::new() };
    let mut fields = Vec::new();
    for (n, (page, &page_id)) in book.pages.iter().zip(pages).enumerate() {
        let mut all = Vec::new();
        for (i, link) in page.links.iter().enumerate() {
            let key = numbers.take(ids.get(link.element).copied());
            let id = doc.add_object(link_annotation(link, (book, pages), key));
            annotations.links.insert((n, i), id);
            all.push(id.into());
        }
        for (i, field) in page.fields.iter().enumerate() {
            let key = numbers.take(ids.get(field.element).copied());
            let widget = widget(doc, field, page_id, key);
            let id = doc.add_object(widget);
            annotations.fields.insert((n, i), id);
            fields.push(id);
            all.push(id.into());
        }
        let key = i64::try_from(n).unwrap_or(0);
        if let Ok(dict) = doc.get_object_mut(page_id).and_then(Object::as_dict_mut) {
            dict.set("StructParents", key);
            dict.set("Tabs", "S");
            if all.is_empty() {
                dict.remove(b"Annots");
            } else {
                dict.set("Annots", all);
            }
        }
    }
    for (i, (element, &id)) in book.elements.iter().zip(&ids).enumerate() {
        numbers.content(element, id);
        let parent = element.parent.and_then(|p| ids.get(p)).copied().unwrap_or(root);
        doc.objects.insert(id, struct_element(element, parent, (&ids, pages), &annotations).into());
        debug_assert!(i < ids.len());
    }
    let parents = doc.add_object(numbers.object());
    let top: Vec<Object> = ids.first().copied().map(Object::from).into_iter().collect();
    let tree = dictionary! {
        "Type" => "StructTreeRoot",
        "K" => top,
        "ParentTree" => parents,
        "ParentTreeNextKey" => numbers.next,
    };
    doc.objects.insert(root, tree.into());
    Structure { root, fields }
}

struct Annotations {
    links: BTreeMap<(usize, usize), ObjectId>,
    fields: BTreeMap<(usize, usize), ObjectId>,
}

enum Parent {
    One(ObjectId),
    Page(BTreeMap<i64, ObjectId>),
}

/// From content and annotations back to their elements.
struct ParentTree {
    next: i64,
    entries: BTreeMap<i64, Parent>,
}

impl ParentTree {
    fn take(&mut self, element: Option<ObjectId>) -> i64 {
        let key = self.next;
        self.next += 1;
        if let Some(id) = element {
            self.entries.insert(key, Parent::One(id));
        }
        key
    }

    fn content(&mut self, element: &Element, id: ObjectId) {
        for kid in &element.kids {
            if let Kid::Content(page, number) = kid {
                let key = i64::try_from(*page).unwrap_or(0);
                let entry = self.entries.entry(key).or_insert_with(|| Parent::Page(BTreeMap::new()));
                if let Parent::Page(contents) = entry {
                    contents.insert(*number, id);
                }
            }
        }
    }

    fn object(&self) -> Dictionary {
        let mut numbers = Vec::new();
        for (key, parent) in &self.entries {
            numbers.push(Object::from(*key));
            numbers.push(match parent {
                Parent::One(id) => Object::from(*id),
                Parent::Page(contents) => {
                    let last = contents.keys().next_back().copied().unwrap_or(-1);
                    let at = |n: i64| contents.get(&n).copied().map_or(Object::Null, Object::from);
                    (0..=last).map(at).collect::<Vec<_>>().into()
                }
            });
        }
        dictionary! { "Nums" => numbers }
    }
}

fn struct_element(
    element: &Element,
    parent: ObjectId,
    (ids, pages): (&[ObjectId], &[ObjectId]),
    annotations: &Annotations,
) -> Dictionary {
    let mut dict = dictionary! { "Type" => "StructElem", "S" => element.tag, "P" => parent };
    let first_page = element.kids.iter().find_map(|k| match k {
        Kid::Content(page, _) | Kid::Link(page, _) | Kid::Field(page, _) => Some(*page),
        Kid::Element(_) => None,
    });
    let own = first_page.and_then(|p| pages.get(p)).copied();
    if let Some(page) = own {
        dict.set("Pg", page);
    }
    let object = |kid: &Kid| match kid {
        Kid::Element(i) => ids.get(*i).copied().map(Object::from),
        Kid::Content(page, number) if Some(*page) == first_page => Some(Object::from(*number)),
        Kid::Content(page, number) => {
            let page = pages.get(*page).copied()?;
            Some(dictionary! { "Type" => "MCR", "Pg" => page, "MCID" => *number }.into())
        }
        Kid::Link(page, n) => annotation_kid(annotations.links.get(&(*page, *n)), pages.get(*page)),
        Kid::Field(page, n) => annotation_kid(annotations.fields.get(&(*page, *n)), pages.get(*page)),
    };
    let mut kids: Vec<Object> = element.kids.iter().filter_map(object).collect();
    // An only child stands without a list: shorter, and validators look for a field's element in that form.
    match kids.pop() {
        Some(only) if kids.is_empty() => dict.set("K", only),
        Some(last) => {
            kids.push(last);
            dict.set("K", kids);
        }
        None => {}
    }
    if element.tag == "TH" {
        dict.set("A", dictionary! { "O" => "Table", "Scope" => "Column" });
    }
    if let Some(alt) = &element.alt {
        dict.set("Alt", text(alt));
    }
    dict
}

fn annotation_kid(annotation: Option<&ObjectId>, page: Option<&ObjectId>) -> Option<Object> {
    Some(dictionary! { "Type" => "OBJR", "Obj" => *annotation?, "Pg" => *page? }.into())
}

/// Where a link to `id` goes: its page, a little above its upper edge.
pub(super) fn destination(book: &Book, pages: &[ObjectId], id: &str) -> Option<Vec<Object>> {
    let target = book.targets.iter().find(|t| t.id == id)?;
    let page = pages.get(target.page).copied()?;
    Some(vec![page.into(), "XYZ".into(), Object::Null, Object::Real((target.y + 8.0).round()), Object::Null])
}

fn link_annotation(link: &Link, (book, pages): (&Book, &[ObjectId]), key: i64) -> Dictionary {
    let mut dict = dictionary! {
        "Type" => "Annot",
        "Subtype" => "Link",
        "Rect" => rectangle(link.area),
        "Border" => vec![0.into(), 0.into(), 0.into()],
        "F" => 4,
        "Contents" => text(&link.says),
        "StructParent" => key,
    };
    if let Some(there) = destination(book, pages, &link.to) {
        dict.set("Dest", there);
    }
    dict
}

/// A signature field and its widget in one (ISO 32000-1, 12.7.4.5), empty until it is signed.
fn widget(doc: &mut Document, field: &Field, page: ObjectId, key: i64) -> Dictionary {
    let [left, low, right, top] = field.area;
    let size = [0.0, 0.0, right - left, top - low];
    let appearance = doc.add_object(Stream::new(
        dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => rectangle(size),
            "Resources" => Dictionary::new(),
        },
        b"q Q".to_vec(),
    ));
    dictionary! {
        "Type" => "Annot",
        "Subtype" => "Widget",
        "FT" => "Sig",
        "T" => text(&field.name),
        "TU" => text(&field.says),
        "Rect" => rectangle(field.area),
        "P" => page,
        // Printed, and not to be moved.
        "F" => 132,
        "AP" => dictionary! { "N" => appearance },
        "StructParent" => key,
    }
}

fn rectangle(area: [f32; 4]) -> Vec<Object> {
    area.iter().map(|v| Object::Real((v * 100.0).round() / 100.0)).collect()
}
