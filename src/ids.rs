//! One newtype per id, so that two ids cannot be confused.
