//! The law book, asked as the step function asks. No number of days is here; due dates come from `law::clocks` alone.

use super::right::{Kind, Level, Regime, Right, Sensitivity};
use super::rules::{Basis, Due, Grounds, Happening, Past, Rules};
use crate::clock::{Day, Timestamp};
use crate::law::book::Lawbook;
use crate::law::clocks::{Case, Clock, Moment, Status, evaluate};
use crate::law::contents;
use crate::law::regime;
use crate::ledger::entry::word;
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// The clock by which an answer is due; an extension takes its place under the same name.
const ANSWER: &str = "answer";

/// The rules of a law book.
#[derive(Clone, Copy, Debug)]
pub struct ByBook<'a>(pub &'a Lawbook);

const fn event(what: Happening) -> &'static str {
    match what {
        Happening::IdentityAsked => "identity_asked",
        Happening::IdentityProven => "identity_received",
        Happening::ClarificationAsked => "clarification_asked",
        Happening::Clarified => "clarification_received",
        Happening::Extended => "extension_notice",
        Happening::AccuracyContested => "accuracy_contested",
    }
}

/// A claim with its history, as the clocks of the law are asked about it.
pub fn case(basis: &Basis, history: &[Past]) -> Case {
    Case {
        regime: basis.regime.as_str().to_owned(),
        place: Some(basis.place.as_str().to_uppercase()),
        right: basis.right.word().to_owned(),
        received: Moment::Instant(basis.received_at),
        events: history.iter().map(|(what, at)| (event(*what).to_owned(), Moment::Instant(*at))).collect(),
        policies: BTreeMap::new(),
    }
}

/// The day of `at` at `place`.
pub fn day_at(book: &Lawbook, place: &str, at: Timestamp) -> Option<Day> {
    let zone: chrono_tz::Tz = book.places.get(place)?.zone.parse().ok()?;
    Day::bounded(at.utc().with_timezone(&zone).date_naive())
}

/// The first instant of `day` at `place`: when a request is taken to have come that is known by its day alone.
pub fn first_instant(book: &Lawbook, place: &str, day: Day) -> Option<Timestamp> {
    let zone: chrono_tz::Tz = book.places.get(place)?.zone.parse().ok()?;
    // Where a change of the clocks leaves midnight out, the day begins at one.
    let hours = [0, 1].into_iter().filter_map(|hour| day.date().and_hms_opt(hour, 0, 0));
    let first = hours.filter_map(|at| at.and_local_timezone(zone).earliest()).next()?;
    Timestamp::bounded(first.with_timezone(&chrono::Utc))
}

impl Rules for ByBook<'_> {
    fn dues(&self, basis: &Basis, history: &[Past]) -> Result<Vec<Due>, String> {
        let outcome = evaluate(self.0, &case(basis, history)).map_err(|e| e.to_string())?;
        let extended = outcome.clocks.iter().any(|c| c.name == ANSWER && c.status == Status::Extended);
        Ok(outcome.clocks.iter().filter_map(|clock| due(clock, extended, basis.received_at)).collect())
    }

    fn level_needed(&self, right: Right, regime: &Regime, sensitivity: Sensitivity) -> Level {
        let rule = self.0.regimes.get(regime.as_str()).and_then(|r| r.contents.verification_of(right.word()));
        match rule.map(|r| r.level) {
            Some(contents::Level::Never) => Level::None,
            Some(contents::Level::Light) => Level::Light,
            // The law says "on doubt" or "reasonable"; the house asks two independent proofs before anything is erased or
            // special categories leave (T14). Without a rule the house's own floor holds.
            Some(contents::Level::High) => Level::High,
            Some(contents::Level::OnDoubt | contents::Level::Reasonable) | None => match (right.kind(), sensitivity) {
                (Kind::Erase, _) | (Kind::Disclose, Sensitivity::Sensitive) => Level::High,
                (Kind::Tell, _) => Level::None,
                (Kind::Disclose | Kind::Change | Kind::Stop, _) => Level::Reasonable,
            },
        }
    }

    fn may_extend(&self, right: Right, regime: &Regime) -> bool {
        let Some(regime) = self.0.regimes.get(regime.as_str()) else { return false };
        let Some(rule) = regime.rights.get(right.word()) else { return false };
        let extends = |key: &String| regime.clocks.get(key).and_then(|c| c.extends.as_ref());
        rule.clocks.iter().filter_map(extends).any(|e| e.clock == ANSWER)
    }

    fn may_ask_clarification(&self, right: Right, regime: &Regime) -> bool {
        let Some(regime) = self.0.regimes.get(regime.as_str()) else { return false };
        regime.pauses.values().any(|p| {
            p.asked == event(Happening::ClarificationAsked)
                && (p.rights.is_empty() || p.rights.iter().any(|r| r == right.word()))
        })
    }

    fn grounds(&self, right: Right, regime: &Regime) -> Grounds {
        match self.0.regimes.get(regime.as_str()).map(|r| &r.contents) {
            Some(contents) if !contents.refusals.is_empty() => {
                Grounds::Listed(contents.refusals_of(right.word()).map(|(name, _)| word(name)).collect())
            }
            _ => Grounds::Unknown,
        }
    }

    fn cite(&self, right: Right, regime: &Regime) -> String {
        let rule = self.0.regimes.get(regime.as_str()).and_then(|r| r.rights.get(right.word()));
        rule.map_or_else(|| regime.as_str().to_owned(), |r| r.articles.join(", "))
    }
}

