//! Correlations that remember something of each group rather than a window of events: our extensions.

use super::Item;
use super::baseline::Overdue;
use super::keys::Keys;
use super::seat::Keeper;
use super::sliding::Fires;
use crate::events::batch::{Part, Value};
use crate::events::keep::{Keep, keep};
use crate::events::place::Place;
use crate::events::plan::Correlating;
use crate::events::rule::Extension;
use crate::events::value::Number;
use std::collections::{BTreeMap, VecDeque};

/// Days after which a group that was not heard of is forgotten, where forgetting it changes nothing.
const DAY_MS: i64 = 86_400_000;

/// What is remembered, group by group.
#[derive(Debug)]
pub(super) struct Watch {
    extension: Extension,
    timespan_ms: i64,
    groups: BTreeMap<u32, Memory>,
    /// Events waiting for another, oldest first.
    due: VecDeque<Due>,
    since_sweep: usize,
}

/// An event that another one has to follow.
#[derive(Clone, Copy, Debug)]
struct Due {
    at_ms: i64,
    place: Place,
    key: u32,
    open: bool,
}

keep!(Due { at_ms, place, key, open });

#[derive(Debug)]
struct Memory {
    first: (i64, Place),
    last: (i64, Place),
    value: Value,
    own_hash: u128,
    intervals: Intervals,
    sessions: BTreeMap<u128, Session>,
    over_since_ms: Option<i64>,
    told: bool,
}

keep!(Memory { first, last, value, own_hash, intervals, sessions, over_since_ms, told });

#[derive(Clone, Debug)]
struct Session {
    last_ms: i64,
    place: Place,
    others: Vec<u128>,
    told: bool,
}

keep!(Session { last_ms, place, others, told });

/// How often intervals of about each length occurred: eight classes to every doubling.
#[derive(Debug, Default)]
struct Intervals {
    classes: BTreeMap<u32, u64>,
    count: u64,
}

keep!(Intervals { classes, count });

impl Intervals {
    fn add(&mut self, ms: i64) {
        *self.classes.entry(class(ms)).or_default() += 1;
        self.count += 1;
    }

    /// The upper end of the class that holds the median; 0 when there are none.
    fn median_ms(&self) -> f64 {
        let mut before = 0;
        for (class, n) in &self.classes {
            before += n;
            if before * 2 >= self.count {
                return 2f64.powf(f64::from(class + 1) / 8.0);
            }
        }
        0.0
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a class of about 9 %"
)]
fn class(ms: i64) -> u32 {
    ((ms.max(1) as f64).log2() * 8.0) as u32
}

impl Watch {
    pub(super) fn new(extension: &Extension, correlation: &Correlating) -> Self {
        Self {
            extension: extension.clone(),
            timespan_ms: correlation.timespan_ms,
            groups: BTreeMap::new(),
            due: VecDeque::new(),
            since_sweep: 0,
        }
    }

    /// Whether it fires at this event.
    fn fires(&mut self, item: &Item<'_>) -> Option<Fires> {
        let Item { record, part, batch, key } = *item;
        let ids = batch.ids_of(part);
        let Self { extension, timespan_ms, groups, due, .. } = self;
        let memory = groups.get_mut(&key)?;
        let now = (record.at_ms, record.place);
        let fires = match extension {
            Extension::Distance { least_km, fastest_kmh } => {
                memory.distance(now, part.value, (*least_km, *fastest_kmh), *timespan_ms)
            }
            Extension::Silence { factor, hours } => {
                let silent = |a: i64, b: i64| hours.as_ref().map_or(b - a, |h| h.elapsed_ms(a, b));
                memory.silence(now, part, *timespan_ms, *factor, &silent)
            }
            Extension::Missing => memory.missing(part.value),
            Extension::HashChain => memory.hash_chain(ids),
            Extension::Concurrent { more_than, hold_ms } => {
                memory.concurrent(now, part, ids, (*more_than, *hold_ms, *timespan_ms))
            }
            Extension::Overlap => memory.overlap(now, ids, *timespan_ms),
            Extension::Span => memory.span(now, *timespan_ms),
            Extension::NotFollowed => {
                wait(due, now, part.rules, key, *timespan_ms);
                None
            }
            Extension::FirstSeen { .. } | Extension::Baseline(_) => None,
        };
        memory.last = now;
        memory.value = part.value;
        fires
    }

