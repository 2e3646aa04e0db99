//! The linter of a law book: every name that a regime uses must be known, every text must be in both languages, and
//! every clock must say exactly once how long it is.

use super::book::{BookError, Lawbook};
use super::contents::LETTER_LANGUAGES;
use super::period::Unit;
use super::regime::{ClockRule, Counting, Kind, Regime, Span};
use crate::lang::Localised;
use std::collections::{BTreeMap, BTreeSet};

/// The languages that every text must have.
const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// Every complaint about a book whose files have the right form.
pub(super) fn check(book: &Lawbook) -> Vec<BookError> {
    let mut lint = Lint { book, file: String::new(), complaints: Vec::new() };
    lint.vocabulary();
    lint.places();
    lint.file = "phrases.yaml".to_owned();
    for (key, text) in book.phrases.all() {
        lint.text(key, text);
    }
    lint.authorities();
    for regime in book.regimes.values() {
        lint.file = format!("{}.yaml", regime.id);
        lint.regime(regime);
    }
    lint.complaints
}

struct Lint<'a> {
    book: &'a Lawbook,
    file: String,
    complaints: Vec<BookError>,
}

impl Lint<'_> {
    fn complain(&mut self, field: &str, reason: impl Into<String>) {
        let (file, field, reason) = (self.file.clone(), field.to_owned(), reason.into());
        self.complaints.push(BookError::Content { file, field, reason });
    }

    /// Complains when `name` is not a key of `known`.
    fn named<T>(&mut self, field: &str, name: &str, known: &BTreeMap<String, T>) {
        if !known.contains_key(name) {
            let known = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            self.complain(field, format!("`{name}` is not known; there are: {known}"));
        }
    }

    fn event(&mut self, field: &str, name: &str) {
        self.named(field, name, &self.book.vocabulary.events);
    }

    fn right(&mut self, field: &str, name: &str) {
        self.named(field, name, &self.book.vocabulary.rights);
    }

    fn text(&mut self, field: &str, text: &Localised) {
        self.text_in(field, text, &LANGUAGES);
    }

    fn text_in(&mut self, field: &str, text: &Localised, languages: &[&str]) {
        for lang in languages.iter().filter(|lang| !text.has(lang)) {
            self.complain(field, format!("the text in `{lang}` is missing"));
        }
    }

    fn cite(&mut self, field: &str, cite: &str) {
        if cite.trim().is_empty() {
            self.complain(field, "the source is missing: name the provision");
        }
    }

    fn vocabulary(&mut self) {
        let book = self.book;
        self.file = "vocabulary.yaml".to_owned();
        let (mut rights, mut events) = (BTreeSet::new(), BTreeSet::new());
        for (key, right) in &book.vocabulary.rights {
            self.text(&format!("rights.{key}.title"), &right.title);
            for word in right.aliases.iter().chain([key]).filter(|word| !rights.insert((*word).clone())) {
                self.complain(&format!("rights.{key}"), format!("the word `{word}` is used twice"));
            }
        }
        for (key, event) in &book.vocabulary.events {
            self.text(&format!("events.{key}.title"), &event.title);
            for word in event.aliases.iter().chain([key]).filter(|word| !events.insert((*word).clone())) {
                self.complain(&format!("events.{key}"), format!("the word `{word}` is used twice"));
            }
        }
    }

    fn places(&mut self) {
        let book = self.book;
        self.file = "places.yaml".to_owned();
        for (id, place) in &book.places {
            self.text(&format!("{id}.name"), &place.name);
            if place.zone.parse::<chrono_tz::Tz>().is_err() {
                self.complain(&format!("{id}.zone"), format!("`{}` is no IANA zone", place.zone));
            }
            if place.calendar != "none" {
                self.named(&format!("{id}.calendar"), &place.calendar, &book.calendars);
            }
        }
    }

    fn authorities(&mut self) {
        let book = self.book;
        self.file = "authorities.yaml".to_owned();
        for (place, ids) in &book.authorities.competent {
            self.named(&format!("competent.{place}"), place, &book.places);
            for id in ids {
                self.named(&format!("competent.{place}"), id, &book.authorities.authorities);
            }
        }
    }

    fn regime(&mut self, regime: &Regime) {
        self.text("title", &regime.title);
        self.cite("receipt.cite", &regime.receipt.cite);
        for place in &regime.places {
            self.named("places", place, &self.book.places);
        }
        self.policies(regime);
        for (key, counting) in &regime.counting {
            self.counting(&format!("counting.{key}"), counting, regime);
        }
        self.waits(regime);
        for (key, rule) in &regime.clocks {
            self.clock(&format!("clocks.{key}"), rule, regime);
            if !regime.rights.values().any(|r| r.clocks.contains(key)) {
                self.complain(&format!("clocks.{key}"), "no right has this clock");
            }
        }
        self.rights(regime);
        self.contents(regime);
    }

    fn policies(&mut self, regime: &Regime) {
        for (key, policy) in &regime.policies {
            let field = format!("policies.{key}");
            self.text(&format!("{field}.title"), &policy.title);
            self.text(&format!("{field}.why"), &policy.why);
            self.cite(&field, &policy.cite);
            if !policy.choices.contains(&policy.default) {
                self.complain(&format!("{field}.default"), format!("`{}` is not among its choices", policy.default));
            }
        }
    }

    fn counting(&mut self, field: &str, counting: &Counting, regime: &Regime) {
        let needs_calendar = counting.roll.is_some() || counting.working_days.is_some();
        match counting.holidays.as_deref() {
            None if needs_calendar => {
                self.complain(field, "working days need `holidays`: `place`, or the id of a calendar")
            }
            Some("place") => {
                let places = regime.places.iter().filter_map(|p| Some((p, self.book.places.get(p)?)));
                let without: Vec<&str> =
                    places.filter(|(_, p)| p.calendar == "none").map(|(id, _)| id.as_str()).collect();
                if needs_calendar && !without.is_empty() {
                    self.complain(field, format!("these places have no calendar: {}", without.join(", ")));
                }
            }
            Some(id) => self.named(&format!("{field}.holidays"), id, &self.book.calendars),
            None => {}
        }
        let cites = [
            counting.first_day.as_ref().map(|r| &r.cite),
            counting.no_such_day.as_ref().map(|r| &r.cite),
            counting.roll.as_ref().map(|r| &r.cite),
            counting.working_days.as_ref().map(|r| &r.cite),
            counting.hours.as_ref().map(|r| &r.cite),
        ];
        cites.into_iter().flatten().for_each(|cite| self.cite(field, cite));
    }

    fn waits(&mut self, regime: &Regime) {
        for (key, pause) in &regime.pauses {
            let field = format!("pauses.{key}");
            self.text(&format!("{field}.title"), &pause.title);
            self.cite(&field, &pause.cite);
            self.event(&field, &pause.asked);
            self.event(&field, &pause.given);
            pause.rights.iter().for_each(|right| self.right(&field, right));
            if let Some(policy) = &pause.policy {
                self.named(&field, policy, &regime.policies);
                if regime.policies.get(policy).is_some_and(|p| !p.choices.iter().any(|c| c == "suspend")) {
                    self.complain(&field, format!("the policy `{policy}` has no position `suspend`"));
                }
            }
        }
        for (key, restart) in &regime.restarts {
            let field = format!("restarts.{key}");
            self.text(&format!("{field}.title"), &restart.title);
            self.cite(&field, &restart.cite);
            self.event(&field, &restart.asked);
            self.event(&field, &restart.given);
        }
        for ignored in &regime.ignored {
            self.text("ignored.why", &ignored.why);
            self.cite("ignored", &ignored.cite);
            ignored.events.iter().for_each(|event| self.event("ignored.events", event));
        }
    }

    fn clock(&mut self, field: &str, rule: &ClockRule, regime: &Regime) {
        self.text(&format!("{field}.title"), &rule.title);
        self.cite(field, &rule.cite);
        self.event(&format!("{field}.from"), &rule.from);
        rule.met_by.iter().for_each(|event| self.event(&format!("{field}.met_by"), event));
        rule.restarts.iter().for_each(|name| self.named(&format!("{field}.restarts"), name, &regime.restarts));
        rule.pauses.iter().for_each(|name| self.named(&format!("{field}.pauses"), name, &regime.pauses));
        let lengths = usize::from(!rule.within.is_empty()) + usize::from(rule.at_once) + usize::from(rule.unknown);
        if lengths != 1 {
            self.complain(field, "a clock has exactly one of `within`, `at_once: true` and `unknown: true`");
        }
        for span in &rule.within {
            self.span(field, rule, span, regime);
        }
        if rule.kind == Kind::Quota && !rule.unknown && rule.times.is_none_or(|times| times == 0) {
            self.complain(&format!("{field}.times"), "a quota says how many requests are free");
        }
        if let Some(limit) = &rule.no_later_than {
            limit.events.iter().for_each(|event| self.event(&format!("{field}.no_later_than"), event));
        }
        if let Some(when) = &rule.when {
            self.named(&format!("{field}.when"), &when.policy, &regime.policies);
        }
        if let Some(extends) = &rule.extends {
            self.named(&format!("{field}.extends"), &extends.clock, &regime.clocks);
            self.event(&format!("{field}.extends"), &extends.notice);
        }
        for other in &rule.alternatives {
            self.text(&format!("{field}.alternatives.{}", other.name), &other.title);
            if let Some(counting) = &other.counting {
                self.named(&format!("{field}.alternatives.{}", other.name), counting, &regime.counting);
            }
        }
    }

    fn span(&mut self, field: &str, rule: &ClockRule, span: &Span, regime: &Regime) {
        let Some(name) = span.counting.as_ref().or(rule.counting.as_ref()) else {
            return self.complain(field, "a clock with days needs `counting`");
        };
        self.named(&format!("{field}.counting"), name, &regime.counting);
        let Some(counting) = regime.counting.get(name) else { return };
        let lacks = match span.unit {
            Unit::Hours => counting.hours.is_none().then_some("hours"),
            Unit::Months if counting.no_such_day.is_none() => Some("no_such_day"),
            Unit::WorkingDays if counting.working_days.is_none() => Some("working_days"),
            Unit::Months | Unit::WorkingDays | Unit::Days => counting.first_day.is_none().then_some("first_day"),
        };
        if let Some(lacks) = lacks {
            self.complain(field, format!("the counting rule `{name}` lacks `{lacks}`, which this unit needs"));
        }
        if span.count == 0 {
            self.complain(field, "a period of nothing: use `at_once: true`");
        }
    }

    fn rights(&mut self, regime: &Regime) {
        for (key, right) in &regime.rights {
            let field = format!("rights.{key}");
            self.right(&field, key);
            if let Some(event) = &right.received_is {
                self.event(&field, event);
            }
            if right.articles.is_empty() || right.clocks.is_empty() {
                self.complain(&field, "a right names its articles and its clocks");
            }
            let mut before = BTreeSet::new();
            for clock in &right.clocks {
                self.named(&field, clock, &regime.clocks);
                let extended = regime.clocks.get(clock).and_then(|c| c.extends.as_ref()).map(|e| &e.clock);
                if let Some(extended) = extended.filter(|extended| !before.contains(extended)) {
                    self.complain(&field, format!("`{clock}` extends `{extended}`, which must stand before it"));
                }
                before.insert(clock);
            }
        }
    }

    fn contents(&mut self, regime: &Regime) {
        let contents = &regime.contents;
        for (key, rule) in &contents.verification {
            let field = format!("contents.verification.{key}");
            self.text(&field, &rule.text);
            self.cite(&field, &rule.cite);
            rule.rights.iter().for_each(|right| self.named(&field, right, &regime.rights));
        }
        for (key, fee) in &contents.fees {
            let field = format!("contents.fees.{key}");
            self.text(&field, &fee.text);
            self.cite(&field, &fee.cite);
            fee.rights.iter().for_each(|right| self.named(&field, right, &regime.rights));
        }
        for (key, refusal) in &contents.refusals {
            let field = format!("contents.refusals.{key}");
            self.text_in(&field, &refusal.text, &LETTER_LANGUAGES);
            self.cite(&field, &refusal.cite);
            refusal.rights.iter().for_each(|right| self.named(&field, right, &regime.rights));
            if !refusal.dpv.starts_with("justifications:") && !refusal.dpv.starts_with("dpv:") {
                self.complain(&field, format!("`{}` is no identifier of the Data Privacy Vocabulary", refusal.dpv));
            }
        }
        for (key, class) in &contents.never_disclose {
            self.text(&format!("contents.never_disclose.{key}"), &class.text);
            self.cite(&format!("contents.never_disclose.{key}"), &class.cite);
        }
        for (key, items) in &contents.messages {
            let mut ids = BTreeSet::new();
            for item in items {
                let field = format!("contents.messages.{key}.{}", item.id);
                self.text(&field, &item.text);
                self.cite(&field, &item.cite);
                item.rights.iter().for_each(|right| self.named(&field, right, &regime.rights));
                if !ids.insert(&item.id) {
                    self.complain(&field, "this item stands twice in the message");
                }
            }
        }
    }
}
