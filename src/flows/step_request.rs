//! Carrying a request on: read, decide with the pure step, keep, all in one transaction.

use super::FlowError;
use crate::clock::Timestamp;
use crate::ids::{EffectId, RequestId};
use crate::law::book::Lawbook;
use crate::ledger::entry::Entry;
use crate::notify::delivery::Rules as DeliveryRules;
use crate::requests::command::Act;
use crate::requests::lawful::ByBook;
use crate::requests::request::Request;
use crate::requests::step::step;
use crate::requests::task::is_wanted;
use crate::store::{Notice, Personals, Store, Written};
use std::sync::Arc;

/// What is kept in the same transaction as the step.
#[derive(Clone, Debug, Default)]
pub struct Also {
    /// The effects that the act reports on, which are then done.
    pub finishes: Vec<EffectId>,
    /// Values to seal beside the request, in place of those of the same name.
    pub seals: Personals,
    /// Entries beside those of the step: who did by hand what the act reports.
    pub entries: Vec<Entry>,
    /// Where a letter is now.
    pub notice: Option<(Notice, DeliveryRules)>,
}

/// Applies `act` to request `id`; `finishes` names the effect that the act reports on, which is then done.
pub fn step_request(
    store: &Store,
    book: &Arc<Lawbook>,
    id: &RequestId,
    (act, finishes): (Act, Option<EffectId>),
    now: Timestamp,
) -> Result<Request, FlowError> {
    step_request_and(store, book, id, (act, Also { finishes: finishes.into_iter().collect(), ..Also::default() }), now)
}

/// Applies `act` to request `id`, and keeps `also` with it. Tasks that nobody needs to do after the act are done with it.
pub fn step_request_and(
    store: &Store,
    book: &Arc<Lawbook>,
    id: &RequestId,
    (act, also): (Act, Also),
    now: Timestamp,
) -> Result<Request, FlowError> {
    let (book, id) = (Arc::clone(book), id.clone());
    let by = act.clone();
    // A task asked for between this look and the step goes with the next step; until then it is wanted by nobody and not shown.
    let tasks = store.read(by.authority(), |r| r.waiting(Some(&id)))?;
    store.write(by.authority(), move |tx| {
        let loaded = tx.request(&id)?;
        let rules = ByBook(&book);
        let done = step(&loaded.request, &act, now, &rules).map_err(FlowError::Refused)?;
        if done.entries.is_empty() {
            return Ok(Written { value: loaded.request, entries: Vec::new() });
        }
        tx.update(&done, loaded.version, &rules)?;
        let obsolete = tasks.iter().filter(|task| !is_wanted(&done.request, &task.effect)).map(|task| &task.id);
        for effect in also.finishes.iter().chain(obsolete) {
            tx.finish(effect, now)?;
        }
        if !also.seals.is_empty() {
            tx.reseal(&id, &done.request.subject, &also.seals)?;
        }
        if let Some((notice, rules)) = &also.notice {
            tx.put_notice(notice, rules)?;
        }
        Ok(Written { value: done.request, entries: [also.entries.as_slice(), &done.entries].concat() })
    })
}
