//! The logs of an audit, and what the event engine found in them.

use super::{AuditError, Progress, Request};
use crate::catalog::{Control, Overrides};
use crate::clock::Timestamp;
use crate::engine::Detections;
use crate::evidence::Snapshot;
use crate::report::input::{Evidence, LogCoverage};

/// The logs of an audit.
#[derive(Debug, Default)]
pub(super) struct Logs {}

/// Opens the logs of `request`.
pub(super) fn read(
    _request: &Request,
    _controls: &[&Control],
    _snapshot: &Snapshot,
    _progress: &mut dyn FnMut(Progress),
) -> Result<Logs, AuditError> {
    Ok(Logs {})
}

impl Logs {
    pub(super) fn last(&self) -> Option<Timestamp> {
        None
    }
    pub(super) fn first(&self) -> Option<Timestamp> {
        None
    }
    pub(super) fn detections(
        &self,
        _controls: &[&Control],
        _snapshot: &Snapshot,
        _as_of: Timestamp,
        _overrides: &Overrides,
    ) -> Result<Option<Box<dyn Detections>>, AuditError> {
        Ok(None)
    }
    pub(super) fn coverage(&self) -> Vec<LogCoverage> {
        Vec::new()
    }
    pub(super) fn files(&self) -> Vec<Evidence> {
        Vec::new()
    }
}
