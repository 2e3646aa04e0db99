//! Handing one letter over: written, sent, and what became of it recorded as an act of the request.
//!
//! INVARIANT (T57): that a letter is being handed over is on disk before it is, so that a stop in between is a doubt, and a
//! letter in doubt goes out once more at most, under the same Message-ID. A letter that nobody can send becomes a task.

use super::FlowError;
use super::step_request::{Also, step_request_and};
use crate::app::App;
use crate::authority::{Authority, System};
use crate::clock::Timestamp;
use crate::ids::EffectId;
use crate::ledger::entry::{Entry, Fact, Word, word};
use crate::notify::compose::{About, CannotWrite, Composed, House, compose};
use crate::notify::delivery::{Delivery, Effect as Follows, Event, State};
use crate::notify::letterhead::Controller;
use crate::notify::mail::{MailError, Outgoing, Party, Ready, mail};
use crate::notify::messages::language;
use crate::notify::transport::{NotSent, Transport};
use crate::notify::verp::ReturnPaths;
use crate::personal::{Personal, Purpose};
use crate::requests::address::{self, Address};
use crate::requests::command::{Act, ClaimAct, Effect, Letter};
use crate::requests::request::Request;
use crate::store::{Error, Leased, Notice, Written};
use chrono::TimeDelta;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The clock that an acknowledgement meets.
const ACKNOWLEDGEMENT: &str = "acknowledgement";
/// A letter without a legal date must be out within so many days: the house's own rule, not a law's.
const HOUSE_DAYS: i64 = 7;

/// What became of a letter in this try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// A server took it over.
    TakenOver,
    /// It waits for its next try.
    Later,
    /// A person has a task.
    Tasked,
}

/// The way out.
pub struct Post {
    /// Transport.
    pub transport: Transport,
    /// How return paths are marked.
    pub paths: ReturnPaths,
}

/// A letter that cannot be a mail. Holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMail {
    /// It cannot be written.
    #[error(transparent)]
    Cannot(#[from] CannotWrite),
    /// The person gave no mail address.
    #[error(
        "no mail address is known; send it by post (`habeas requests letter`), then record it (`habeas requests sent`)"
    )]
    NoAddress,
    /// What it tells is for the person alone, and the only address known is the one that came with the request (T14).
    #[error(
        "it goes to an address on file alone, and none is recorded: take it from your records, never from the request (`habeas requests address`, then `habeas requests resend`), or send it by post to the address there (`habeas requests letter`, then `habeas requests sent`)"
    )]
    NotOnFile,
    /// The mail cannot be put together.
    #[error(transparent)]
    Mail(#[from] MailError),
}

/// What is read of a request to write to its person.
struct Person {
    name: Option<Personal<String>>,
    /// The addresses that will do, and the mail address among them.
    to: Address,
    email: Option<Personal<String>>,
    lang: &'static str,
    words: Json,
}

/// The name under which words for a letter are sealed.
pub fn words_field(claim: usize, letter: Letter) -> String {
    format!("words:{claim}:{}", letter.word())
}

fn person(app: &App, by: &dyn Authority, request: &Request, (claim, letter): (usize, Letter)) -> Result<Person, Error> {
    app.store.read(by, |r| {
        let asked = r.personal(request, "language")?;
        let asked = asked.map_or_else(
            || app.config.organisation.first_language().to_owned(),
            |l| l.reveal_for(Purpose::AnswerToSubject).clone(),
        );
        let words = r.personal(request, &words_field(claim, letter))?;
        let words = words.and_then(|w| serde_json::from_str(w.reveal_for(Purpose::AnswerToSubject)).ok());
        let on_file = r.personal(request, address::EMAIL_ON_FILE)?;
        let to = request.claims.get(claim).map_or(Address::OnFile, |c| address::of(&app.book, request, c, letter));
        let email = match to {
            Address::OnFile => on_file,
            Address::Given => r.personal(request, address::GIVEN_EMAIL)?.or(on_file),
        };
        Ok(Person {
            name: r.personal(request, "name")?,
            to,
            email,
            lang: language(&asked),
            words: words.unwrap_or_else(|| Json::Object(serde_json::Map::new())),
        })
    })
}

/// Who writes, in the language of the letter.
fn house(app: &App, lang: &str) -> House {
    let o = &app.config.organisation;
    let some = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
    House {
        controller: Controller { name: o.name.clone(), address: some(&o.address), email: o.email.clone() },
        dpo: some(&o.dpo),
        place: o.place.to_uppercase(),
        status_url: some(&o.status_url),
        complaint_url: some(&o.complaint_url),
        appeal_url: some(&o.appeal_url),
        opt_out_url: some(&o.opt_out_url),
        policy_url: some(&o.policy_url),
        words: app.config.words_in(lang),
    }
}

