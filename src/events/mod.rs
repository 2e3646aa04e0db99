//! The event engine: Sigma rules over lines of JSON, exact, in constant memory, indifferent to how the log is cut.
//!
//! `rule` reads rules, `plan` decides what has to be read and kept for them, `matching` turns stretches of lines into
//! matches and records (`line` finds the fields, `value` tests them), `correlator` puts records in order of time and
//! drives the `window`s. It opens no file and starts no thread: `connectors::logs` does.

pub mod batch;
pub mod context;
pub mod correlator;
pub mod coverage;
pub mod doubles;
pub mod explain;
pub mod hash;
pub mod keep;
pub mod line;
pub mod matching;
pub mod memory;
pub mod output;
pub mod place;
pub mod plan;
pub mod rule;
pub mod slice;
pub mod sql;
pub mod value;
pub mod window;
