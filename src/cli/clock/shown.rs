//! What `habeas clock` shows to people: an outcome, the lists of what there is, the reference page.

use super::{ListArgs, said};
use crate::cli::exit::{Exit, Failed};
use crate::law::book::Lawbook;
use crate::law::clocks::{Outcome, Status, earliest};
use crate::law::phrases::{dated, length};
use crate::law::regime::ClockRule;
use anyhow::anyhow;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The outcome for a person at a terminal.
pub(in crate::cli) fn told(book: &Lawbook, outcome: &Outcome, lang: &str) -> String {
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

/// Several outcomes as one JSON object: all clocks with their regime and right, and the earliest deadline.
pub(super) fn together(book: &Lawbook, outcomes: &[Outcome], lang: &str) -> Value {
    let mut clocks = Vec::new();
    let shown: Vec<Value> = outcomes.iter().map(|o| o.to_json(book, lang)).collect();
    for (outcome, json) in outcomes.iter().zip(&shown) {
        for clock in json.get("clocks").and_then(Value::as_array).into_iter().flatten() {
            let mut clock = clock.clone();
            if let Some(fields) = clock.as_object_mut() {
                fields.insert("regime".to_owned(), json!(outcome.regime));
                fields.insert("right".to_owned(), json!(outcome.right));
            }
            clocks.push(clock);
        }
    }
    let next = earliest(outcomes).map(|(outcome, clock)| {
        json!({"regime": outcome.regime, "right": outcome.right, "name": clock.name, "due_on": clock.due_on.or(clock.act_by)})
    });
    json!({"next": next, "clocks": clocks, "outcomes": shown})
}

/// The earliest deadline of several outcomes, in one line.
pub(super) fn told_earliest(outcomes: &[Outcome], lang: &str) -> Option<String> {
    let (outcome, clock) = earliest(outcomes)?;
    let day = dated(clock.due_on.or(clock.act_by)?);
    Some(format!("=> {}: {} · {} · {}", day.get(lang), outcome.regime, outcome.right, clock.title.get(lang)))
}

pub(super) fn list(book: &Lawbook, args: &ListArgs) -> Result<Exit, Failed> {
    let lang = args.lang.as_str();
    if args.events {
        let events = &book.vocabulary.events;
        if args.json {
            let all: BTreeMap<_, _> =
                events.iter().map(|(k, e)| (k, json!({"title": e.title.get(lang), "aliases": e.aliases}))).collect();
            return said(&json!(all).to_string());
        }
        return said(
            &events.iter().map(|(k, e)| format!("{k:<26} {}", e.title.get(lang))).collect::<Vec<_>>().join("\n"),
        );
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
        return said(&Value::Array(all.collect()).to_string());
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
    said(&lines.join("\n"))
}

/// The reference page: every event, and every clock of every right, from the data alone.
pub(super) fn reference(book: &Lawbook) -> String {
    let mut lines = vec![
        "# Clocks: reference".to_owned(),
        String::new(),
        "Written by `habeas clock docs` from `regimes/`; what the columns mean is told in `docs/clocks.md`.".to_owned(),
        String::new(),
        "## Events".to_owned(),
        String::new(),
        "| name | meaning | also understood |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    for (key, event) in &book.vocabulary.events {
        lines.push(format!("| `{key}` | {} | {} |", event.title.get("en"), event.aliases.join(", ")));
    }
    for (id, regime) in &book.regimes {
        let from = regime.valid.from.map_or_else(String::new, |day| format!(", in force from {day}"));
        lines.push(format!("\n## {} (`{id}`{from})\n", regime.title.get("en")));
        lines.push(format!("Places: {}.\n", regime.places.join(", ")));
        for (name, policy) in &regime.policies {
            let choices = policy.choices.join("` or `");
            lines.push(format!(
                "Switch `{name}`: `{choices}`, by default `{}`. {}\n",
                policy.default,
                policy.why.get("en")
            ));
        }
        lines.push("| right | clocks, in order |\n|---|---|".to_owned());
        for (key, right) in &regime.rights {
            lines.push(format!("| `{key}` ({}) | {} |", right.articles.join("; "), right.clocks.join(", ")));
        }
        lines.push("\n| clock | period | from | basis | source |\n|---|---|---|---|---|".to_owned());
        for (key, rule) in &regime.clocks {
            lines.push(format!(
                "| `{key}` {} | {} | {} | {} | {} |",
                rule.title.get("en"),
                period_of(rule),
                rule.from,
                serde_json::to_value(rule.basis).ok().as_ref().and_then(Value::as_str).unwrap_or(""),
                rule.cite
            ));
        }
    }
    lines.join("\n") + "\n"
}

fn period_of(rule: &ClockRule) -> String {
    if rule.at_once {
        return "at once".to_owned();
    }
    if rule.unknown {
        return "not known".to_owned();
    }
    let spans = rule.within.iter().map(|span| length(span.count, span.unit).get("en").to_owned());
    let spans = spans.collect::<Vec<_>>().join(" or ");
    let first = if rule.within.len() > 1 { ", the earlier" } else { "" };
    rule.times.map_or_else(|| format!("{spans}{first}"), |times| format!("{times} in {spans}"))
}
