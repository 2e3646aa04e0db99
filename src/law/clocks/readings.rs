//! The same clock under other readings of the law: earlier ones are safe targets, later ones are shown and never relied on.

use super::ending::NoEnd;
use super::running::Done;
use super::waits::Credit;
use super::{CaseError, Clock, Desk, Other};
use crate::clock::Day;
use crate::law::period::{Unit, plus_months};
use crate::law::phrases::{dated, length};
use crate::law::regime::{Alternative, ClockRule, Reading, Span};

impl<'a> Desk<'a> {
    /// The dates under other readings of the law, and with and without standstills that rest on a switch.
    pub(super) fn read_otherwise(
        &mut self,
        rule: &'a ClockRule,
        done: &Done<'a>,
        clock: &mut Clock,
    ) -> Result<(), CaseError> {
        let Some(due) = clock.due_on else { return Ok(()) };
        for other in &rule.alternatives {
            if let Some(day) = self.other_day(rule, other, done, due)? {
                let fits = match other.reading {
                    Reading::Safe => day <= due,
                    Reading::Lenient => day >= due,
                };
                if fits {
                    clock.alternatives.push(Other {
                        name: other.name.clone(),
                        title: other.title.clone(),
                        reading: other.reading,
                        due_on: day,
                        cite: other.cite.clone(),
                    });
                }
            }
        }
        for (credit, name, reading) in [
            (Credit::LawOnly, "without_suspension", Reading::Safe),
            (Credit::Every, "with_suspension", Reading::Lenient),
        ] {
            let by_policy = |p: &String| self.regime.pauses.get(p).filter(|p| p.policy.is_some());
            let Some(pause) = rule.pauses.iter().find_map(by_policy) else { continue };
            let Some(day) = self.earliest(rule, credit)? else { continue };
            if day != due {
                let title = pause.title.clone();
                let cite = pause.cite.clone();
                clock.alternatives.push(Other { name: name.to_owned(), title, reading, due_on: day, cite });
            }
            if day < due {
                let blanks = [("title", rule.title.clone()), ("day", dated(day))];
                self.find("relies-on-suspension", &clock.name, &blanks, &pause.cite);
            }
        }
        Ok(())
    }

    fn earliest(&self, rule: &'a ClockRule, credit: Credit) -> Result<Option<Day>, CaseError> {
        let mut first = None;
        for span in &rule.within {
            match self.one_end(rule, span, credit) {
                Ok(end) => first = Some(first.map_or(end.day, |f: Day| f.min(end.day))),
                Err(NoEnd::Missing(_)) => return Ok(None),
                Err(NoEnd::Error(error)) => return Err(error),
            }
        }
        Ok(first)
    }

    fn other_day(
        &self,
        rule: &'a ClockRule,
        other: &'a Alternative,
        done: &Done<'a>,
        due: Day,
    ) -> Result<Option<Day>, CaseError> {
        if let Some(days) = other.days_earlier {
            return Ok(due.plus_days(-days));
        }
        let day = match (&other.counting, &other.chained) {
            (Some(counting), _) => {
                let span = rule.within.first();
                span.map(|span| self.end_by(rule, span, counting, Credit::Chosen).map(|e| e.day)).transpose()
            }
            (None, Some(second)) => self.chained(rule, second, done),
            (None, None) => Ok(None),
        };
        match day {
            Ok(day) => Ok(day),
            Err(NoEnd::Missing(_)) => Ok(None),
            Err(NoEnd::Error(error)) => Err(error),
        }
    }

    /// The first period to its unmoved end, and a second one from there.
    fn chained(&self, rule: &'a ClockRule, second: &'a Span, done: &Done<'a>) -> Result<Option<Day>, NoEnd> {
        let Some(extends) = rule.extends.as_ref().filter(|e| done.contains_key(e.clock.as_str())) else {
            return Ok(None);
        };
        let first = self.regime.clocks.get(&extends.clock);
        let Some((first, span)) = first.and_then(|f| Some((f, f.within.first()?))) else { return Ok(None) };
        let end = self.one_end(first, span, Credit::Chosen)?;
        let counting = first.counting.as_ref().and_then(|c| self.regime.counting.get(c));
        let take = counting.and_then(|c| c.no_such_day.as_ref()).map_or_else(Default::default, |r| r.take);
        let day = match second.unit {
            Unit::Months => plus_months(end.raw, second.count, take).map(|(day, _)| day),
            Unit::Days => end.raw.plus_days(i64::from(second.count)),
            Unit::WorkingDays | Unit::Hours => return Ok(None),
        };
        let out = || NoEnd::Error(CaseError::OutOfRange { clock: extends.clock.clone() });
        day.map(Some).ok_or_else(out)
    }
}

/// One of several spans alone, for comparison: the clock follows the earliest of them.
pub(super) fn single_span(rule: &ClockRule, span: &Span, day: Day) -> Other {
    let text = length(span.count, span.unit);
    let name = text.get("en").replace("calendar ", "").replace(' ', "_");
    Other { name, title: text, reading: Reading::Lenient, due_on: day, cite: rule.cite.clone() }
}