/// The due date of a clock that binds; nothing for one that does not run, or is no deadline.
fn due(clock: &Clock, extended: bool, received_at: Timestamp) -> Option<Due> {
    if clock.kind != regime::Kind::Deadline {
        return None;
    }
    let name = match (clock.name.as_str(), clock.status) {
        (ANSWER, Status::Extended) => return None,
        ("answer_extended", Status::Running | Status::Waiting) if extended => ANSWER,
        (_, Status::Possible | Status::Void | Status::NotNeeded | Status::NotStarted | Status::Stands) => return None,
        (name, _) => name,
    };
    if clock.status == Status::AtOnce {
        // Owed at once: whoever looks a day later finds it late.
        let before = received_at.plus(TimeDelta::days(1))?;
        return Some(Due { clock: word(name), on: clock.due_on.unwrap_or_else(|| received_at.day_utc()), before });
    }
    Some(Due { clock: word(name), on: clock.due_on?, before: clock.ends_at? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(right: Right, regime: &str, place: &str) -> Basis {
        let received_at = "2026-03-05T09:00:00Z".parse().unwrap();
        Basis { right, regime: Regime::new(regime), place: word(place), received_at }
    }

    fn answer(book: &Lawbook, basis: &Basis, history: &[Past]) -> String {
        let dues = ByBook(book).dues(basis, history).unwrap();
        dues.iter().find(|d| d.clock.as_str() == ANSWER).unwrap().on.to_string()
    }

    #[test]
    fn the_book_gives_the_dates_and_the_extension_takes_the_place_of_the_answer() {
        let book = Lawbook::built_in().unwrap();
        let access = basis(Right::Access, "eu-gdpr", "de");
        assert_eq!(answer(&book, &access, &[]), "2026-04-07", "Easter Monday is the 6th");
        let told = (Happening::Extended, "2026-03-20T10:00:00Z".parse().unwrap());
        assert_eq!(answer(&book, &access, &[told]), "2026-06-05");
        let ccpa = ByBook(&book).dues(&basis(Right::Deletion, "ccpa", "us-ca"), &[]).unwrap();
        let names: Vec<_> = ccpa.iter().map(|d| d.clock.as_str()).collect();
        assert_eq!(names, ["acknowledgement", "answer"]);
    }

    #[test]
    fn every_right_of_the_main_laws_has_a_date_and_a_level() {
        let book = Lawbook::built_in().unwrap();
        for (regime, place) in [("eu-gdpr", "fr"), ("uk-gdpr", "gb-eng"), ("ccpa", "us-ca"), ("pipl", "cn")] {
            for right in Right::ALL {
                let known = book.regimes[regime].rights.get(right.word()).is_some_and(|r| r.valid.from.is_none());
                // Opting in again has a date before which one may not ask, and no deadline.
                if known && right != Right::OptIn {
                    let dues = ByBook(&book).dues(&basis(right, regime, place), &[]).unwrap();
                    assert!(!dues.is_empty(), "{regime} {}", right.word());
                }
            }
        }
        let rules = ByBook(&book);
        let level = |right, regime| rules.level_needed(right, &Regime::new(regime), Sensitivity::Ordinary);
        assert_eq!(level(Right::OptOut, "ccpa"), Level::None);
        assert_eq!(level(Right::Deletion, "eu-gdpr"), Level::High);
        assert_eq!(level(Right::Access, "eu-gdpr"), Level::Reasonable);
        assert!(rules.may_extend(Right::Access, &Regime::new("eu-gdpr")));
        assert!(!rules.may_extend(Right::OptOut, &Regime::new("ccpa")));
        assert!(rules.may_ask_clarification(Right::Access, &Regime::new("uk-gdpr")));
        assert!(!rules.may_ask_clarification(Right::Access, &Regime::new("ccpa")));
        let grounds = |right, regime| rules.grounds(right, &Regime::new(regime));
        let Grounds::Listed(known) = grounds(Right::Deletion, "eu-gdpr") else { panic!("no list") };
        assert!(known.contains(&word("legal-claims")) && !known.contains(&word("too-much-work")));
        assert_eq!(grounds(Right::MarketingObjection, "eu-gdpr"), Grounds::Listed(vec![]), "GDPR 21(3)");
        assert_eq!(grounds(Right::Withdrawal, "pipl"), Grounds::Listed(vec![]), "PIPL 15");
        assert_eq!(grounds(Right::Access, "lgpd"), Grounds::Unknown);
    }
}
