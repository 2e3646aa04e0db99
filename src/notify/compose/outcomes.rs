//! Answers: the message for each outcome of each right.

use super::{About, CannotWrite, House, Said, day, fields, named};
use crate::law::book::Lawbook;
use crate::ledger::entry::Word;
use crate::notify::messages::Kind;
use crate::requests::outcome::{Outcome, Plan};
use crate::requests::request::Stage;
use crate::requests::right::Right;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

pub(super) fn answer(book: &Lawbook, house: &House, about: &About<'_>) -> Result<(Kind, Said), CannotWrite> {
    let right = about.claim.basis.right;
    let outcome = match &about.claim.stage {
        Stage::Ready { outcome } | Stage::Answered { outcome } | Stage::Appealed { outcome } => outcome,
        other => return Err(CannotWrite::NoMessage { right: right.word(), outcome: other.word().to_owned() }),
    };
    // Staff may say that an answer is another message of the same right, e.g. the denial of an appeal.
    let chosen = about.words.get("message").and_then(Json::as_str).and_then(Kind::named);
    let (kind, said) = match outcome {
        Outcome::Denied(grounds) => denied(book, house, about, grounds)?,
        Outcome::Done(evidence) => done(book, house, about, evidence.plan())?,
        Outcome::Told(_) => told(right)?,
    };
    Ok((chosen.filter(|k| k.concerns(right.word())).unwrap_or(kind), said))
}

fn family(about: &About<'_>) -> &'static str {
    crate::notify::letterhead::Family::of(about.claim.basis.regime.as_str()).key()
}

/// The law's words for a ground, and its source.
fn ground(book: &Lawbook, about: &About<'_>, name: &Word) -> (String, String) {
    let basis = &about.claim.basis;
    let rule = book.regimes.get(basis.regime.as_str()).and_then(|r| r.contents.refusals.get(name.as_str()));
    let own = about.words.get("ground_text").and_then(|t| t.get(name.as_str())).and_then(Json::as_str);
    let text = own.map(str::to_owned).or_else(|| rule.map(|r| r.text.get(about.lang).to_owned()));
    let text = text.unwrap_or_else(|| name.as_str().to_owned()).trim_end_matches(['.', '。']).to_owned();
    (text, rule.map_or_else(String::new, |r| r.cite.clone()))
}

/// What staff wrote under `key` for one field, or for all.
fn of_field<'w>(about: &'w About<'_>, key: &str, field: &Word) -> Option<&'w Json> {
    match about.words.get(key) {
        Some(Json::Object(each)) => each.get(field.as_str()),
        other => other,
    }
}

fn denied(
    book: &Lawbook,
    house: &House,
    about: &About<'_>,
    grounds: &BTreeMap<Word, Word>,
) -> Result<(Kind, Said), CannotWrite> {
    let right = about.claim.basis.right;
    let all = |field: &Word| field.as_str() == "all";
    let parts = grounds.iter().map(|(field, name)| {
        let (text, cite) = ground(book, about, name);
        let what = of_field(about, "what", field).cloned();
        let what = what.unwrap_or_else(|| json!(if all(field) { "" } else { field.as_str() }));
        // The letter stops where facts are missing: a ground without them is no reason.
        let mut part = json!({"what": what, "text": text, "cite": cite});
        if let (Some(facts), Some(part)) = (of_field(about, "facts", field), part.as_object_mut()) {
            part.insert("facts".to_owned(), facts.clone());
        }
        part
    });
    let parts: Vec<Json> = parts.collect();
    let objection = matches!(right, Right::Objection) && family(about) != "ccpa";
    if objection {
        let said = json!({"grounds": parts, "human_review": false});
        return Ok((named("objection-refused", right, "denied")?, fields(said)));
    }
    let california = family(about) == "ccpa";
    let correction = california && right == Right::Rectification;
    let unverified = grounds.values().any(|g| g.as_str().contains("unverified") || g.as_str().contains("not-verified"));
    let said = json!({
        "outcome": if grounds.keys().any(all) { "full" } else { "partial" },
        "grounds": parts,
        "complied": [],
        "restricted_use": california,
        "opt_out_url": house.opt_out_url.clone().filter(|_| california),
        "may_delete": correction,
        "statement": correction,
        "unverified": unverified,
        "policy_url": house.policy_url,
    });
    Ok((named("denial", right, "denied")?, fields(said)))
}

fn told(right: Right) -> Result<(Kind, Said), CannotWrite> {
    let name = match right {
        Right::Explanation => "explanation-answer",
        Right::Confirmation => "access-answer",
        _ => "complaint-outcome",
    };
    Ok((named(name, right, "told")?, access_forms()))
}

/// Fields of an access answer that choose a form, and state nothing.
fn access_forms() -> Said {
    fields(json!({"scope": "specific", "package": null, "log_extract": false}))
}

fn done(book: &Lawbook, house: &House, about: &About<'_>, plan: &Plan) -> Result<(Kind, Said), CannotWrite> {
    let claim = about.claim;
    let right = claim.basis.right;
    let done_on = day(book, claim, about.written_at)?;
    let kept = kept(book, about, plan);
    if plan.records == 0 && named("no-data", right, "").is_ok() {
        return Ok((named("no-data", right, "done")?, Said::new()));
    }
    let california = family(about) == "ccpa";
    let (name, said) = match right {
        Right::Access | Right::Deceased | Right::Confirmation => ("access-answer", Json::Object(access_forms())),
        Right::Portability => ("portability-answer", json!({"package": null, "sent_to": null, "sent_on": null})),
        Right::AdmAccess | Right::Explanation => ("explanation-answer", json!({})),
        Right::Deletion | Right::Cancellation => {
            let offer = house.opt_out_url.clone().filter(|_| california && !plan.kept.is_empty());
            let said = json!({"done_on": done_on, "kept": kept, "backups_until": null, "opt_out_url": offer});
            ("deletion-done", said)
        }
        Right::Rectification => ("rectification-done", json!({"done_on": done_on})),
        Right::Restriction => ("restriction-set", json!({"done_on": done_on})),
        Right::Withdrawal => ("withdrawal-confirmed", json!({"stopped_on": done_on, "kept": kept})),
        Right::Objection | Right::MarketingObjection => ("objection-upheld", json!({"stopped_on": done_on})),
        Right::AdmOptOut if !california => ("objection-upheld", json!({"stopped_on": done_on})),
        Right::OptOut | Right::Limit | Right::AdmOptOut => {
            let said = json!({"effective_on": done_on, "choice_url": house.opt_out_url, "reask_on": null});
            ("opt-out-confirmation", said)
        }
        Right::OptIn | Right::Complaint => {
            return Err(CannotWrite::NoMessage { right: right.word(), outcome: "done".to_owned() });
        }
    };
    Ok((named(name, right, "done")?, fields(said)))
}

fn kept(book: &Lawbook, about: &About<'_>, plan: &Plan) -> Vec<Json> {
    let one = |(field, name): (&Word, &Word)| {
        let (text, cite) = ground(book, about, name);
        let what = of_field(about, "kept_what", field).cloned().unwrap_or_else(|| json!(field.as_str()));
        let until = of_field(about, "kept_until", field).cloned();
        json!({"what": what, "ground": text, "cite": cite, "until": until})
    };
    plan.kept.iter().map(one).collect()
}
