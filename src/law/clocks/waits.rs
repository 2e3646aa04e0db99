//! Standstills and new beginnings: what waiting for somebody does to a period.

use super::ending::{End, NoEnd, Period, works};
use super::history::{Exchange, Local};
use super::{Desk, Step};
use crate::clock::Day;
use crate::lang::Localised;
use crate::law::calendar::MissingYear;
use crate::law::period::{Standstill, days_between, leave_out, next_working_day};
use crate::law::phrases::{Blank, both, dated};
use crate::law::regime::{ClockRule, Excluded, Pause};

/// Which standstills are left out of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credit {
    /// Those of the law, and those of the switches as they stand.
    Chosen,
    /// Those of the law alone.
    LawOnly,
    /// Those of the law and of every switch, as if all were on.
    Every,
}

/// Something that becomes a finding.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) code: &'static str,
    pub(super) blanks: Vec<(&'static str, Localised)>,
    pub(super) cite: String,
}

/// Where a period begins after everything that makes it begin anew.
pub(super) struct Beginning {
    pub(super) begin: Local,
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<Note>,
    pub(super) waiting: bool,
}

/// How one question to somebody is judged.
enum Verdict {
    LeftOut,
    Open,
    Nothing(&'static str, Option<&'static str>),
}

impl<'a> Desk<'a> {
    /// Leaves the lawful standstills out of a period that was counted up to `end`.
    pub(super) fn leave_out_waits(&self, period: Period<'a>, end: &mut End) -> Result<Option<()>, MissingYear> {
        let mut waits: Vec<(Exchange, &Pause)> = Vec::new();
        for pause in period.rule.pauses.iter().filter_map(|name| self.regime.pauses.get(name)) {
            if self.history.given_unasked(&pause.asked, &pause.given) {
                self.note_unasked(&pause.given, &pause.cite, &mut end.steps, &mut end.notes);
            }
            waits.extend(self.history.exchanges(&pause.asked, &pause.given).into_iter().map(|x| (x, pause)));
        }
        waits.sort_by_key(|(exchange, _)| *exchange);
        let mut covered = None;
        for (exchange, pause) in waits {
            if self.leave_out_wait(period, pause, exchange, (end, &mut covered))?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    fn leave_out_wait(
        &self,
        period: Period<'a>,
        pause: &Pause,
        exchange: Exchange,
        (end, covered): (&mut End, &mut Option<Day>),
    ) -> Result<Option<()>, MissingYear> {
        let calendar = self.calendar(period.counting);
        let moved = match period.counting.roll {
            Some(_) => next_working_day(end.day, |day| works(calendar, day))?,
            None => Some(end.day),
        };
        let Some(due) = moved else { return Ok(None) };
        match self.judge_wait(period, pause, exchange, due) {
            Verdict::Nothing(step, code) => {
                let blanks = self.wait_blanks(pause, exchange);
                end.steps.push(self.step(step, &blanks, &pause.cite));
                end.notes.extend(code.map(|code| Note { code, blanks, cite: pause.cite.clone() }));
            }
            Verdict::Open => {
                let mut blanks = self.wait_blanks(pause, exchange);
                blanks.push(("day", dated(due)));
                end.steps.push(self.step("pause_open", &blanks, &pause.cite));
                if pause.policy.is_some() { end.suspended = true } else { end.waiting = true }
            }
            Verdict::LeftOut => {
                let Some(given) = exchange.given else { return Ok(Some(())) };
                let last = match pause.excluded {
                    Excluded::FromAskingToReceipt => given,
                    // INVARIANT: days are bounded far from their ends, so the day before exists.
                    Excluded::FromAskingToDayBeforeReceipt => given.plus_days(-1).unwrap_or(given),
                };
                let standstill = Standstill { first: exchange.asked, last };
                let Some((day, count)) = leave_out(period.begin.day, end.day, standstill, *covered) else {
                    return Ok(None);
                };
                *covered = Some(covered.map_or(last, |c| c.max(last)));
                let mut blanks = self.wait_blanks(pause, exchange);
                blanks.extend([("given", dated(given)), ("count", both(&count.to_string()))]);
                blanks.extend([("before", dated(end.day)), ("day", dated(day))]);
                end.steps.push(self.step("paused", &blanks, &pause.cite));
                end.credited |= pause.policy.is_some() && count > 0;
                end.day = day;
            }
        }
        Ok(Some(()))
    }

    fn judge_wait(&self, period: Period<'a>, pause: &Pause, exchange: Exchange, due: Day) -> Verdict {
        let suspends = |policy: &String| match period.credit {
            Credit::Chosen => self.policy(policy) == Some("suspend"),
            Credit::LawOnly => false,
            Credit::Every => true,
        };
        let late = |limit: &i64| days_between(self.received.day, exchange.asked) > *limit;
        if !pause.valid.holds_on(self.received.day) {
            Verdict::Nothing("not_yet_law", None)
        } else if !pause.rights.is_empty() && !pause.rights.iter().any(|r| r == self.right_id) {
            Verdict::Nothing("pause_other_right", Some("pause-not-for-right"))
        } else if pause.asked_within_days.as_ref().is_some_and(late) {
            Verdict::Nothing("pause_late", Some("asked-late"))
        } else if !pause.policy.as_ref().is_none_or(suspends) {
            Verdict::Nothing("pause_off", None)
        } else if exchange.asked > due {
            Verdict::Nothing("pause_after_end", Some("asked-after-end"))
        } else if exchange.given.is_none() {
            Verdict::Open
        } else {
            Verdict::LeftOut
        }
    }

    fn wait_blanks(&self, pause: &Pause, exchange: Exchange) -> Vec<Blank<'static>> {
        let policy = pause.policy.as_deref().unwrap_or("");
        let position = self.policy(policy).map_or_else(String::new, |p| format!("{policy}={p}"));
        vec![
            ("title", pause.title.clone()),
            ("asked", dated(exchange.asked)),
            ("limit", both(&pause.asked_within_days.unwrap_or(0).to_string())),
            ("policy", both(&position)),
            ("received", dated(self.received.day)),
        ]
    }

    fn note_unasked(&self, given: &str, cite: &str, steps: &mut Vec<Step>, notes: &mut Vec<Note>) {
        let blanks = vec![("event", self.book.vocabulary.event_title(given))];
        steps.push(self.step("not_asked", &blanks, cite));
        notes.push(Note { code: "not-asked", blanks, cite: cite.to_owned() });
    }

    /// From when a period runs after everything that makes it begin anew (UK GDPR Art. 12A: the latest of receipt, proof
    /// of identity and fee). What was asked for after the period had ended changes nothing.
    pub(super) fn begin_anew(&self, period: Period<'a>) -> Result<Beginning, NoEnd> {
        let rule: &ClockRule = period.rule;
        // An extension does not make room for a new beginning that the first period no longer had.
        let extended = rule.extends.as_ref().and_then(|e| self.regime.clocks.get(&e.clock));
        let first = match extended.and_then(|rule| Some((rule, rule.within.first()?))) {
            Some((rule, span)) => Period { rule, span, ..period },
            None => period,
        };
        let mut from = Beginning { begin: period.begin, steps: Vec::new(), notes: Vec::new(), waiting: false };
        let mut waits = Vec::new();
        for restart in rule.restarts.iter().filter_map(|name| self.regime.restarts.get(name)) {
            if self.history.given_unasked(&restart.asked, &restart.given) {
                self.note_unasked(&restart.given, &restart.cite, &mut from.steps, &mut from.notes);
            }
            let exchanges = self.history.exchanges(&restart.asked, &restart.given);
            waits.extend(exchanges.into_iter().map(|x| (x, restart)));
        }
        waits.sort_by_key(|(exchange, _)| *exchange);
        for (exchange, restart) in waits {
            let due = self.end(Period { begin: from.begin, ..first })?.day;
            let mut blanks = vec![("title", restart.title.clone()), ("asked", dated(exchange.asked))];
            if !restart.valid.holds_on(self.received.day) {
                blanks.push(("received", dated(self.received.day)));
                from.steps.push(self.step("not_yet_law", &blanks, &restart.cite));
            } else if exchange.asked > due {
                from.steps.push(self.step("pause_after_end", &blanks, &restart.cite));
                from.notes.push(Note { code: "asked-after-end", blanks, cite: restart.cite.clone() });
            } else if let Some(given) = exchange.given {
                blanks.push(("given", dated(given)));
                from.steps.push(self.step("restarted", &blanks, &restart.cite));
                from.begin = from.begin.max(Local { day: given, at: None });
            } else {
                blanks.push(("day", dated(due)));
                from.steps.push(self.step("restart_open", &blanks, &restart.cite));
                from.waiting = true;
            }
        }
        Ok(from)
    }
}
