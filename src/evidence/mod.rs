//! What is known about the CRM: snapshots, their kinds, their source, time and hash.
//!
//! Pure over bytes that come with file names; opens nothing. A kind or collection that is absent is never made empty, and
//! nothing that does not fit its schema gets in.

mod decode;
mod envelope;
mod kind;
mod schema;
mod snapshot;

pub use decode::{Violation, decode_json, decode_piece};
pub use envelope::{Method, Source};
pub use kind::{Kind, Kinds};
pub use schema::SchemaError;
pub use snapshot::{Evidence, EvidenceError, Snapshot};
