//! The wanted fields as a tree of keys: `geo.country` is reached as `{"geo":{"country":..}}` and as `{"geo.country":..}`.

use crate::events::hash::quick;
use crate::events::rule::FieldId;

/// Number of a place in the tree.
pub(super) type Node = usize;

/// Segments beyond which only the wholly nested and the wholly flat reading of a dotted name are tried.
const MOST_MIXED: usize = 4;

#[derive(Debug, Default)]
struct Step {
    children: Vec<(Box<str>, Node)>,
    /// Where a child may be by its key's tag: its place in `children` plus one, or 0. A power of two long.
    table: Vec<u32>,
    fields: Vec<FieldId>,
}

impl Step {
    fn child(&self, key: &str) -> Option<Node> {
        let last = self.table.len().checked_sub(1)?;
        let mut at = tag(key) & last;
        loop {
            let place = self.table.get(at).copied().filter(|p| *p > 0)?;
            let (name, node) = self.children.get(place as usize - 1)?;
            if **name == *key {
                return Some(*node);
            }
            at = (at + 1) & last;
        }
    }

    fn add(&mut self, key: &str, node: Node) {
        self.children.push((key.into(), node));
        // At most half full, so that looking for a stranger ends soon.
        let size = (self.children.len() * 4).next_power_of_two();
        self.table = vec![0; size];
        for (place, (name, _)) in (1..).zip(&self.children) {
            let mut at = tag(name) & (size - 1);
            while self.table.get(at).is_some_and(|p| *p > 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = self.table.get_mut(at) {
                *slot = place;
            }
        }
    }
}

/// Where to look for a key first.
fn tag(key: &str) -> usize {
    usize::try_from(quick(key.as_bytes()) >> 32).unwrap_or_default()
}

/// The tree.
#[derive(Debug)]
pub struct Paths {
    steps: Vec<Step>,
    fields: usize,
    /// Whether every scalar is to be collected for keyword searches.
    pub keywords: bool,
}

impl Paths {
    /// The place of the event itself.
    pub const ROOT: Node = 0;

    /// A tree of the fields `names`, by number; fields whose name `skip` accepts are not in the event.
    pub fn new(names: &[String], keywords: bool, skip: impl Fn(&str) -> bool) -> Self {
        let mut paths = Self { steps: vec![Step::default()], fields: names.len(), keywords };
        for (id, name) in names.iter().enumerate().filter(|(_, n)| !skip(n)) {
            for spelling in spellings(name) {
                paths.insert(&spelling, id);
            }
        }
        paths
    }

    fn insert(&mut self, keys: &[String], field: FieldId) {
        let mut at = Self::ROOT;
        for key in keys {
            at = match self.child(at, key) {
                Some(next) => next,
                None => {
                    let next = self.steps.len();
                    self.steps.push(Step::default());
                    if let Some(step) = self.steps.get_mut(at) {
                        step.add(key, next);
                    }
                    next
                }
            };
        }
        if let Some(step) = self.steps.get_mut(at) {
            step.fields.push(field);
        }
    }

    /// The place below `node` under `key`.
    pub fn child(&self, node: Node, key: &str) -> Option<Node> {
        self.steps.get(node)?.child(key)
    }

    /// The fields that end at `node`.
    pub fn fields_at(&self, node: Node) -> &[FieldId] {
        self.steps.get(node).map_or(&[], |s| &s.fields)
    }

    /// Whether fields lie below `node`.
    pub fn has_children(&self, node: Node) -> bool {
        self.steps.get(node).is_some_and(|s| !s.children.is_empty())
    }

    /// How many fields there are.
    pub const fn field_count(&self) -> usize {
        self.fields
    }
}

/// All ways to cut a dotted name into keys.
fn spellings(name: &str) -> Vec<Vec<String>> {
    let parts: Vec<&str> = name.split('.').collect();
    let gaps = parts.len() - 1;
    if parts.len() > MOST_MIXED {
        return vec![parts.iter().map(|p| (*p).to_owned()).collect(), vec![name.to_owned()]];
    }
    (0..1usize << gaps)
        .map(|cuts| {
            let mut keys: Vec<String> = Vec::new();
            for (i, part) in parts.iter().enumerate() {
                match keys.last_mut() {
                    Some(last) if cuts >> (i - 1) & 1 == 1 => {
                        last.push('.');
                        last.push_str(part);
                    }
                    _ => keys.push((*part).to_owned()),
                }
            }
            keys
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotted_name_is_reached_nested_and_flat() {
        let paths = Paths::new(&["a.b.c".to_owned(), "a".to_owned()], false, |_| false);
        let reach = |keys: &[&str]| {
            keys.iter().try_fold(Paths::ROOT, |at, k| paths.child(at, k)).map(|n| paths.fields_at(n).to_vec())
        };
        for keys in [&["a", "b", "c"][..], &["a.b", "c"], &["a", "b.c"], &["a.b.c"]] {
            assert_eq!(reach(keys), Some(vec![0]), "{keys:?}");
        }
        assert_eq!(reach(&["a"]), Some(vec![1]));
        assert_eq!(reach(&["b"]), None);
    }
}
