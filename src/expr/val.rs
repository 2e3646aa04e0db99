//! Values during an evaluation: borrowed from the evidence wherever they come from it.

use super::shape::{Record, Type};
use super::value::{Value, number_json};
use crate::clock::{Day, Timestamp};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::sync::Arc;

/// A value during an evaluation.
#[derive(Clone, Debug)]
pub enum Val<'a> {
    /// Not in the evidence.
    Absent,
    /// Known to be none.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// An instant.
    Instant(Timestamp),
    /// A calendar day.
    Day(Day),
    /// A span of time, in milliseconds.
    Duration(i64),
    /// A list.
    List(List<'a>),
    /// A record of the evidence.
    Record(&'a [Value]),
    /// A map made by the expression.
    Map(Arc<Vec<(Val<'a>, Val<'a>)>>),
}

/// A list during an evaluation.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// As it stands in the evidence.
    Borrowed(&'a [Value]),
    /// Made by the expression.
    Made(Arc<Vec<Val<'a>>>),
}

impl<'a> List<'a> {
    /// A list of `elements`.
    pub fn of(elements: Vec<Val<'a>>) -> Self {
        Self::Made(Arc::new(elements))
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Borrowed(slots) => slots.len(),
            Self::Made(elements) => elements.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> Option<Val<'a>> {
        match self {
            Self::Borrowed(slots) => slots.get(index).map(Val::of),
            Self::Made(elements) => elements.get(index).cloned(),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Val<'a>> + '_ {
        (0..self.len()).filter_map(|i| self.get(i))
    }
}

impl<'a> Val<'a> {
    /// A value of the evidence.
    pub fn of(value: &'a Value) -> Self {
        match value {
            Value::Absent => Self::Absent,
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Double(d) => Self::Double(*d),
            Value::Text(t) => Self::Text(Cow::Borrowed(t)),
            Value::Instant(t) => Self::Instant(*t),
            Value::Day(d) => Self::Day(*d),
            Value::List(l) => Self::List(List::Borrowed(l)),
            Value::Record(r) => Self::Record(r),
        }
    }

    /// Its type in words, with the article.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Double(_) => "a number",
            Self::Text(_) => "text",
            Self::Instant(_) => "an instant",
            Self::Day(_) => "a day",
            Self::Duration(_) => "a duration",
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
            Self::Map(_) => "a map",
        }
    }

    /// Milliseconds since 1970 of a point in time; a day counts from its start in UTC.
    pub fn time_millis(&self) -> Option<i64> {
        match self {
            Self::Instant(t) => Some(t.millis()),
            Self::Day(d) => d.date().and_hms_opt(0, 0, 0).map(|t| t.and_utc().timestamp_millis()),
            _ => None,
        }
    }

    /// A number as a double.
    #[expect(
        clippy::cast_precision_loss,
        reason = "comparing a whole number with a fraction is done on doubles, as in CEL"
    )]
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Double(d) => Some(*d),
            _ => None,
        }
    }

    /// Equality as CEL has it: numbers by value whatever their type, different types unequal.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Absent, Self::Absent) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) | (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.equals(&y)),
            (Self::Record(a), Self::Record(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.iter().any(|(l, w)| k.equals(l) && v.equals(w)))
            }
            _ => match (self.number(), other.number(), self.time_millis(), other.time_millis()) {
                (Some(a), Some(b), ..) => a == b,
                (.., Some(a), Some(b)) => a == b,
                _ => false,
            },
        }
    }

    /// The value as JSON; `ty` tells the field names of records.
    pub fn to_json(&self, ty: &Type) -> Json {
        match self {
            Self::Absent | Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(i) => Json::from(*i),
            Self::Double(d) => number_json(*d),
            Self::Text(t) => Json::String(t.to_string()),
            Self::Instant(t) => Json::String(t.to_string()),
            Self::Day(d) => Json::String(d.to_string()),
            Self::Duration(ms) => Json::String(super::text::duration(*ms)),
            Self::List(l) => {
                let of = match ty {
                    Type::List(of) => &of.ty,
                    _ => &Type::Dynamic,
                };
                l.iter().map(|v| v.to_json(of)).collect()
            }
            Self::Record(slots) => match ty {
                Type::Record(record) => record_json(record, slots),
                _ => Json::Null,
            },
            Self::Map(entries) => {
                Json::Object(entries.iter().map(|(k, v)| (super::text::plain(k), v.to_json(&Type::Dynamic))).collect())
            }
        }
    }
}

fn record_json(record: &Record, slots: &[Value]) -> Json {
    let present = record.fields().iter().zip(slots).filter(|(_, v)| !matches!(v, Value::Absent));
    Json::Object(present.map(|(f, v)| (f.name.clone(), v.to_json(&f.shape))).collect())
}
