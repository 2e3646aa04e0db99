//! From the detections that an event matched to records for the windows: key, values, and what a firing would wake.

use crate::events::batch::{Batch, Part, Record, Value};
use crate::events::hash::Seed;
use crate::events::line::Slots;
use crate::events::place::Place;
use crate::events::plan::{Correlating, Feed, Plan};
use crate::events::rule::{Extension, FieldId, Kind, Measure, NetworkOf};
use crate::events::value::network::Network;
use crate::events::value::time::instant_ms;
use crate::events::value::{Number, Raw};

/// When and where an event was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub at_ms: i64,
    pub place: Place,
    /// How far the event lies behind the latest one before it in its stretch.
    pub behind_ms: u32,
}

/// Makes records.
pub(super) struct Recorder<'p> {
    seed: Seed,
    /// All ways, in the order in which they become records.
    ways: Vec<Way<'p>>,
    /// For each detection the ways its matches go, by their place among all.
    of_detections: Vec<Vec<u32>>,
    /// For each correlation the ways its firings go.
    of_correlations: Vec<Vec<Way<'p>>>,
    /// For each field the network it stands for.
    networks: Vec<Option<NetworkOf>>,
    hits: Vec<u32>,
    parts: Vec<Part>,
    bytes: Vec<u8>,
    /// Fingerprints of single fields' values, by field, with the number of the event they are of.
    ids: Vec<(u64, Option<u128>)>,
    event: u64,
}

/// A feed, with its place in the order in which feeds become records.
#[derive(Clone, Copy)]
struct Way<'p> {
    /// Ways with the same number share space and key, and so a record.
    group: u32,
    correlation: &'p Correlating,
    number: usize,
    bit: u64,
    key: &'p [FieldId],
}

impl<'p> Way<'p> {
    const fn order(&self) -> (usize, &'p [FieldId], usize, u64) {
        (self.correlation.space, self.key, self.number, self.bit)
    }
}

impl<'p> Recorder<'p> {
    pub(super) fn new(plan: &'p Plan, seed: Seed) -> Self {
        let mut ways: Vec<Way<'p>> = Vec::new();
        let of_detections: Vec<&[Feed]> = plan.detections.iter().map(|d| d.feeds.as_slice()).collect();
        let of_correlations: Vec<&[Feed]> = plan.correlations.iter().map(|c| c.feeds.as_slice()).collect();
        for feed in of_detections.iter().chain(&of_correlations).copied().flatten() {
            let way =
                |correlation| Way { group: 0, correlation, number: feed.correlation, bit: feed.bit, key: &feed.key };
            ways.extend(plan.correlations.get(feed.correlation).map(way));
        }
        ways.sort_by(|a, b| a.order().cmp(&b.order()));
        ways.dedup_by(|a, b| a.order() == b.order());
        let mut group = 0;
        let mut before: Option<Way<'p>> = None;
        for way in &mut ways {
            let same = before.is_some_and(|b| (b.correlation.space, b.key) == (way.correlation.space, way.key));
            group += u32::from(!same && before.is_some());
            way.group = group;
            before = Some(*way);
        }
        let place = |feed: &Feed| {
            let space = plan.correlations.get(feed.correlation)?.space;
            let order = (space, feed.key.as_slice(), feed.correlation, feed.bit);
            ways.binary_search_by(|w| w.order().cmp(&order)).ok().map(index)
        };
        let places = |feeds: &&[Feed]| {
            let mut places: Vec<u32> = feeds.iter().filter_map(place).collect();
            places.sort_unstable();
            places
        };
        let of_detections = of_detections.iter().map(places).collect();
        let copied = |place: &u32| ways.get(*place as usize).copied();
        let of_correlations = of_correlations.iter().map(|f| places(f).iter().filter_map(copied).collect()).collect();
        let vocabulary = &plan.set.vocabulary;
        let network = |field: FieldId| vocabulary.networks.iter().find(|n| n.field == field).copied();
        let networks: Vec<_> = (0..vocabulary.fields().len()).map(network).collect();
        let ids = vec![(0, None); networks.len()];
        let (hits, parts, bytes) = (Vec::new(), Vec::new(), Vec::new());
        Self { seed, ways, of_detections, of_correlations, networks, hits, parts, bytes, ids, event: 0 }
    }

