//! The clock as a user: reconcilers that compare what should be with what is, and bring the one to the other.
//!
//! Each is idempotent and takes nothing but the installation and the present: run twice, or by two workers at once, they do
//! no more than run once. A pass goes through all of them; what one cannot do does not stop the others.

pub mod due;
pub mod ledger;
pub mod mailbox;
pub mod notices;
pub mod outbox;

use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::flows::send_notice::Post;
use crate::flows::sweep_requests::Dated;
use std::path::Path;

/// What one pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pass {
    /// Letters that a server took over.
    pub sent: u32,
    /// Letters that wait for their next try.
    pub later: u32,
    /// Letters for which a person has a task now.
    pub tasked: u32,
    /// Bounces taken in.
    pub bounced: u32,
    /// Answers of people taken in.
    pub answers: u32,
    /// Mails that are nothing of ours; they wait in the folder `unknown`.
    pub unknown: u32,
    /// Requests on which a passed date was flagged.
    pub overdue: u32,
    /// Dates for which somebody was warned.
    pub warned: u32,
    /// The dates behind these two numbers, each with who answers for it.
    pub dates: Vec<Dated>,
    /// What could not be done, each said once, without personal data.
    pub problems: Vec<String>,
}

impl Pass {
    fn problem(&mut self, what: impl ToString) {
        let text = what.to_string();
        if !self.problems.contains(&text) {
            self.problems.push(text);
        }
    }
}

/// One pass: mail in, dates, letters out, notices. `bounces` is the folder to which mail comes back.
pub fn pass(app: &App, by: &System, post: &Post, bounces: Option<&Path>, now: Timestamp) -> Pass {
    let mut done = Pass::default();
    if let Some(folder) = bounces {
        mailbox::take_in(app, by, (post, folder), now, &mut done);
    }
    due::sweep(app, by, now, &mut done);
    outbox::send(app, by, post, now, &mut done);
    notices::tick(app, by, now, &mut done);
    done
}
