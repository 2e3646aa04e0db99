//! Decodes and validates evidence in one pass, guided by its shape.
//!
//! Nothing is first read into a general tree: a file of 100 MB would need ten times that. Refuses unknown and duplicate
//! keys, wrong types, unknown words and times that are none, each with its JSON pointer.

use crate::expr::{Record, Shape, Type, Value};
use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// A place where evidence does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at `{pointer}`: expected {expected}, found {found}")]
pub struct Violation {
    /// JSON pointer into the data, e.g. `/12/last_login`; `/` for the whole.
    pub pointer: String,
    /// What the schema wants there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// Longest piece of a found value that is repeated in a message, in characters.
const FOUND_CHARS: usize = 60;

/// Decodes a JSON value that is already in memory.
pub fn decode_json(json: &serde_json::Value, shape: &Shape) -> Result<Value, Violation> {
    decode_with(json, shape, Context::default()).map_err(|(_, violation)| violation.unwrap_or_else(|| unclear(shape)))
}

/// Decodes a piece of evidence as a case has it: only what the case is about, so required fields may be left out.
pub fn decode_piece(json: &serde_json::Value, shape: &Shape) -> Result<Value, Violation> {
    decode_with(json, shape, Context { is_piece: true, ..Context::default() })
        .map_err(|(_, violation)| violation.unwrap_or_else(|| unclear(shape)))
}

fn unclear(shape: &Shape) -> Violation {
    Violation { pointer: "/".to_owned(), expected: shape.ty.words().to_owned(), found: "something else".to_owned() }
}

/// Decodes from any deserializer. When the evidence does not fit, the violation says where; otherwise the error is the
/// deserializer's own (the text is not JSON, or nests too deeply).
pub(super) fn decode<'de, D: Deserializer<'de>>(
    from: D,
    shape: &Shape,
) -> Result<Value, (D::Error, Option<Violation>)> {
    decode_with(from, shape, Context::default())
}

/// Decodes the value at which a map stands.
pub(super) fn decode_value<'de, A: MapAccess<'de>>(
    map: &mut A,
    shape: &Shape,
) -> Result<Value, (A::Error, Option<Violation>)> {
    let context = RefCell::new(Context::default());
    map.next_value_seed(Seed { shape, context: &context }).map_err(|error| (error, context.into_inner().finish()))
}

fn decode_with<'de, D: Deserializer<'de>>(
    from: D,
    shape: &Shape,
    context: Context,
) -> Result<Value, (D::Error, Option<Violation>)> {
    let context = RefCell::new(context);
    Seed { shape, context: &context }.deserialize(from).map_err(|error| (error, context.into_inner().finish()))
}

#[derive(Default)]
struct Context {
    is_piece: bool,
    /// Steps from the violation up to the root, gathered while the error unwinds: what fits costs nothing.
    path: Vec<String>,
    violation: Option<Violation>,
}

impl Context {
    fn finish(self) -> Option<Violation> {
        let escaped = |step: &String| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
        let pointer: String = self.path.iter().rev().map(escaped).collect();
        self.violation.map(|v| Violation { pointer: if pointer.is_empty() { "/".to_owned() } else { pointer }, ..v })
    }
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    shape: &'s Shape,
    context: &'s RefCell<Context>,
}

impl Seed<'_> {
    fn refuse<T, E: serde::de::Error>(self, expected: String, found: &dyn fmt::Display) -> Result<T, E> {
        let found: String = found.to_string().chars().take(FOUND_CHARS).collect();
        self.context.borrow_mut().violation.get_or_insert(Violation { pointer: String::new(), expected, found });
        Err(E::custom("the evidence does not fit its schema"))
    }

    fn wrong<T, E: serde::de::Error>(self, found: &dyn fmt::Display) -> Result<T, E> {
        let none = if self.shape.nullable { " or null" } else { "" };
        self.refuse(format!("{}{none}", self.shape.ty.words()), found)
    }

