//! Schemas nobody wrote: from what the rules do with a field, or from a JSON Schema of events and tables.

use super::schema::{Column, Origin, Schema, Table, Type};
use crate::events::plan::Plan;
use crate::events::rule::{Extension, FieldId, Kind, Question};
use crate::events::value::Number;
use crate::events::value::test::Test;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Depth of objects in a JSON Schema beyond which fields are not looked for.
const DEEPEST: usize = 8;

/// The columns that the rules ask for, with the type that what they ask implies; text where they imply nothing, or
/// several. `time` is the field with an event's instant.
pub fn inferred(plan: &Plan, time: &str) -> Schema {
    let mut schema = Schema::new(time);
    let mut hints: BTreeMap<FieldId, BTreeSet<u8>> = BTreeMap::new();
    for (field, ty) in asked(plan) {
        let of_field = hints.entry(field).or_default();
        of_field.extend(ty.map(rank));
    }
    for (field, types) in hints {
        let ty = type_of(&types);
        let column = Column { ty, nulls: true };
        match schema.origin(plan, field) {
            Origin::Instant => {}
            Origin::Event(name) => {
                schema.fields.insert(name, column);
            }
            Origin::Row(number, name) => {
                let Some(lookup) = plan.set.vocabulary.enrichments.get(number) else { continue };
                let new = || Table { key: "id".to_owned(), fields: BTreeMap::new() };
                let table = schema.tables.entry(lookup.table.clone()).or_insert_with(new);
                table.fields.insert(name, column);
            }
        }
    }
    // An object has no column of its own; a rule that asks for it as a whole is refused by name.
    let names: Vec<String> = schema.fields.keys().cloned().collect();
    schema.fields.retain(|field, _| !names.iter().any(|other| is_inside(other, field)));
    schema
}

/// Whether `field` lies inside the object `object`.
pub(super) fn is_inside(field: &str, object: &str) -> bool {
    field.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'))
}

const fn rank(ty: Type) -> u8 {
    match ty {
        Type::Flag => 0,
        Type::Whole => 1,
        Type::Real => 2,
        Type::Time => 3,
        Type::Text | Type::Texts => 4,
    }
}

fn type_of(ranks: &BTreeSet<u8>) -> Type {
    match ranks.iter().copied().collect::<Vec<_>>().as_slice() {
        [0] => Type::Flag,
        [1] => Type::Whole,
        [2] | [1, 2] => Type::Real,
        [3] => Type::Time,
        _ => Type::Text,
    }
}

/// Every use of a field with the type it implies, if it implies one.
fn asked(plan: &Plan) -> Vec<(FieldId, Option<Type>)> {
    let mut out = Vec::new();
    for predicate in plan.set.vocabulary.predicates() {
        let Some(field) = predicate.field else { continue };
        out.push((field, implied(&predicate.question)));
        match &predicate.question {
            Question::SameAs(other, _) => out.push((*other, None)),
            Question::After(other, _) => out.push((*other, Some(Type::Time))),
            _ => {}
        }
    }
    let feeds = plan.detections.iter().flat_map(|d| &d.feeds).chain(plan.correlations.iter().flat_map(|c| &c.feeds));
    out.extend(feeds.flat_map(|f| f.key.iter().map(|field| (*field, None))));
    for correlation in &plan.correlations {
        let ty = match &correlation.kind {
            Kind::ValueSum(_) | Kind::ValueAvg(_) | Kind::ValuePercentile(..) => Some(Type::Whole),
            Kind::Extension(Extension::Missing) => Some(Type::Whole),
            Kind::Extension(Extension::Distance { .. }) => Some(Type::Real),
            Kind::Extension(Extension::Silence { .. }) => Some(Type::Time),
            _ => None,
        };
        out.extend(correlation.values.iter().map(|field| (*field, ty)));
    }
    out.extend(plan.set.vocabulary.enrichments.iter().map(|e| (e.key, None)));
    out.retain(|(field, _)| !plan.set.vocabulary.networks.iter().any(|n| n.field == *field));
    out.extend(plan.set.vocabulary.networks.iter().map(|n| (n.address, Some(Type::Text))));
    out
}

const fn implied(question: &Question) -> Option<Type> {
    match question {
        Question::Exists | Question::Null | Question::SameAs(..) => None,
        Question::After(..) | Question::Outside(_) | Question::Any(Test::Time(..)) => Some(Type::Time),
        Question::Any(Test::Flag(_)) => Some(Type::Flag),
        Question::Any(Test::Equal(Number::Whole(_)) | Test::Compare(_, Number::Whole(_))) => Some(Type::Whole),
        Question::Any(Test::Equal(Number::Real(_)) | Test::Compare(_, Number::Real(_))) => Some(Type::Real),
        Question::Any(Test::Text(_) | Test::Cidr(_) | Test::Regex(_)) => Some(Type::Text),
    }
}

/// The schema of the canonical event: `event` is its JSON Schema, `rows` gives that of the rows of a table of evidence.
/// Such fields are never null. Only fields that the rules of `plan` speak of become columns.
pub fn from_event_schema(plan: &Plan, time: &str, event: &Value, rows: &dyn Fn(&str) -> Option<Value>) -> Schema {
    let mut wanted = inferred(plan, time);
    let known = fields_of(event);
    let give = |fields: &mut BTreeMap<String, Column>, known: &BTreeMap<String, Column>| {
        for (name, column) in fields.iter_mut() {
            if let Some(found) = known.get(name) {
                *column = *found;
            }
        }
    };
    give(&mut wanted.fields, &known);
    for (name, table) in &mut wanted.tables {
        let Some(schema) = rows(name) else { continue };
        let known = fields_of(&schema);
        if !known.contains_key("id") && known.contains_key("person_id") {
            table.key = "person_id".to_owned();
        }
        give(&mut table.fields, &known);
    }
    wanted
}

fn fields_of(schema: &Value) -> BTreeMap<String, Column> {
    let mut out = BTreeMap::new();
    collect(schema, "", 0, &mut out);
    out
}

fn collect(schema: &Value, prefix: &str, depth: usize, out: &mut BTreeMap<String, Column>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object).filter(|_| depth < DEEPEST) else {
        return;
    };
    for (name, property) in properties {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        collect(property, &path, depth + 1, out);
        let kinds: Vec<&str> = match property.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let nulls = kinds.contains(&"null");
        let instant = property.get("format").and_then(Value::as_str) == Some("date-time");
        let of_text = || property.get("items").and_then(|i| i.get("type")).and_then(Value::as_str) == Some("string");
        let ty = match kinds.iter().copied().filter(|k| *k != "null").collect::<Vec<_>>().as_slice() {
            ["string"] if instant => Type::Time,
            ["string"] => Type::Text,
            ["integer"] => Type::Whole,
            ["number"] => Type::Real,
            ["boolean"] => Type::Flag,
            ["array"] if of_text() => Type::Texts,
            _ => continue,
        };
        out.insert(path, Column { ty, nulls });
    }
}
