//! Evidence as a tree of typed values, as compact as its shape allows.

use super::shape::{Record, Shape, Type};
use crate::clock::{Day, Timestamp};
use serde_json::{Map, Value as Json};

/// A value of evidence or of a parameter. Records hold their fields by position, in the order of their [`Record`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not in the evidence: nobody said anything.
    Absent,
    /// Known to be none.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number; never NaN.
    Double(f64),
    /// Text.
    Text(Box<str>),
    /// An instant.
    Instant(Timestamp),
    /// A calendar day.
    Day(Day),
    /// A list; present even when empty.
    List(Box<[Value]>),
    /// A record's fields.
    Record(Box<[Value]>),
}

impl Value {
    /// Text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// The elements, if this is a list.
    pub const fn elements(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The field `name`, if this is a record of `record` that has it; absent fields give `Absent`.
    pub fn field<'a>(&'a self, record: &Record, name: &str) -> Option<&'a Self> {
        match self {
            Self::Record(slots) => record.find(name).and_then(|(at, _)| slots.get(at)),
            _ => None,
        }
    }

    /// The same value as JSON; absent becomes null, absent fields are left out.
    pub fn to_json(&self, shape: &Shape) -> Json {
        match self {
            Self::Absent | Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(i) => Json::from(*i),
            Self::Double(d) => number_json(*d),
            Self::Text(t) => Json::String(t.to_string()),
            Self::Instant(t) => Json::String(t.to_string()),
            Self::Day(d) => Json::String(d.to_string()),
            Self::List(elements) => match &shape.ty {
                Type::List(of) => elements.iter().map(|e| e.to_json(of)).collect(),
                _ => elements.iter().map(|e| e.to_json(shape)).collect(),
            },
            Self::Record(slots) => match &shape.ty {
                Type::Record(record) => Json::Object(fields_json(record, slots)),
                _ => Json::Null,
            },
        }
    }
}

fn fields_json(record: &Record, slots: &[Value]) -> Map<String, Json> {
    let present = record.fields().iter().zip(slots).filter(|(_, v)| !matches!(v, Value::Absent));
    present.map(|(f, v)| (f.name.clone(), v.to_json(&f.shape))).collect()
}

/// A number as JSON: without a fraction where there is none, so that 90.0 reads as it was written, 90.
pub(super) fn number_json(number: f64) -> Json {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    if number.fract() == 0.0 && number.abs() < 9.0e15 {
        return Json::from(number as i64);
    }
    serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
}
