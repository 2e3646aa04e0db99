//! `habeas requests show`: everything about one request, with its clocks and how each date came about.

use super::desk::{Desk, DeskArgs};
use crate::authority::Authority;
use crate::cli::clock::told as clocks_told;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::clock::Timestamp;
use crate::law::clocks::{Outcome, evaluate};
use crate::ledger::entry::Entry;
use crate::personal::Purpose;
use crate::requests::lawful::{ByBook, case};
use crate::requests::next::{self, days_left};
use crate::requests::request::{Claim, Request};
use crate::requests::status;
use crate::store::{Notice, Waiting};
use serde_json::{Value, json};

/// Values about the person that a request may have, in the order shown.
pub(super) const PERSONALS: [&str; 9] =
    ["name", "email", "email-on-file", "phone", "address", "address-on-file", "language", "subject", "text"];

/// Show one request: claims, clocks with their derivation, proofs, letters, tasks, and what the ledger says.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas requests show 1f0c --as carl
  habeas requests show 1f0c --as carl --personal --json")]
pub(super) struct Args {
    /// The request's id, or its beginning.
    request: String,
    /// What the person wrote and where they can be reached, too.
    #[arg(long)]
    personal: bool,
    /// Language of the derivations: en or zh-CN.
    #[arg(long, default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
}

/// What is shown beside the request.
struct Beside {
    personals: Vec<(&'static str, String)>,
    entries: Vec<Entry>,
    tasks: Vec<Waiting>,
    notices: Vec<Notice>,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let by = desk.signed()?;
    let request = desk.request(&by, &args.request)?;
    let beside = beside(&desk, &by, &request, args.personal)?;
    let outcomes = request.claims.iter().map(|claim| derived(&desk, claim)).collect::<Result<Vec<_>, _>>()?;
    if desk_args.json {
        let whole = as_json(&desk, &request, &beside, (&outcomes, &args.lang));
        say(&serde_json::to_string_pretty(&whole).map_err(Failed::internal)?);
    } else {
        as_text(&desk, &request, &beside, (&outcomes, &args.lang));
    }
    Ok(Exit::Done)
}

/// The clocks of a claim as the law gives them for its history.
pub(super) fn derived(desk: &Desk, claim: &Claim) -> Result<Outcome, Failed> {
    evaluate(&desk.app.book, &case(&claim.basis, &claim.history)).map_err(Failed::internal)
}

fn beside(desk: &Desk, by: &dyn Authority, request: &Request, personal: bool) -> Result<Beside, Failed> {
    let object = format!("request/{}", request.id);
    let read = desk.app.store.read(by, |r| {
        let mut personals = Vec::new();
        for field in PERSONALS.into_iter().filter(|_| personal) {
            if let Some(value) = r.personal(request, field)? {
                personals.push((field, value.reveal_for(Purpose::Handling).clone()));
            }
        }
        let parsed = |(seq, bytes): (u64, Vec<u8>)| Entry::parse(seq, &bytes).map_err(crate::store::Error::from);
        let entries = (0_u64..).zip(r.entries()?).map(parsed).collect::<Result<Vec<_>, _>>()?;
        let entries = entries.into_iter().filter(|e| e.object.as_str() == object).collect();
        let tasks = r.waiting(Some(&request.id))?;
        Ok(Beside { personals, entries, tasks, notices: r.notices(Some(&request.id))? })
    });
    read.map_err(super::store_failed)
}

/// A request in few words, as JSON.
pub(super) fn brief(request: &Request, now: Timestamp) -> Value {
    let claim = |(at, claim): (usize, &Claim)| {
        let next = next::of(request, claim);
        let dues = claim.dues.iter().map(|due| {
            json!({"clock": due.clock, "due_on": due.on, "before": due.before, "met": claim.met.contains(&due.clock),
                   "overdue": claim.overdue.contains(&due.clock), "days_left": days_left(due.before, now)})
        });
        json!({
            "claim": at,
            "right": claim.basis.right.word(),
            "regime": claim.basis.regime.as_str(),
            "place": claim.basis.place.as_str().to_uppercase(),
            "state": status::of(request, claim).word(),
            "stage": claim.stage.word(),
            "next": next.action,
            "turn": next.turn.word(),
            "plan": claim.plan().map(|p| json!({"digest": p.digest, "records": p.records, "kept": p.kept})),
            "due": dues.collect::<Vec<_>>(),
            "history": claim.history,
        })
    };
    json!({
        "request": request.id,
        "channel": request.channel,
        "received_at": request.received_at,
        "recorded_at": request.recorded_at,
        "sensitivity": request.sensitivity,
        "held": request.held,
        "links": request.links,
        "complaints": request.complaints,
        "owner": request.owner,
        "closed": request.is_closed(),
        "claims": request.claims.iter().enumerate().map(claim).collect::<Vec<_>>(),
    })
}

fn as_json(desk: &Desk, request: &Request, beside: &Beside, (outcomes, lang): (&[Outcome], &str)) -> Value {
    let mut whole = brief(request, desk.now);
    let clocks: Vec<Value> = outcomes.iter().map(|o| o.to_json(&desk.app.book, lang)).collect();
    let notices = beside.notices.iter().map(|n| {
        json!({"id": n.id, "claim": n.claim, "letter": n.letter.word(), "state": n.delivery.state.word(),
               "tries": n.delivery.tries, "task": n.delivery.task.map(|(_, why)| why.word())})
    });
    let tasks = beside.tasks.iter().map(|t| json!({"id": t.id, "effect": t.effect, "since": t.not_before}));
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("clocks".to_owned(), json!(clocks));
        fields.insert("notices".to_owned(), notices.collect());
        fields.insert("waiting".to_owned(), tasks.collect());
        fields.insert("ledger".to_owned(), json!(beside.entries));
        if !beside.personals.is_empty() {
            let person = beside.personals.iter().map(|(k, v)| ((*k).to_owned(), json!(v)));
            fields.insert("person".to_owned(), Value::Object(person.collect()));
        }
    }
    whole
}

