//! Carrying a request on: read, decide with the pure step, keep, all in one transaction.

use super::FlowError;
use crate::clock::Timestamp;
use crate::ids::{EffectId, RequestId};
use crate::law::book::Lawbook;
use crate::requests::command::Act;
use crate::requests::lawful::ByBook;
use crate::requests::request::Request;
use crate::requests::step::step;
use crate::store::{Store, Written};
use std::sync::Arc;

/// Applies `act` to request `id`; `finishes` names the effect that the act reports on, which is then done.
pub fn step_request(
    store: &Store,
    book: &Arc<Lawbook>,
    id: &RequestId,
    (act, finishes): (Act, Option<EffectId>),
    now: Timestamp,
) -> Result<Request, FlowError> {
    let (book, id) = (Arc::clone(book), id.clone());
    let by = act.clone();
    store.write(by.authority(), move |tx| {
        let loaded = tx.request(&id)?;
        let rules = ByBook(&book);
        let done = step(&loaded.request, &act, now, &rules).map_err(FlowError::Refused)?;
        if done.entries.is_empty() {
            return Ok(Written { value: loaded.request, entries: Vec::new() });
        }
        tx.update(&done, loaded.version, &rules)?;
        if let Some(effect) = &finishes {
            tx.finish(effect, now)?;
        }
        Ok(Written { value: done.request, entries: done.entries })
    })
}
