//! Use cases, one file each: read, decide, write.

pub mod examine_installation;
pub mod export_ledger;
pub mod follow_events;
pub mod make_installation;
pub mod backtest_controls;
pub mod open_request;
pub mod record_by_hand;
pub mod run_audit;
pub mod send_notice;
pub mod step_request;
pub mod sweep_requests;
pub mod take_in_mail;

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
