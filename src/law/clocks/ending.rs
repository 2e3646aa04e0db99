//! Where one period ends: counted, paused, moved off free days, each step with its reason.

use super::history::{Local, first_instant};
use super::waits::{Credit, Note};
use super::{CalendarUse, CaseError, Desk, Step};
use crate::clock::{Day, Timestamp};
use crate::lang::Localised;
use crate::law::calendar::{Calendar, Kind as DayKind, MissingYear, is_weekend};
use crate::law::period::{NoSuchDay, Unit, days_between, next_working_day, plus_months, plus_working_days};
use crate::law::phrases::{both, dated, length, listed, weekday};
use crate::law::regime::{ClockRule, Counting, Span};
use chrono::{DateTime, Datelike, TimeDelta};
use chrono_tz::Tz;

/// One period under one counting rule.
#[derive(Clone, Copy)]
pub(super) struct Period<'a> {
    pub(super) name: &'a str,
    pub(super) rule: &'a ClockRule,
    pub(super) span: &'a Span,
    pub(super) counting: &'a Counting,
    pub(super) begin: Local,
    pub(super) credit: Credit,
}

/// Where a period ends, and why.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) day: Day,
    pub(super) at: Option<DateTime<Tz>>,
    /// The end before it was moved off free days.
    pub(super) raw: Day,
    pub(super) steps: Vec<Step>,
    pub(super) calendar: Option<CalendarUse>,
    /// A day that the calendar does not cover was judged by weekends alone.
    pub(super) assumed: Option<Day>,
    /// A statutory wait that has not ended.
    pub(super) waiting: bool,
    /// A wait under a policy that has not ended.
    pub(super) suspended: bool,
    /// Days were left out that rest on a policy.
    pub(super) credited: bool,
    pub(super) notes: Vec<Note>,
}

impl End {
    fn at(day: Day, steps: Vec<Step>) -> Self {
        Self {
            day,
            at: None,
            raw: day,
            steps,
            calendar: None,
            assumed: None,
            waiting: false,
            suspended: false,
            credited: false,
            notes: Vec::new(),
        }
    }
}

/// Why there is no end.
pub(super) enum NoEnd {
    Missing(MissingYear),
    Error(CaseError),
}

impl From<MissingYear> for NoEnd {
    fn from(missing: MissingYear) -> Self {
        Self::Missing(missing)
    }
}

impl<'a> Desk<'a> {
    /// Where the period ends, with every step.
    pub(super) fn end(&self, period: Period<'a>) -> Result<End, NoEnd> {
        let out = || NoEnd::Error(CaseError::OutOfRange { clock: period.name.to_owned() });
        if period.span.unit == Unit::Hours {
            return self.end_of_hours(period).ok_or_else(out);
        }
        let mut end = self.count(period)?.ok_or_else(out)?;
        self.leave_out_waits(period, &mut end)?.ok_or_else(out)?;
        end.raw = end.day;
        self.roll(period.counting, &mut end)?.ok_or_else(out)?;
        if let Some(used) = &end.calendar {
            let blanks = [("calendar", both(&used.id)), ("version", both(&used.version))];
            let source = self.book.calendars.get(&used.id).map_or("", |c| c.source.as_str());
            let step = self.step("calendar", &blanks, source);
            end.steps.push(step);
        }
        if let (Some(day), Some(used)) = (end.assumed, &end.calendar) {
            let blanks = [("calendar", both(&used.id)), ("day", dated(day))];
            let step = self.step("calendar_assumed", &blanks, &used.version);
            end.steps.push(step);
        }
        Ok(end)
    }

