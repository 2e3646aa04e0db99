//! The columns that statements expect: what the table of events and the tables beside it are made of.

use super::Dialect;
use super::infer::is_inside;
use crate::events::plan::Plan;
use crate::events::rule::FieldId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Text.
    Text,
    /// Whole numbers of 64 bits, written in the log without fraction and exponent.
    Whole,
    /// Numbers of double precision.
    Real,
    /// True or false.
    Flag,
    /// Instants, as milliseconds since 1970.
    Time,
    /// Lists of texts.
    Texts,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether the log may write `null` for it, so that NULL does not tell absent from null.
    #[serde(default = "yes")]
    pub nulls: bool,
}

const fn yes() -> bool {
    true
}

/// A table beside the events that rows are looked up in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The column of text that names a row; no two rows have the same.
    pub key: String,
    /// Its columns by name; dots lead into nested objects.
    pub fields: BTreeMap<String, Column>,
}

/// All columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The table of events; dots lead from catalog to schema to table.
    #[serde(default = "events")]
    pub table: String,
    /// The field of the log that holds an event's instant; the table holds it as `at_ms`.
    pub time: String,
    /// A column of whole numbers in which the lines of the log ascend, for rules that tell simultaneous events apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The columns by the fields of the log; dots lead into nested objects.
    pub fields: BTreeMap<String, Column>,
    /// Tables beside the events.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Table>,
}

fn events() -> String {
    "events".to_owned()
}

/// The column that holds an event's instant.
pub(super) const AT: &str = "at_ms";

/// Where a field of a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The event's own instant.
    Instant,
    /// A column of the events.
    Event(String),
    /// A column of a row looked up: the look-up's number and the column.
    Row(usize, String),
}

impl Schema {
    /// An empty schema whose events have their instant in `time`.
    pub fn new(time: &str) -> Self {
        let (fields, tables) = (BTreeMap::new(), BTreeMap::new());
        Self { table: events(), time: time.to_owned(), line: None, fields, tables }
    }

    /// Reads a schema as JSON.
    pub fn parse(text: &str) -> Result<Self, String> {
        let schema: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if schema.fields.contains_key(AT) {
            return Err(format!("`{AT}` is made from the field under `time`; name the log's own field otherwise"));
        }
        if let Some(line) = &schema.line
            && schema.fields.get(line).is_none_or(|c| c.ty != Type::Whole)
        {
            return Err(format!("the column `{line}` under `line` is not among the fields as `whole`"));
        }
        Ok(schema)
    }

    /// Where the field comes from, by its name alone.
    pub(super) fn origin(&self, plan: &Plan, field: FieldId) -> Origin {
        let vocabulary = &plan.set.vocabulary;
        let name = vocabulary.fields().get(field).map_or("", String::as_str);
        for (number, lookup) in vocabulary.enrichments.iter().enumerate() {
            if let Some(column) = name.strip_prefix(&lookup.name).and_then(|rest| rest.strip_prefix('.')) {
                return Origin::Row(number, column.to_owned());
            }
        }
        if name == self.time { Origin::Instant } else { Origin::Event(name.to_owned()) }
    }

    /// The field's column, or why there is none.
    pub(super) fn column(&self, plan: &Plan, field: FieldId) -> Result<(Origin, Column), String> {
        let origin = self.origin(plan, field);
        let found = match &origin {
            Origin::Instant => Some(Column { ty: Type::Time, nulls: false }),
            Origin::Event(name) => self.fields.get(name).copied(),
            Origin::Row(number, name) => self.table_of(plan, *number).and_then(|t| t.fields.get(name).copied()),
        };
        let name = plan.set.vocabulary.fields().get(field).map_or("", String::as_str);
        let is_object = || self.fields.keys().any(|field| is_inside(field, name));
        found.map(|c| (origin, c)).ok_or_else(|| {
            if is_object() {
                return format!("`{name}` is an object of the log; columns hold values only");
            }
            format!("the schema has no column for `{name}`; add it")
        })
    }

    /// The table of a look-up.
    pub(super) fn table_of(&self, plan: &Plan, lookup: usize) -> Option<&Table> {
        self.tables.get(&plan.set.vocabulary.enrichments.get(lookup)?.table)
    }

    /// A name that the dialect takes for another one, when there is such.
    pub(super) fn clash<'a>(
        dialect: Dialect,
        name: &'a str,
        others: impl Iterator<Item = &'a String>,
    ) -> Option<&'a String> {
        let folded = name.to_lowercase();
        let mut same = others.filter(|o| dialect.ignores_case_of_names() && *o != name && o.to_lowercase() == folded);
        same.next()
    }
}