fn as_text(desk: &Desk, request: &Request, beside: &Beside, (outcomes, lang): (&[Outcome], &str)) {
    let channel = serde_json::to_value(request.channel).ok();
    let channel = channel.as_ref().and_then(Value::as_str).unwrap_or_default();
    say(&format!("Request {}", request.id));
    say(&format!("received {} by {channel}, entered {}", request.received_at, request.recorded_at));
    for (field, value) in &beside.personals {
        say(&format!("{field:<16} {value}"));
    }
    say(&format!("owner {}", request.owner.as_ref().map_or("nobody: `assign` names one", |id| id.as_str())));
    if request.held {
        say("A legal hold covers this person's data: nothing is erased while it stands.");
    }
    let rules = ByBook(&desk.app.book);
    for (at, (claim, outcome)) in request.claims.iter().zip(outcomes).enumerate() {
        let next = next::of(request, claim);
        let (needed, reached) = request.levels(claim, &rules);
        say(&format!("\nClaim {at}: {} under {}", claim.basis.right.word(), claim.basis.regime.as_str()));
        say(&format!("  state    {}; next: {} ({})", status::of(request, claim).word(), next.action, next.turn.word()));
        say(&format!("  identity {} of {} needed", reached.word(), needed.word()));
        if let Some(plan) = claim.plan() {
            say(&format!("  plan     {} over {} records, {} kept", plan.digest, plan.records, plan.kept.len()));
        }
        for due in &claim.dues {
            let state = match () {
                () if claim.met.contains(&due.clock) => "met".to_owned(),
                () if claim.is_closed() => "closed".to_owned(),
                () => format!("{} days left", days_left(due.before, desk.now)),
            };
            say(&format!("  due      {} {}: {state}", due.clock.as_str(), due.on));
        }
        say(&clocks_told(&desk.app.book, outcome, lang)
            .lines()
            .map(|l| format!("    {l}"))
            .collect::<Vec<_>>()
            .join("\n"));
    }
    say("\nLetters and tasks:");
    for n in &beside.notices {
        say(&format!(
            "  {} {:<24} {} after {} tries",
            n.id,
            n.letter.word(),
            n.delivery.state.word(),
            n.delivery.tries
        ));
    }
    for t in &beside.tasks {
        say(&format!("  {} {}", t.id, super::told_effect(&t.effect)));
    }
    say("\nLedger:");
    for entry in &beside.entries {
        say(&format!("  {} {:<28} {}", entry.at, entry.action.as_str(), entry.actor));
    }
}
