//! Everything that can be done to a request, each act of the workflow with its command.

use super::desk::{Desk, DeskArgs};
use super::words::{self, Words};
use crate::authority::Handler;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::clock::Timestamp;
use crate::flows::step_request::{Also, step_request_and};
use crate::ledger::entry::{Word, word};
use crate::requests::command::{Act, ClaimAct, Letter, Speaker, Witness};
use crate::requests::identity::{Method, Proof};
use crate::requests::lawful::ByBook;
use crate::requests::request::Request;
use crate::requests::rules::{Grounds, Rules};
use crate::store::Personals;
use anyhow::anyhow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which request, and which of its claims.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The request's id, or its beginning.
    pub(super) request: String,
    /// The claim, as `show` numbers them.
    #[arg(long, default_value_t = 0)]
    pub(super) claim: usize,
}

/// Take a request up.
#[derive(clap::Args)]
pub(super) struct AcceptArgs {
    #[command(flatten)]
    which: Which,
}

/// Record a proof of identity that was checked and held, or decide to go on without.
#[derive(clap::Args)]
#[command(
    after_help = "Two proofs rest on two fields; one of them must have been on file before the request came (T14).
A field that a correction contests proves nothing (11 CCR 7060(h)).

Examples:
  habeas requests verify 1f0c --as carl --method code --field email --on-file
  habeas requests verify 1f0c --as carl --override --reason reason.txt     # proposed by one
  habeas requests verify 1f0c --as dora --confirm-override                 # confirmed by another"
)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    which: Which,
    /// How.
    #[arg(long, value_parser = ["code", "account", "data-points", "declaration", "document", "mandate"])]
    method: Option<String>,
    /// The field of the record it rests on, e.g. email.
    #[arg(long, requires = "method")]
    field: Option<String>,
    /// That field was on file before the request came.
    #[arg(long, requires = "method")]
    on_file: bool,
    /// Propose to go on without the level that is needed.
    #[arg(long = "override", requires = "reason", conflicts_with = "method")]
    propose: bool,
    /// File with the written reason for that; it is sealed.
    #[arg(long, value_name = "FILE")]
    reason: Option<PathBuf>,
    /// Confirm what another proposed.
    #[arg(long, conflicts_with_all = ["method", "propose"])]
    confirm_override: bool,
}

/// Ask the person something: who they are, or what they mean. The law says what that does to the clock.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas requests pause 1f0c --as carl --for identity --missing \"the customer number\" \\
      --why \"your request came from an address that we do not know\"
  habeas requests pause 1f0c --as carl --for clarification --question \"Which years?\" --why \"we hold a great deal\"")]
pub(super) struct PauseArgs {
    #[command(flatten)]
    which: Which,
    /// What for.
    #[arg(long = "for", value_parser = ["identity", "clarification"])]
    what: String,
    /// What is missing to know who asks; only what is missing. May repeat.
    #[arg(long, required_if_eq("what", "identity"))]
    missing: Vec<String>,
    /// A question. May repeat.
    #[arg(long, required_if_eq("what", "clarification"))]
    question: Vec<String>,
    /// Why it is asked, as half a sentence in the person's language.
    #[arg(long)]
    why: String,
}

/// Record that the person said what they mean.
#[derive(clap::Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    which: Which,
}

/// Extend the time for the answer; it counts once its notice is out, before the date.
#[derive(clap::Args)]
pub(super) struct ExtendArgs {
    #[command(flatten)]
    which: Which,
    /// The law's reason.
    #[arg(long, value_parser = ["complexity", "number-of-requests", "other"])]
    reason: String,
    /// What lies behind it: a whole sentence in the person's language.
    #[arg(long)]
    detail: String,
}

/// Record that what a clock asks for was done, e.g. that the data is restricted while the request is decided.
#[derive(clap::Args)]
#[command(after_help = "Example:
  habeas requests met 1f0c --as carl --clock restrict_meanwhile")]
pub(super) struct MetArgs {
    #[command(flatten)]
    which: Which,
    /// The clock, as `show` names it; answers and acknowledgements are met by their letters alone.
    #[arg(long)]
    clock: String,
}

/// Refuse, whole or field by field, each with a ground of the law and the facts that bear it out.
#[derive(clap::Args)]
#[command(after_help = "Example:
  habeas requests refuse 1f0c --as dora --ground legal-claims --facts \"A claim over invoice 17 is pending in court.\"
  habeas requests refuse 1f0c --as dora --ground invoices=legal-obligation --words words.toml
  habeas requests refuse 1f0c --as dora --list        # the grounds that the law gives, or that there are none")]
pub(super) struct RefuseArgs {
    #[command(flatten)]
    which: Which,
    /// A ground for all, or FIELD=GROUND. May repeat.
    #[arg(long, required_unless_present = "list")]
    ground: Vec<String>,
    /// List the grounds for refusing this claim, and refuse nothing.
    #[arg(long)]
    list: bool,
    /// The facts: whole sentences in the person's language.
    #[arg(long)]
    facts: Option<String>,
    #[command(flatten)]
    words: Words,
}

