//! First stage: a stretch of whole lines becomes matches and records. Stretches are independent of each other.
//!
//! Assumes that stretches begin and end at line ends. Holds no state from one event to the next that could change a result.

use super::batch::{Batch, Firing, Part, Record, Value};
use super::context::{Context, Rows};
use super::hash::Seed;
use super::line::{Bad, Slots, Walker};
use super::place::Place;
use super::plan::{Correlating, Feed, Plan};
use super::rule::{Extension, FieldId, HourFields, Kind, Measure, Predicate, PredicateId, Question};
use super::value::fold::fold;
use super::value::hours::Hours;
use super::value::network::Network;
use super::value::time::instant_ms;
use super::value::{Number, Raw};

/// Length beyond which a line is not read (threats.md Numbers).
pub const LONGEST_LINE_BYTES: usize = 1 << 20;

/// Matches lines against the rules of a plan. One per thread.
pub struct Matcher<'p> {
    plan: &'p Plan,
    seed: Seed,
    rows: Rows<'p>,
    answers: Vec<Answer>,
    scratch: String,
    hits: Vec<&'p Feed>,
    key: Vec<u8>,
    behind_ms: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Open,
    Yes,
    No,
}

impl<'p> Matcher<'p> {
    /// A matcher for `plan`, enriching from `context`.
    pub fn new(plan: &'p Plan, context: &'p Context, seed: Seed) -> Self {
        let answers = vec![Answer::Open; plan.set.vocabulary.predicates().len()];
        let rows = Rows::new(&plan.set.vocabulary, context);
        Self { plan, seed, rows, answers, scratch: String::new(), hits: Vec::new(), key: Vec::new(), behind_ms: 0 }
    }

    /// Reads the lines of `bytes`, which begin at `offset` of source number `source`, and adds what they give to `out`.
    pub fn stretch(&mut self, bytes: &[u8], source: u16, offset: u64, out: &mut Batch) {
        let mut slots = Slots::new(self.plan.paths.field_count());
        let mut high_ms = i64::MIN;
        self.prepare(bytes, out);
        for (start, line) in lines(bytes) {
            let place = Place::new(source, offset + start);
            let result = self.line(line, place, &mut high_ms, &mut slots, out);
            count(result, place, out);
        }
    }

    /// The same for lines that a mapping made: `places` tells where each begins in `bytes`, and where its record begins in
    /// the log. Bytes are for the caller to count, who knows how many the log had.
    pub fn stretch_at(&mut self, bytes: &[u8], source: u16, places: &[(usize, u64)], out: &mut Batch) {
        let mut slots = Slots::new(self.plan.paths.field_count());
        let mut high_ms = i64::MIN;
        let read = out.tally.bytes;
        self.prepare(bytes, out);
        out.tally.bytes = read;
        for (start, offset) in places {
            let rest = bytes.get(*start..).unwrap_or_default();
            let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
            let place = Place::new(source, *offset);
            let result = self.line(line, place, &mut high_ms, &mut slots, out);
            count(result, place, out);
        }
    }

    fn prepare(&self, bytes: &[u8], out: &mut Batch) {
        out.tally.bytes += bytes.len() as u64;
        out.matched.resize(self.plan.detections.len(), 0);
        out.occurred.resize(self.plan.paths.field_count(), false);
    }

