//! From the bytes of a line to the values of the fields that the loaded rules name; nothing else is decoded.
//!
//! A line is used only when the whole of it is one well-formed JSON object.

mod paths;
mod reader;
mod scalar;
mod shape;
mod walk;

pub use paths::Paths;
pub use reader::{Reader, Stretch};
pub use walk::Walker;

use super::rule::FieldId;
use super::value::Raw;

/// Why a line is not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bad {
    /// Not one well-formed JSON object.
    Malformed,
    /// Not UTF-8.
    NotUtf8,
    /// Longer than the limit (threats.md Numbers: 1 MiB).
    TooLong,
    /// A field that a rule needs is there twice.
    DuplicateField,
    /// No readable time.
    NoTime,
    /// Nested deeper than 128 levels.
    TooDeep,
    /// The log, or the line, ends before the record does.
    Truncated,
    /// Well-formed, but of no kind that the connector's mapping knows.
    NotMapped,
}

crate::events::keep::keep!(Bad [0: Malformed, 1: NotUtf8, 2: TooLong, 3: DuplicateField, 4: NoTime, 5: TooDeep, 6: Truncated, 7: NotMapped]);

impl Bad {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::NotUtf8,
        Self::TooLong,
        Self::DuplicateField,
        Self::NoTime,
        Self::TooDeep,
        Self::Truncated,
        Self::NotMapped,
    ];

    /// The word used in output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotUtf8 => "not_utf8",
            Self::TooLong => "too_long",
            Self::DuplicateField => "duplicate_field",
            Self::NoTime => "no_time",
            Self::TooDeep => "too_deep",
            Self::Truncated => "truncated",
            Self::NotMapped => "not_mapped",
        }
    }
}

/// The values found in one line.
#[derive(Debug, Default)]
pub struct Slots<'a> {
    /// First value of each field.
    first: Vec<Raw<'a>>,
    /// Further values of fields that are arrays or lie inside arrays.
    more: Vec<(FieldId, Raw<'a>)>,
    /// Every scalar of the event, when keywords are searched.
    scalars: Vec<Raw<'a>>,
}

impl<'a> Slots<'a> {
    /// Empty slots for `fields` fields.
    pub fn new(fields: usize) -> Self {
        Self { first: vec![Raw::Absent; fields], more: Vec::new(), scalars: Vec::new() }
    }

    /// Forgets the last line.
    pub fn clear(&mut self) {
        self.first.fill(Raw::Absent);
        self.more.clear();
        self.scalars.clear();
    }

    /// The field's first value.
    pub fn get(&self, field: FieldId) -> Raw<'a> {
        self.first.get(field).copied().unwrap_or(Raw::Absent)
    }

    /// All values of the field; nothing when it is absent.
    pub fn values(&self, field: FieldId) -> impl Iterator<Item = Raw<'a>> + '_ {
        let first = Some(self.get(field)).filter(|v| *v != Raw::Absent);
        first.into_iter().chain(self.more.iter().filter(move |(f, _)| *f == field).map(|(_, v)| *v))
    }

    /// Whether any field of this line has more than one value.
    pub fn is_multiple(&self) -> bool {
        !self.more.is_empty()
    }

    /// Whether this field has more than one value.
    pub fn has_more(&self, field: FieldId) -> bool {
        !self.more.is_empty() && self.more.iter().any(|(f, _)| *f == field)
    }

    /// Every scalar of the event; empty unless keywords are searched.
    pub fn scalars(&self) -> &[Raw<'a>] {
        &self.scalars
    }

    /// Gives a field a value, or a further one.
    #[inline]
    pub fn put(&mut self, field: FieldId, value: Raw<'a>) {
        match self.first.get_mut(field) {
            // An empty array among others adds nothing.
            Some(slot) if matches!(slot, Raw::Absent | Raw::Hollow) => {
                if matches!(slot, Raw::Absent) || !matches!(value, Raw::Hollow) {
                    *slot = value;
                }
            }
            _ if matches!(value, Raw::Hollow) => {}
            _ => self.more.push((field, value)),
        }
    }

    /// Replaces whatever the field holds.
    pub fn set(&mut self, field: FieldId, value: Raw<'a>) {
        if let Some(slot) = self.first.get_mut(field) {
            *slot = value;
        }
    }
}