/// Record that the person no longer wants it.
#[derive(clap::Args)]
pub(super) struct WithdrawArgs {
    #[command(flatten)]
    which: Which,
}

/// Record that the person appeals the answer.
#[derive(clap::Args)]
pub(super) struct AppealArgs {
    #[command(flatten)]
    which: Which,
}

/// Record that the person complained to a supervisory authority.
#[derive(clap::Args)]
pub(super) struct ComplaintArgs {
    #[command(flatten)]
    which: Which,
    /// The authority's id in `regimes/authorities.yaml`, or a short word for it.
    #[arg(long)]
    authority: String,
}

/// Place a legal hold: nothing of the person's is erased while it stands.
#[derive(clap::Args)]
pub(super) struct HoldArgs {
    #[command(flatten)]
    which: Which,
}

/// Lift a legal hold.
#[derive(clap::Args)]
pub(super) struct ReleaseArgs {
    #[command(flatten)]
    which: Which,
}

/// Note that two requests seem to be the same; nothing else changes, no proof is carried over.
#[derive(clap::Args)]
pub(super) struct LinkArgs {
    #[command(flatten)]
    which: Which,
    /// The other request.
    other: String,
}

/// Answer in words alone: explanations, confirmations, complaints.
#[derive(clap::Args)]
pub(super) struct AnswerArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    words: Words,
}

/// Carries out one act and says where the claim stands now.
pub(super) fn act(desk: &Desk, request: &Request, (act, seals): (Act, Personals), json: bool) -> Result<Exit, Failed> {
    let also = Also { seals, ..Also::default() };
    let now: Timestamp = desk.now;
    let request = step_request_and(&desk.app.store, &desk.app.book, &request.id, (act, also), now);
    super::told_state(&request.map_err(super::failed)?, now, json);
    Ok(Exit::Done)
}

/// One act of a handler on one claim.
fn of_claim(
    which: &Which,
    args: &DeskArgs,
    make: impl FnOnce(&Desk, Handler, &Request) -> Result<(ClaimAct, Personals), Failed>,
) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &which.request)?;
    let (claim_act, seals) = make(&desk, by, &request)?;
    act(&desk, &request, (Act::Claim(which.claim, claim_act), seals), args.json)
}

pub(super) fn accept(a: &AcceptArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| Ok((ClaimAct::Accept(by), Personals::new())))
}

pub(super) fn resume(a: &ResumeArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| Ok((ClaimAct::Clarify(Speaker::Handler(by)), Personals::new())))
}

pub(super) fn withdraw(a: &WithdrawArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| Ok((ClaimAct::Withdraw(Speaker::Handler(by)), Personals::new())))
}

pub(super) fn appeal(a: &AppealArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| Ok((ClaimAct::Appeal(Speaker::Handler(by)), Personals::new())))
}

pub(super) fn pause(a: &PauseArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| {
        let (letter, said, act) = match a.what.as_str() {
            "identity" => (Letter::IdentityRequest, ("missing", &a.missing), ClaimAct::AskIdentity(by)),
            _ => (Letter::ClarificationRequest, ("questions", &a.question), ClaimAct::AskClarification(by)),
        };
        let words = serde_json::json!({said.0: said.1, "why": a.why});
        Ok((act, words::sealed(a.which.claim, letter, &words)))
    })
}

pub(super) fn extend(a: &ExtendArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| {
        let words = serde_json::json!({"detail": a.detail});
        let seals = words::sealed(a.which.claim, Letter::ExtensionNotice, &words);
        Ok((ClaimAct::Extend(by, word(&a.reason)), seals))
    })
}

pub(super) fn met(a: &MetArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| {
        let clock = Word::try_from(a.clock.clone()).map_err(|e| Failed::bad_input(anyhow!("clock: {e}")))?;
        Ok((ClaimAct::Meet(by, clock), Personals::new()))
    })
}

pub(super) fn answer(a: &AnswerArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_claim(&a.which, args, |_, by, _| {
        let words =
            a.words.read()?.ok_or_else(|| Failed::bad_input(anyhow!("say what the answer says: --words FILE")))?;
        let digest = crate::crypto::hash::Digest::of(words.to_string().as_bytes());
        Ok((ClaimAct::Tell(by, digest), words::sealed(a.which.claim, Letter::Answer, &words)))
    })
}

