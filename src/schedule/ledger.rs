//! The ledger: wanted is that its newest entries are under a signed checkpoint.

use super::Pass;
use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;

/// Signs a checkpoint over what was added since the last one; nothing new needs none.
pub fn checkpoint(app: &App, by: &System, now: Timestamp, done: &mut Pass) {
    let signed = app
        .signer()
        .map_err(|e| e.to_string())
        .and_then(|signer| app.store.checkpoint(by, &signer, now).map_err(|e| e.to_string()));
    if let Err(e) = signed {
        done.problem(e);
    }
}
