//! `habeas requests`: takes requests in, carries them on and answers them, each command one call of a flow.

mod acts;
mod add;
mod desk;
mod due;
mod import;
mod init;
mod list;
mod metrics;
mod owner;
mod plans;
mod recognised;
mod show;
mod staff;
mod tasks;
mod words;
mod work;

pub(super) use desk::{Desk, DeskArgs, config_file, settings};

use super::exit::{Exit, Failed};
use super::say;
use crate::clock::Timestamp;
use crate::flows::FlowError;
use crate::requests::next;
use crate::requests::refusal::Refusal;
use crate::requests::request::Request;
use crate::requests::status;
use crate::requests::table::TABLE;
use std::collections::BTreeSet;

/// Take in, carry on and answer data subjects' requests.
#[derive(clap::Args)]
#[command(after_help = "Who acts is said with --as ID and proven with that person's key file (--key, HABEAS_STAFF_KEY,
~/.habeas/ID.key or staff/ID.key of the installation). Nobody releases what they prepared.

Examples:
  habeas requests init /srv/habeas --organisation acme --name \"Acme GmbH\" --place DE \\
      --email privacy@acme.example --dpo-contact dpo@acme.example --dpo dora
  cd /srv/habeas
  habeas requests staff add carl --role caseworker --as dora
  habeas requests add --as carl --right deletion --channel letter --received 2026-03-05 --person ann.toml
  habeas requests list --as carl
  habeas requests show 1f0c... --as carl --personal")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(clap::Subcommand)]
enum Command {
    Init(init::Args),
    Staff(staff::Args),
    Add(add::Args),
    List(list::Args),
    Show(show::Args),
    Due(due::Args),
    Import(import::Args),
    Accept(acts::AcceptArgs),
    Verify(acts::VerifyArgs),
    Pause(acts::PauseArgs),
    Resume(acts::ResumeArgs),
    Extend(acts::ExtendArgs),
    Met(acts::MetArgs),
    Plan(plans::PlanArgs),
    Decide(plans::DecideArgs),
    CarryOut(plans::CarryOutArgs),
    Report(plans::ReportArgs),
    ReadBack(plans::ReadBackArgs),
    Answer(acts::AnswerArgs),
    Refuse(acts::RefuseArgs),
    Withdraw(acts::WithdrawArgs),
    Appeal(acts::AppealArgs),
    Complaint(acts::ComplaintArgs),
    Hold(acts::HoldArgs),
    Release(acts::ReleaseArgs),
    Link(acts::LinkArgs),
    Assign(owner::AssignArgs),
    Address(owner::AddressArgs),
    Tasks(tasks::TasksArgs),
    Done(tasks::DoneArgs),
    Letter(tasks::LetterArgs),
    Sent(tasks::SentArgs),
    Resend(tasks::ResendArgs),
    Work(work::Args),
    Metrics(metrics::Args),
}

/// Runs `habeas requests`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let desk = args.desk;
    match args.command {
        Command::Init(args) => init::run(args, &desk),
        Command::Staff(args) => staff::run(args, &desk),
        Command::Add(args) => add::run(&args, &desk),
        Command::List(args) => list::run(&args, &desk),
        Command::Show(args) => show::run(&args, &desk),
        Command::Due(args) => due::run(&args, &desk),
        Command::Import(args) => import::run(&args, &desk),
        Command::Accept(args) => acts::accept(&args, &desk),
        Command::Verify(args) => acts::verify(&args, &desk),
        Command::Pause(args) => acts::pause(&args, &desk),
        Command::Resume(args) => acts::resume(&args, &desk),
        Command::Extend(args) => acts::extend(&args, &desk),
        Command::Met(args) => acts::met(&args, &desk),
        Command::Plan(args) => plans::plan(&args, &desk),
        Command::Decide(args) => plans::decide(&args, &desk),
        Command::CarryOut(args) => plans::carry_out(&args, &desk),
        Command::Report(args) => plans::report(&args, &desk),
        Command::ReadBack(args) => plans::read_back(&args, &desk),
        Command::Answer(args) => acts::answer(&args, &desk),
        Command::Refuse(args) => acts::refuse(&args, &desk),
        Command::Withdraw(args) => acts::withdraw(&args, &desk),
        Command::Appeal(args) => acts::appeal(&args, &desk),
        Command::Complaint(args) => acts::complaint(&args, &desk),
        Command::Hold(args) => acts::hold(&args, &desk),
        Command::Release(args) => acts::release(&args, &desk),
        Command::Link(args) => acts::link(&args, &desk),
        Command::Assign(args) => owner::assign(&args, &desk),
        Command::Address(args) => owner::address(&args, &desk),
        Command::Tasks(args) => tasks::list(&args, &desk),
        Command::Done(args) => tasks::done(&args, &desk),
        Command::Letter(args) => tasks::show_letter(&args, &desk),
        Command::Sent(args) => tasks::sent(&args, &desk),
        Command::Resend(args) => tasks::resend(&args, &desk),
        Command::Work(args) => work::run(&args, &desk),
        Command::Metrics(args) => metrics::run(&args, &desk),
    }
}

