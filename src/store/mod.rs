//! The database; sole user of diesel.