    fn line<'a>(
        &mut self,
        line: &'a [u8],
        place: Place,
        high_ms: &mut i64,
        slots: &mut Slots<'a>,
        out: &mut Batch,
    ) -> Result<i64, Bad>
    where
        'p: 'a,
    {
        if line.len() > LONGEST_LINE_BYTES {
            return Err(Bad::TooLong);
        }
        let text = std::str::from_utf8(line).map_err(|_| Bad::NotUtf8)?;
        slots.clear();
        Walker::read(text, &self.plan.paths, slots)?;
        let found = self.plan.time_fields.iter().map(|f| slots.get(*f)).find(|v| !matches!(v, Raw::Absent | Raw::Null));
        let at_ms = found.and_then(instant_ms).ok_or(Bad::NoTime)?;
        *high_ms = (*high_ms).max(at_ms);
        self.behind_ms = u32::try_from(*high_ms - at_ms).unwrap_or(u32::MAX);
        self.rows.fill(slots);
        for (field, seen) in out.occurred.iter_mut().enumerate().filter(|(_, seen)| !**seen) {
            *seen = !matches!(slots.get(field), Raw::Absent | Raw::Null);
        }
        self.event(at_ms, place, slots, out);
        Ok(at_ms)
    }

    fn event(&mut self, at_ms: i64, place: Place, slots: &Slots<'_>, out: &mut Batch) {
        self.answers.fill(Answer::Open);
        self.hits.clear();
        let plan = self.plan;
        for (number, detection) in plan.detections.iter().enumerate() {
            let (answers, scratch) = (&mut self.answers, &mut self.scratch);
            if !detection.expr.holds(&mut |p| answer(plan, p, slots, answers, scratch)) {
                continue;
            }
            if let Some(n) = out.matched.get_mut(number) {
                *n += 1;
            }
            if detection.reports {
                let key = Box::default();
                out.firings.push(Firing {
                    at_ms,
                    last: place,
                    rule: detection.rule,
                    key,
                    count: 1,
                    first: place,
                    value: None,
                });
                out.firings_behind_ms.push(self.behind_ms);
            }
            self.hits.extend(&detection.feeds);
        }
        if !self.hits.is_empty() {
            let mut hits = std::mem::take(&mut self.hits);
            self.records(at_ms, place, slots, &mut hits, out);
            self.hits = hits;
        }
    }

    /// One record for each space and key among `hits`.
    fn records(&mut self, at_ms: i64, place: Place, slots: &Slots<'_>, hits: &mut Vec<&'p Feed>, out: &mut Batch) {
        let space = |f: &Feed| self.plan.correlations.get(f.correlation).map_or(0, |c| c.space);
        hits.sort_by(|a, b| (space(a), &a.key, a.correlation).cmp(&(space(b), &b.key, b.correlation)));
        let mut rest = hits.as_slice();
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|f| space(f) == space(first) && f.key == first.key).count();
            let (group, after) = rest.split_at(same);
            rest = after;
            if let Some(record) = self.record(at_ms, place, slots, group, out) {
                out.records.push(record);
            }
        }
    }

    /// The record of feeds that share space and key; `None` when the event lacks a group field or every value.
    fn record(
        &mut self,
        at_ms: i64,
        place: Place,
        slots: &Slots<'_>,
        group: &[&'p Feed],
        out: &mut Batch,
    ) -> Option<Record> {
        let fields = &group.first()?.key;
        let mut parts: Vec<Part> = Vec::with_capacity(group.len());
        let (mut space, mut absent_groups, mut peers) = (0, false, &[][..]);
        let mut last = None;
        for feed in group {
            if last == Some(feed.correlation) {
                if let Some(part) = parts.last_mut() {
                    part.rules |= feed.bit;
                }
                continue;
            }
            let correlation = self.plan.correlations.get(feed.correlation)?;
            (space, absent_groups, peers) = (correlation.space, correlation.absent_groups, &correlation.peers);
            let Some(value) = self.value(correlation, slots, out) else { continue };
            let then = self.deferred(at_ms, place, slots, &correlation.feeds, out);
            last = Some(feed.correlation);
            parts.push(Part { seat: index(correlation.seat), rules: feed.bit, value, then });
        }
        if parts.is_empty() || !self.key(fields, absent_groups, slots) {
            return None;
        }
        let fingerprint = self.among_peers(self.seed.of(&self.key), peers, slots)?;
        let key_at = (index(out.keys.len()), index(self.key.len()));
        out.keys.extend_from_slice(&self.key);
        let parts_at = (index(out.parts.len()), index(parts.len()));
        out.parts.extend(parts);
        Some(Record {
            at_ms,
            place,
            key: fingerprint,
            key_at,
            space: index(space),
            parts: parts_at,
            behind_ms: self.behind_ms,
        })
    }

    /// Prepares what a firing of a correlation on this event would give to those that refer to it.
    fn deferred(
        &mut self,
        at_ms: i64,
        place: Place,
        slots: &Slots<'_>,
        feeds: &'p [Feed],
        out: &mut Batch,
    ) -> (u32, u32) {
        if feeds.is_empty() {
            return (0, 0);
        }
        let records: Vec<Record> = feeds.iter().filter_map(|f| self.record(at_ms, place, slots, &[f], out)).collect();
        let at = (index(out.deferred.len()), index(records.len()));
        out.deferred.extend(records);
        at
    }

    /// Puts the key together; false when a group field is absent or null, for then the event belongs to no group, unless
    /// such events are to form one.
    fn key(&mut self, fields: &[FieldId], absent_groups: bool, slots: &Slots<'_>) -> bool {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let mut whole = true;
        for field in fields {
            if !key.is_empty() {
                key.push(b',');
            }
            if !self.canonical(*field, slots, &mut key) {
                key.extend_from_slice(b"null");
                whole = false;
            }
        }
        self.key = key;
        whole || absent_groups
    }

    /// The fingerprint of a key whose group is compared with its peers: its high half, by which partitions are dealt, is
    /// that of the peers. `None` when the event does not tell them.
    fn among_peers(&self, key: u128, peers: &[FieldId], slots: &Slots<'_>) -> Option<u128> {
        if peers.is_empty() {
            return Some(key);
        }
        let mut bytes = Vec::with_capacity(32);
        for field in peers {
            self.canonical(*field, slots, &mut bytes).then(|| bytes.push(b','))?;
        }
        Some(self.seed.of(&bytes) >> 64 << 64 | u128::from(u64::MAX) & key)
    }

    fn value(&self, correlation: &Correlating, slots: &Slots<'_>, out: &mut Batch) -> Option<Value> {
        let fields = &correlation.values;
        let number = |at: usize| slots.get(*fields.get(at)?).number();
        match &correlation.kind {
            Kind::EventCount(_) | Kind::Temporal(_) | Kind::TemporalOrdered => Some(Value::None),
            Kind::ValueCount(_) => self.id(fields, slots),
            // A share: an event that gives no number counts one.
            Kind::ValueSum(_) if fields.len() == 2 => {
                let whole = number(1).map(Number::real).filter(|w| *w > 0.0)?;
                Some(Value::Number(Number::Real(number(0).map_or(1.0, Number::real) / whole * 100.0)))
            }
            Kind::ValueSum(_) | Kind::ValueAvg(_) | Kind::ValuePercentile(..) => number(0).map(Value::Number),
            Kind::Extension(extension) => match extension {
                Extension::Span | Extension::NotFollowed => Some(Value::None),
                Extension::FirstSeen { .. } => self.id(fields, slots),
                Extension::Baseline(b) => match b.measure {
                    Measure::Events => Some(Value::None),
                    Measure::Distinct => self.id(fields, slots),
                    Measure::Sum => number(0).map(Value::Number),
                },
                Extension::Missing => number(0).map(Value::Number),
                Extension::Distance { .. } => Some(Value::Point(number(0)?.real(), number(1)?.real())),
                Extension::Silence { .. } => {
                    let before = fields.first().and_then(|f| instant_ms(slots.get(*f)));
                    Some(before.map_or(Value::None, |ms| Value::Number(Number::Whole(ms))))
                }
                Extension::HashChain | Extension::Concurrent { .. } | Extension::Overlap => {
                    self.ids(fields, slots, out)
                }
            },
        }
    }

    /// One fingerprint of all values together; `None` when one is missing.
    fn id(&self, fields: &[FieldId], slots: &Slots<'_>) -> Option<Value> {
        let mut bytes = Vec::with_capacity(32);
        for field in fields {
            // Apart, so that 1 and 23 are not 12 and 3.
            self.canonical(*field, slots, &mut bytes).then(|| bytes.push(b','))?;
        }
        Some(Value::Id(self.seed.of(&bytes)))
    }

    /// A fingerprint of each value; `None` when one is missing.
    fn ids(&self, fields: &[FieldId], slots: &Slots<'_>, out: &mut Batch) -> Option<Value> {
        let start = index(out.ids.len());
        for field in fields {
            let mut bytes = Vec::with_capacity(32);
            if !self.canonical(*field, slots, &mut bytes) {
                out.ids.truncate(start as usize);
                return None;
            }
            out.ids.push(self.seed.of(&bytes));
        }
        Some(Value::Ids(start, index(fields.len())))
    }

    /// Appends a field's value, or the network it stands for. False when there is none.
    fn canonical(&self, field: FieldId, slots: &Slots<'_>, out: &mut Vec<u8>) -> bool {
        let Some(network) = self.plan.set.vocabulary.networks.iter().find(|n| n.field == field) else {
            return canonical(field, slots, out);
        };
        let address = slots.get(network.address).text();
        let Some(text) = address.and_then(|a| Network::around(&a, network.v4, network.v6)) else { return false };
        out.extend_from_slice(format!("\"{text}\"").as_bytes());
        true
    }
}

