//! One clock from its beginning to its date: extension, other readings, fulfilment.

use super::ending::{End, NoEnd, Period};
use super::history::first_instant;
use super::readings::single_span;
use super::waits::{Credit, Note};
use super::{CalendarUse, CaseError, Clock, Desk, Status};
use crate::clock::Timestamp;
use crate::law::calendar::MissingYear;
use crate::law::phrases::{both, dated, listed};
use crate::law::regime::{ClockRule, Counting, Kind, Reading, Span};
use std::collections::BTreeMap;

/// Clocks that are done already, by key.
pub(super) type Done<'a> = BTreeMap<&'a str, Clock>;

impl<'a> Desk<'a> {
    /// Runs one clock.
    pub(super) fn run(&mut self, key: &'a str, rule: &'a ClockRule, done: &mut Done<'a>) -> Result<Clock, CaseError> {
        let mut clock = blank(key, rule);
        let Some(begin) = self.history.first(&rule.from) else {
            let event = self.book.vocabulary.event_title(&rule.from);
            clock.steps.push(self.step("not_started", &[("event", event)], &rule.cite));
            return Ok(clock);
        };
        clock.starts_on = Some(begin.day);
        clock.steps.push(self.beginning(rule, begin));
        self.name_ignored(&mut clock);
        if rule.unknown {
            clock.status = Status::Unknown;
            clock.steps.push(self.step("unknown", &[], &rule.cite));
            self.find("not-known", &clock.name, &[("title", rule.title.clone())], &rule.cite);
            return Ok(clock);
        }
        match rule.kind {
            Kind::Quota => self.quota(rule, &mut clock)?,
            Kind::MayRefuseUntil => self.window(rule, &mut clock)?,
            Kind::Deadline | Kind::NotBefore | Kind::KeepUntil if rule.at_once => {
                clock.steps.push(self.step("at_once", &[], &rule.cite));
                (clock.due_on, clock.status) = (Some(begin.day), Status::AtOnce);
            }
            Kind::Deadline | Kind::NotBefore | Kind::KeepUntil => self.dated(rule, done, &mut clock)?,
        }
        if rule.kind == Kind::Deadline {
            self.fulfil(rule, &mut clock);
        }
        clock.act_by = clock.act_by.or_else(|| {
            let safe = clock.alternatives.iter().filter(|o| o.reading == Reading::Safe).map(|o| o.due_on);
            safe.chain(clock.due_on).min()
        });
        if rule.kind == Kind::Deadline && clock.due_at.is_none() {
            let after = clock.due_on.and_then(|day| first_instant(day.plus_days(1)?, self.zone));
            clock.ends_at = after.and_then(|at| Timestamp::bounded(at.to_utc()));
        }
        Ok(clock)
    }

    fn name_ignored(&mut self, clock: &mut Clock) {
        let regime = self.regime;
        for ignored in &regime.ignored {
            let events = ignored.events.iter().filter(|e| self.history.first(e).is_some());
            let titles: Vec<_> = events.map(|e| self.book.vocabulary.event_title(e)).collect();
            if !titles.is_empty() && clock.kind == Kind::Deadline {
                let blanks = [("events", listed(&titles)), ("why", ignored.why.clone())];
                clock.steps.push(self.step("ignored", &blanks, &ignored.cite));
                self.find("ignored", &clock.name, &blanks, &ignored.cite);
            }
        }
    }

