//! Data subjects' requests: the pure workflow.
//!
//! `open` takes a request in, `step` carries it on; both give the new state, the ledger entries and the effects, or a
//! refusal. No I/O, no clock reading; the law comes as an argument (`rules`). Must never say done without evidence.

pub mod address;
pub mod command;
pub mod drp;
pub mod identity;
pub mod intake;
pub mod lawful;
pub mod letter;
pub mod metrics;
pub mod next;
pub mod open;
pub mod outcome;
pub mod plan;
pub mod record;
pub mod refusal;
pub mod request;
pub mod right;
pub mod rules;
pub mod status;
pub mod step;
pub mod table;
pub mod task;

#[cfg(test)]
pub(crate) mod example;