    /// The calendar of a counting rule; `None` when it needs none.
    pub(super) fn calendar(&self, counting: &Counting) -> Option<&'a Calendar> {
        let id = match counting.holidays.as_deref()? {
            "place" => self.place.calendar.as_str(),
            id => id,
        };
        self.book.calendars.get(id)
    }

    fn end_of_hours(&self, period: Period<'a>) -> Option<End> {
        let Period { begin, span, counting, .. } = period;
        let cite = counting.hours.as_ref().map_or("", |c| c.cite.as_str());
        let mut steps = Vec::new();
        let from = match begin.at {
            Some(at) => at.utc().with_timezone(&self.zone),
            None => {
                let from = first_instant(begin.day, self.zone)?;
                steps.push(self.step("hours_from_day", &[("instant", both(&from.to_rfc3339()))], cite));
                from
            }
        };
        let at = from.checked_add_signed(TimeDelta::try_hours(i64::from(span.count))?)?;
        let blanks = [
            ("span", length(span.count, span.unit)),
            ("instant", both(&from.to_rfc3339())),
            ("end", both(&at.to_rfc3339())),
        ];
        steps.push(self.step("hours", &blanks, cite));
        let day = Day::bounded(at.date_naive())?;
        Timestamp::bounded(at.to_utc())?;
        Some(End { at: Some(at), ..End::at(day, steps) })
    }

    /// The bare count: months, days or working days, before anything stands still or is moved.
    fn count(&self, period: Period<'a>) -> Result<Option<End>, MissingYear> {
        let Period { span, counting, begin, .. } = period;
        let first_counted = counting.first_day.as_ref().is_some_and(|f| f.counted);
        let mut steps = Vec::new();
        if let Some(first) = &counting.first_day {
            steps.push(self.step(if first.counted { "first_day_in" } else { "first_day_out" }, &[], &first.cite));
        }
        let counted = match span.unit {
            Unit::Months => self.count_months(period, first_counted),
            Unit::Days => {
                let days = i64::from(span.count) - i64::from(first_counted);
                begin.day.plus_days(days).map(|day| {
                    let blanks = [("span", length(span.count, span.unit)), ("day", dated(day))];
                    (day, self.step("days", &blanks, &period.rule.cite), None)
                })
            }
            Unit::WorkingDays => self.count_working_days(period, first_counted)?,
            Unit::Hours => None,
        };
        Ok(counted.map(|(day, step, assumed)| {
            steps.push(step);
            let used = (span.unit == Unit::WorkingDays).then(|| self.calendar(counting)).flatten();
            let calendar = used.map(|c| CalendarUse { id: c.id.clone(), version: c.version.clone() });
            End { calendar, assumed, ..End::at(day, steps) }
        }))
    }

    fn count_months(&self, period: Period<'a>, first_counted: bool) -> Option<(Day, Step, Option<Day>)> {
        let Period { span, counting, begin, .. } = period;
        let rule = counting.no_such_day.as_ref();
        let take = rule.map_or(NoSuchDay::LastDay, |r| r.take);
        let (day, replaced) = plus_months(begin.day, span.count, take)?;
        let span_text = ("span", length(span.count, span.unit));
        if replaced {
            let number = both(&begin.day.date().day().to_string());
            let key = if take == NoSuchDay::LastDay { "months_last" } else { "months_next" };
            let cite = rule.map_or(period.rule.cite.as_str(), |r| r.cite.as_str());
            return Some((day, self.step(key, &[span_text, ("number", number), ("day", dated(day))], cite), None));
        }
        let (day, key) = if first_counted { (day.plus_days(-1)?, "months_before") } else { (day, "months_same") };
        Some((day, self.step(key, &[span_text, ("day", dated(day))], &period.rule.cite), None))
    }

    fn count_working_days(
        &self,
        period: Period<'a>,
        first_counted: bool,
    ) -> Result<Option<(Day, Step, Option<Day>)>, MissingYear> {
        let Period { span, counting, begin, .. } = period;
        let calendar = self.calendar(counting);
        let end = plus_working_days(begin.day, span.count, first_counted, |day| works(calendar, day))?;
        let Some(day) = end else { return Ok(None) };
        let (mut skipped, mut worked, mut assumed) = (Vec::new(), Vec::new(), None);
        for n in 1..=days_between(begin.day, day) {
            let (Some(passed), Some(calendar)) = (begin.day.plus_days(n), calendar) else { continue };
            let judged = calendar.judge(passed)?;
            match judged.kind {
                DayKind::Holiday(name) => skipped.push(holiday(passed, name)),
                DayKind::WorkedWeekend => worked.push(dated(passed)),
                DayKind::Working | DayKind::Weekend(_) => {}
            }
            assumed = assumed.or_else(|| judged.assumed.then_some(passed));
        }
        let blanks = [
            ("span", length(span.count, span.unit)),
            ("day", dated(day)),
            ("skipped", remark(&skipped, ": ", "：")),
            ("worked", remark(&worked, "; worked weekends count: ", "；调休上班日计入：")),
        ];
        let cite = counting.working_days.as_ref().map_or("", |c| c.cite.as_str());
        Ok(Some((day, self.step("working_days", &blanks, cite), assumed)))
    }

    /// Moves an end off free days where the rule says so; else says that it stays.
    fn roll(&self, counting: &Counting, end: &mut End) -> Result<Option<()>, MissingYear> {
        let Some(rule) = &counting.roll else {
            if let Some(reason) = self.free(end.day) {
                let cite = counting.first_day.as_ref().map_or("", |f| f.cite.as_str());
                let step = self.step("stays", &[("day", dated(end.day)), ("reason", reason)], cite);
                end.steps.push(step);
            }
            return Ok(Some(()));
        };
        let calendar = self.calendar(counting);
        let Some(to) = next_working_day(end.day, |day| works(calendar, day))? else { return Ok(None) };
        end.calendar = calendar.map(|c| CalendarUse { id: c.id.clone(), version: c.version.clone() });
        let raw = end.day;
        for n in 0..=days_between(raw, to) {
            let Some(passed) = raw.plus_days(n) else { return Ok(None) };
            let judged = calendar.map(|c| c.judge(passed)).transpose()?;
            if judged.is_none_or(|j| j.assumed) {
                end.assumed = end.assumed.or(Some(passed));
            }
            if passed < to {
                let reason = judged.and_then(|j| reason(passed, j.kind)).unwrap_or_else(|| weekday_name(passed));
                let step = self.step("rests", &[("day", dated(passed)), ("reason", reason)], &rule.cite);
                end.steps.push(step);
            }
        }
        if to != raw {
            let step = self.step("rolled", &[("day", dated(to))], &rule.cite);
            end.steps.push(step);
        }
        end.day = to;
        Ok(Some(()))
    }

    /// Why a day is free at the place, as far as we know.
    fn free(&self, day: Day) -> Option<Localised> {
        let judged = self.book.calendars.get(&self.place.calendar).and_then(|c| c.judge(day).ok());
        match judged {
            Some(judged) => reason(day, judged.kind),
            None => is_weekend(day).then(|| weekday_name(day)),
        }
    }
}

