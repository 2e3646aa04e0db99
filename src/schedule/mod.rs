//! The clock as a user.
