//! Requests as they arrive: a mail, a typed letter, a signed message of an agent, a browser's signal. What was recognised is
//! shown with its reasons and confirmed by a person; what is not sure becomes a task.

use super::add::{self, Entered};
use super::desk::Desk;
use crate::authority::Handler;
use crate::cli::exit::{Exit, Failed};
use crate::cli::{out, say};
use crate::clock::Timestamp;
use crate::flows::take_in_mail::{Came, take_in_mail};
use crate::personal::{Personal, Purpose};
use crate::requests::drp;
use crate::requests::intake::{Draft, mail};
use crate::requests::letter::{IdentifierKind, Kind, Lexicon, Recognised};
use crate::requests::request::Channel;
use crate::store::Personals;
use anyhow::anyhow;
use serde_json::Value;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

const LARGEST_LETTER_BYTES: u64 = 1 << 20;
/// From this weight on a right counts as clearly asked for: one article of the law, or a word of it at the beginning.
const SURE_WEIGHT: u32 = 90;

/// Something that arrived, read and not yet confirmed.
pub(super) struct Arrived {
    /// What to enter, with the rights that were recognised.
    pub(super) entered: Entered,
    /// Whether a person must look at what it asks.
    pub(super) unsure: bool,
}

fn refused(why: impl Into<String>) -> Failed {
    Failed { exit: Exit::Findings, source: anyhow!(why.into()) }
}

/// A mail. An answer to a letter of ours belongs to its request and makes no new one: then there is nothing to enter.
pub(super) fn from_mail(desk: &Desk, path: &Path) -> Result<Option<Arrived>, Failed> {
    let bytes = add::read_input(path, mail::MAIL_LIMIT_BYTES as u64)?;
    let lexicon = Lexicon::embedded().map_err(Failed::internal)?;
    let read = mail::read(&lexicon, &bytes).map_err(Failed::bad_input)?;
    if read.automatic {
        return Err(refused(
            "a machine wrote this mail (an absence notice or a bounce): `habeas requests work --bounces DIR` takes those",
        ));
    }
    if !read.refers_to.is_empty() {
        let post = desk.app.config.return_paths().map_err(Failed::unreadable)?;
        let came = take_in_mail(&desk.app, &desk.system(), &post, &bytes, desk.now).map_err(super::failed)?;
        if let Came::Answer(request) = came {
            say(&format!(
                "The mail answers a letter of ours: it is kept with request {request}, and somebody has a task."
            ));
            return Ok(None);
        }
    }
    let mut personals = Personals::from([("subject".to_owned(), read.subject.clone())]);
    personals.extend(read.draft.from.clone().map(|from| ("email".to_owned(), from)));
    let key = read.message_id.as_ref().map(|id| add::digested("mail", id));
    shown_mail(&read);
    Ok(Some(arrived(&read.draft, Channel::Mail, key, personals)))
}

fn shown_mail(read: &mail::Mail) {
    if let Some(from) = &read.draft.from {
        say(&format!("From        {}", from.reveal_for(Purpose::Handling)));
    }
    say(&format!("Subject     {}", read.subject.reveal_for(Purpose::Handling)));
    if !read.attachments.is_empty() {
        say(&format!("Attachments {}, not opened", read.attachments.len()));
    }
}

/// A letter that staff typed or scanned.
pub(super) fn from_letter(path: &Path) -> Result<Arrived, Failed> {
    let bytes = add::read_input(path, LARGEST_LETTER_BYTES)?;
    let text =
        String::from_utf8(bytes).map_err(|_| Failed::bad_input(anyhow!("`{}` is not UTF-8 text", path.display())))?;
    let lexicon = Lexicon::embedded().map_err(Failed::internal)?;
    Ok(arrived(&Draft::from_text(&lexicon, &text, None), Channel::Letter, None, Personals::new()))
}

fn arrived(draft: &Draft, channel: Channel, key: Option<String>, mut personals: Personals) -> Arrived {
    let found = &draft.recognised;
    tell(found);
    personals.insert("text".to_owned(), draft.text.clone());
    personals.extend(found.language.clone().map(|l| ("language".to_owned(), Personal::new(l))));
    let rights: Vec<String> = found.rights.iter().map(|r| r.right.clone()).collect();
    let sure = found.kind == Kind::Request && found.rights.first().is_some_and(|r| r.weight >= SURE_WEIGHT);
    let unsure = !sure || found.language.is_none();
    let rights = match found.kind {
        Kind::Complaint => vec!["complaint".to_owned()],
        // Nothing recognised is not nothing asked: it gets the clock and the care of the broadest right, and a task.
        _ if rights.is_empty() => vec!["access".to_owned()],
        _ => rights,
    };
    let laws = found.law.clone().into_iter().collect();
    Arrived { entered: Entered { rights, laws, received_at: draft.received_at, channel, key, personals }, unsure }
}

