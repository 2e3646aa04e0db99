//! Holiday calendars: which days are working days at a place, as versioned data.
//!
//! A calendar covers certain years. Outside them it either treats only weekends as free, and says so, or, where working
//! days are set year by year (China), refuses to judge: a missing list must never make a date later, and is never guessed.

use crate::clock::Day;
use crate::lang::Localised;
use chrono::{Datelike, Weekday};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The file form of a calendar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    calendar: String,
    title: String,
    version: String,
    source: String,
    #[serde(default)]
    note: Option<String>,
    first_year: i32,
    last_year: i32,
    holidays: Vec<HolidayGroup>,
    #[serde(default)]
    worked: Vec<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayGroup {
    name: Localised,
    days: Vec<Day>,
}

/// One calendar of holidays and make-up working days.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its id, e.g. `DE-BY`.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// Its version, kept with every date computed from it.
    pub version: String,
    /// Where its days come from.
    pub source: String,
    /// A remark of its makers.
    pub note: Option<String>,
    /// First and last year it covers.
    pub years: (i32, i32),
    holidays: BTreeMap<Day, Localised>,
    worked: BTreeSet<Day>,
}

/// What kind of day a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// An ordinary working day.
    Working,
    /// A weekend day that is worked to make up for a holiday.
    WorkedWeekend,
    /// Saturday or Sunday.
    Weekend(Weekday),
    /// A public holiday on a day that would otherwise be worked.
    Holiday(&'a Localised),
}

impl Kind<'_> {
    /// Whether work is done on such a day.
    pub const fn is_working(self) -> bool {
        matches!(self, Self::Working | Self::WorkedWeekend)
    }
}

/// A day's kind, and whether the calendar really covers that day.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The kind of day.
    pub kind: Kind<'a>,
    /// The calendar does not reach that year: holidays are not known, only weekends.
    pub assumed: bool,
}

/// The calendar has no official list for that year, and working days cannot be told without one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("calendar `{calendar}` has no list for the year {year}")]
pub struct MissingYear {
    /// Which calendar.
    pub calendar: String,
    /// Which year.
    pub year: i32,
}

impl Calendar {
    /// Builds a calendar from its file; complains about days outside its years, days named twice, and make-up working days
    /// that are no weekend days.
    pub(super) fn build(file: CalendarFile) -> Result<Self, String> {
        let years = (file.first_year, file.last_year);
        let covered = |day: &Day| (years.0..=years.1).contains(&day.date().year());
        let mut holidays = BTreeMap::new();
        for group in file.holidays {
            for day in group.days {
                if !covered(&day) {
                    return Err(format!("`{day}` lies outside the years {} to {}", years.0, years.1));
                }
                if holidays.insert(day, group.name.clone()).is_some() {
                    return Err(format!("`{day}` is listed twice"));
                }
            }
        }
        let mut worked = BTreeSet::new();
        for day in file.worked {
            if !covered(&day) || !is_weekend(day) || holidays.contains_key(&day) || !worked.insert(day) {
                return Err(format!(
                    "`{day}` cannot be a make-up working day: it must be a weekend day inside the years, no holiday, listed once"
                ));
            }
        }
        Ok(Self {
            id: file.calendar,
            title: file.title,
            version: file.version,
            source: file.source,
            note: file.note,
            years,
            holidays,
            worked,
        })
    }

    /// What kind of day `day` is here.
    pub fn judge(&self, day: Day) -> Result<Judged<'_>, MissingYear> {
        let year = day.date().year();
        let assumed = !(self.years.0..=self.years.1).contains(&year);
        // Where weekends may be worked, a year without its list tells nothing about any day.
        if assumed && !self.worked.is_empty() {
            return Err(MissingYear { calendar: self.id.clone(), year });
        }
        let kind = if self.worked.contains(&day) {
            Kind::WorkedWeekend
        } else if is_weekend(day) {
            Kind::Weekend(day.date().weekday())
        } else {
            self.holidays.get(&day).map_or(Kind::Working, Kind::Holiday)
        };
        Ok(Judged { kind, assumed })
    }

    /// The holidays with their names, in order.
    pub fn holidays(&self) -> impl Iterator<Item = (Day, &Localised)> {
        self.holidays.iter().map(|(day, name)| (*day, name))
    }

    /// Weekend days that are worked, in order.
    pub fn worked(&self) -> impl Iterator<Item = Day> {
        self.worked.iter().copied()
    }
}

/// Whether a day is a Saturday or a Sunday.
pub fn is_weekend(day: Day) -> bool {
    matches!(day.date().weekday(), Weekday::Sat | Weekday::Sun)
}
