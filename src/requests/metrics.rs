//! The numbers of a period by law and right: received, complied with, denied, and how long the answers took.
//!
//! They are counted from ledger entries alone, so that whoever holds the exported ledger can count them again. 11 CCR
//! 7102(a)(1): the previous calendar year's requests received, complied with in whole or in part, and denied, and the median
//! or mean number of days within which the business substantively responded. A claim counts in the period in which it was
//! received, whenever it was answered. Must never count an answer that is not recorded as sent.

use crate::clock::{Day, Timestamp};
use crate::law::figures::Numbers;
use crate::ledger::entry::{Entry, Fact};
use serde::Serialize;
use std::collections::BTreeMap;

/// How a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Carried out, or told what was asked.
    Complied,
    /// Carried out but for what the law lets be kept.
    CompliedInPart,
    /// Refused.
    Denied,
    /// Taken back by the person.
    Withdrawn,
}

impl Ending {
    /// The ending that the ledger's word for an outcome stands for.
    fn of(outcome: &str) -> Option<Self> {
        match outcome {
            "done" | "told" => Some(Self::Complied),
            "partly-done" => Some(Self::CompliedInPart),
            "denied" => Some(Self::Denied),
            _ => None,
        }
    }
}

/// One claim, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Counted {
    /// The law.
    pub regime: String,
    /// The right.
    pub right: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// How it ended and when it was first answered; absent while it is open.
    pub ended: Option<(Ending, Timestamp)>,
}

impl Counted {
    /// The number of days within which it was answered: begun days count whole. Absent while open, and when withdrawn.
    pub fn days(&self) -> Option<u64> {
        let (_, at) = self.ended.filter(|(ending, _)| *ending != Ending::Withdrawn)?;
        let elapsed_ms = u64::try_from(at.millis().saturating_sub(self.received_at.millis())).ok()?;
        Some(elapsed_ms.div_ceil(86_400_000))
    }
}

/// First and last day of a period, both in it (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl Period {
    /// The calendar year; `None` outside the years that the program reckons with.
    pub fn year(year: i32) -> Option<Self> {
        Some(Self { from: Day::new(year, 1, 1)?, to: Day::new(year, 12, 31)? })
    }

    fn holds(&self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at.day_utc())
    }
}

/// The numbers by law and right of the claims received in `period`.
pub fn numbers<'a>(claims: &'a [Counted], period: &Period) -> BTreeMap<(&'a str, &'a str), Numbers> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Counted>> = BTreeMap::new();
    for claim in claims.iter().filter(|c| period.holds(c.received_at)) {
        groups.entry((claim.regime.as_str(), claim.right.as_str())).or_default().push(claim);
    }
    groups.into_iter().map(|(of, claims)| (of, numbers_of(&claims))).collect()
}

fn numbers_of(claims: &[&Counted]) -> Numbers {
    let ended = |wanted: Option<Ending>| claims.iter().filter(|c| c.ended.map(|(e, _)| e) == wanted).count() as u64;
    let mut days: Vec<u64> = claims.iter().filter_map(|c| c.days()).collect();
    days.sort_unstable();
    Numbers {
        received: claims.len() as u64,
        complied: ended(Some(Ending::Complied)),
        complied_in_part: ended(Some(Ending::CompliedInPart)),
        denied: ended(Some(Ending::Denied)),
        withdrawn: ended(Some(Ending::Withdrawn)),
        open: ended(None),
        median_days: median(&days),
        mean_days: mean(&days),
    }
}

#[expect(clippy::cast_precision_loss, reason = "days within 300 years are far below 2^52")]
fn median(sorted: &[u64]) -> Option<f64> {
    let (lower, upper) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some((*lower + *upper) as f64 / 2.0)
}

#[expect(clippy::cast_precision_loss, reason = "sums of days are far below 2^52")]
fn mean(days: &[u64]) -> Option<f64> {
    (!days.is_empty()).then(|| days.iter().sum::<u64>() as f64 / days.len() as f64)
}

/// The claims that a ledger tells of, by request and position. Entries of other things are passed over.
pub fn claims(entries: &[Entry]) -> BTreeMap<(String, u32), Counted> {
    let mut claims: BTreeMap<(String, u32), Counted> = BTreeMap::new();
    // When the answer now being recorded was sent: the entry before `answered` says it.
    let mut sent: BTreeMap<(String, u32), Timestamp> = BTreeMap::new();
    for entry in entries {
        let Some(request) = entry.object.as_str().strip_prefix("request/") else { continue };
        if entry.action.as_str() == "request.received" {
            claims.extend(received(request, entry));
            continue;
        }
        let Some(Fact::Count(at)) = entry.facts.get("claim") else { continue };
        let key = (request.to_owned(), *at);
        match entry.action.as_str() {
            "request.letter-sent" if says(entry, "letter") == Some("answer") => {
                if let Some(Fact::Instant(at)) = entry.facts.get("sent-at") {
                    sent.insert(key, *at);
                }
            }
            "request.answered" => {
                let at = sent.get(&key).copied().unwrap_or(entry.at);
                end(&mut claims, &key, says(entry, "outcome").and_then(Ending::of), at);
            }
            "request.withdrawn" => end(&mut claims, &key, Some(Ending::Withdrawn), entry.at),
            _ => {}
        }
    }
    claims
}

