//! What happened to one request, as civil days at the place that counts.

use super::{Case, CaseError, Moment};
use crate::clock::{Day, Timestamp};
use crate::law::book::Lawbook;
use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// A moment at a place: its civil day, and the instant where one was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local {
    pub(super) day: Day,
    pub(super) at: Option<Timestamp>,
}

/// Events by key, each list in order of time.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<String, Vec<Local>>);

/// Somebody was asked for something, and perhaps gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exchange {
    pub(super) asked: Day,
    pub(super) given: Option<Day>,
}

impl History {
    /// Reads the events of a case; `received_is` is the event that the receipt of the request is as well.
    pub(super) fn read(
        book: &Lawbook,
        case: &Case,
        zone: Tz,
        received_is: Option<&str>,
    ) -> Result<(Local, Self), CaseError> {
        let received = local(case.received, zone)?;
        let mut events: BTreeMap<String, Vec<Local>> = BTreeMap::from([("received".to_owned(), vec![received])]);
        if let Some(event) = received_is {
            events.insert(event.to_owned(), vec![received]);
        }
        for (word, moment) in &case.events {
            let known = || book.vocabulary.events.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let key = book.vocabulary.event(word).filter(|key| *key != "received");
            let key = key.ok_or_else(|| CaseError::Unknown { field: "event", given: word.clone(), known: known() })?;
            let at = local(*moment, zone)?;
            let early = book.vocabulary.events.get(key).is_some_and(|e| e.before_request);
            if at.day < received.day && !early {
                return Err(CaseError::BeforeReceipt { event: key.to_owned(), day: at.day, received: received.day });
            }
            events.entry(key.to_owned()).or_default().push(at);
        }
        events.values_mut().for_each(|list| list.sort());
        Ok((received, Self(events)))
    }

    /// All moments of an event, in order.
    pub(super) fn all(&self, event: &str) -> &[Local] {
        self.0.get(event).map_or(&[], Vec::as_slice)
    }

    /// The first moment of an event.
    pub(super) fn first(&self, event: &str) -> Option<Local> {
        self.all(event).first().copied()
    }

    /// The first of several events, with its key.
    pub(super) fn first_of<'e>(&self, events: &'e [String]) -> Option<(&'e str, Local)> {
        events.iter().filter_map(|e| Some((e.as_str(), self.first(e)?))).min_by_key(|(_, local)| *local)
    }

    /// Every question with its reply: for each asking, the first reply on or after that day.
    pub(super) fn exchanges(&self, asked: &str, given: &str) -> Vec<Exchange> {
        let reply = |asked: Day| self.all(given).iter().map(|l| l.day).find(|day| *day >= asked);
        self.all(asked).iter().map(|l| Exchange { asked: l.day, given: reply(l.day) }).collect()
    }

    /// Whether a reply is on record to a question that is not.
    pub(super) fn given_unasked(&self, asked: &str, given: &str) -> bool {
        self.first(given).is_some_and(|reply| self.first(asked).is_none_or(|question| question.day > reply.day))
    }
}

/// The civil day of a moment at a place.
fn local(moment: Moment, zone: Tz) -> Result<Local, CaseError> {
    match moment {
        Moment::Day(day) => Ok(Local { day, at: None }),
        Moment::Instant(at) => {
            let out = || CaseError::OutOfRange { clock: "received".to_owned() };
            let day = Day::bounded(at.utc().with_timezone(&zone).date_naive()).ok_or_else(out)?;
            Ok(Local { day, at: Some(at) })
        }
    }
}

/// The first instant of a day at a place; where clocks are set forward over midnight, the first that exists.
pub(super) fn first_instant(day: Day, zone: Tz) -> Option<DateTime<Tz>> {
    let midnight = day.date().and_hms_opt(0, 0, 0)?;
    (0..=3).find_map(|hours| {
        let at = midnight.checked_add_signed(chrono::TimeDelta::try_hours(hours)?)?;
        zone.from_local_datetime(&at).earliest()
    })
}