/// The lines that are not blank, with their offsets, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut start = 0;
    std::iter::from_fn(move || {
        while start < bytes.len() {
            let rest = bytes.get(start..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let whole = rest.get(..length).unwrap_or_default();
            // Of a line beyond the limit nothing is looked at, not even whether it is blank.
            let line = if length > LONGEST_LINE_BYTES { whole } else { whole.trim_ascii() };
            let at = start as u64;
            start += length + 1;
            if !line.is_empty() {
                return Some((at, line));
            }
        }
        None
    })
}

fn count(result: Result<i64, Bad>, place: Place, out: &mut Batch) {
    out.tally.lines += 1;
    match result {
        Ok(at_ms) => out.tally.event(at_ms),
        Err(why) => out.tally.bad(why, place),
    }
}

/// Counts within a batch stay far below 2^32: a batch holds a few megabytes of log.
#[expect(clippy::cast_possible_truncation, reason = "a batch is a few megabytes")]
const fn index(n: usize) -> u32 {
    n as u32
}

/// Appends a field's value; several values as a list. False when there is none.
fn canonical(field: FieldId, slots: &Slots<'_>, out: &mut Vec<u8>) -> bool {
    let first = slots.get(field);
    if matches!(first, Raw::Absent | Raw::Null | Raw::Hollow) {
        return false;
    }
    if !slots.is_multiple() || slots.values(field).count() < 2 {
        first.write_canonical(out);
        return true;
    }
    let mut before = b'[';
    for value in slots.values(field) {
        out.push(before);
        value.write_canonical(out);
        before = b',';
    }
    out.push(b']');
    true
}

