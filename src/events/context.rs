//! Tables that events are enriched from: the snapshot's users, staff list, devices, approvals, by key.
//!
//! A rule names a row under `enrich:` and then uses `name.field` like any field of the event. A key without a row leaves
//! the fields absent.

use super::keep::Keep;
use super::line::{Paths, Slots, Walker};
use super::rule::{FieldId, Vocabulary};
use crate::crypto::hash::Digest;
use std::collections::BTreeMap;

/// Tables by name; each maps a key to a row as JSON text.
#[derive(Clone, Debug, Default)]
pub struct Context {
    tables: BTreeMap<String, BTreeMap<String, String>>,
}

impl Context {
    /// Adds a table. Rows are JSON objects; keys are their ids as text.
    pub fn add(&mut self, table: &str, rows: impl IntoIterator<Item = (String, serde_json::Value)>) {
        let rows = rows.into_iter().map(|(k, v)| (k, v.to_string()));
        self.tables.entry(table.to_owned()).or_default().extend(rows);
    }

    /// A digest of all tables.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.tables.kept())
    }

    /// Whether the table is there at all, be it empty.
    pub fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }
}

/// The look-ups of a rule set over a context.
pub(super) struct Rows<'p> {
    lookups: Vec<Lookup<'p>>,
}

struct Lookup<'p> {
    key: FieldId,
    table: Option<&'p BTreeMap<String, String>>,
    paths: Paths,
}

impl<'p> Rows<'p> {
    /// The look-ups that `vocabulary` asks for.
    pub(super) fn new(vocabulary: &Vocabulary, context: &'p Context) -> Self {
        let one = |e: &super::rule::Enrichment| {
            let prefix = format!("{}.", e.name);
            // Fields of other rows get a name that no row has.
            let names: Vec<String> =
                vocabulary.fields().iter().map(|f| f.strip_prefix(&prefix).unwrap_or("\u{0}").to_owned()).collect();
            let paths = Paths::new(&names, false, |n| n == "\u{0}");
            Lookup { key: e.key, table: context.tables.get(&e.table), paths }
        };
        Self { lookups: vocabulary.enrichments.iter().map(one).collect() }
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.lookups.is_empty()
    }

    /// Puts the fields of the rows that the event's keys name into `slots`.
    pub(super) fn fill<'a>(&self, slots: &mut Slots<'a>)
    where
        'p: 'a,
    {
        for lookup in &self.lookups {
            let Some(key) = slots.get(lookup.key).text() else { continue };
            let Some(row) = lookup.table.and_then(|t| t.get(&*key)) else { continue };
            // Rows were written by us; one that cannot be read back would only leave its fields absent.
            let _ = Walker::read(row, &lookup.paths, slots);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::value::Raw;

    #[test]
    fn a_row_may_lead_to_another() {
        let mut vocabulary = Vocabulary::default();
        let actor = vocabulary.field("actor");
        let role = vocabulary.field("user.roles");
        let end = vocabulary.field("hr.end_at");
        let person = vocabulary.field("user.person_id");
        for (name, table, key) in [("user", "users", actor), ("hr", "hr", person)] {
            vocabulary.enrichments.push(super::super::rule::Enrichment { name: name.into(), table: table.into(), key });
        }
        let mut context = Context::default();
        context.add("users", [("u1".to_owned(), serde_json::json!({"person_id": "p1", "roles": ["a", "b"]}))]);
        context.add("hr", [("p1".to_owned(), serde_json::json!({"end_at": "2026-01-01T00:00:00Z"}))]);
        let rows = Rows::new(&vocabulary, &context);
        let mut slots = Slots::new(vocabulary.fields().len());
        slots.put(actor, Raw::of_json("\"u1\""));
        rows.fill(&mut slots);
        assert_eq!(slots.values(role).count(), 2);
        assert_eq!(slots.get(end), Raw::of_json("\"2026-01-01T00:00:00Z\""));
        slots.clear();
        slots.put(actor, Raw::of_json("\"nobody\""));
        rows.fill(&mut slots);
        assert_eq!(slots.get(end), Raw::Absent);
    }
}
