//! `habeas clock`: the legal dates of a request with their reasons, and the laws they come from.

mod shown;

pub(super) use shown::told;

use crate::cli::exit::{Exit, Failed, explained};
use crate::cli::{lawbook, say};
use crate::clock::{Day, Timestamp};
use crate::law::book::Lawbook;
use crate::law::clocks::{self, Case, Moment};
use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, ErrorKind, Write};
use std::path::PathBuf;

/// Tell the legal dates of a request, and why they are what they are.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas clock due --regime eu-gdpr --place DE --right access --received 2026-03-05
  habeas clock due --regime uk-gdpr --place GB-ENG --right access --received 2026-06-10 \\
      --event clarification_asked=2026-06-15 --event clarification_received=2026-06-22 --json
  habeas clock list --regime ccpa")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// A folder of regimes to use instead of those that are built in.
    #[arg(long, global = true, value_name = "FOLDER")]
    regimes: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Command {
    Due(DueArgs),
    List(ListArgs),
    /// Check that every regime is complete and names only what is there.
    Lint,
    /// Write the reference page of all clocks as Markdown.
    Docs,
}

/// Every clock of one request: its date, its derivation, its status.
#[derive(clap::Args)]
#[command(after_help = "Events (name=DATE or name=INSTANT, may repeat; see `habeas clock list --events` for all):
  identity_asked, identity_received            proof of identity
  clarification_asked, clarification_received  a question about the scope
  fee_asked, fee_paid
  extension_notice                             sent, with its reasons
  acknowledged, answered, denied, completed
  erasure_completed, recipients_told
  appeal_received, appeal_extension_notice
  answered_before, denied_before, opted_out    what was decided on earlier requests

A date is a day at the place where the request is handled. An instant carries its offset: 2026-03-31T22:30Z.

Examples:
  habeas clock due --regime eu-gdpr --place DE --right access --received 2026-03-05 --json
  habeas clock due --regime eu-gdpr --place DE --right access --received 2026-06-01 \\
      --event identity_asked=2026-06-03 --event identity_received=2026-06-15 --policy eu_id=suspend
  habeas clock due --regime ccpa --right opt-out --received 2026-12-14 --lang zh-CN
  habeas clock due --regime eu-gdpr --regime ccpa --place FR --place US-CA --right access --right deletion \\
      --received 2026-07-01T05:30Z
  habeas clock due --batch < cases.ndjson > clocks.ndjson")]
struct DueArgs {
    /// The law: eu-gdpr, uk-gdpr, ccpa, pipl, us-va, ... (`habeas clock list`).
    /// Several may be given: every one runs its own clocks, and the earliest is named.
    #[arg(long, required_unless_present = "batch")]
    regime: Vec<String>,
    /// Where the request is handled: DE, DE-BY, FR, GB-ENG, US-CA, CN, ...; not needed where a law has one place.
    /// With several laws, each takes the one of these places that is its own.
    #[arg(long)]
    place: Vec<String>,
    /// What is asked: access, deletion, rectification, restriction, portability, objection, withdrawal, opt-out, limit, ...
    /// Several may be given.
    #[arg(long, required_unless_present = "batch")]
    right: Vec<String>,
    /// When it was received: a day, or an instant with its offset.
    #[arg(long, required_unless_present = "batch")]
    received: Option<String>,
    /// What happened since: name=DATE or name=INSTANT.
    #[arg(long = "event", value_name = "NAME=WHEN")]
    events: Vec<String>,
    /// Position of a switch: eu_id=suspend|none, eu_scope=suspend|none, cn_app=yes|no.
    #[arg(long = "policy", value_name = "NAME=CHOICE")]
    policies: Vec<String>,
    /// Language of the texts: en or zh-CN.
    #[arg(long, default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Read cases from standard input and write answers, one JSON object per line each.
    #[arg(long, conflicts_with_all = ["regime", "place", "right", "received", "events", "policies"])]
    batch: bool,
}

/// The regimes, their places and rights; or the events.
#[derive(clap::Args)]
struct ListArgs {
    /// One regime in detail.
    #[arg(long)]
    regime: Option<String>,
    /// The events and what they mean.
    #[arg(long)]
    events: bool,
    /// Language of the texts: en or zh-CN.
    #[arg(long, default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One line of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    regime: String,
    #[serde(default)]
    place: Option<String>,
    right: String,
    received: String,
    /// Pairs of name and moment; names may repeat.
    #[serde(default)]
    events: Vec<(String, String)>,
    #[serde(default)]
    policies: BTreeMap<String, String>,
}

pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let book = lawbook::open(args.regimes.as_deref())?;
    match args.command {
        Command::Due(args) if args.batch => batch(&book, &args.lang),
        Command::Due(args) => due(&book, args),
        Command::List(args) => shown::list(&book, &args),
        Command::Docs => said(shown::reference(&book).trim_end()),
        Command::Lint => {
            let clocks: usize = book.regimes.values().map(|r| r.clocks.len()).sum();
            said(&format!(
                "{} regimes, {clocks} clocks, {} calendars, {} places, {} authorities: nothing to complain of",
                book.regimes.len(),
                book.calendars.len(),
                book.places.len(),
                book.authorities.authorities.len()
            ))
        }
    }
}