/// Writes a letter of `request` as it would go out at `written_at`, with its language.
pub fn write_letter(
    app: &App,
    by: &dyn Authority,
    request: &Request,
    (claim, letter): (usize, Letter),
    written_at: Timestamp,
) -> Result<Result<(Composed, &'static str), NoMail>, Error> {
    let person = person(app, by, request, (claim, letter))?;
    let Some(of) = request.claims.get(claim) else { return Err(Error::NotFound(request.id.to_string())) };
    let about = About {
        request,
        claim: of,
        letter,
        addressee: person.name,
        lang: person.lang,
        words: person.words,
        written_at,
    };
    let composed = compose(&app.book, &house(app, person.lang), &about);
    Ok(composed.map(|c| (c, person.lang)).map_err(NoMail::from))
}

/// Where a letter goes.
pub struct Destination {
    /// Which addresses will do.
    pub to: Address,
    /// The mail address among them, if one is known.
    pub email: Option<Personal<String>>,
    /// The postal address among them, if one is known.
    pub post: Option<Personal<String>>,
}

/// Where a letter goes: which addresses will do, and what of them is known.
pub fn destination(
    app: &App,
    by: &dyn Authority,
    request: &Request,
    (claim, letter): (usize, Letter),
) -> Result<Destination, Error> {
    let person = person(app, by, request, (claim, letter))?;
    let post = app.store.read(by, |r| {
        let on_file = r.personal(request, address::ADDRESS_ON_FILE)?;
        Ok(match person.to {
            Address::OnFile => on_file,
            Address::Given => r.personal(request, "address")?.or(on_file),
        })
    })?;
    Ok(Destination { to: person.to, email: person.email, post })
}

/// The mail of a notice: the same bytes at every try.
fn ready(
    app: &App,
    by: &System,
    post: &Post,
    (request, notice): (&Request, &Notice),
) -> Result<Result<Ready, NoMail>, Error> {
    let what = (notice.claim, notice.letter);
    let person = person(app, by, request, what)?;
    let written_at = notice.delivery.queued_at;
    let (composed, lang) = match write_letter(app, by, request, what, written_at)? {
        Ok(written) => written,
        Err(no) => return Ok(Err(no)),
    };
    let Some(email) = person.email else {
        let why = if person.to == Address::OnFile { NoMail::NotOnFile } else { NoMail::NoAddress };
        return Ok(Err(why));
    };
    let name = person.name.as_ref().map(|n| n.reveal_for(Purpose::AnswerToSubject).as_str());
    let assembled = || -> Result<Ready, MailError> {
        let from = Party::new(Some(&app.config.organisation.name), app.config.mail_from(), "sender")?;
        let around = Outgoing {
            notice: notice.id.as_str(),
            domain: app.config.mail_domain(),
            from,
            to: Party::new(name, email.reveal_for(Purpose::AnswerToSubject), "recipient")?,
            reply_to: Some(Party::new(None, &app.config.organisation.email, "reply address")?),
            return_path: &post.paths.of(notice.id.as_str()),
            thread: &[],
            lang,
            written_at,
        };
        mail(&composed.letter, &around)
    };
    Ok(assembled().map_err(NoMail::from))
}

/// By when a letter must have arrived, or somebody be at it.
fn due_at(request: &Request, (claim, letter): (usize, Letter), now: Timestamp) -> Timestamp {
    let claim = request.claims.get(claim);
    let own = claim.filter(|_| letter == Letter::Acknowledgement).and_then(|c| c.due(ACKNOWLEDGEMENT));
    let due = own.or_else(|| claim.and_then(|c| c.due("answer"))).or_else(|| claim.and_then(|c| c.dues.first()));
    due.map(|d| d.before).or_else(|| now.plus(TimeDelta::days(HOUSE_DAYS))).unwrap_or(now)
}

