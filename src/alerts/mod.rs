//! Alerts: what a firing or a finding looks like to the systems that people watch.
//!
//! `alert` makes one neutral form of both, `staff` replaces what names a person by a keyed pseudonym before anything else
//! sees it, `severity` holds the tables between scales, and `syslog`, `cef`, `ocsf`, `webhook` and `digest` write it down.
//! Assumes that rule titles hold no personal data. Opens no socket and no file: `connectors::alerts` does. Must never let a
//! control character or a change of writing direction through.

pub mod alert;
pub mod cef;
pub mod digest;
pub mod ocsf;
pub mod severity;
pub mod staff;
pub mod syslog;
mod visible;
pub mod webhook;

pub use alert::{Alert, AlertError};
pub use severity::Level;
pub use staff::Staff;

/// The product as alerts name it.
const PRODUCT: &str = "Habeas";
/// Its version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