/// Whether work is done on a day; without a calendar, on every day that is no weekend.
pub(super) fn works(calendar: Option<&Calendar>, day: Day) -> Result<bool, MissingYear> {
    match calendar {
        Some(calendar) => Ok(calendar.judge(day)?.kind.is_working()),
        None => Ok(!is_weekend(day)),
    }
}

fn reason(day: Day, kind: DayKind<'_>) -> Option<Localised> {
    match kind {
        DayKind::Weekend(_) => Some(weekday_name(day)),
        DayKind::Holiday(name) => Some(name.clone()),
        DayKind::Working | DayKind::WorkedWeekend => None,
    }
}

fn weekday_name(day: Day) -> Localised {
    let (en, zh) = weekday(day);
    [("en", en), ("zh-CN", zh)].into()
}

fn holiday(day: Day, name: &Localised) -> Localised {
    name.map(|_, text| format!("{day} {text}"))
}

/// A list after its lead-in, or nothing.
fn remark(texts: &[Localised], en: &str, zh: &str) -> Localised {
    if texts.is_empty() {
        return both("");
    }
    let list = listed(texts);
    let (en, zh) = (format!("{en}{}", list.get("en")), format!("{zh}{}", list.get("zh-CN")));
    [("en", en.as_str()), ("zh-CN", zh.as_str())].into()
}
