//! Reads the JSON Schemas of evidence kinds into shapes.
//!
//! The vocabulary uses a small part of JSON Schema, and only that part is understood; anything else is refused rather
//! than ignored, because an ignored keyword would let unchecked evidence in.

use crate::expr::{Field, Record, Shape, Type};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// A schema that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("schema `{kind}` at `{pointer}`: {reason}")]
pub struct SchemaError {
    /// The evidence kind.
    pub kind: String,
    /// Where in the schema.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}

/// Keywords that are understood, or that say nothing about values.
const KEYWORDS: [&str; 10] = [
    "$schema",
    "$id",
    "title",
    "description",
    "type",
    "properties",
    "items",
    "required",
    "additionalProperties",
    "enum",
];

/// The shape a schema describes.
pub(super) fn shape_of(kind: &str, schema: &Json) -> Result<Shape, SchemaError> {
    read(schema, "").map_err(|(pointer, reason)| SchemaError { kind: kind.to_owned(), pointer, reason })
}

type Read<T> = Result<T, (String, String)>;

fn read(schema: &Json, at: &str) -> Read<Shape> {
    let fail = |reason: &str| Err((at.to_owned(), reason.to_owned()));
    let Json::Object(schema) = schema else { return fail("a schema must be an object") };
    if let Some(unknown) = schema.keys().find(|k| !KEYWORDS.contains(&k.as_str()) && *k != "format") {
        return fail(&format!("the keyword `{unknown}` is not understood"));
    }
    let (word, nullable) = match types(schema).as_slice() {
        [one] => (*one, false),
        [one, "null"] | ["null", one] => (*one, true),
        _ => return fail("`type` must be one type, or one type and null"),
    };
    let ty = match (word, schema.get("format").and_then(Json::as_str)) {
        ("boolean", None) => Type::Bool,
        ("integer", None) => Type::Int,
        ("number", None) => Type::Double,
        ("string", None) => Type::Text,
        ("string", Some("date-time")) => Type::Instant,
        ("string", Some("date")) => Type::Day,
        ("array", None) => match schema.get("items") {
            Some(items) => Type::List(Arc::new(read(items, &format!("{at}/items"))?)),
            None => return fail("an array needs `items`"),
        },
        ("object", None) => Type::Record(Arc::new(record(schema, at)?)),
        _ => return fail("this type or format is not understood"),
    };
    let texts = |key: &str| -> Vec<String> {
        schema
            .get(key)
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect()
    };
    let description = schema.get("description").and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Shape { ty, nullable, allowed: texts("enum"), description })
}

fn types(schema: &Map<String, Json>) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn record(schema: &Map<String, Json>, at: &str) -> Read<Record> {
    if schema.get("additionalProperties") != Some(&Json::Bool(false)) {
        return Err((at.to_owned(), "an object needs `additionalProperties: false`".to_owned()));
    }
    let required: Vec<_> =
        schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let Some(Json::Object(properties)) = schema.get("properties") else {
        return Err((at.to_owned(), "an object needs `properties`".to_owned()));
    };
    let fields = properties.iter().map(|(name, schema)| {
        let shape = read(schema, &format!("{at}/properties/{name}"))?;
        Ok(Field { name: name.clone(), shape, required: required.contains(&name.as_str()) })
    });
    Ok(Record::new(fields.collect::<Read<_>>()?))
}