    /// A clock with a date: the earliest end of its spans, then what ends it early, extends it or is read otherwise.
    fn dated(&mut self, rule: &'a ClockRule, done: &mut Done<'a>, clock: &mut Clock) -> Result<(), CaseError> {
        let mut ends = Vec::new();
        let mut missing = None;
        for span in &rule.within {
            match self.one_end(rule, span, Credit::Chosen) {
                Ok(end) => ends.push((span, end)),
                Err(NoEnd::Missing(year)) => missing = Some(year),
                Err(NoEnd::Error(error)) => return Err(error),
            }
        }
        if rule.within.len() > 1 {
            clock.alternatives.extend(ends.iter().map(|(span, end)| single_span(rule, span, end.day)));
        }
        if let Some(year) = missing {
            self.calendar_missing(&year, rule, clock);
            return Ok(());
        }
        let several = ends.len() > 1;
        let Some((_, end)) = ends.into_iter().min_by_key(|(_, end)| end.day) else { return Ok(()) };
        self.take(end, clock);
        if let (true, Some(day)) = (several, clock.due_on) {
            clock.steps.push(self.step("earliest", &[("day", dated(day))], &rule.cite));
        }
        clock.status = match (rule.kind, clock.status) {
            (_, Status::Waiting) => Status::Waiting,
            (Kind::Deadline, _) => Status::Running,
            _ => Status::Stands,
        };
        self.end_early(rule, clock);
        self.read_otherwise(rule, done, clock)?;
        self.extend(rule, done, clock);
        // A statutory wait that lasts has no date; what would hold without it is the day to work towards.
        if clock.status == Status::Waiting && !self.only_suspended(rule) {
            clock.act_by = clock.due_on.take();
            clock.due_at = None;
        }
        Ok(())
    }

    /// Whether every standstill of a clock rests on a switch.
    fn only_suspended(&self, rule: &ClockRule) -> bool {
        rule.restarts.is_empty()
            && rule.pauses.iter().filter_map(|p| self.regime.pauses.get(p)).all(|p| p.policy.is_some())
    }

    /// Where one span ends, from its last new beginning.
    pub(super) fn one_end(&self, rule: &'a ClockRule, span: &'a Span, credit: Credit) -> Result<End, NoEnd> {
        let name = span.counting.as_deref().or(rule.counting.as_deref()).unwrap_or("");
        self.end_by(rule, span, name, credit)
    }

    pub(super) fn end_by(
        &self,
        rule: &'a ClockRule,
        span: &'a Span,
        counting: &str,
        credit: Credit,
    ) -> Result<End, NoEnd> {
        let unknown = || {
            NoEnd::Error(CaseError::Unknown {
                field: "counting",
                given: counting.to_owned(),
                known: self.regime.counting.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
            })
        };
        let counting: &'a Counting = self.regime.counting.get(counting).ok_or_else(unknown)?;
        let nothing = || NoEnd::Error(CaseError::OutOfRange { clock: rule.from.clone() });
        let begin = self.history.first(&rule.from).ok_or_else(nothing)?;
        let name = rule.from.as_str();
        let period = Period { name, rule, span, counting, begin, credit };
        let from = self.begin_anew(period)?;
        let mut end = self.end(Period { begin: from.begin, ..period })?;
        end.steps.splice(0..0, from.steps);
        end.notes.extend(from.notes);
        end.waiting |= from.waiting;
        Ok(end)
    }

    /// Puts an end into the clock, and what there was to note into the findings.
    fn take(&mut self, end: End, clock: &mut Clock) {
        for Note { code, blanks, cite } in &end.notes {
            self.find(code, &clock.name, blanks, cite);
        }
        if let (Some(day), Some(used)) = (end.assumed, &end.calendar) {
            let blanks = [("calendar", both(&used.id)), ("day", dated(day))];
            self.find("calendar-assumed", &clock.name, &blanks, &used.version);
        }
        clock.steps.extend(end.steps);
        clock.calendar = end.calendar;
        clock.due_on = Some(end.day);
        clock.due_at = end.at.map(|at| at.to_rfc3339());
        clock.ends_at = end.at.and_then(|at| Timestamp::bounded(at.to_utc()));
        if end.waiting || end.suspended {
            clock.status = Status::Waiting;
        }
    }

    fn calendar_missing(&mut self, year: &MissingYear, rule: &ClockRule, clock: &mut Clock) {
        let blanks = [("calendar", both(&year.calendar)), ("year", both(&year.year.to_string()))];
        clock.status = Status::CalendarMissing;
        clock.steps.push(self.step("calendar_missing", &blanks, &rule.cite));
        self.find("calendar-missing", &clock.name, &blanks, &rule.cite);
        let used = self.book.calendars.get(&year.calendar);
        clock.calendar = used.map(|c| CalendarUse { id: c.id.clone(), version: c.version.clone() });
    }

