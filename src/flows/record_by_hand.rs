//! What people did outside the program and now record: a letter posted, a plan carried out, a task done.
//!
//! The step function takes such reports from a job alone; the entry beside it says who made the report.

use super::FlowError;
use super::send_notice::entry as notice_entry;
use super::step_request::{Also, step_request_and};
use crate::app::App;
use crate::authority::{Authority, Handler, System};
use crate::clock::Timestamp;
use crate::ids::{EffectId, RequestId};
use crate::ledger::entry::{Entry, Fact, Word, word};
use crate::notify::delivery::Event;
use crate::requests::command::{Act, ClaimAct, Effect, Letter};
use crate::requests::request::Request;
use crate::requests::task::ends_by_itself;
use crate::store::{Error, Notice, Personals, Written};
use std::collections::BTreeMap;

fn entry(who: &Handler, request: &RequestId, now: Timestamp, (action, facts): (&str, &[(&str, Word)])) -> Entry {
    Entry {
        action: word(action),
        actor: who.actor(),
        at: now,
        facts: facts.iter().map(|(k, v)| ((*k).to_owned(), Fact::Word(v.clone()))).collect::<BTreeMap<_, _>>(),
        object: word(&format!("request/{request}")),
        organisation: who.organisation().clone(),
    }
}

/// Records what `who` did by hand as `act` of a job; effects that it answers are done with it.
pub fn record_by_hand(
    app: &App,
    who: &Handler,
    request: &Request,
    (claim, act, seals): (usize, ClaimAct, Personals),
    now: Timestamp,
) -> Result<Request, FlowError> {
    let waiting = app.store.read(who, |r| r.waiting(Some(&request.id)))?;
    let answered = |effect: &Effect| match (&act, effect) {
        (ClaimAct::Begin(..), Effect::CarryOut { claim: c, .. })
        | (ClaimAct::Confirm(..), Effect::ReadBack { claim: c, .. }) => *c == claim,
        _ => false,
    };
    let finishes = waiting.into_iter().filter(|w| answered(&w.effect)).map(|w| w.id).collect();
    let told = entry(who, &request.id, now, ("request.by-hand", &[("act", word(act.word()))]));
    let also = Also { finishes, seals, entries: vec![told], notice: None };
    step_request_and(&app.store, &app.book, &request.id, (Act::Claim(claim, act), also), now)
}

/// Records that `letter` went out another way at `sent_at`; what waited for it is done.
pub fn record_letter(
    app: &App,
    (who, by): (&Handler, &System),
    request: &Request,
    (claim, letter, sent_at): (usize, Letter, Timestamp),
    now: Timestamp,
) -> Result<Request, FlowError> {
    let (waiting, notices) =
        app.store.read(who, |r| Ok((r.waiting(Some(&request.id))?, r.notices(Some(&request.id))?)))?;
    let is_it = |effect: &Effect| match effect {
        Effect::Send { claim: c, letter: l } => *c == claim && *l == letter,
        Effect::Task { claim: c, what } => *c == claim && what.as_str() == "letter-failed",
        _ => false,
    };
    let finishes: Vec<EffectId> = waiting.iter().filter(|w| is_it(&w.effect)).map(|w| w.id.clone()).collect();
    let own = notices.into_iter().rev().find(|n| n.claim == claim && n.letter == letter);
    let own = own.map(|n| delivered(app, n, now));
    let facts = [("act", word("letter-sent")), ("letter", word(letter.word()))];
    let told = entry(who, &request.id, now, ("request.by-hand", &facts));
    let notice = own.map(|n| (n, app.delivery));
    let also = Also { finishes, entries: vec![told], notice, ..Also::default() };
    let act = Act::Claim(claim, ClaimAct::LetterSent(by.clone(), letter, sent_at));
    step_request_and(&app.store, &app.book, &request.id, (act, also), now)
}

fn delivered(app: &App, notice: Notice, now: Timestamp) -> Notice {
    let (delivery, _) = notice.delivery.step(Event::ByHand, now, &app.delivery, 0.0);
    Notice { delivery, ..notice }
}

/// Lets a letter be tried again that was given up, under its own Message-ID.
pub fn resend_letter(app: &App, who: &Handler, notice: &Notice, now: Timestamp) -> Result<(), FlowError> {
    let delivery = notice.delivery.resent(now);
    let told = notice_entry(who, notice, now, ("notice.resent", []));
    // Should it fail again, there is a new task.
    let waiting = app.store.read(who, |r| r.waiting(Some(&notice.request)))?;
    let failed = |effect: &Effect| matches!(effect, Effect::Task { claim, what } if *claim == notice.claim && what.as_str() == "letter-failed");
    let finished: Vec<EffectId> = waiting.into_iter().filter(|w| failed(&w.effect)).map(|w| w.id).collect();
    let (notice, rules) = (Notice { delivery, ..notice.clone() }, app.delivery);
    app.store.write(who, move |tx| -> Result<Written<()>, Error> {
        tx.put_notice(&notice, &rules)?;
        tx.reopen(&notice.id, now)?;
        for task in &finished {
            tx.finish(task, now)?;
        }
        Ok(Written { value: (), entries: vec![told.clone()] })
    })?;
    Ok(())
}

/// Gives people a task that follows from no act.
pub fn ask_task(app: &App, who: &Handler, request: &RequestId, task: Effect, now: Timestamp) -> Result<(), Error> {
    let told = entry(who, request, now, ("task.asked", &[("what", word(&other_word(&task)))]));
    let id = request.clone();
    app.store.write(who, move |tx| -> Result<Written<()>, Error> {
        tx.ask(&id, std::slice::from_ref(&task), now)?;
        Ok(Written { value: (), entries: vec![told.clone()] })
    })
}

/// A task that cannot be called done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TaskError {
    /// It ends with what it asks for.
    #[error("`{0}` ends by itself once what it asks for is recorded; nobody has to call it done")]
    EndsByItself(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Records that `who` did what a task asked.
pub fn finish_task(app: &App, who: &Handler, task: &crate::store::Waiting, now: Timestamp) -> Result<(), TaskError> {
    let what = match &task.effect {
        Effect::Task { what, .. } if !ends_by_itself(what.as_str()) => what.clone(),
        other => return Err(TaskError::EndsByItself(other_word(other))),
    };
    let told = entry(who, &task.request, now, ("task.done", &[("what", what), ("task", word(task.id.as_str()))]));
    let id = task.id.clone();
    app.store.write(who, move |tx| -> Result<Written<()>, Error> {
        tx.finish(&id, now)?;
        Ok(Written { value: (), entries: vec![told.clone()] })
    })?;
    Ok(())
}

fn other_word(effect: &Effect) -> String {
    match effect {
        Effect::Task { what, .. } => what.as_str().to_owned(),
        Effect::Send { letter, .. } => letter.word().to_owned(),
        Effect::Collect { .. } => "collect".to_owned(),
        Effect::CarryOut { .. } => "carry-out".to_owned(),
        Effect::ReadBack { .. } => "read-back".to_owned(),
    }
}
