//! Hash joins between collections, built once and shared by all controls.

use crate::expr::{List, Val};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Where the elements with a key stand in a collection. The map's order never reaches a result: it is only asked for keys,
/// and the places under a key are in the collection's order.
pub(super) struct Index {
    places: HashMap<String, Vec<usize>>,
    /// Whether some element does not say its key, so that "no match" is not certain.
    pub(super) has_gaps: bool,
}

/// Indexes already built, by path of the collection and position of the key.
#[derive(Default)]
pub(super) struct Indexes {
    built: RefCell<BTreeMap<(String, usize), Rc<Index>>>,
}

impl Indexes {
    /// The index of the collection at `path` on the field at position `on`.
    pub(super) fn get(&self, path: &str, on: usize, list: &List<'_>) -> Rc<Index> {
        let key = (path.to_owned(), on);
        if let Some(index) = self.built.borrow().get(&key) {
            return Rc::clone(index);
        }
        let index = Rc::new(Index::build(list, on));
        self.built.borrow_mut().insert(key, Rc::clone(&index));
        index
    }
}

impl Index {
    fn build(list: &List<'_>, on: usize) -> Self {
        let mut index = Self { places: HashMap::new(), has_gaps: false };
        for (place, element) in list.iter().enumerate() {
            let key = match element {
                Val::Record(slots) => slots.get(on).map(Val::of),
                _ => None,
            };
            match key {
                None | Some(Val::Absent) => index.has_gaps = true,
                Some(Val::Null) => {}
                Some(key) => index.places.entry(key_text(&key)).or_default().push(place),
            }
        }
        index
    }

    /// Where the elements stand whose key equals `key`, in order.
    pub(super) fn find(&self, key: &Val<'_>) -> &[usize] {
        self.places.get(&key_text(key)).map_or(&[], Vec::as_slice)
    }
}

/// A key as text that is equal exactly when the keys are: numbers by value, times by instant.
fn key_text(key: &Val<'_>) -> String {
    match (key, key.number(), key.time_millis()) {
        (Val::Text(t), ..) => format!("t{t}"),
        (_, Some(number), _) => format!("n{number}"),
        (_, _, Some(ms)) => format!("i{ms}"),
        _ => format!("{key:?}"),
    }
}
