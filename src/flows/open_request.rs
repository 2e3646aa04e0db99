//! Taking a request in: decided by `requests::open`, kept with its entry, its sealed values and its effects.

use super::FlowError;
use crate::authority::Authority;
use crate::clock::Timestamp;
use crate::crypto::token::random;
use crate::ids::{RequestId, SubjectId};
use crate::law::book::Lawbook;
use crate::requests::lawful::ByBook;
use crate::requests::open::{Asked, Submission, open};
use crate::requests::request::{Channel, Request};
use crate::requests::right::Sensitivity;
use crate::store::{Error, Expected, Personals, Store, Written};
use std::sync::Arc;

/// What came in.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Tells one submission from another; the same key again gives the same request (I3).
    pub key: String,
    /// How it came.
    pub channel: Channel,
    /// When it was received.
    pub received_at: Timestamp,
    /// How much harm a wrong answer could do.
    pub sensitivity: Sensitivity,
    /// What is asked for.
    pub asked: Vec<Asked>,
    /// What the person wrote and where they can be reached; sealed.
    pub personals: Personals,
}

/// Opens a request for `by`. When this returns the request is on disk; a key seen before gives the request it made.
pub fn open_request(
    store: &Store,
    book: &Arc<Lawbook>,
    by: &dyn Authority,
    intake: Intake,
    now: Timestamp,
) -> Result<Request, FlowError> {
    let submission = Submission {
        id: RequestId::from_random(random().map_err(Error::from)?),
        subject: SubjectId::from_random(random().map_err(Error::from)?),
        channel: intake.channel,
        received_at: intake.received_at,
        sensitivity: intake.sensitivity,
        asked: intake.asked,
    };
    let opened = open(&submission, by, now, &ByBook(book)).map_err(FlowError::Refused)?;
    let book = Arc::clone(book);
    let expected = Expected { submission: intake.key.clone(), subject: opened.request.subject.clone() };
    store.write_expecting(by, expected, move |tx| {
        if let Some(id) = tx.submitted(&intake.key)? {
            return Ok(Written { value: tx.request(&id)?.request, entries: Vec::new() });
        }
        tx.insert(&opened, &intake.key, &intake.personals, &ByBook(&book))?;
        Ok(Written { value: opened.request.clone(), entries: opened.entries.clone() })
    })
}
