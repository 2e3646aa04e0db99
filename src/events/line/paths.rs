//! The wanted fields as a tree of keys: `geo.country` is reached as `{"geo":{"country":..}}` and as `{"geo.country":..}`.

use crate::events::rule::FieldId;

/// Number of a place in the tree.
pub(super) type Node = usize;

/// Segments beyond which only the wholly nested and the wholly flat reading of a dotted name are tried.
const MOST_MIXED: usize = 4;

#[derive(Debug, Default)]
struct Step {
    children: Vec<(Box<str>, Node)>,
    fields: Vec<FieldId>,
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
                        step.children.push((key.as_str().into(), next));
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
        self.steps.get(node)?.children.iter().find(|(k, _)| **k == *key).map(|(_, n)| *n)
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
