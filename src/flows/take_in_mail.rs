//! Mail that came back: bounces end or doubt the delivery of a letter, answers become tasks, absence notices are nothing.

use super::FlowError;
use super::send_notice::{Sent, follow, notice_of};
use crate::app::App;
use crate::authority::{Authority, System};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::ids::RequestId;
use crate::ledger::entry::{Entry, Fact, word};
use crate::notify::bounce::{self, About, Incoming};
use crate::notify::delivery::Event;
use crate::notify::verp::ReturnPaths;
use crate::personal::Personal;
use crate::requests::command::Effect;
use crate::store::{Error, Notice, Personals, Written};
use std::collections::BTreeMap;

/// Largest mail that is kept as an answer; what is longer is left where it is, for a person.
pub const LARGEST_MAIL_BYTES: u64 = 48 << 20;
/// Longest text of an answer that is sealed.
const LONGEST_ANSWER_CHARS: usize = 100_000;

/// What a mail was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// A letter of ours did not arrive: somebody has a task.
    Bounced(RequestId),
    /// A letter of ours arrived.
    Confirmed(RequestId),
    /// An absence notice or a report that nothing is settled yet.
    Nothing,
    /// An answer of the person, kept sealed: somebody has a task.
    Answer(RequestId),
    /// Nothing of ours; a person must look at it.
    Unknown,
}

/// Takes one mail in. The same mail again changes nothing.
pub fn take_in_mail(
    app: &App,
    by: &System,
    paths: &ReturnPaths,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Came, FlowError> {
    let incoming = bounce::read(bytes, "", paths);
    let (about, event) = match &incoming {
        Incoming::Bounced { about, .. } => (about, Some(Event::Bounce)),
        Incoming::Delivered { about } => (about, Some(Event::Confirm)),
        Incoming::Delayed { .. } | Incoming::Absence { .. } => return Ok(Came::Nothing),
        Incoming::Answer { about } => (about, None),
    };
    let Some(notice) = notice(app, by, about)? else { return Ok(Came::Unknown) };
    let request = notice.request.clone();
    match event {
        Some(event) => {
            let followed = follow(app, by, notice, (event, now, 0.0))?;
            Ok(if event == Event::Bounce || followed == Sent::Tasked {
                Came::Bounced(request)
            } else {
                Came::Confirmed(request)
            })
        }
        None => {
            answer(app, by, &notice, bytes, now)?;
            Ok(Came::Answer(request))
        }
    }
}

/// The notice that a mail is about: by its return path, or by a Message-ID of ours.
fn notice(app: &App, by: &System, about: &About) -> Result<Option<Notice>, Error> {
    let named = about.notice.as_deref().and_then(|id| id.parse().ok());
    let answered = about.message_ids.iter().rev().filter_map(|id| notice_of(id, app.config.mail_domain()));
    let ids: Vec<_> = named.into_iter().chain(answered).collect();
    app.store.read(by, |r| {
        for id in &ids {
            if let Some(notice) = r.notice(id)? {
                return Ok(Some(notice));
            }
        }
        Ok(None)
    })
}

/// Keeps an answer sealed with its request and asks somebody to read it.
fn answer(app: &App, by: &System, notice: &Notice, bytes: &[u8], now: Timestamp) -> Result<(), FlowError> {
    let digest = Digest::of(bytes);
    let name = format!("reply:{}", digest.short(16));
    let task = Effect::Task { claim: notice.claim, what: word(&name) };
    let had = app.store.read(by, |r| r.had(&notice.request, &task))?;
    if had {
        return Ok(());
    }
    let text: String = String::from_utf8_lossy(bytes).chars().take(LONGEST_ANSWER_CHARS).collect();
    let entry = Entry {
        action: word("request.reply-received"),
        actor: by.actor(),
        at: now,
        facts: BTreeMap::from([("mail".to_owned(), Fact::Digest(digest))]),
        object: word(&format!("request/{}", notice.request)),
        organisation: by.organisation().clone(),
    };
    let (id, personals) = (notice.request.clone(), Personals::from([(name, Personal::new(text))]));
    app.store.write(by, move |tx| -> Result<Written<()>, Error> {
        let subject = tx.request(&id)?.request.subject;
        tx.reseal(&id, &subject, &personals)?;
        tx.ask(&id, std::slice::from_ref(&task), now)?;
        Ok(Written { value: (), entries: vec![entry.clone()] })
    })?;
    Ok(())
}