    /// Notes on the way out of an error below which step it is.
    fn left<E>(self, step: &dyn fmt::Display, error: E) -> E {
        let mut context = self.context.borrow_mut();
        if context.violation.is_some() {
            context.path.push(step.to_string());
        }
        error
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shape.ty.words())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        if self.shape.nullable { Ok(Value::Null) } else { self.wrong(&"null") }
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: serde::de::Error>(self, b: bool) -> Result<Value, E> {
        if self.shape.ty == Type::Bool { Ok(Value::Bool(b)) } else { self.wrong(&b) }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number where fractions are allowed is kept as a double, as in JSON"
    )]
    fn visit_i64<E: serde::de::Error>(self, i: i64) -> Result<Value, E> {
        match self.shape.ty {
            Type::Int => Ok(Value::Int(i)),
            Type::Double => Ok(Value::Double(i as f64)),
            _ => self.wrong(&i),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, u: u64) -> Result<Value, E> {
        match i64::try_from(u) {
            Ok(i) => self.visit_i64(i),
            Err(_) => self.wrong(&u),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    fn visit_f64<E: serde::de::Error>(self, d: f64) -> Result<Value, E> {
        match self.shape.ty {
            Type::Double if d.is_finite() => Ok(Value::Double(d)),
            Type::Int if d.fract() == 0.0 && d.abs() < 9.0e15 => Ok(Value::Int(d as i64)),
            _ => self.wrong(&d),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match self.shape.ty {
            Type::Text if self.shape.allowed.is_empty() || self.shape.allowed.iter().any(|a| a == text) => {
                Ok(Value::text(text))
            }
            Type::Text => self.refuse(format!("one of {}", self.shape.allowed.join(", ")), &format_args!("{text:?}")),
            Type::Instant => match text.parse() {
                Ok(at) => Ok(Value::Instant(at)),
                Err(_) => self.refuse(
                    "an instant such as 2026-03-05T09:30:00Z between 1900 and 2200".to_owned(),
                    &format_args!("{text:?}"),
                ),
            },
            Type::Day => match text.parse() {
                Ok(day) => Ok(Value::Day(day)),
                Err(_) => {
                    self.refuse("a day such as 2026-03-05 between 1900 and 2200".to_owned(), &format_args!("{text:?}"))
                }
            },
            _ => self.wrong(&format_args!("{text:?}")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Type::List(of) = &self.shape.ty else { return self.wrong(&"a list") };
        let mut elements = Vec::new();
        let seed = Seed { shape: of, context: self.context };
        while let Some(element) = seq.next_element_seed(seed).map_err(|e| self.left(&elements.len(), e))? {
            elements.push(element);
        }
        Ok(Value::List(elements.into_boxed_slice()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Type::Record(record) = &self.shape.ty else { return self.wrong(&"an object") };
        let mut slots = vec![Value::Absent; record.fields().len()].into_boxed_slice();
        while let Some(place) = map.next_key_seed(Key { seed: self, record })? {
            let field = record.fields().get(place);
            let (Some(field), Some(slot)) = (field, slots.get_mut(place)) else { break };
            if !matches!(slot, Value::Absent) {
                return self.refuse(format!("the key `{}` once", field.name), &"it twice");
            }
            let seed = Seed { shape: &field.shape, context: self.context };
            *slot = map.next_value_seed(seed).map_err(|e| self.left(&field.name, e))?;
        }
        if self.context.borrow().is_piece {
            return Ok(Value::Record(slots));
        }
        let missing = record.fields().iter().zip(&slots).find(|(f, v)| f.required && matches!(v, Value::Absent));
        match missing {
            Some((field, _)) => self.refuse(format!("an object with `{}`", field.name), &"one without"),
            None => Ok(Value::Record(slots)),
        }
    }
}

/// Looks a key up among a record's fields.
struct Key<'s> {
    seed: Seed<'s>,
    record: &'s Record,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<usize, E> {
        match self.record.find(key) {
            Some((place, _)) => Ok(place),
            None => {
                let known: Vec<_> = self.record.fields().iter().map(|f| f.name.as_str()).collect();
                self.seed.refuse(format!("one of the keys {}", known.join(", ")), &format_args!("the key {key:?}"))
            }
        }
    }
}