    /// Begins with another event.
    pub(super) fn clear(&mut self) {
        self.hits.clear();
        self.event += 1;
    }

    /// Adds a detection that the event matches.
    pub(super) fn hit(&mut self, detection: usize) {
        self.hits.extend_from_slice(self.of_detections.get(detection).map_or(&[], Vec::as_slice));
    }

    /// One record for each space and key among the hits.
    pub(super) fn write(&mut self, now: Moment, slots: &Slots<'_>, out: &mut Batch) {
        if self.hits.is_empty() {
            return;
        }
        let (mut hits, ways) = (std::mem::take(&mut self.hits), std::mem::take(&mut self.ways));
        if !hits.is_sorted() {
            hits.sort_unstable();
        }
        let group = |place: &u32| ways.get(*place as usize).map(|w| w.group);
        for same in hits.chunk_by(|a, b| group(a) == group(b)) {
            let hit = same.iter().filter_map(|place| ways.get(*place as usize));
            if let Some(record) = self.record(now, slots, hit, out) {
                out.records.push(record);
            }
        }
        (self.hits, self.ways) = (hits, ways);
    }

    /// The record of ways that share space and key; `None` when the event lacks a group field or every value.
    fn record<'w>(
        &mut self,
        now: Moment,
        slots: &Slots<'_>,
        mut group: impl Iterator<Item = &'w Way<'p>>,
        out: &mut Batch,
    ) -> Option<Record>
    where
        'p: 'w,
    {
        let first = group.next()?;
        let start = out.keys.len();
        if !self.key(first.key, first.correlation.absent_groups, slots, &mut out.keys) {
            out.keys.truncate(start);
            return None;
        }
        let key = self.seed.of(out.keys.get(start..).unwrap_or_default());
        let key_at = (index(start), index(out.keys.len() - start));
        let key = self.among_peers(key, &first.correlation.peers, slots)?;
        // Records that wait have parts too, and those of one record have to stand together.
        let mut parts = std::mem::take(&mut self.parts);
        parts.clear();
        let mut last = None;
        for way in std::iter::once(first).chain(group) {
            if last == Some(way.number) {
                if let Some(part) = parts.last_mut() {
                    part.rules |= way.bit;
                }
                continue;
            }
            let Some(value) = self.value(way.correlation, slots, out) else { continue };
            let then = self.deferred(now, slots, way.number, out);
            last = Some(way.number);
            parts.push(Part { seat: index(way.correlation.seat), rules: way.bit, value, then });
        }
        let parts_at = (index(out.parts.len()), index(parts.len()));
        out.parts.extend_from_slice(&parts);
        self.parts = parts;
        if parts_at.1 == 0 {
            out.keys.truncate(start);
            return None;
        }
        let Moment { at_ms, place, behind_ms } = now;
        Some(Record { at_ms, place, key, key_at, space: index(first.correlation.space), parts: parts_at, behind_ms })
    }

    /// Prepares what a firing of a correlation on this event would give to those that refer to it.
    fn deferred(&mut self, now: Moment, slots: &Slots<'_>, correlation: usize, out: &mut Batch) -> (u32, u32) {
        let ways = self.of_correlations.get(correlation).map_or(0, Vec::len);
        let mut records: Vec<Record> = Vec::new();
        for n in 0..ways {
            let Some(way) = self.of_correlations.get(correlation).and_then(|w| w.get(n)).copied() else { continue };
            records.extend(self.record(now, slots, std::iter::once(&way), out));
        }
        let at = (index(out.deferred.len()), index(records.len()));
        out.deferred.extend(records);
        at
    }

    /// Appends the key; false when a group field is absent or null, for then the event belongs to no group, unless such
    /// events are to form one.
    fn key(&self, fields: &[FieldId], absent_groups: bool, slots: &Slots<'_>, out: &mut Vec<u8>) -> bool {
        let mut whole = true;
        for (n, field) in fields.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            if !self.canonical(*field, slots, out) {
                out.extend_from_slice(b"null");
                whole = false;
            }
        }
        whole || absent_groups
    }

    /// The fingerprint of a key whose group is compared with its peers: its high half, by which partitions are dealt, is
    /// that of the peers. `None` when the event does not tell them.
    fn among_peers(&mut self, key: u128, peers: &[FieldId], slots: &Slots<'_>) -> Option<u128> {
        if peers.is_empty() {
            return Some(key);
        }
        Some(self.id(peers, slots)? >> 64 << 64 | u128::from(u64::MAX) & key)
    }

    fn value(&mut self, correlation: &Correlating, slots: &Slots<'_>, out: &mut Batch) -> Option<Value> {
        let fields = &correlation.values;
        let number = |at: usize| slots.get(*fields.get(at)?).number();
        match &correlation.kind {
            Kind::EventCount(_) | Kind::Temporal(_) | Kind::TemporalOrdered => Some(Value::None),
            Kind::ValueCount(_) => self.id(fields, slots).map(Value::Id),
            // A share: an event that gives no number counts one.
            Kind::ValueSum(_) if fields.len() == 2 => {
                let whole = number(1).map(Number::real).filter(|w| *w > 0.0)?;
                Some(Value::Number(Number::Real(number(0).map_or(1.0, Number::real) / whole * 100.0)))
            }
            Kind::ValueSum(_) | Kind::ValueAvg(_) | Kind::ValuePercentile(..) => number(0).map(Value::Number),
            Kind::Extension(extension) => match extension {
                Extension::Span | Extension::NotFollowed => Some(Value::None),
                Extension::FirstSeen { .. } => self.id(fields, slots).map(Value::Id),
                Extension::Baseline(b) => match b.measure {
                    Measure::Events => Some(Value::None),
                    Measure::Distinct => self.id(fields, slots).map(Value::Id),
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

    /// The fingerprint of the event's id; `None` when it has none.
    pub(super) fn identity(&mut self, field: FieldId, slots: &Slots<'_>) -> Option<u128> {
        self.id(&[field], slots)
    }

    /// One fingerprint of all values together; `None` when one is missing.
    fn id(&mut self, fields: &[FieldId], slots: &Slots<'_>) -> Option<u128> {
        // Several correlations often count the values of the same field.
        let alone = if let [field] = fields { Some(*field) } else { None };
        if let Some((_, id)) = alone.and_then(|f| self.ids.get(f)).filter(|(event, _)| *event == self.event) {
            return *id;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        // Apart, so that 1 and 23 are not 12 and 3.
        let whole = fields.iter().all(|f| {
            let there = self.canonical(*f, slots, &mut bytes);
            bytes.push(b',');
            there
        });
        let id = whole.then(|| self.seed.of(&bytes));
        self.bytes = bytes;
        if let Some(known) = alone.and_then(|f| self.ids.get_mut(f)) {
            *known = (self.event, id);
        }
        id
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
        let Some(network) = self.networks.get(field).and_then(Option::as_ref) else {
            return canonical(field, slots, out);
        };
        let address = slots.get(network.address).text();
        let Some(text) = address.and_then(|a| Network::around(&a, network.v4, network.v6)) else { return false };
        out.extend_from_slice(format!("\"{text}\"").as_bytes());
        true
    }
}

/// Counts within a batch stay far below 2^32: a batch holds a few megabytes of log.
#[expect(clippy::cast_possible_truncation, reason = "a batch is a few megabytes")]
pub(super) const fn index(n: usize) -> u32 {
    n as u32
}

/// Appends a field's value; several values as a list. False when there is none.
fn canonical(field: FieldId, slots: &Slots<'_>, out: &mut Vec<u8>) -> bool {
    let first = slots.get(field);
    if matches!(first, Raw::Absent | Raw::Null | Raw::Hollow) {
        return false;
    }
    if !slots.has_more(field) {
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
