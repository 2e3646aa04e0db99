//! Letters out: wanted is that nothing due waits in the outbox.

use super::Pass;
use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::crypto::token::random;
use crate::flows::send_notice::{Post, Sent, send_notice};
use chrono::TimeDelta;

/// Takes what is due from the outbox and hands it over, up to the most of one pass.
pub fn send(app: &App, by: &System, post: &Post, now: Timestamp, done: &mut Pass) {
    let length = TimeDelta::minutes(i64::from(app.config.schedule.lease_minutes));
    let most = i64::from(app.config.schedule.letters_most);
    let name = format!("worker-{}", std::process::id());
    let leased = match app.store.outbox().lease(by, &name, now, (length, most)) {
        Ok(leased) => leased,
        Err(e) => return done.problem(e),
    };
    for effect in leased {
        match send_notice(app, by, post, &effect, (now, chance())) {
            Ok(Sent::TakenOver) => done.sent += 1,
            Ok(Sent::Later) => done.later += 1,
            Ok(Sent::Tasked) => done.tasked += 1,
            // Its lease runs out, and another pass tries again; the others go on (I20).
            Err(e) => done.problem(e),
        }
    }
}

/// A number from 0 to 1 that spreads the tries; without randomness they all wait longest.
pub(super) fn chance() -> f64 {
    random::<4>().map_or(1.0, |bytes| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}
