//! Tasks: wanted are those that somebody still has to do.

use super::Pass;
use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::requests::task::is_wanted;
use crate::store::Error;

/// Takes away tasks that nobody needs to do any more.
pub fn clear(app: &App, by: &System, now: Timestamp, done: &mut Pass) {
    let found = app.store.read(by, |r| {
        let mut obsolete = Vec::new();
        let mut last = None;
        for waiting in r.waiting(None)? {
            // Rows of one request mostly lie together; reading it once for each of them would be waste.
            if last.as_ref().is_none_or(|request: &crate::requests::request::Request| request.id != waiting.request) {
                last = r.request(&waiting.request)?;
            }
            if last.as_ref().is_some_and(|request| !is_wanted(request, &waiting.effect)) {
                obsolete.push(waiting.id);
            }
        }
        Ok::<_, Error>(obsolete)
    });
    let cleared = found.and_then(|obsolete| {
        let count = u32::try_from(obsolete.len()).unwrap_or(u32::MAX);
        if count > 0 {
            app.store.outbox().clear(by, obsolete, now)?;
        }
        Ok(count)
    });
    match cleared {
        Ok(count) => done.cleared += count,
        Err(e) => done.problem(e),
    }
}
