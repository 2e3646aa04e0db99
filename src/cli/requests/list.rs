//! `habeas requests list`: what is due next, first.

use super::desk::{Desk, DeskArgs};
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::ids::OfficerId;
use crate::requests::next::{self, days_left};
use crate::requests::status;
use crate::store::Row;
use serde_json::{Value, json};

/// List requests, what is due next, first.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas requests list --as carl
  habeas requests list --as carl --within 7
  habeas requests list --as carl --owner carl
  habeas requests list --as carl --closed --json")]
pub(super) struct Args {
    /// Those that are closed, instead of those that are open.
    #[arg(long)]
    closed: bool,
    /// Only those with a date within so many days, or passed.
    #[arg(long, value_name = "DAYS")]
    within: Option<i64>,
    /// Only those that this member of staff answers for.
    #[arg(long, value_name = "ID")]
    owner: Option<OfficerId>,
    /// Most requests shown.
    #[arg(long, default_value_t = 1000)]
    most: u32,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let by = desk.signed()?;
    let most = i64::from(args.most);
    let (rows, counts) =
        desk.app.store.read(&by, |r| Ok((r.requests(args.closed, most)?, r.counts()?))).map_err(super::store_failed)?;
    let left = |row: &Row| row.next_action_at.map(|at| days_left(at, desk.now));
    let shown: Vec<&Row> = rows
        .iter()
        .filter(|row| args.within.is_none_or(|days| left(row).is_some_and(|l| l <= days)))
        .filter(|row| args.owner.is_none() || row.request.owner == args.owner)
        .collect();
    let lines: Vec<Value> = shown.iter().flat_map(|row| lines(row, &desk)).collect();
    if desk_args.json {
        let totals = json!({"received": counts.received, "open": counts.open, "closed": counts.closed});
        say(&json!({"counts": totals, "claims": lines}).to_string());
        return Ok(Exit::Done);
    }
    say(&format!(
        "{:<10} {:<20} {:<22} {:<17} {:<11} {:>5}  {:<11} {:<10} next",
        "request", "right", "state", "clock", "due on", "left", "turn", "owner"
    ));
    for line in &lines {
        let text = |key: &str| {
            line.get(key).map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
        };
        let dash =
            |key: &str| Some(text(key)).filter(|t| !t.is_empty() && t != "null").unwrap_or_else(|| "-".to_owned());
        let short: String = text("request").chars().take(8).collect();
        let late = if line.get("overdue") == Some(&Value::Bool(true)) { "  OVERDUE" } else { "" };
        say(&format!(
            "{short:<10} {:<20} {:<22} {:<17} {:<11} {:>5}  {:<11} {:<10} {}{late}",
            text("right"),
            text("state"),
            dash("clock"),
            dash("due_on"),
            dash("days_left"),
            text("turn"),
            dash("owner"),
            text("next")
        ));
    }
    say(&format!("\n{} received, {} open, {} closed", counts.received, counts.open, counts.closed));
    if rows.len() as u64 == u64::from(args.most) {
        say(&format!("Only the first {} are shown; --most shows more.", args.most));
    }
    Ok(Exit::Done)
}

/// One line for each claim of a request.
fn lines(row: &Row, desk: &Desk) -> Vec<Value> {
    let request = &row.request;
    let line = |(at, claim): (usize, &crate::requests::request::Claim)| {
        let next = next::of(request, claim);
        let due = claim.next_due();
        json!({
            "request": request.id,
            "claim": at,
            "right": claim.basis.right.word(),
            "regime": claim.basis.regime.as_str(),
            "state": status::of(request, claim).word(),
            "next": next.action,
            "turn": next.turn.word(),
            "clock": due.map(|d| d.clock.as_str()),
            "due_on": due.map(|d| d.on),
            "days_left": due.map(|d| days_left(d.before, desk.now)),
            "overdue": due.is_some_and(|d| desk.now >= d.before),
            "received_at": request.received_at,
            "channel": request.channel,
            "owner": request.owner,
        })
    };
    request.claims.iter().enumerate().map(line).collect()
}