/// What was recognised, and why.
fn tell(found: &Recognised) {
    let kind = match found.kind {
        Kind::Request => "a request",
        Kind::Reminder => "a reminder: somebody asked before and got no answer",
        Kind::Complaint => "a complaint",
        Kind::Unrecognised => "nothing that is known",
    };
    say(&format!("Recognised  {kind}, in {}", found.language.as_deref().unwrap_or("a language that is not clear")));
    say(&format!("Law         {}", found.law.as_deref().unwrap_or("none is named")));
    for right in &found.rights {
        say(&format!("Right       {:<14} because of {}", right.right, right.words.join(", ")));
    }
    for identifier in &found.identifiers {
        let said = identifier.reveal_for(Purpose::Handling);
        let kind = match said.kind {
            IdentifierKind::Email => "mail address",
            IdentifierKind::Phone => "telephone",
            IdentifierKind::CustomerNumber => "customer number",
            IdentifierKind::BirthDate => "date of birth",
        };
        say(&format!("Says        {kind} {}", said.value));
    }
}

/// A signed message of an authorised agent (Data Rights Protocol 1.0).
pub(super) fn from_drp(desk: &Desk, by: &Handler, path: &Path, bearer: &str) -> Result<Arrived, Failed> {
    let bytes = add::read_input(path, drp::MESSAGE_LIMIT_CHARS as u64 + 2)?;
    let agents = &desk.app.config.agents;
    let keys = agents.pinned().map_err(Failed::bad_input)?;
    let expected = drp::Expected { bearer_agent: bearer, keys: &keys, business_id: &agents.business_id, now: desk.now };
    let message =
        drp::verify(&String::from_utf8_lossy(&bytes), &expected).map_err(|e| refused(format!("refused: {e}")))?;
    let key = format!("drp:{}", message.digest);
    if desk.app.store.read(by, |r| r.submitted(&key)).map_err(super::store_failed)?.is_some() {
        return Err(refused("refused: this very message was taken in before (a replay)"));
    }
    let identity = message.identity.reveal_for(Purpose::Storage);
    let said =
        |name: &str| identity.get(name).and_then(Value::as_str).map(|v| (name.to_owned(), Personal::new(v.to_owned())));
    let mut personals: Personals = ["name", "email", "phone", "address"].into_iter().filter_map(said).collect();
    personals.insert("text".to_owned(), Personal::new(identity.to_string()));
    say(&format!("Signed by the agent {bearer}: {} under {}", message.right, message.law));
    let entered = Entered {
        rights: vec![message.right.to_owned()],
        laws: vec![message.law],
        received_at: Some(received(message.issued_at, desk.now)),
        channel: Channel::Agent,
        key: Some(key),
        personals,
    };
    Ok(Arrived { entered, unsure: false })
}

/// An agent's clock may be ahead of ours by the skew that the protocol allows.
fn received(issued_at: Timestamp, now: Timestamp) -> Timestamp {
    issued_at.min(now)
}

/// A browser's opt-out preference signal (11 CCR 7025): the value of `Sec-GPC`.
pub(super) fn from_signal(header: &str, now: Timestamp) -> Result<Arrived, Failed> {
    if !drp::opts_out(Some(header)) {
        return Err(refused("that is no signal: only `Sec-GPC: 1` is, and its absence is never an opt-in"));
    }
    let (rights, laws) = (vec!["opt-out".to_owned()], vec!["ccpa".to_owned()]);
    let entered = Entered {
        rights,
        laws,
        received_at: Some(now),
        channel: Channel::Signal,
        key: None,
        personals: Personals::new(),
    };
    Ok(Arrived { entered, unsure: false })
}

/// Asks whether to enter it; where nobody can be asked, `--yes` must say so.
pub(super) fn confirmed(yes: bool) -> Result<bool, Failed> {
    if yes {
        return Ok(true);
    }
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(Failed::bad_input(anyhow!(
            "nobody can be asked here; look at what was recognised and say --yes, or name --right yourself"
        )));
    }
    out::print("Enter it so? [y/N] ");
    let mut answer = String::new();
    input.lock().read_line(&mut answer).map_err(Failed::unreadable)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
