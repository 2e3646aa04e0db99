//! What can be wrong with an expression before it is ever evaluated.

/// An expression or template that cannot be used. Names the expression; the caller adds file, line and field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExprError {
    /// Longer than the limit.
    #[error("the expression has {size_bytes} bytes; the limit is {limit_bytes}")]
    TooLong {
        /// Its size.
        size_bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// Not an expression.
    #[error("`{source_text}` is not an expression: {reason}")]
    Syntax {
        /// The expression as written.
        source_text: String,
        /// The parser's words.
        reason: String,
    },
    /// A name, path, function or type that does not fit.
    #[error("in `{source_text}`: {reason}")]
    Meaning {
        /// The expression as written.
        source_text: String,
        /// What does not fit and what would.
        reason: String,
    },
}