/// What the law or the house refuses, and what is wrong with the input, leave by different exit codes.
fn failed(error: FlowError) -> Failed {
    match error {
        FlowError::Refused(refusal) => {
            let next = next_step(&refusal);
            Failed { exit: Exit::Findings, source: anyhow::anyhow!("refused: {refusal}{next}") }
        }
        FlowError::Store(error) => store_failed(error),
    }
}

/// What can be done instead, where the refusal itself does not say.
fn next_step(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotNow { stage, .. } => {
            let acts = TABLE.iter().find(|(known, _)| known == stage).map_or(&[][..], |(_, acts)| acts);
            let commands: BTreeSet<&str> = acts.iter().filter_map(|act| command_of(act)).collect();
            match commands.into_iter().collect::<Vec<_>>().join("`, `") {
                none if none.is_empty() => "; nothing more can be done to it".to_owned(),
                these => format!("; possible now: `{these}`"),
            }
        }
        Refusal::NotAllowed { what: "a date met by hand", .. } => {
            "; `show` names the clocks, and answers and acknowledgements are met by their letters alone".to_owned()
        }
        Refusal::NotAllowed { .. } => "; `due` tells the date that stands".to_owned(),
        _ => String::new(),
    }
}

/// The command by which staff do what the table of the workflow calls `act`; none for what only letters do.
fn command_of(act: &str) -> Option<&'static str> {
    Some(match act {
        "accept" => "accept",
        "ask-identity" | "ask-clarification" => "pause",
        "clarify" => "resume",
        "extend" => "extend",
        "meet" => "met",
        "propose" | "call-off" => "plan",
        "tell" => "answer",
        "return" | "approve" | "decide-appeal" => "decide",
        "begin" => "carry-out",
        "report" => "report",
        "confirm" => "read-back",
        "deny" => "refuse",
        "withdraw" => "withdraw",
        "letter-sent" => "sent",
        "appeal" => "appeal",
        _ => return None,
    })
}

fn store_failed(error: crate::store::Error) -> Failed {
    use crate::store::Error;
    match error {
        Error::NotFound(_) | Error::Conflict(_) => Failed::bad_input(error),
        Error::NoEntry => Failed::internal(error),
        _ => Failed::unreadable(error),
    }
}

/// An effect that waits, for people.
fn told_effect(effect: &crate::requests::command::Effect) -> String {
    use crate::requests::command::Effect;
    match effect {
        Effect::Send { claim, letter } => format!("letter to be sent: {} (claim {claim})", letter.word()),
        Effect::Collect { claim } => {
            format!("search the systems for the person's data and make a plan (claim {claim})")
        }
        Effect::CarryOut { claim, plan, not_before } => {
            format!("carry out plan {} from {not_before} on (claim {claim})", plan.short(8))
        }
        Effect::ReadBack { claim, plan, not_before } => {
            format!("read back what plan {} did, from {not_before} on (claim {claim})", plan.short(8))
        }
        Effect::Task { claim, what } => format!("{} (claim {claim})", what.as_str()),
    }
}

/// Where a request stands after an act.
fn told_state(request: &Request, now: Timestamp, as_json: bool) {
    if as_json {
        say(&show::brief(request, now).to_string());
        return;
    }
    for (at, claim) in request.claims.iter().enumerate() {
        let next = next::of(request, claim);
        let due = claim.next_due().map_or_else(String::new, |d| format!(", {} due {}", d.clock.as_str(), d.on));
        let plan = claim.plan().map_or_else(String::new, |p| format!(", plan {}", p.digest));
        say(&format!(
            "{} claim {at} ({}): {}{plan}{due}; next: {} ({})",
            request.id.as_str().chars().take(8).collect::<String>(),
            claim.basis.right.word(),
            status::of(request, claim).word(),
            next.action,
            next.turn.word()
        ));
    }
}
