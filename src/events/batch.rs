//! What matching leaves of a stretch of log: matches to report, records for the windows, and counts.

use super::coverage::Tally;
use super::keep::{Keep, keep};
use super::place::Place;
use super::value::Number;

/// One firing of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// Instant of the event that completed it.
    pub at_ms: i64,
    /// Place of that event: the last of the window.
    pub last: Place,
    /// Number of the rule in the set.
    pub rule: usize,
    /// The group's values as JSON, joined by commas; empty for rules without groups.
    pub key: Box<[u8]>,
    /// Events in the window; 1 for a rule on single events.
    pub count: u64,
    /// Place of the first event of the window.
    pub first: Place,
    /// The number computed, when the rule computes one other than the count.
    pub value: Option<f64>,
}

keep!(Firing { at_ms, last, rule, key, count, first, value });

/// A fingerprint that needs no more room than its bytes, so that what holds one is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(8))]
pub struct Id(pub u128);

impl Keep for Id {
    fn put(&self, out: &mut Vec<u8>) {
        let Self(id) = *self;
        id.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        u128::take(from).map(Self)
    }
}

/// A value that a correlation needs of an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// None.
    None,
    /// A fingerprint, to count different ones.
    Id(Id),
    /// A number.
    Number(Number),
    /// Latitude and longitude in degrees.
    Point(f64, f64),
    /// Fingerprints in `Batch::ids`: first and number.
    Ids(u32, u32),
}

keep!(Value [0: None, 1: Id(id), 2: Number(n), 3: Point(latitude, longitude), 4: Ids(first, count)]);

/// What one correlation gets of an event.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Place of the correlation in its space.
    pub seat: u32,
    /// Which of its rules the event matched.
    pub rules: u64,
    /// The value it needs.
    pub value: Value,
    /// Records in `Batch::deferred` that come to life when the correlation fires: first and number.
    pub then: (u32, u32),
}

keep!(Part { seat, rules, value, then });

/// What the correlations of one space get of an event.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The event's instant.
    pub at_ms: i64,
    /// The event's place.
    pub place: Place,
    /// Fingerprint of the key.
    pub key: u128,
    /// The key's bytes in `Batch::keys`: first and length.
    pub key_at: (u32, u32),
    /// The space.
    pub space: u32,
    /// Parts in `Batch::parts`: first and number.
    pub parts: (u32, u32),
    /// How far the event lies behind the latest one before it in its stretch; 0 when it is the latest.
    pub behind_ms: u32,
    /// Which of the correlations at the seat it waits for brings it to life; 0 when it waits for none.
    pub member: u32,
}

impl Record {
    /// Whether the event comes too late for windows, when events up to `high_ms` came before its stretch.
    pub fn is_late(&self, high_ms: Option<i64>, lateness_ms: i64) -> bool {
        let high = self.at_ms.saturating_add(i64::from(self.behind_ms)).max(high_ms.unwrap_or(i64::MIN));
        high.saturating_sub(self.at_ms) > lateness_ms
    }
}

keep!(Record { at_ms, place, key, key_at, space, parts, behind_ms, member });

/// An event that told its id.
#[derive(Clone, Copy, Debug)]
pub struct Identified {
    /// Fingerprint of the id.
    pub id: u128,
    /// The event's place.
    pub place: Place,
    /// The detections that it matched, in `Batch::hits`: first and number.
    pub hits: (u32, u32),
}

keep!(Identified { id, place, hits });

/// What matching leaves of a stretch of log.
#[derive(Debug, Default)]
pub struct Batch {
    /// Matches of rules on single events, in the order of the lines.
    pub firings: Vec<Firing>,
    /// For each of `firings`, how far its event lies behind the latest one before it in its stretch.
    pub firings_behind_ms: Vec<u32>,
    /// Records for the windows, in the order of the lines.
    pub records: Vec<Record>,
    /// Records that wait for a correlation to fire.
    pub deferred: Vec<Record>,
    /// Parts of records.
    pub parts: Vec<Part>,
    /// Bytes of keys.
    pub keys: Vec<u8>,
    /// Fingerprints of values that are looked at together.
    pub ids: Vec<u128>,
    /// Events that told their id, in the order of the lines; empty where doubles count.
    pub identified: Vec<Identified>,
    /// The detections that they matched.
    pub hits: Vec<u32>,
    /// How many events each detection matched, by its number.
    pub matched: Vec<u64>,
    /// Which fields occurred with a value, by number.
    pub occurred: Vec<bool>,
    /// Counts.
    pub tally: Tally,
}

keep!(Batch {
    firings,
    firings_behind_ms,
    records,
    deferred,
    parts,
    keys,
    ids,
    identified,
    hits,
    matched,
    occurred,
    tally
});

impl Batch {
    /// Forgets everything and keeps the room for the next stretch.
    pub fn clear(&mut self) {
        let Self {
            firings,
            firings_behind_ms,
            records,
            deferred,
            parts,
            keys,
            ids,
            identified,
            hits,
            matched,
            occurred,
            tally,
        } = self;
        firings.clear();
        firings_behind_ms.clear();
        records.clear();
        deferred.clear();
        parts.clear();
        keys.clear();
        ids.clear();
        identified.clear();
        hits.clear();
        matched.clear();
        occurred.clear();
        *tally = Tally::default();
    }

    /// The bytes of a record's key.
    pub fn key_of(&self, record: &Record) -> &[u8] {
        let (start, length) = (record.key_at.0 as usize, record.key_at.1 as usize);
        self.keys.get(start..start + length).unwrap_or_default()
    }

    /// The fingerprints of a part's values, when it has several.
    pub fn ids_of(&self, part: &Part) -> &[u128] {
        let Value::Ids(start, count) = part.value else { return &[] };
        self.ids.get(start as usize..(start + count) as usize).unwrap_or_default()
    }

    /// The parts of a record.
    pub fn parts_of(&self, record: &Record) -> &[Part] {
        let (start, count) = (record.parts.0 as usize, record.parts.1 as usize);
        self.parts.get(start..start + count).unwrap_or_default()
    }

    /// The records that a part brings to life.
    pub fn deferred_by(&self, part: &Part) -> &[Record] {
        let (start, count) = (part.then.0 as usize, part.then.1 as usize);
        self.deferred.get(start..start + count).unwrap_or_default()
    }
}
