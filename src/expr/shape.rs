//! What a value is known to be before it is seen: the types that expressions are checked against.

use std::sync::Arc;

/// The type of a value that is neither absent nor null.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Not known before evaluation.
    Dynamic,
    /// Only ever null.
    Null,
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A number.
    Double,
    /// Text.
    Text,
    /// An instant.
    Instant,
    /// A calendar day.
    Day,
    /// A span of time.
    Duration,
    /// A list of elements of one shape.
    List(Arc<Shape>),
    /// A record with known fields.
    Record(Arc<Record>),
    /// A map made by an expression.
    Map,
}

impl Type {
    /// A list whose elements have the type `element`.
    pub fn list_of(element: Self) -> Self {
        Self::List(Arc::new(Shape::of(element)))
    }

    /// The type in words, with its article.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Dynamic => "any value",
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Double => "a number",
            Self::Text => "text",
            Self::Instant => "an instant",
            Self::Day => "a day",
            Self::Duration => "a duration",
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
            Self::Map => "a map",
        }
    }

    /// Whether values of it are numbers.
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }

    /// Whether values of it are points in time.
    pub const fn is_time(&self) -> bool {
        matches!(self, Self::Instant | Self::Day)
    }
}

/// A type, and what else is known of the values at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The type.
    pub ty: Type,
    /// Whether null ("known to be none") is allowed.
    pub nullable: bool,
    /// For text: the only values there are; empty when there is no such list.
    pub allowed: Vec<String>,
    /// What the place holds, in words; may be empty.
    pub description: String,
}

impl Shape {
    /// A shape of type `ty`, never null.
    pub const fn of(ty: Type) -> Self {
        Self { ty, nullable: false, allowed: Vec::new(), description: String::new() }
    }
}

/// The fields a record may have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    fields: Vec<Field>,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub shape: Shape,
    /// Whether evidence without it is refused.
    pub required: bool,
}

impl Record {
    /// A record of `fields`; they are kept in order of their names, so that a field can be found by bisection.
    pub fn new(mut fields: Vec<Field>) -> Self {
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        Self { fields }
    }

    /// The fields, in order of their names.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Place and description of the field `name`.
    pub fn find(&self, name: &str) -> Option<(usize, &Field)> {
        let at = self.fields.binary_search_by(|f| f.name.as_str().cmp(name)).ok()?;
        self.fields.get(at).map(|f| (at, f))
    }
}