    /// Events that were not followed in time, given that nothing before `until_ms` can still come: their group and place.
    pub(super) fn overdue(&mut self, until_ms: i64, fire: &mut impl FnMut(Overdue)) {
        while let Some(first) = self.due.front().copied() {
            let due_ms = first.at_ms.saturating_add(self.timespan_ms);
            if first.open && due_ms >= until_ms {
                break;
            }
            self.due.pop_front();
            if first.open {
                let fires = Fires { count: 1, first: first.place, value: None };
                fire(Overdue { at_ms: due_ms, key: first.key, last: first.place, fires });
            }
        }
    }
}

impl Keeper for Watch {
    fn put(&self, out: &mut Vec<u8>) {
        self.groups.put(out);
        self.due.put(out);
        self.since_sweep.put(out);
    }

    fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        self.groups = Keep::take(from)?;
        self.due = Keep::take(from)?;
        self.since_sweep = Keep::take(from)?;
        Some(())
    }

    /// Forgets groups whose memory cannot matter any more. Costs little: groups are looked through only after as many events
    /// as there are groups.
    fn leave(&mut self, now_ms: i64, keys: &mut Keys) {
        self.since_sweep += 1;
        if self.since_sweep < 1024 + self.groups.len() {
            return;
        }
        self.since_sweep = 0;
        let keep_ms = match self.extension {
            // What these remember has no end: a silence may be of any length, a number may be missing after any time.
            Extension::Silence { .. } | Extension::Missing | Extension::HashChain => return,
            Extension::NotFollowed => self.timespan_ms,
            _ => forgotten_after_ms(self.timespan_ms),
        };
        let waiting: std::collections::BTreeSet<u32> = self.due.iter().filter(|d| d.open).map(|d| d.key).collect();
        self.groups.retain(|key, memory| {
            let keep = memory.last.0.saturating_add(keep_ms) > now_ms || waiting.contains(key);
            if !keep {
                keys.release(*key);
            }
            keep
        });
    }

    /// Makes room for the event's group.
    fn enter(&mut self, item: &Item<'_>) -> bool {
        let Item { record, key, .. } = *item;
        let new = !self.groups.contains_key(&key);
        self.groups.entry(key).or_insert_with(|| Memory {
            first: (record.at_ms, record.place),
            last: (i64::MIN, record.place),
            value: Value::None,
            own_hash: 0,
            intervals: Intervals::default(),
            sessions: BTreeMap::new(),
            over_since_ms: None,
            told: false,
        });
        new
    }

    fn judge(&mut self, item: &Item<'_>, fire: &mut impl FnMut(usize, Fires)) {
        if let Some(fires) = self.fires(item) {
            fire(0, fires);
        }
    }
}

/// How long a group has to be silent to be forgotten.
const fn forgotten_after_ms(timespan_ms: i64) -> i64 {
    timespan_ms.saturating_mul(2).saturating_add(DAY_MS)
}

/// An event of the first rule waits; one of the second ends the waiting of its group, if it comes in time.
fn wait(due: &mut VecDeque<Due>, now: (i64, Place), rules: u64, key: u32, timespan_ms: i64) {
    if rules & 2 != 0 {
        let in_time = |d: &&mut Due| d.key == key && now.0 - d.at_ms <= timespan_ms;
        due.iter_mut().filter(in_time).for_each(|d| d.open = false);
    }
    if rules & 1 != 0 {
        due.push_back(Due { at_ms: now.0, place: now.1, key, open: true });
    }
}

impl Memory {
    fn pair(&self, value: f64) -> Option<Fires> {
        Some(Fires { count: 2, first: self.last.1, value: Some(value) })
    }

    fn is_first(&self) -> bool {
        self.last.0 == i64::MIN
    }

    fn distance(
        &self,
        now: (i64, Place),
        value: Value,
        (least_km, fastest_kmh): (f64, f64),
        within_ms: i64,
    ) -> Option<Fires> {
        let (Value::Point(a, b), Value::Point(c, d)) = (self.value, value) else { return None };
        let apart_ms = now.0.saturating_sub(self.last.0);
        if self.is_first() || apart_ms >= within_ms {
            return None;
        }
        let km = distance_km((a, b), (c, d));
        // Simultaneous events far apart are as impossible as it gets.
        let kmh = if apart_ms == 0 { f64::INFINITY } else { km / (seconds(apart_ms) / 3600.0) };
        if km > least_km && kmh > fastest_kmh { self.pair(km) } else { None }
    }

    /// Only an event of the first rule alone ends a silence that counts; one that also matches another is allowed to.
    fn silence(
        &mut self,
        now: (i64, Place),
        part: &Part,
        least_ms: i64,
        factor: f64,
        silent: &dyn Fn(i64, i64) -> i64,
    ) -> Option<Fires> {
        let before = match (self.is_first(), part.value) {
            (false, _) => self.last.0,
            (true, Value::Number(Number::Whole(ms))) => ms,
            (true, _) => return None,
        };
        let quiet_ms = silent(before, now.0);
        let median_ms = self.intervals.median_ms();
        if !self.is_first() {
            self.intervals.add(now.0 - before);
        }
        let long = quiet_ms >= least_ms && seconds(quiet_ms) * 1000.0 > factor * median_ms;
        if long && part.rules == 1 { self.pair(seconds(quiet_ms)) } else { None }
    }

