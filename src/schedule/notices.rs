//! Letters handed over: wanted is that each is known to have arrived, or a person is at it, before its date.

use super::Pass;
use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::flows::send_notice::{Sent, follow};
use crate::notify::delivery::{Event, State};

/// Most notices looked at in one pass.
const MOST_NOTICES: i64 = 1000;

/// Ticks the notices that time alone changes. Those that wait to be sent are the outbox's, unless their date comes near.
pub fn tick(app: &App, by: &System, now: Timestamp, done: &mut Pass) {
    let notices = match app.store.read(by, |r| r.notices_due(now, MOST_NOTICES)) {
        Ok(notices) => notices,
        Err(e) => return done.problem(e),
    };
    for notice in notices {
        // Another process may be handing it over just now.
        let is_outboxs = match notice.delivery.state {
            State::Queued { next_at } => next_at <= now,
            State::Sent { .. } => true,
            _ => false,
        };
        if is_outboxs {
            continue;
        }
        match follow(app, by, notice, (Event::Tick, now, 0.0)) {
            Ok(Sent::Tasked) => done.tasked += 1,
            Ok(_) => {}
            Err(e) => done.problem(e),
        }
    }
}
