//! Dates: wanted is that every passed one is flagged and every near one has a task.

use super::Pass;
use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::flows::sweep_requests::sweep_requests;

/// Brings flags and warnings up to date.
pub fn sweep(app: &App, by: &System, now: Timestamp, done: &mut Pass) {
    match sweep_requests(app, by, now) {
        Ok(swept) => {
            done.overdue += swept.overdue;
            done.warned += swept.warned;
            done.dates.extend(swept.dates);
        }
        Err(e) => done.problem(e),
    }
}
