//! From the bytes of a line to the values of the fields that the loaded rules name; nothing else is decoded.
//!
//! A line is used only when the whole of it is one well-formed JSON object.

mod index;
mod paths;
mod reader;
mod scalar;
mod shape;
mod slots;
mod swift;
mod walk;

pub(in crate::events) use index::fetch;
pub use paths::Paths;
pub use reader::{BOM, Reader, Stretch};
pub use slots::Slots;
pub use walk::Walker;

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