    /// A period that another event cuts short (GDPR Art. 14(3): first contact, first disclosure).
    fn end_early(&self, rule: &ClockRule, clock: &mut Clock) {
        let Some(limit) = &rule.no_later_than else { return };
        let Some((event, at)) = self.history.first_of(&limit.events) else { return };
        if clock.due_on.is_some_and(|due| at.day < due) {
            let blanks = [("event", self.book.vocabulary.event_title(event)), ("day", dated(at.day))];
            clock.steps.push(self.step("event_first", &blanks, &limit.cite));
            clock.due_on = Some(at.day);
        }
    }

    /// An extension holds only by a notice that came no later than the date it extends.
    fn extend(&mut self, rule: &'a ClockRule, done: &mut Done<'a>, clock: &mut Clock) {
        let Some(extends) = &rule.extends else { return };
        let Some(first) = done.get_mut(extends.clock.as_str()) else { return };
        let Some(limit) = first.due_on.or(first.act_by) else { return };
        let notices = self.history.all(&extends.notice);
        let in_time = notices.iter().find(|n| n.day <= limit).copied();
        match (in_time, notices.first().copied()) {
            (Some(notice), _) => {
                let blanks = [("notice", dated(notice.day)), ("limit", dated(limit))];
                clock.steps.push(self.step("extension_in_time", &blanks, &extends.cite));
                first.status = Status::Extended;
                let name = first.name.clone();
                // What was done after the first date and before the second is not late.
                self.findings.retain(|f| f.clock != name || f.code != "late");
            }
            (None, Some(notice)) => {
                let blanks = [("notice", dated(notice.day)), ("limit", dated(limit))];
                clock.steps.push(self.step("extension_late", &blanks, &extends.cite));
                let name = clock.name.clone();
                self.find("extension-late", &name, &blanks, &extends.cite);
                clock.status = Status::Void;
                clock.due_on = None;
                clock.alternatives.clear();
            }
            (None, None) => {
                clock.steps.push(self.step("extension_possible", &[("limit", dated(limit))], &extends.cite));
                clock.status = Status::Possible;
            }
        }
    }

    /// Whether the duty was met, and in time.
    fn fulfil(&mut self, rule: &ClockRule, clock: &mut Clock) {
        let Some((_, done)) = self.history.first_of(&rule.met_by) else { return };
        match clock.status {
            Status::Running | Status::Waiting | Status::AtOnce => {}
            Status::Possible => {
                clock.status = Status::NotNeeded;
                return;
            }
            _ => return,
        }
        let in_time = match (clock.ends_at.filter(|_| clock.due_at.is_some()), done.at, clock.due_on) {
            (Some(ends_at), Some(at), _) => at <= ends_at,
            (_, _, Some(due)) => done.day <= due,
            (_, _, None) => true,
        };
        clock.status = if in_time { Status::Met } else { Status::Late };
        if let (false, Some(due)) = (in_time, clock.due_on) {
            let blanks = [("title", rule.title.clone()), ("done", dated(done.day)), ("day", dated(due))];
            let name = clock.name.clone();
            self.find("late", &name, &blanks, &rule.cite);
        }
    }
}

fn blank(key: &str, rule: &ClockRule) -> Clock {
    Clock {
        name: rule.name.clone().unwrap_or_else(|| key.to_owned()),
        title: rule.title.clone(),
        kind: rule.kind,
        status: Status::NotStarted,
        due_on: None,
        due_at: None,
        ends_at: None,
        act_by: None,
        starts_on: None,
        basis: rule.basis,
        cite: rule.cite.clone(),
        applies: rule.applies.clone(),
        calendar: None,
        steps: Vec::new(),
        alternatives: Vec::new(),
    }
}
