//! Data subjects' requests: the pure workflow.
pub mod drp;
pub mod intake;
pub mod letter;
