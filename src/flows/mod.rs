//! Use cases, one file each: read, decide, write.

pub mod open_request;
pub mod run_audit;
pub mod step_request;

/// Why a use case on a request did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FlowError {
    /// The law or the house says no; nothing changed.
    #[error(transparent)]
    Refused(crate::requests::refusal::Refusal),
    /// The store could not do it; nothing changed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}