/// The last outcome counts, an appeal's included; the time is that of the first answer.
fn end(claims: &mut BTreeMap<(String, u32), Counted>, key: &(String, u32), ending: Option<Ending>, at: Timestamp) {
    if let (Some(claim), Some(ending)) = (claims.get_mut(key), ending) {
        claim.ended = Some((ending, claim.ended.map_or(at, |(_, first)| first)));
    }
}

fn says<'e>(entry: &'e Entry, fact: &str) -> Option<&'e str> {
    match entry.facts.get(fact) {
        Some(Fact::Word(word)) => Some(word.as_str()),
        _ => None,
    }
}

fn received(request: &str, entry: &Entry) -> Vec<((String, u32), Counted)> {
    let received_at = match entry.facts.get("received-at") {
        Some(Fact::Instant(at)) => *at,
        _ => entry.at,
    };
    let claim = |(name, fact): (&String, &Fact)| {
        let at: u32 = name.strip_prefix("claim:")?.parse().ok()?;
        let Fact::Word(what) = fact else { return None };
        let (regime, right) = what.as_str().split_once(':')?;
        let counted = Counted { regime: regime.to_owned(), right: right.to_owned(), received_at, ended: None };
        Some(((request.to_owned(), at), counted))
    };
    entry.facts.iter().filter_map(claim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Actor;
    use crate::ledger::entry::word;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn entry(action: &str, request: &str, when: &str, facts: &[(&str, Fact)]) -> Entry {
        Entry {
            action: word(&format!("request.{action}")),
            actor: Actor::System,
            at: at(when),
            facts: facts.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
            object: word(&format!("request/{request}")),
            organisation: "acme".parse().unwrap(),
        }
    }

    fn said(text: &str) -> Fact {
        Fact::Word(word(text))
    }

    fn came(request: &str, when: &str) -> Entry {
        entry(
            "received",
            request,
            when,
            &[("received-at", Fact::Instant(at(when))), ("claim:0", said("ccpa:deletion"))],
        )
    }

    fn answered(request: &str, sent: &str, recorded: &str, outcome: &str) -> [Entry; 2] {
        let letter = [("claim", Fact::Count(0)), ("letter", said("answer")), ("sent-at", Fact::Instant(at(sent)))];
        let ended = [("claim", Fact::Count(0)), ("outcome", said(outcome))];
        [entry("letter-sent", request, recorded, &letter), entry("answered", request, recorded, &ended)]
    }

    #[test]
    fn each_claim_is_counted_once_by_its_last_outcome_and_its_first_answer() {
        let mut log = vec![
            came("a", "2026-01-01T09:00:00Z"),
            came("b", "2026-02-01T09:00:00Z"),
            came("c", "2026-03-01T09:00:00Z"),
            came("d", "2026-04-01T09:00:00Z"),
            came("e", "2026-05-01T09:00:00Z"),
            came("f", "2025-12-31T23:59:59Z"),
        ];
        // Ten whole days; ten days and a second are within eleven.
        log.extend(answered("a", "2026-01-11T09:00:00Z", "2026-01-20T09:00:00Z", "done"));
        log.extend(answered("b", "2026-02-11T09:00:01Z", "2026-02-11T09:00:01Z", "denied"));
        // Refused, appealed, then carried out in part: in part, after the days of the refusal.
        log.extend(answered("c", "2026-03-31T09:00:00Z", "2026-03-31T09:00:00Z", "denied"));
        log.extend(answered("c", "2026-06-01T09:00:00Z", "2026-06-01T09:00:00Z", "partly-done"));
        log.push(entry("withdrawn", "d", "2026-04-02T09:00:00Z", &[("claim", Fact::Count(0))]));
        log.extend(answered("f", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", "done"));
        let claims: Vec<Counted> = claims(&log).into_values().collect();
        let numbers = numbers(&claims, &Period::year(2026).unwrap());
        let expected = Numbers {
            received: 5,
            complied: 1,
            complied_in_part: 1,
            denied: 1,
            withdrawn: 1,
            open: 1,
            median_days: Some(11.0),
            mean_days: Some(17.0),
        };
        assert_eq!(numbers, BTreeMap::from([(("ccpa", "deletion"), expected)]));
    }

    #[test]
    fn nothing_answered_has_no_median_and_an_even_number_has_the_middle() {
        assert_eq!((median(&[]), mean(&[])), (None, None));
        assert_eq!(median(&[1, 2, 4, 90]), Some(3.0));
        assert_eq!(median(&[1, 2, 4]), Some(2.0));
    }
}
