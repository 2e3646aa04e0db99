//! Two clocks that look back instead of forward: refusing a repeated request, and free requests in a rolling year.

use super::{CaseError, Clock, Desk, Status};
use crate::clock::Day;
use crate::law::period::plus_months;
use crate::law::phrases::{both, dated};
use crate::law::regime::ClockRule;

impl Desk<'_> {
    /// Until when the same request may be refused as a repetition (11 CCR 7023(h): six months without new proof).
    pub(super) fn window(&mut self, rule: &ClockRule, clock: &mut Clock) -> Result<(), CaseError> {
        let before = self.history.all(&rule.from).iter().map(|l| l.day).filter(|day| *day <= self.received.day).max();
        let Some(day) = before.map(|from| self.look_ahead(rule, from)).transpose()? else { return Ok(()) };
        let open = self.received.day <= day;
        let blanks = [("received", dated(self.received.day)), ("day", dated(day))];
        clock.steps.push(self.step(if open { "window_open" } else { "window_closed" }, &blanks, &rule.cite));
        let name = clock.name.clone();
        self.find(if open { "may-refuse" } else { "must-process" }, &name, &blanks, &rule.cite);
        clock.due_on = Some(day);
        clock.status = Status::Stands;
        Ok(())
    }

    /// How many free requests are left (Cal. Civ. Code 1798.130(b): two in twelve months), and when one is free again.
    pub(super) fn quota(&mut self, rule: &ClockRule, clock: &mut Clock) -> Result<(), CaseError> {
        let times = usize::try_from(rule.times.unwrap_or(0)).unwrap_or(usize::MAX);
        let mut free_again = Vec::new();
        for answered in self.history.all(&rule.from).iter().filter(|l| l.day <= self.received.day) {
            let day = self.look_ahead(rule, answered.day)?;
            if self.received.day < day {
                free_again.push(day);
            }
        }
        free_again.sort();
        let used = free_again.len();
        let mut blanks = vec![("used", both(&used.to_string())), ("times", both(&times.to_string()))];
        clock.status = Status::Stands;
        // With `used` answers inside the period, a request is free again once only `times - 1` are left in it.
        match (used >= times).then(|| free_again.get(used - times)).flatten() {
            Some(day) => {
                blanks.push(("day", dated(*day)));
                clock.steps.push(self.step("quota_used", &blanks, &rule.cite));
                let name = clock.name.clone();
                self.find("may-decline", &name, &blanks, &rule.cite);
                clock.due_on = Some(*day);
            }
            None => clock.steps.push(self.step("quota_free", &blanks, &rule.cite)),
        }
        Ok(())
    }

    fn look_ahead(&self, rule: &ClockRule, from: Day) -> Result<Day, CaseError> {
        let out = || CaseError::OutOfRange { clock: rule.from.clone() };
        let months = rule.within.first().map_or(0, |s| s.count);
        let counting = rule.counting.as_ref().and_then(|c| self.regime.counting.get(c));
        let take = counting.and_then(|c| c.no_such_day.as_ref()).map_or_else(Default::default, |r| r.take);
        plus_months(from, months, take).map(|(day, _)| day).ok_or_else(out)
    }
}
