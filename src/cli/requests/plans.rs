//! Plans: put up, released by a second person, carried out and read back.

use super::acts::{Which, act};
use super::desk::{Desk, DeskArgs};
use super::words;
use crate::cli::exit::{Exit, Failed};
use crate::crypto::hash::Digest;
use crate::flows::record_by_hand::record_by_hand;
use crate::personal::{Personal, Purpose};
use crate::requests::command::{Act, ClaimAct, Letter, Said};
use crate::requests::outcome::ReadBack;
use crate::requests::plan::Written;
use crate::requests::request::Stage;
use crate::store::Personals;
use anyhow::anyhow;
use std::path::{Path, PathBuf};

const LARGEST_PLAN_BYTES: u64 = 32 << 20;

/// Put up a plan, show it, or call a released one off.
#[derive(clap::Args)]
#[command(
    after_help = "A plan lists every record with what it looked like, what is kept and why, and what the answer says:
  records = [{system = \"crm\", record = \"contact/42\", fingerprint = \"sha256:...\"}]
  [kept]
  invoices = \"legal-obligation\"
  [words]
  erased = [\"contact\", \"notes\"]
  anonymised = []
  told = []

Examples:
  habeas requests plan 1f0c --as carl --file plan.toml
  habeas requests plan 1f0c --as dora --show
  habeas requests plan 1f0c --as carl --call-off"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    which: Which,
    /// The plan.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["show", "call_off"])]
    file: Option<PathBuf>,
    /// Show the plan that was put up, to whoever is to release it.
    #[arg(long, conflicts_with = "file")]
    show: bool,
    /// Call a released plan off, before it is carried out.
    #[arg(long, conflicts_with_all = ["file", "show"])]
    call_off: bool,
}

/// Decide: release or return a plan, or decide an appeal. Whoever prepared it cannot release it.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("decision").required(true), after_help = "Examples:
  habeas requests decide 1f0c --as dora --release 3b8e...   # the digest that `plan --show` gives
  habeas requests decide 1f0c --as dora --return
  habeas requests decide 1f0c --as emil --appeal rejected --words words.toml")]
pub(super) struct DecideArgs {
    #[command(flatten)]
    which: Which,
    /// Release the plan with this digest.
    #[arg(long, value_name = "DIGEST", group = "decision")]
    release: Option<String>,
    /// Send the plan back.
    #[arg(long = "return", group = "decision")]
    send_back: bool,
    /// Decide the appeal.
    #[arg(long, value_parser = ["upheld", "rejected"], group = "decision")]
    appeal: Option<String>,
    #[command(flatten)]
    words: words::Words,
}

/// Record that a released plan is about to be carried out: its records were read just before, and are unchanged.
#[derive(clap::Args)]
pub(super) struct CarryOutArgs {
    #[command(flatten)]
    which: Which,
    /// The plan's records as read just now.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

/// Record what the other systems said after a plan was carried out; it is never taken for done.
#[derive(clap::Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    which: Which,
    /// What they said.
    #[arg(long, value_parser = ["done", "failed", "nothing"])]
    said: String,
}

/// Record what reading back found; only that makes it done. An erasure is read back twice, a day apart.
#[derive(clap::Args)]
pub(super) struct ReadBackArgs {
    #[command(flatten)]
    which: Which,
    /// Records of the plan that are as they should be, read by id.
    #[arg(long)]
    as_planned: u32,
    /// Records of the person found by searching that should not be there.
    #[arg(long, default_value_t = 0)]
    stray: u32,
    /// Records that could not be read.
    #[arg(long, default_value_t = 0)]
    unreadable: u32,
}

fn plan_field(claim: usize) -> String {
    format!("plan:{claim}")
}

fn read(path: &Path) -> Result<(Written, String), Failed> {
    let bytes = super::add::read_input(path, LARGEST_PLAN_BYTES)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let wrong = |e| Failed::bad_input(anyhow!("`{}`, {e}", path.display()));
    Ok((Written::parse(&text).map_err(wrong)?, text))
}

pub(super) fn plan(a: &PlanArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let signed = desk.signed()?;
    let request = desk.request(&signed, &a.which.request)?;
    let claim = a.which.claim;
    if a.show {
        let text =
            desk.app.store.read(&signed, |r| r.personal(&request, &plan_field(claim))).map_err(super::store_failed)?;
        let text = text.ok_or_else(|| {
            Failed::bad_input(anyhow!("no plan was put up for claim {claim}; `plan --file` puts one up"))
        })?;
        let text = text.reveal_for(Purpose::Handling);
        let digest = Written::parse(text).map_err(Failed::internal)?.plan().digest;
        crate::cli::say(&format!("# digest {digest}\n{}", text.trim_end()));
        return Ok(Exit::Done);
    }
    let by = desk.handler()?;
    let Some(file) = &a.file else {
        return act(&desk, &request, (Act::Claim(claim, ClaimAct::CallOff(by)), Personals::new()), args.json);
    };
    let (written, text) = read(file)?;
    let words = serde_json::to_value(&written.words).map_err(Failed::internal)?;
    let mut seals = words::sealed(claim, Letter::Answer, &words);
    seals.insert(plan_field(claim), Personal::new(text));
    act(&desk, &request, (Act::Claim(claim, ClaimAct::Propose(by, written.plan())), seals), args.json)
}

pub(super) fn decide(a: &DecideArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.dpo()?;
    let request = desk.request(&by, &a.which.request)?;
    let claim_act = match (&a.release, &a.appeal) {
        (Some(digest), _) => {
            let digest: Digest = serde_json::from_value(serde_json::json!(digest)).map_err(|_| {
                Failed::bad_input(anyhow!(
                    "release: `{digest}` is not a digest of 64 hexadecimal digits (`plan --show`)"
                ))
            })?;
            ClaimAct::Approve(by, digest)
        }
        (None, Some(verdict)) => ClaimAct::DecideAppeal(by, verdict == "upheld"),
        (None, None) => ClaimAct::Return(by),
    };
    let seals = a.words.read()?.map(|w| words::sealed(a.which.claim, Letter::Answer, &w)).unwrap_or_default();
    act(&desk, &request, (Act::Claim(a.which.claim, claim_act), seals), args.json)
}

pub(super) fn carry_out(a: &CarryOutArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.which.request)?;
    let (written, _) = read(&a.file)?;
    // What is kept is part of the plan and not of what was read: the records alone may differ.
    let kept = request.claims.get(a.which.claim).and_then(|c| c.plan()).map(|p| p.kept.clone()).unwrap_or_default();
    let records = Written { kept, ..written }.plan().digest;
    let report = (a.which.claim, ClaimAct::Begin(desk.system(), records), Personals::new());
    let request = record_by_hand(&desk.app, &by, &request, report, desk.now).map_err(super::failed)?;
    super::told_state(&request, desk.now, args.json);
    Ok(Exit::Done)
}

pub(super) fn report(a: &ReportArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.which.request)?;
    let said = match a.said.as_str() {
        "done" => Said::Done,
        "failed" => Said::Failed,
        _ => Said::Nothing,
    };
    let report = (a.which.claim, ClaimAct::Report(desk.system(), said), Personals::new());
    let request = record_by_hand(&desk.app, &by, &request, report, desk.now).map_err(super::failed)?;
    super::told_state(&request, desk.now, args.json);
    Ok(Exit::Done)
}

pub(super) fn read_back(a: &ReadBackArgs, args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(args)?;
    let by = desk.handler()?;
    let request = desk.request(&by, &a.which.request)?;
    let claim = request.claims.get(a.which.claim);
    let plan = claim.and_then(|c| match &c.stage {
        Stage::Acting { plan } | Stage::Unconfirmed { plan, .. } => Some(plan.digest),
        _ => None,
    });
    let plan = plan.ok_or_else(|| {
        Failed::bad_input(anyhow!("nothing was carried out that could be read back; `carry-out` comes first"))
    })?;
    let (as_planned, stray, unreadable) = (a.as_planned, a.stray, a.unreadable);
    let found = ReadBack { plan, at: desk.now, as_planned, stray, unreadable };
    let report = (a.which.claim, ClaimAct::Confirm(desk.system(), found), Personals::new());
    let request = record_by_hand(&desk.app, &by, &request, report, desk.now).map_err(super::failed)?;
    super::told_state(&request, desk.now, args.json);
    Ok(Exit::Done)
}
