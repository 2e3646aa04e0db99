//! From a product's own logs to canonical events, as its `connectors/<product>/events.yaml` says.
//!
//! A mapping is data: which format the log has, which fields are read, and which expressions of the controls' language
//! make the event of them. Records come one by one with the byte at which they begin, so that a finding points into the
//! log as it was given. A record that cannot be used is told apart and counted, never guessed at; a field that the log
//! lacks stays absent. Memory is bounded by the longest record allowed (1 MiB), whatever the log's size.

mod cef;
mod combined;
mod csv;
mod fields;
mod file;
mod instant;
mod json;
mod lines;
mod pattern;
mod reader;
mod record;
mod stream;
mod syslog;

pub use fields::LONGEST_RECORD_BYTES;
pub use file::MappingError;
pub use instant::Hints;
pub use reader::{Mapped, Outcome, Reader, Unread};
pub use stream::Mapping;