fn due(book: &Lawbook, args: DueArgs) -> Result<Exit, Failed> {
    let pair = |field: &'static str, text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => Err(Failed::bad_input(anyhow!("{field}: `{text}` is not of the form name=value"))),
    };
    let events = args.events.iter().map(|e| pair("event", e)).collect::<Result<Vec<_>, _>>()?;
    let policies = args.policies.iter().map(|p| pair("policy", p)).collect::<Result<BTreeMap<_, _>, _>>()?;
    let received = args.received.unwrap_or_default();
    let mut outcomes = Vec::new();
    for (regime, right) in args.regime.iter().flat_map(|regime| args.right.iter().map(move |right| (regime, right))) {
        let line = Line {
            regime: regime.clone(),
            place: own_place(book, regime, &args.place),
            right: right.clone(),
            received: received.clone(),
            events: events.clone(),
            policies: own_policies(book, regime, &policies, args.regime.len()),
        };
        let case = line.case().map_err(Failed::bad_input)?;
        outcomes.push(clocks::evaluate(book, &case).map_err(Failed::bad_input)?);
    }
    if args.json {
        let answer = match outcomes.as_slice() {
            [only] => only.to_json(book, &args.lang),
            several => shown::together(book, several, &args.lang),
        };
        return said(&serde_json::to_string_pretty(&answer).map_err(Failed::internal)?);
    }
    let mut parts: Vec<String> = outcomes.iter().map(|o| shown::told(book, o, &args.lang)).collect();
    if outcomes.len() > 1 {
        parts.extend(shown::told_earliest(&outcomes, &args.lang));
    }
    said(&parts.join("\n\n"))
}

/// The only place given, as it is, so that a wrong one is named; of several the one that is the regime's own, if any.
fn own_place(book: &Lawbook, regime: &str, places: &[String]) -> Option<String> {
    if let [only] = places {
        return Some(only.clone());
    }
    let own = |place: &&String| book.regimes.get(regime).is_some_and(|r| r.places.contains(&place.to_uppercase()));
    places.iter().find(own).cloned()
}

/// With several regimes, the switches that the regime has; with one all, so that a wrong one is named.
fn own_policies(
    book: &Lawbook,
    regime: &str,
    policies: &BTreeMap<String, String>,
    regimes: usize,
) -> BTreeMap<String, String> {
    let has = |name: &String| book.regimes.get(regime).is_some_and(|r| r.policies.contains_key(name));
    policies.iter().filter(|(name, _)| regimes == 1 || has(name)).map(|(n, c)| (n.clone(), c.clone())).collect()
}

impl Line {
    fn case(self) -> anyhow::Result<Case> {
        let event = |(name, when): (String, String)| {
            let at = moment(&when).with_context(|| format!("event `{name}`"))?;
            anyhow::Ok((name, at))
        };
        Ok(Case {
            received: moment(&self.received).context("received")?,
            events: self.events.into_iter().map(event).collect::<Result<_, _>>()?,
            regime: self.regime,
            place: self.place,
            right: self.right,
            policies: self.policies,
        })
    }
}

/// Reads a day, or an instant with its offset; seconds may be left out.
fn moment(text: &str) -> anyhow::Result<Moment> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(Moment::Day(day));
    }
    // RFC 3339 wants seconds; people leave them out: 2026-04-03T16:20+02:00.
    let with_seconds = match (text.get(..16), text.get(16..)) {
        (Some(head), Some(tail)) if tail.starts_with(['Z', 'z', '+', '-']) => format!("{head}:00{tail}"),
        _ => text.to_owned(),
    };
    let instant = with_seconds.parse::<Timestamp>();
    instant.map(Moment::Instant).map_err(|_| {
        anyhow!("`{text}` is neither a day such as 2026-03-05 nor an instant with its offset such as 2026-03-31T22:30Z")
    })
}

fn said(text: &str) -> Result<Exit, Failed> {
    say(text);
    Ok(Exit::Done)
}

/// Answers one JSON line for each JSON line; a bad line is answered with its error and does not stop the rest.
fn batch(book: &Lawbook, lang: &str) -> Result<Exit, Failed> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut exit = Exit::Done;
    for (number, line) in std::io::stdin().lock().split(b'\n').enumerate() {
        let line = line.map_err(Failed::unreadable)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let parsed = serde_json::from_slice::<Line>(&line).map_err(anyhow::Error::from).and_then(Line::case);
        let answer = parsed.and_then(|case| Ok(clocks::evaluate(book, &case)?));
        let answer: Value = match answer {
            Ok(outcome) => outcome.to_json(book, lang),
            Err(error) => {
                exit = Exit::BadInput;
                json!({"line": number + 1, "error": explained(&error)})
            }
        };
        match writeln!(out, "{answer}") {
            // Whoever asked has read enough.
            Err(e) if e.kind() == ErrorKind::BrokenPipe => return Ok(exit),
            written => written.map_err(Failed::unreadable)?,
        }
    }
    match out.flush() {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(exit),
        written => written.map_err(Failed::unreadable).map(|()| exit),
    }
}