/// Carries out one leased sending. `chance` lies between 0 and 1 and spreads the tries.
pub fn send_notice(
    app: &App,
    by: &System,
    post: &Post,
    leased: &Leased,
    (now, chance): (Timestamp, f64),
) -> Result<Sent, FlowError> {
    let Effect::Send { claim, letter } = leased.effect else {
        return Err(Error::NotFound(format!("letter of effect {}", leased.id)).into());
    };
    let (request, kept) = app.store.read(by, |r| {
        let request = r.request(&leased.request)?.ok_or_else(|| Error::NotFound(leased.request.to_string()))?;
        Ok((request, r.notice(&leased.id)?))
    })?;
    let new = || Notice {
        id: leased.id.clone(),
        request: request.id.clone(),
        claim,
        letter,
        delivery: Delivery::new(now, due_at(&request, (claim, letter), now)),
    };
    let mut notice = kept.unwrap_or_else(new);
    let mail = match ready(app, by, post, (&request, &notice))? {
        Ok(mail) => mail,
        Err(_) => return follow(app, by, notice, (Event::Unwritten, now, chance)),
    };
    if matches!(notice.delivery.state, State::Sent { .. }) {
        // The program stopped while it was handed over.
        return follow(app, by, notice, (Event::Doubt, now, chance));
    }
    let (delivery, effects) = notice.delivery.step(Event::Tick, now, &app.delivery, chance);
    notice.delivery = delivery;
    if !effects.contains(&Follows::Send) {
        return follow(app, by, notice, (Event::Tick, now, chance));
    }
    app.store.outbox().postpone(by, &notice, app.delivery, None)?;
    let event = match post.transport.send(&mail) {
        Ok(()) => Event::TakenOver,
        Err(NotSent::Later(_)) => Event::Later,
        Err(NotSent::Never(_)) => Event::Never,
        Err(NotSent::InDoubt) => Event::Doubt,
    };
    follow(app, by, notice, (event, now, chance))
}

/// Records what an event does to a notice, as an act of its request where the law cares.
pub fn follow(
    app: &App,
    by: &System,
    mut notice: Notice,
    (event, now, chance): (Event, Timestamp, f64),
) -> Result<Sent, FlowError> {
    let before = notice.delivery;
    let (delivery, _) = before.step(event, now, &app.delivery, chance);
    notice.delivery = delivery;
    let in_doubt = event == Event::Doubt && matches!(delivery.state, State::Accepted { .. });
    let exhausted = in_doubt || (event == Event::Later || event == Event::Doubt) && delivery.is_given_up();
    let bounced = matches!(delivery.state, State::Bounced { .. }) && !matches!(before.state, State::Bounced { .. });
    let act = match event {
        Event::TakenOver => Some(ClaimAct::LetterSent(by.clone(), notice.letter, now)),
        // What a person delivered went out when they say so; the flow that records it acts by itself.
        _ if bounced || exhausted => Some(ClaimAct::LetterFailed(by.clone(), notice.letter)),
        _ => None,
    };
    if let Some(act) = act {
        let sent = matches!(act, ClaimAct::LetterSent(..));
        let also = Also {
            finishes: vec![notice.id.clone()],
            notice: Some((notice.clone(), app.delivery)),
            entries: if delivery.task == before.task { Vec::new() } else { vec![asked(by, &notice, now)] },
            ..Also::default()
        };
        step_request_and(&app.store, &app.book, &notice.request, (Act::Claim(notice.claim, act), also), now)?;
        return Ok(if sent { Sent::TakenOver } else { Sent::Tasked });
    }
    let again_at = match delivery.state {
        State::Queued { next_at } => Some(next_at),
        _ => None,
    };
    if delivery.task == before.task {
        app.store.outbox().postpone(by, &notice, app.delivery, again_at)?;
        return Ok(Sent::Later);
    }
    // Somebody is asked because the date comes near: that is told in the ledger.
    let (entry, rules) = (asked(by, &notice, now), app.delivery);
    app.store.write(by, move |tx| -> Result<Written<()>, Error> {
        tx.put_notice(&notice, &rules)?;
        tx.postpone(&notice.id, again_at)?;
        Ok(Written { value: (), entries: vec![entry.clone()] })
    })?;
    Ok(Sent::Tasked)
}

fn asked(by: &System, notice: &Notice, now: Timestamp) -> Entry {
    let why = notice.delivery.task.map_or("unknown", |(_, why)| why.word());
    entry(by, notice, now, ("notice.task", [("why", word(why))]))
}

/// An entry about a notice.
pub fn entry<const N: usize>(
    by: &dyn Authority,
    notice: &Notice,
    now: Timestamp,
    (action, facts): (&str, [(&str, Word); N]),
) -> Entry {
    let mut all: BTreeMap<String, Fact> = facts.into_iter().map(|(k, v)| (k.to_owned(), Fact::Word(v))).collect();
    all.insert("letter".to_owned(), Fact::Word(word(notice.letter.word())));
    all.insert("notice".to_owned(), Fact::Word(word(notice.id.as_str())));
    Entry {
        action: word(action),
        actor: by.actor(),
        at: now,
        facts: all,
        object: word(&format!("request/{}", notice.request)),
        organisation: by.organisation().clone(),
    }
}

/// Whether a notice of this id is one of ours, by its Message-ID.
pub fn notice_of(message_id: &str, domain: &str) -> Option<EffectId> {
    let inner = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    let (id, at) = inner.rsplit_once('@')?;
    id.parse().ok().filter(|_| at.eq_ignore_ascii_case(domain))
}
