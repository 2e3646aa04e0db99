//! Data subjects' requests: the pure workflow.
pub mod letter;