fn answer(plan: &Plan, id: PredicateId, slots: &Slots<'_>, answers: &mut [Answer], scratch: &mut String) -> bool {
    match answers.get(id) {
        Some(Answer::Yes) => return true,
        Some(Answer::No) => return false,
        _ => {}
    }
    let holds = plan.set.vocabulary.predicates().get(id).is_some_and(|p| ask(p, slots, scratch));
    if let Some(slot) = answers.get_mut(id) {
        *slot = if holds { Answer::Yes } else { Answer::No };
    }
    holds
}

/// Whether the predicate holds of the event.
pub(super) fn ask(predicate: &Predicate, slots: &Slots<'_>, scratch: &mut String) -> bool {
    let Some(field) = predicate.field else {
        let Question::Any(test) = &predicate.question else { return false };
        return slots.scalars().iter().any(|v| test.passes(*v, scratch));
    };
    match &predicate.question {
        Question::Exists => slots.get(field) != Raw::Absent,
        Question::Null if slots.is_multiple() => {
            slots.get(field) == Raw::Absent || slots.values(field).any(|v| v == Raw::Null)
        }
        Question::Null => matches!(slots.get(field), Raw::Absent | Raw::Null),
        Question::Any(test) if !slots.is_multiple() => test.passes(slots.get(field), scratch),
        Question::Any(test) => slots.values(field).any(|v| test.passes(v, scratch)),
        Question::SameAs(other, cased) => slots.values(field).any(|a| slots.values(*other).any(|b| same(a, b, *cased))),
        Question::After(other, plus_ms) => {
            let (a, b) = (instant_ms(slots.get(field)), instant_ms(slots.get(*other)));
            a.zip(b).is_some_and(|(a, b)| a > b.saturating_add(*plus_ms))
        }
        Question::Outside(fields) => is_outside(slots, field, fields).unwrap_or(false),
    }
}

/// Whether the instant lies outside the hours of the row; `None` when the row gives none.
fn is_outside(slots: &Slots<'_>, field: FieldId, fields: &HourFields) -> Option<bool> {
    let at_ms = instant_ms(slots.get(field))?;
    let day = |v: Raw<'_>| if let Some(Number::Whole(n)) = v.number() { Some(n) } else { None };
    let days: Vec<i64> = slots.values(fields.days).filter_map(day).collect();
    if slots.get(fields.days) == Raw::Absent {
        return None;
    }
    let zone = slots.get(fields.zone).text();
    let (from, to) = (slots.get(fields.from).text()?, slots.get(fields.to).text()?);
    Hours::new(&days, &from, &to, zone.as_deref().unwrap_or("UTC")).map(|h| !h.contain(at_ms))
}

fn same(a: Raw<'_>, b: Raw<'_>, cased: bool) -> bool {
    if let (Raw::Number(_), Raw::Number(_)) = (a, b) {
        return a.number() == b.number();
    }
    match (a.text(), b.text()) {
        (Some(a), Some(b)) if cased => a == b,
        (Some(a), Some(b)) => fold(&a) == fold(&b),
        _ => false,
    }
}
