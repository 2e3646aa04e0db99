//! The wanted fields as a tree of keys: `geo.country` is reached as `{"geo":{"country":..}}` and as `{"geo.country":..}`.

use crate::events::hash::Gist;
use crate::events::rule::FieldId;

/// Number of a place in the tree.
pub(super) type Node = usize;

/// Segments beyond which only the wholly nested and the wholly flat reading of a dotted name are tried.
const MOST_MIXED: usize = 4;

#[derive(Debug, Default)]
struct Step {
    /// The key that leads here.
    key: Box<str>,
    children: Vec<Child>,
    /// Children by their tag, free places between them. A power of two long.
    table: Vec<Child>,
    fields: Vec<FieldId>,
}

#[derive(Clone, Copy, Debug)]
struct Child {
    gist: Gist,
    to: Found,
}

/// Where a key leads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub node: Node,
    /// The field that ends there, when one does and no other.
    pub only: Option<u32>,
}

/// A free place of a table: no key is that long.
const FREE: Child = Child { gist: Gist { first: 0, last: 0, length: usize::MAX }, to: Found { node: 0, only: None } };

impl Step {
    fn add(&mut self, key: &str, node: Node) {
        self.children.push(Child { gist: Gist::of(key.as_bytes()), to: Found { node, only: None } });
        self.lay_out();
    }

    /// Makes the table of the children.
    fn lay_out(&mut self) {
        // At most an eighth full, so that looking for a stranger ends soon.
        let size = (self.children.len() * 8).next_power_of_two();
        self.table = vec![FREE; size];
        for child in &self.children {
            let mut at = tag(child.gist) & (size - 1);
            while self.table.get(at).is_some_and(|c| c.gist != FREE.gist) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = self.table.get_mut(at) {
                *slot = *child;
            }
        }
    }
}

/// Where to look for a key first.
#[inline]
const fn tag(gist: Gist) -> usize {
    let mixed = gist.first ^ gist.last.rotate_left(29) ^ gist.length as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
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
        paths.note_fields();
        paths
    }

    /// Notes beside keys which fields they lead to.
    fn note_fields(&mut self) {
        let only = |step: &Step| match *step.fields {
            [field] => u32::try_from(field).ok(),
            _ => None,
        };
        let only: Vec<_> = self.steps.iter().map(only).collect();
        for step in self.steps.iter_mut().filter(|step| !step.children.is_empty()) {
            for child in &mut step.children {
                child.to.only = only.get(child.to.node).copied().flatten();
            }
            step.lay_out();
        }
    }

    fn insert(&mut self, keys: &[String], field: FieldId) {
        let mut at = Self::ROOT;
        for key in keys {
            at = match self.child(at, key.as_bytes()) {
                Some(next) => next,
                None => {
                    let next = self.steps.len();
                    self.steps.push(Step { key: key.as_str().into(), ..Step::default() });
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
    pub fn child(&self, node: Node, key: &[u8]) -> Option<Node> {
        self.child_of_gist(node, Gist::of(key), || Some(key)).map(|found| found.node)
    }

    /// The same, when the key's gist is known; a long `key` itself is asked for too.
    #[inline(always)]
    pub(super) fn child_of_gist<'k>(
        &self,
        node: Node,
        gist: Gist,
        key: impl Fn() -> Option<&'k [u8]>,
    ) -> Option<Found> {
        let table = self.steps.get(node)?.table.as_slice();
        let last = table.len().wrapping_sub(1);
        let mut at = tag(gist) & last;
        loop {
            let child = table.get(at)?;
            if child.gist == gist && (gist.length <= Gist::WHOLE_BYTES || self.is_key(child.to.node, key()?)) {
                return Some(child.to);
            }
            if child.gist.length == FREE.gist.length {
                return None;
            }
            at = at.wrapping_add(1) & last;
        }
    }

    fn is_key(&self, node: Node, key: &[u8]) -> bool {
        self.steps.get(node).is_some_and(|s| s.key.as_bytes() == key)
    }

    /// The fields that end at `node`.
    #[inline]
    pub fn fields_at(&self, node: Node) -> &[FieldId] {
        self.steps.get(node).map_or(&[], |s| &s.fields)
    }

    /// Whether fields lie below `node`.
    #[inline]
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
            keys.iter()
                .try_fold(Paths::ROOT, |at, k| paths.child(at, k.as_bytes()))
                .map(|n| paths.fields_at(n).to_vec())
        };
        for keys in [&["a", "b", "c"][..], &["a.b", "c"], &["a", "b.c"], &["a.b.c"]] {
            assert_eq!(reach(keys), Some(vec![0]), "{keys:?}");
        }
        assert_eq!(reach(&["a"]), Some(vec![1]));
        assert_eq!(reach(&["b"]), None);
    }
}
