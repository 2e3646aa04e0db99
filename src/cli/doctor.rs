//! `habeas doctor`: what is wrong with an installation, and what to do about it.

use super::exit::{Exit, Failed, explained};
use super::requests::{Desk, DeskArgs, settings};
use super::say;
use crate::flows::examine_installation::{Finding, Grade, examine_files, examine_store};
use serde_json::json;

/// Examine an installation: accounts, ledger, keys, mail, outbox, requests. Changes nothing.
#[derive(clap::Args)]
#[command(
    after_help = "Leaves with 0 when nothing is bad, 1 when something must be put right, 3 when the store does not open.

Example:
  habeas doctor --config /srv/habeas/habeas.toml"
)]
pub(super) struct Args {
    /// Only what must be looked at.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    desk: DeskArgs,
}

/// Runs `habeas doctor`.
pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let (config, _) = settings(&args.desk)?;
    let mut findings = examine_files(&config);
    let opened = Desk::open(&args.desk);
    let exit = match &opened {
        Ok(desk) => {
            findings.extend(examine_store(&desk.app, &desk.system(), desk.now));
            if findings.iter().any(|f| f.grade == Grade::Bad) { Exit::Findings } else { Exit::Done }
        }
        Err(failed) => {
            findings.push(Finding {
                check: "store",
                grade: Grade::Bad,
                found: explained(&failed.source),
                advice: "put that right first: nothing else can be examined before".to_owned(),
            });
            Exit::Unreadable
        }
    };
    if args.desk.json {
        let bad = findings.iter().filter(|f| f.grade == Grade::Bad).count();
        say(&json!({"bad": bad, "findings": findings}).to_string());
        return Ok(exit);
    }
    for f in findings.iter().filter(|f| !args.quiet || f.grade != Grade::Good) {
        let grade = match f.grade {
            Grade::Good => "good",
            Grade::Warning => "WARNING",
            Grade::Bad => "BAD",
        };
        say(&format!("{grade:<8} {:<11} {}", f.check, f.found));
        if !f.advice.is_empty() {
            say(&format!("{:20} -> {}", "", f.advice));
        }
    }
    Ok(exit)
}
