//! What waits for people: tasks, and letters that a person must send or send again.

use super::acts::Which;
use super::desk::{Desk, DeskArgs};
use crate::authority::Authority;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::flows::record_by_hand::{finish_task, record_letter, resend_letter};
use crate::flows::send_notice::{Destination, destination, write_letter};
use crate::ids::{EffectId, OfficerId};
use crate::notify::delivery::{State, Why};
use crate::personal::{Personal, Purpose};
use crate::requests::address::Address;
use crate::requests::command::{Effect, Letter};
use crate::requests::next::days_left;
use crate::requests::task::is_wanted;
use crate::store::{Error, Notice, Waiting};
use anyhow::anyhow;
use serde_json::{Value, json};

/// List what waits for people, the oldest first.
#[derive(clap::Args)]
pub(super) struct TasksArgs {
    /// Only tasks of this request.
    #[arg(long)]
    request: Option<String>,
    /// Only tasks of requests that this member of staff answers for.
    #[arg(long, value_name = "ID")]
    owner: Option<OfficerId>,
}

/// Call a task done.
#[derive(clap::Args)]
pub(super) struct DoneArgs {
    /// The task's id, as `tasks` lists it, or its beginning.
    task: String,
}

/// Write a letter of a request as it would go out now, e.g. to send it by post.
#[derive(clap::Args)]
pub(super) struct LetterArgs {
    #[command(flatten)]
    which: Which,
    /// Which letter.
    #[arg(long, value_parser = LETTERS)]
    letter: String,
    /// As a page instead of text.
    #[arg(long)]
    html: bool,
}

/// Record that a letter went out another way, e.g. by post.
#[derive(clap::Args)]
pub(super) struct SentArgs {
    #[command(flatten)]
    which: Which,
    /// Which letter.
    #[arg(long, value_parser = LETTERS)]
    letter: String,
    /// When, if not now: a day or an instant.
    #[arg(long)]
    on: Option<String>,
}

/// Try a letter again that was given up, e.g. after the mail server was away; it keeps its Message-ID.
#[derive(clap::Args)]
pub(super) struct ResendArgs {
    /// The notice's id, as `tasks` or `show` list it.
    #[arg(required_unless_present = "all")]
    notice: Option<EffectId>,
    /// All that were given up because no server took them over.
    #[arg(long, conflicts_with = "notice")]
    all: bool,
}

const LETTERS: [&str; 6] = [
    "acknowledgement",
    "identity-request",
    "clarification-request",
    "extension-notice",
    "answer",
    "withdrawal-confirmation",
];

fn letter(text: &str) -> Result<Letter, Failed> {
    serde_json::from_value(json!(text)).map_err(Failed::internal)
}

/// One thing that waits for somebody.
struct Open {
    id: String,
    request: String,
    claim: usize,
    what: String,
    since: crate::clock::Timestamp,
    due: Option<(String, i64)>,
    owner: Option<OfficerId>,
}

fn open(desk: &Desk, by: &dyn Authority, of: Option<&str>) -> Result<Vec<Open>, Failed> {
    let only = of.map(|text| desk.request(by, text)).transpose()?.map(|r| r.id);
    let found = desk.app.store.read(by, |r| {
        let mut open = Vec::new();
        for waiting in r.waiting(only.as_ref())? {
            let Some(request) = r.request(&waiting.request)? else { continue };
            if !matches!(waiting.effect, Effect::Send { .. }) && is_wanted(&request, &waiting.effect) {
                let what = super::told_effect(&waiting.effect);
                open.push(one(desk, &request, (waiting.id.as_str(), claim_of(&waiting)), what, waiting.not_before));
            }
        }
        for notice in r.notices(only.as_ref())? {
            if let (Some(since), Some(request)) = (asks(&notice), r.request(&notice.request)?) {
                let what = format!("letter `{}` is not known to have arrived: look after it", notice.letter.word());
                open.push(one(desk, &request, (notice.id.as_str(), notice.claim), what, since));
            }
        }
        Ok::<_, Error>(open)
    });
    let mut open = found.map_err(super::store_failed)?;
    open.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    Ok(open)
}

/// Since when a letter that is still on its way asks for somebody; what failed has a task of its own.
fn asks(notice: &Notice) -> Option<crate::clock::Timestamp> {
    let (since, why) = notice.delivery.task?;
    let on_its_way =
        matches!(notice.delivery.state, State::Queued { .. } | State::Sent { .. } | State::Accepted { .. });
    (why == Why::DueSoon && on_its_way).then_some(since)
}

fn claim_of(waiting: &Waiting) -> usize {
    match &waiting.effect {
        Effect::Send { claim, .. }
        | Effect::Collect { claim }
        | Effect::CarryOut { claim, .. }
        | Effect::ReadBack { claim, .. }
        | Effect::Task { claim, .. } => *claim,
    }
}

fn one(
    desk: &Desk,
    request: &crate::requests::request::Request,
    (id, claim): (&str, usize),
    what: String,
    since: crate::clock::Timestamp,
) -> Open {
    let due = request.claims.get(claim).and_then(|c| c.next_due());
    let due = due.map(|d| (d.on.to_string(), days_left(d.before, desk.now)));
    let owner = request.owner.clone();
    Open { id: id.to_owned(), request: request.id.to_string(), claim, what, since, due, owner }
}

