//! `habeas requests work`: the worker: mail in, letters out, dates, tasks, checkpoints.

use super::desk::{Desk, DeskArgs};
use crate::cli::exit::{Exit, Failed};
use crate::cli::{out, say};
use crate::clock::Clock;
use crate::flows::send_notice::Post;
use crate::schedule::{self, Pass};
use std::path::PathBuf;
use std::time::Duration;

/// Send what waits, take in bounces, look for dates. Run it from a timer, or let it go on with --watch.
#[derive(clap::Args)]
#[command(
    after_help = "Any number of workers may run at once: each takes what it does from the outbox for some minutes.

Examples:
  habeas requests work --bounces /var/mail/bounces
  habeas requests work --watch"
)]
pub(super) struct Args {
    /// Go on until stopped, with a pause between passes ([schedule] pass_seconds).
    #[arg(long)]
    watch: bool,
    /// Folder or maildir to which bounces and answers come; what was read moves to `done`, the rest to `unknown`.
    #[arg(long, value_name = "DIR")]
    bounces: Option<PathBuf>,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let (transport, paths) = desk.app.post().map_err(Failed::unreadable)?;
    let post = Post { transport, paths };
    let pause = Duration::from_secs(u64::from(desk.app.config.schedule.pass_seconds));
    loop {
        let now = desk_args.now.map_or(Clock::Real, Clock::Fixed).now();
        let by = desk.system();
        let mut done = schedule::pass(&desk.app, &by, &post, args.bounces.as_deref(), now);
        schedule::ledger::checkpoint(&desk.app, &by, now, &mut done);
        told(&done, desk_args.json)?;
        // A clock that was set stands still: one pass is all there can be.
        if !args.watch || desk_args.now.is_some() {
            return Ok(if done.problems.is_empty() { Exit::Done } else { Exit::Findings });
        }
        if out::is_closed() {
            out::tell("habeas: nobody reads what the worker tells any more; it ends after a whole pass");
            return Ok(Exit::Done);
        }
        std::thread::sleep(pause);
    }
}

fn told(done: &Pass, json: bool) -> Result<(), Failed> {
    if json {
        say(&serde_json::to_string(done).map_err(Failed::internal)?);
        return Ok(());
    }
    say(&format!(
        "letters: {} sent, {} wait, {} with people; mail: {} bounced, {} answers, {} unknown; dates: {} overdue, {} near",
        done.sent, done.later, done.tasked, done.bounced, done.answers, done.unknown, done.overdue, done.warned
    ));
    for date in &done.dates {
        let request: String = date.request.as_str().chars().take(8).collect();
        let (clock, due_on, claim) = (date.clock.as_str(), date.due_on, date.claim);
        let what = if date.overdue { "OVERDUE " } else { "NEAR    " };
        let owner = date.owner.as_ref().map_or("nobody", |id| id.as_str());
        say(&format!("{what} {request} claim {claim}: {clock} due {due_on}; owner: {owner}"));
    }
    done.problems.iter().for_each(|p| say(&format!("PROBLEM  {p}")));
    Ok(())
}