/// The grounds for refusing a claim, in the words of the law book.
fn list_grounds(a: &RefuseArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let request = desk.request(&desk.signed()?, &a.which.request)?;
    let none = || Failed::bad_input(anyhow!("the request has no claim number {}", a.which.claim));
    let basis = &request.claims.get(a.which.claim).ok_or_else(none)?.basis;
    let (law, right) = (basis.regime.as_str(), basis.right.word());
    let cite = ByBook(&desk.app.book).cite(basis.right, &basis.regime);
    let contents = desk.app.book.regimes.get(law).map(|r| &r.contents);
    let grounds: Vec<_> = contents.into_iter().flat_map(|c| c.refusals_of(right)).collect();
    if args.json {
        let all: Vec<_> = grounds
            .iter()
            .map(|(name, g)| serde_json::json!({"ground": name, "text": g.text, "proof": g.proof, "cite": g.cite}))
            .collect();
        say(&serde_json::json!({"right": right, "regime": law, "grounds": all}).to_string());
        return Ok(Exit::Done);
    }
    match ByBook(&desk.app.book).grounds(basis.right, &basis.regime) {
        Grounds::Unknown => {
            say(&format!("The grounds for refusing `{right}` under `{law}` ({cite}) are not in the law book."))
        }
        Grounds::Listed(none) if none.is_empty() => {
            say(&format!("`{law}` gives no ground for refusing `{right}` ({cite}): it cannot be refused."));
        }
        Grounds::Listed(_) => {
            for (name, ground) in grounds {
                let proof =
                    ground.proof.as_ref().map_or_else(String::new, |p| format!(" To be shown: {}.", p.get("en")));
                say(&format!("{name:<26} {} ({}){proof}", ground.text.get("en"), ground.cite));
            }
        }
    }
    Ok(Exit::Done)
}

pub(super) fn refuse(a: &RefuseArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    if a.list {
        return list_grounds(a, args);
    }
    of_claim(&a.which, args, |desk, _, _| {
        let mut grounds = BTreeMap::new();
        for text in &a.ground {
            let (field, ground) = text.split_once('=').unwrap_or(("all", text));
            let fit = |t: &str| Word::try_from(t.to_owned()).map_err(|e| Failed::bad_input(anyhow!("ground: {e}")));
            grounds.insert(fit(field)?, fit(ground)?);
        }
        let mut words = a.words.read()?.unwrap_or_else(|| serde_json::json!({}));
        if let (Some(facts), Some(words)) = (&a.facts, words.as_object_mut()) {
            words.insert("facts".to_owned(), facts.clone().into());
        }
        if words.get("facts").is_none() {
            return Err(Failed::bad_input(anyhow!(
                "a refusal needs its facts: --facts TEXT, or facts in --words FILE"
            )));
        }
        Ok((ClaimAct::Deny(desk.dpo()?, grounds), words::sealed(a.which.claim, Letter::Answer, &words)))
    })
}

/// One act on the request as a whole.
fn of_request(
    which: &Which,
    args: &DeskArgs,
    make: impl FnOnce(&Desk, &Request) -> Result<(Act, Personals), Failed>,
) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let request = desk.request(&desk.signed()?, &which.request)?;
    let made = make(&desk, &request)?;
    act(&desk, &request, made, args.json)
}

pub(super) fn hold(a: &HoldArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_request(&a.which, args, |desk, _| Ok((Act::Hold(desk.dpo()?), Personals::new())))
}

pub(super) fn release(a: &ReleaseArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_request(&a.which, args, |desk, _| Ok((Act::ReleaseHold(desk.dpo()?), Personals::new())))
}

pub(super) fn link(a: &LinkArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_request(&a.which, args, |desk, _| {
        let by = desk.handler()?;
        let other = desk.request(&by, &a.other)?.id;
        Ok((Act::Link(by, other), Personals::new()))
    })
}

pub(super) fn complaint(a: &ComplaintArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_request(&a.which, args, |desk, _| {
        let authority =
            Word::try_from(a.authority.clone()).map_err(|e| Failed::bad_input(anyhow!("authority: {e}")))?;
        Ok((Act::RecordComplaint(desk.handler()?, authority), Personals::new()))
    })
}

pub(super) fn verify(a: &VerifyArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    of_request(&a.which, args, |desk, _| {
        if a.confirm_override {
            return Ok((Act::ConfirmOverride(desk.dpo()?), Personals::new()));
        }
        let by = desk.handler()?;
        if let (true, Some(reason)) = (a.propose, &a.reason) {
            let bytes = super::add::read_input(reason, 64 * 1024)?;
            let digest = crate::crypto::hash::Digest::of(&bytes);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let seals = Personals::from([("override-reason".to_owned(), crate::personal::Personal::new(text))]);
            return Ok((Act::ProposeOverride(by, digest), seals));
        }
        let method: Option<Method> = a.method.as_ref().and_then(|m| serde_json::from_value(serde_json::json!(m)).ok());
        let (Some(method), Some(field)) = (method, &a.field) else {
            return Err(Failed::bad_input(anyhow!(
                "say how and on which field: --method code --field email [--on-file]"
            )));
        };
        let field = Word::try_from(field.clone()).map_err(|e| Failed::bad_input(anyhow!("field: {e}")))?;
        let proof = Proof { method, field, on_file: a.on_file, at: desk.now };
        Ok((Act::Prove(Witness::Handler(by), proof), Personals::new()))
    })
}