pub(super) fn list(a: &TasksArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let mut open = open(&desk, &desk.signed()?, a.request.as_deref())?;
    open.retain(|o| a.owner.is_none() || o.owner == a.owner);
    if args.json {
        let all: Vec<Value> = open
            .iter()
            .map(|o| {
                json!({"id": o.id, "request": o.request, "claim": o.claim, "what": o.what, "since": o.since,
                       "due_on": o.due.as_ref().map(|d| &d.0), "days_left": o.due.as_ref().map(|d| d.1), "owner": o.owner})
            })
            .collect();
        say(&json!(all).to_string());
        return Ok(Exit::Done);
    }
    for o in &open {
        let due = o.due.as_ref().map_or_else(|| "-".to_owned(), |(on, left)| format!("{on} ({left} left)"));
        let short = |id: &str| id.chars().take(8).collect::<String>();
        let owner = o.owner.as_ref().map_or("-", |id| id.as_str());
        say(&format!("{:<9} {:<9} {:<24} {owner:<10} {}", short(&o.id), short(&o.request), due, o.what));
    }
    say(&format!("{} tasks", open.len()));
    Ok(Exit::Done)
}

pub(super) fn done(a: &DoneArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let waiting = desk.app.store.read(&by, |r| r.waiting(None)).map_err(super::store_failed)?;
    let mut fitting = waiting.iter().filter(|w| w.id.as_str().starts_with(&a.task));
    let (Some(task), None) = (fitting.next(), fitting.next()) else {
        return Err(Failed::bad_input(anyhow!(
            "no task, or several, begin with `{}`; `habeas requests tasks --json` gives whole ids",
            a.task
        )));
    };
    finish_task(&desk.app, &by, task, desk.now).map_err(Failed::bad_input)?;
    say(&if args.json {
        json!({"done": task.id}).to_string()
    } else {
        format!("Done: {}", super::told_effect(&task.effect))
    });
    Ok(Exit::Done)
}

pub(super) fn show_letter(a: &LetterArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.which.request)?;
    let what = (a.which.claim, letter(&a.letter)?);
    let written = write_letter(&desk.app, &by, &request, what, desk.now).map_err(super::store_failed)?;
    let (composed, lang) = written.map_err(Failed::bad_input)?;
    let Destination { to, email, post } = destination(&desk.app, &by, &request, what).map_err(super::store_failed)?;
    let shown =
        |a: Option<Personal<String>>| a.map_or_else(|| "none".to_owned(), |a| a.reveal_for(Purpose::Handling).clone());
    let (email, post) = (shown(email), shown(post));
    let whose = if to == Address::OnFile { "on file" } else { "given in the request" };
    let text = composed.letter;
    say(&match (args.json, a.html) {
        (true, _) => json!({"message": composed.kind, "lang": lang, "subject": text.subject, "text": text.text, "html": text.html,
            "to": {"address": if to == Address::OnFile { "on-file" } else { "given" }, "email": email, "post": post}})
        .to_string(),
        (_, true) => text.html,
        _ => format!(
            "To the address {whose}: mail {email}; post {post}\nSubject: {}\n\n{}",
            text.subject,
            text.text.trim_end()
        ),
    });
    Ok(Exit::Done)
}

pub(super) fn sent(a: &SentArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.which.request)?;
    let place = request.claims.get(a.which.claim).map_or("", |c| c.basis.place.as_str()).to_uppercase();
    let on = a.on.as_deref().map_or(Ok(desk.now), |text| super::add::received(&desk.app, text, &place))?;
    if on > desk.now {
        return Err(Failed::bad_input(anyhow!("on: {on} lies in the future; record the letter once it is out")));
    }
    let what = (a.which.claim, letter(&a.letter)?, on);
    let request = record_letter(&desk.app, (&by, &desk.system()), &request, what, desk.now).map_err(super::failed)?;
    super::told_state(&request, desk.now, args.json);
    Ok(Exit::Done)
}

pub(super) fn resend(a: &ResendArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let notices = desk.app.store.read(&by, |r| r.notices(None)).map_err(super::store_failed)?;
    let chosen: Vec<Notice> = notices
        .into_iter()
        .filter(|n| a.notice.as_ref().map_or_else(|| n.delivery.is_given_up(), |id| n.id == *id))
        .filter(|n| !matches!(n.delivery.state, State::Delivered { .. } | State::Accepted { .. }))
        .collect();
    if let (Some(id), []) = (&a.notice, chosen.as_slice()) {
        return Err(Failed::bad_input(anyhow!(
            "no letter `{id}` waits to be tried again: it arrived, is on its way, or there is none; `show` lists the letters"
        )));
    }
    for notice in &chosen {
        resend_letter(&desk.app, &by, notice, desk.now).map_err(super::failed)?;
    }
    say(&if args.json {
        json!({"again": chosen.iter().map(|n| &n.id).collect::<Vec<_>>()}).to_string()
    } else {
        format!("{} letters are tried again by the next `habeas requests work`", chosen.len())
    });
    Ok(Exit::Done)
}
