//! `habeas clock`: the legal dates of a request with their reasons, and the laws they come from.

use super::exit::{Exit, Failed};
use crate::clock::{Day, Timestamp};
use crate::law::book::Lawbook;
use crate::law::clocks::{self, Case, Moment, Outcome, Status};
use crate::law::phrases::dated;
use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

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
}

#[derive(clap::Subcommand)]
enum Command {
    Due(DueArgs),
    List(ListArgs),
    /// Check that every regime is complete and names only what is there.
    Lint,
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
  habeas clock due --batch < cases.ndjson > clocks.ndjson")]
struct DueArgs {
    /// The law: eu-gdpr, uk-gdpr, ccpa, pipl, us-va, ... (`habeas clock list`).
    #[arg(long, required_unless_present = "batch")]
    regime: Option<String>,
    /// Where the request is handled: DE, DE-BY, FR, GB-ENG, US-CA, CN, ...; not needed where a law has one place.
    #[arg(long)]
    place: Option<String>,
    /// What is asked: access, deletion, rectification, restriction, portability, objection, withdrawal, opt-out, limit, ...
    #[arg(long, required_unless_present = "batch")]
    right: Option<String>,
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
    let book = Lawbook::built_in().map_err(|errors| {
        let all = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Failed::bad_input(anyhow!("{all}"))
    })?;
    match args.command {
        Command::Due(args) if args.batch => batch(&book, &args.lang),
        Command::Due(args) => due(&book, args),
        Command::List(args) => list(&book, &args),
        Command::Lint => {
            let clocks: usize = book.regimes.values().map(|r| r.clocks.len()).sum();
            say(&format!(
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
    let line = Line {
        regime: args.regime.unwrap_or_default(),
        place: args.place,
        right: args.right.unwrap_or_default(),
        received: args.received.unwrap_or_default(),
        events: args.events.iter().map(|e| pair("event", e)).collect::<Result<_, _>>()?,
        policies: args.policies.iter().map(|p| pair("policy", p)).collect::<Result<_, _>>()?,
    };
    let case = line.case().map_err(Failed::bad_input)?;
    let outcome = clocks::evaluate(book, &case).map_err(Failed::bad_input)?;
    if args.json {
        let text = serde_json::to_string_pretty(&outcome.to_json(book, &args.lang)).map_err(Failed::internal)?;
        return say(&text);
    }
    say(&told(book, &outcome, &args.lang))
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

/// Answers one JSON line for each JSON line; a bad line is answered with its error and does not stop the rest.
fn batch(book: &Lawbook, lang: &str) -> Result<Exit, Failed> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut exit = Exit::Done;
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(Failed::unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let parsed = serde_json::from_str::<Line>(&line).map_err(anyhow::Error::from).and_then(Line::case);
        let answer = parsed.and_then(|case| Ok(clocks::evaluate(book, &case)?));
        let answer: Value = match answer {
            Ok(outcome) => outcome.to_json(book, lang),
            Err(error) => {
                exit = Exit::BadInput;
                json!({"line": number + 1, "error": format!("{error:#}")})
            }
        };
        writeln!(out, "{answer}").map_err(Failed::unreadable)?;
    }
    out.flush().map_err(Failed::unreadable)?;
    Ok(exit)
}

/// The outcome for a person at a terminal.
fn told(book: &Lawbook, outcome: &Outcome, lang: &str) -> String {
    let mut lines = Vec::new();
    let title = |id: &str| book.regimes.get(id).map_or_else(|| id.to_owned(), |r| r.title.get(lang).to_owned());
    let right = book.vocabulary.rights.get(&outcome.right).map_or("", |r| r.title.get(lang));
    lines.push(format!("{} · {} · {} ({})", title(&outcome.regime), outcome.place, right, outcome.zone));
    for clock in &outcome.clocks {
        let date = match (&clock.due_at, clock.due_on) {
            (Some(at), _) => at.clone(),
            (None, Some(day)) => dated(day).get(lang).to_owned(),
            (None, None) => "-".to_owned(),
        };
        let status = serde_json::to_value(clock.status).ok();
        let status = status.as_ref().and_then(Value::as_str).unwrap_or("").to_owned();
        lines.push(format!("\n{:<18} {date}   [{status}]  {}", clock.name, clock.title.get(lang)));
        if clock.status == Status::NotStarted {
            continue;
        }
        lines.extend(clock.applies.iter().map(|a| format!("    ! {}", a.get(lang))));
        lines.extend(clock.steps.iter().map(|s| format!("    - {}  [{}]", s.text.get(lang), s.cite)));
        let others = clock.alternatives.iter();
        lines.extend(
            others.map(|o| format!("    ~ {}: {}  [{}]", o.title.get(lang), dated(o.due_on).get(lang), o.cite)),
        );
    }
    if !outcome.findings.is_empty() {
        lines.push(String::new());
        lines.extend(outcome.findings.iter().map(|f| format!("! {}  [{}]", f.text.get(lang), f.cite)));
    }
    lines.join("\n")
}

fn list(book: &Lawbook, args: &ListArgs) -> Result<Exit, Failed> {
    let lang = args.lang.as_str();
    if args.events {
        let events = &book.vocabulary.events;
        if args.json {
            let all: BTreeMap<_, _> =
                events.iter().map(|(k, e)| (k, json!({"title": e.title.get(lang), "aliases": e.aliases}))).collect();
            return say(&json!(all).to_string());
        }
        return say(&events
            .iter()
            .map(|(k, e)| format!("{k:<26} {}", e.title.get(lang)))
            .collect::<Vec<_>>()
            .join("\n"));
    }
    let wanted = |id: &String| args.regime.as_ref().is_none_or(|r| r == id);
    let regimes: Vec<_> = book.regimes.iter().filter(|(id, _)| wanted(id)).collect();
    if regimes.is_empty() {
        let known = book.regimes.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(Failed::bad_input(anyhow!(
            "regime: `{}` is not known; choose one of: {known}",
            args.regime.as_deref().unwrap_or("")
        )));
    }
    if args.json {
        let all = regimes.iter().map(|(id, r)| {
            let rights: BTreeMap<_, _> = r.rights.iter().map(|(k, v)| (k, json!({"articles": v.articles, "clocks": v.clocks}))).collect();
            json!({"id": id, "title": r.title.get(lang), "version": r.version, "valid_from": r.valid.from, "places": r.places, "rights": rights})
        });
        return say(&Value::Array(all.collect()).to_string());
    }
    let mut lines = Vec::new();
    for (id, regime) in regimes {
        lines.push(format!("{id:<12} {}", regime.title.get(lang)));
        lines.push(format!("    places: {}", regime.places.join(", ")));
        if args.regime.is_some() {
            for (key, right) in &regime.rights {
                let title = book.vocabulary.rights.get(key).map_or("", |r| r.title.get(lang));
                lines.push(format!(
                    "    {key:<20} {title} [{}]: {}",
                    right.articles.join("; "),
                    right.clocks.join(", ")
                ));
            }
        } else {
            lines.push(format!("    rights: {}", regime.rights.keys().cloned().collect::<Vec<_>>().join(", ")));
        }
    }
    say(&lines.join("\n"))
}

fn say(text: &str) -> Result<Exit, Failed> {
    writeln!(std::io::stdout().lock(), "{text}").map_err(Failed::unreadable)?;
    Ok(Exit::Done)
}
