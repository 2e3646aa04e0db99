//! Takes alerts to the places that people watch: syslog receivers, webhooks, files.
//!
//! An alert is in the spool before anything is sent and stays there until its place has taken it, so that every alert arrives
//! at least once, whatever is down. `docs/alerts.md` says what "taken" means for each kind of place.

mod courier;
mod file;
mod post;
mod spool;
mod stream;
mod target;
pub(in crate::connectors) mod wire;

pub use courier::{Courier, Pace, State};
pub use spool::{Spool, SpoolError};
pub use stream::HOW_TO_TAKE;
pub use target::{Form, Place, Sending, Target, TargetError};
pub use wire::{Trust, TrustError};

/// Why a place did not take an alert; every reason leads to another try.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The name has no address, or none that may be connected to.
    #[error("`{host}` has no address that may be connected to")]
    Address {
        /// The host asked for.
        host: String,
    },
    /// The network or the file system failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The host's name cannot be verified with TLS.
    #[error("`{0}` is not a name that a certificate can be for")]
    Name(String),
    /// The receiver answered, but did not take it.
    #[error("the receiver answered {status}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// How long it asks us to wait.
        retry_after_s: Option<u64>,
    },
    /// What the receiver answered is not HTTP.
    #[error("the receiver's answer is not HTTP")]
    Answer,
    /// The receiver kept the connection open, so that nobody knows whether it took everything.
    #[error(
        "the receiver did not close the connection within {}; it is not known whether it took the alerts",
        HOW_TO_TAKE
    )]
    Unconfirmed,
}

impl SendError {
    pub(in crate::connectors) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
