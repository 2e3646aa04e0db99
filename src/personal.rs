//! Personal data that cannot be shown by accident.
//!
//! `Personal<T>` has no `Debug`, `Display` or `Serialize` that would show its value: showing is a visible act with a purpose.

use std::fmt;

/// A value about a person. It prints as `[personal]` and must be revealed for a named purpose.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Personal<T>(T);

/// Why a personal value is shown; the reader of the code sees it at the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sent to the person it is about, or their representative.
    AnswerToSubject,
    /// Compared with data already held, to verify who asks.
    Verification,
    /// Written into its own sealed column.
    Storage,
    /// Shown to staff handling the request.
    Handling,
}

impl<T> Personal<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value for `purpose`.
    pub const fn reveal_for(&self, _purpose: Purpose) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Personal::new("ann@example.org")), "[personal]");
    }
}