    fn missing(&self, value: Value) -> Option<Fires> {
        let (Value::Number(Number::Whole(before)), Value::Number(Number::Whole(now))) = (self.value, value) else {
            return None;
        };
        let missing = now.saturating_sub(before).saturating_sub(1);
        #[expect(clippy::cast_precision_loss, reason = "numbers of missing entries are far below 2^53")]
        if missing > 0 { self.pair(missing as f64) } else { None }
    }

    fn hash_chain(&mut self, ids: &[u128]) -> Option<Fires> {
        let (Some(previous), Some(own)) = (ids.first(), ids.get(1)) else { return None };
        let broken = !self.is_first() && *previous != self.own_hash;
        self.own_hash = *own;
        if broken { Some(Fires { count: 2, first: self.last.1, value: None }) } else { None }
    }

    /// The second rule ends a session. Fires once for each time the limit is passed, when that has lasted too long.
    fn concurrent(
        &mut self,
        now: (i64, Place),
        part: &Part,
        ids: &[u128],
        (limit, hold_ms, idle_ms): (u64, i64, i64),
    ) -> Option<Fires> {
        let session = *ids.first()?;
        self.sessions.retain(|_, s| now.0 - s.last_ms < idle_ms);
        if self.sessions.is_empty() {
            (self.over_since_ms, self.told) = (None, false);
        }
        let ends = part.rules & 2 != 0;
        let alive = |sessions: &BTreeMap<u128, Session>| sessions.len() as u64;
        let held = self.over_since_ms.is_some_and(|since| now.0 - since > hold_ms);
        let fires = held && alive(&self.sessions) > limit && !self.told;
        let count = alive(&self.sessions);
        if ends {
            self.sessions.remove(&session);
        } else {
            self.sessions.insert(session, Session { last_ms: now.0, place: now.1, others: Vec::new(), told: false });
        }
        if alive(&self.sessions) > limit {
            self.over_since_ms.get_or_insert(now.0);
            self.told |= fires;
        } else {
            (self.over_since_ms, self.told) = (None, false);
        }
        let first = self.sessions.values().map(|s| s.place).min().unwrap_or(now.1);
        if fires { Some(Fires { count, first, value: None }) } else { None }
    }

    /// Fires once for each session that begins while another is alive from which it differs in every other value.
    fn overlap(&mut self, now: (i64, Place), ids: &[u128], idle_ms: i64) -> Option<Fires> {
        let (session, others) = ids.split_first()?;
        self.sessions.retain(|_, s| now.0 - s.last_ms < idle_ms);
        let differs = |s: &Session| s.others.iter().zip(others).all(|(a, b)| a != b);
        // Sessions stand in the order of their fingerprints, which is another in every run: the one heard of first is told.
        let rivals = self.sessions.iter().filter(|(id, s)| *id != session && differs(s)).map(|(_, s)| s);
        let rival = rivals.min_by_key(|s| (s.last_ms, s.place)).map(|s| s.place);
        let told = self.sessions.get(session).is_some_and(|s| s.told);
        let own = Session { last_ms: now.0, place: now.1, others: others.to_vec(), told: told || rival.is_some() };
        self.sessions.insert(*session, own);
        let first = rival.filter(|_| !told)?;
        Some(Fires { count: 2, first, value: None })
    }

    /// A group that was silent for long begins anew, whether or not it has been swept away meanwhile.
    fn span(&mut self, now: (i64, Place), limit_ms: i64) -> Option<Fires> {
        if !self.is_first() && self.last.0.saturating_add(forgotten_after_ms(limit_ms)) <= now.0 {
            (self.first, self.told) = (now, false);
        }
        let age_ms = now.0 - self.first.0;
        if self.told || age_ms <= limit_ms {
            return None;
        }
        self.told = true;
        Some(Fires { count: 2, first: self.first.1, value: Some(seconds(age_ms)) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "times between events are far below 2^53 ms")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Great-circle distance on a sphere of the Earth's mean radius, in kilometres.
fn distance_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    const RADIUS_KM: f64 = 6371.0088;
    let (lat1, lat2) = (from.0.to_radians(), to.0.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (to.1 - from.1).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * RADIUS_KM * h.min(1.0).sqrt().asin()
}
