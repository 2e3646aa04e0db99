//! From the detections that an event matched to records for the windows: key, values, and what a firing would wake.

use super::form::{Blank, Form, Forms, Wanted};
use crate::events::batch::{Batch, Id, Part, Record, Value};
use crate::events::hash::{Gist, Seed};
use crate::events::line::Slots;
use crate::events::place::Place;
use crate::events::plan::Plan;
use crate::events::rule::{FieldId, NetworkOf};
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
    forms: Forms<'p>,
    /// Detections that the event matches and that matter, in order.
    hits: Vec<u32>,
    pen: Pen,
}

/// Fills in forms.
struct Pen {
    seed: Seed,
    /// Parts of the records at hand, those of a record that waits after those of the one it waits for.
    parts: Vec<Part>,
    bytes: Vec<u8>,
    /// What is known of single fields' values, by field.
    known: Vec<Known>,
    event: u64,
}

/// What is known of a field's value.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The event of whose value the rest tells.
    event: u64,
    /// Whether there is one, and its fingerprint.
    there: bool,
    id: u128,
    /// The event in whose stretch the value stands among the keys, and where.
    written: u64,
    at: (u32, u32),
    /// The network that the field stands for.
    network: Option<NetworkOf>,
}

impl<'p> Recorder<'p> {
    pub(super) fn new(plan: &'p Plan, seed: Seed) -> Self {
        let vocabulary = &plan.set.vocabulary;
        let network = |field: FieldId| vocabulary.networks.iter().find(|n| n.field == field).copied();
        let known = |field| Known { network: network(field), ..Known::default() };
        let known = (0..vocabulary.fields().len()).map(known).collect();
        let pen = Pen { seed, parts: Vec::new(), bytes: Vec::new(), known, event: 0 };
        Self { forms: Forms::new(plan), hits: Vec::new(), pen }
    }

    /// Begins with another event.
    pub(super) fn clear(&mut self) {
        self.hits.clear();
        self.pen.event += 1;
    }

    /// Adds a detection that the event matches.
    pub(super) fn hit(&mut self, detection: usize) {
        if self.forms.matters(detection) {
            self.hits.push(index(detection));
        }
    }

    /// The fingerprint of the event's id; `None` when it has none.
    pub(super) fn identity(&mut self, field: FieldId, slots: &Slots<'_>) -> Option<u128> {
        self.pen.id(&[field], slots)
    }

    /// One record for each space and key among the hits.
    pub(super) fn write(&mut self, now: Moment, slots: &Slots<'_>, out: &mut Batch) {
        if self.hits.is_empty() {
            return;
        }
        for form in self.forms.of(&self.hits) {
            self.pen.record(now, slots, form, out, |out, record| out.records.push(record));
        }
    }
}

impl Pen {
    /// Puts the record of a form where it belongs; `None` when the event lacks a group field or every value. Handing the record
    /// back instead would have it written, and at once read, in words of different sizes, for which a processor has to wait.
    fn record(
        &mut self,
        now: Moment,
        slots: &Slots<'_>,
        form: &Form,
        out: &mut Batch,
        put: impl FnOnce(&mut Batch, Record),
    ) -> Option<()> {
        let (key, key_at) = match &*form.key {
            [field] if !form.absent_groups => self.key_of_one(*field, slots, &mut out.keys)?,
            fields => self.key(fields, form.absent_groups, slots, &mut out.keys)?,
        };
        let key = if form.peers.is_empty() { key } else { self.among_peers(key, &form.peers, slots)? };
        let mut start = out.parts.len();
        if form.is_waited_for {
            start = self.parts_waited_for(now, slots, &form.parts, out);
        } else {
            form.parts.iter().for_each(|blank| self.part(blank, slots, out));
        }
        let count = out.parts.len() - start;
        if count == 0 {
            return None;
        }
        let Moment { at_ms, place, behind_ms } = now;
        let parts = (index(start), index(count));
        put(out, Record { at_ms, place, key, key_at, space: form.space, parts, behind_ms, member: form.member });
        Some(())
    }

    /// Adds a part that no record waits for, unless the event lacks its value. The most common ones each on their own, so that
    /// they go from where they are worked out to where they are to stand without being put together elsewhere first.
    #[inline(always)]
    fn part(&mut self, blank: &Blank, slots: &Slots<'_>, out: &mut Batch) {
        let Blank { seat, rules, ref wanted, .. } = *blank;
        let then = (0, 0);
        match wanted {
            Wanted::Nothing => out.parts.push(Part { seat, rules, value: Value::None, then }),
            Wanted::IdOfOne(field) => {
                if let Some(id) = self.id_of_one(*field, slots) {
                    out.parts.push(Part { seat, rules, value: Value::Id(Id(id)), then });
                }
            }
            _ => {
                if let Some(value) = self.value(wanted, slots, &mut out.ids) {
                    out.parts.push(Part { seat, rules, value, then });
                }
            }
        }
    }

    /// Adds parts and the records that wait for them; gives where the parts begin.
    fn parts_waited_for(&mut self, now: Moment, slots: &Slots<'_>, blanks: &[Blank], out: &mut Batch) -> usize {
        // Records that wait have parts too, and those of one record have to stand together.
        let first = self.parts.len();
        for blank in blanks {
            let Some(value) = self.value(&blank.wanted, slots, &mut out.ids) else { continue };
            let then = self.deferred(now, slots, &blank.then, out);
            self.parts.push(Part { seat: blank.seat, rules: blank.rules, value, then });
        }
        let start = out.parts.len();
        out.parts.extend(self.parts.drain(first..));
        start
    }

    /// Prepares what a firing on this event would give to the correlations that refer to it.
    fn deferred(&mut self, now: Moment, slots: &Slots<'_>, forms: &[Form], out: &mut Batch) -> (u32, u32) {
        if forms.is_empty() {
            return (0, 0);
        }
        let mut records = Vec::new();
        for form in forms {
            self.record(now, slots, form, out, |_, record| records.push(record));
        }
        let at = (index(out.deferred.len()), index(records.len()));
        out.deferred.extend(records);
        at
    }

    /// The key of one field: its fingerprint, and where its bytes stand in `out`; `None` when the field is absent or null, for
    /// then the event belongs to no group.
    #[inline(always)]
    fn key_of_one(&mut self, field: FieldId, slots: &Slots<'_>, out: &mut Vec<u8>) -> Option<(u128, (u32, u32))> {
        let (event, seed) = (self.event, self.seed);
        let known = self.known.get_mut(field)?;
        if known.written == event {
            return Some((known.id, known.at));
        }
        let start = out.len();
        let Some(inner) = known.plain(field, slots) else { return self.key_spelled(field, slots, out) };
        let gist = Gist::of(inner);
        quote(gist, inner, out);
        known.at = (index(start), index(inner.len() + 2));
        known.written = event;
        let id = if known.event == event { known.id } else { seed.of_text_with(gist, inner) };
        (known.event, known.there, known.id) = (event, true, id);
        Some((id, known.at))
    }

    /// The same for any value.
    #[inline(never)]
    fn key_spelled(&mut self, field: FieldId, slots: &Slots<'_>, out: &mut Vec<u8>) -> Option<(u128, (u32, u32))> {
        let start = out.len();
        if !self.canonical(field, slots, out) {
            out.truncate(start);
            return None;
        }
        let at = (index(start), index(out.len() - start));
        let (event, seed) = (self.event, self.seed);
        let known = self.known.get_mut(field)?;
        if known.event != event {
            (known.event, known.there) = (event, true);
            known.id = fingerprint(seed, out.get(start..).unwrap_or_default());
        }
        (known.written, known.at) = (event, at);
        Some((known.id, at))
    }

    /// The same for several fields or none; of events that lack one, if they are to form a group.
    fn key(
        &self,
        fields: &[FieldId],
        absent_groups: bool,
        slots: &Slots<'_>,
        out: &mut Vec<u8>,
    ) -> Option<(u128, (u32, u32))> {
        let start = out.len();
        for (n, field) in fields.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            if !self.canonical(*field, slots, out) {
                if !absent_groups {
                    out.truncate(start);
                    return None;
                }
                out.extend_from_slice(b"null");
            }
        }
        let bytes = out.get(start..).unwrap_or_default();
        let at = (index(start), index(bytes.len()));
        Some((if fields.len() == 1 { fingerprint(self.seed, bytes) } else { self.seed.of(bytes) }, at))
    }

    /// The fingerprint of a key whose group is compared with its peers: its high half, by which partitions are dealt, is
    /// that of the peers. `None` when the event does not tell them.
    fn among_peers(&mut self, key: u128, peers: &[FieldId], slots: &Slots<'_>) -> Option<u128> {
        Some(self.id(peers, slots)? >> 64 << 64 | u128::from(u64::MAX) & key)
    }

    fn value(&mut self, wanted: &Wanted, slots: &Slots<'_>, ids: &mut Vec<u128>) -> Option<Value> {
        let number = |field: &FieldId| slots.get(*field).number();
        match wanted {
            Wanted::Nothing => Some(Value::None),
            Wanted::IdOfOne(field) => self.id_of_one(*field, slots).map(|id| Value::Id(Id(id))),
            Wanted::IdOfAll(fields) => self.id(fields, slots).map(|id| Value::Id(Id(id))),
            Wanted::Ids(fields) => self.ids(fields, slots, ids),
            Wanted::Number(field) => number(field).map(Value::Number),
            // An event that gives no number counts one.
            Wanted::Share(part, whole) => {
                let whole = number(whole).map(Number::real).filter(|w| *w > 0.0)?;
                Some(Value::Number(Number::Real(number(part).map_or(1.0, Number::real) / whole * 100.0)))
            }
            Wanted::Point(latitude, longitude) => {
                Some(Value::Point(number(latitude)?.real(), number(longitude)?.real()))
            }
            Wanted::Instant(field) => {
                let before = field.and_then(|f| instant_ms(slots.get(f)));
                Some(before.map_or(Value::None, |ms| Value::Number(Number::Whole(ms))))
            }
        }
    }

    /// One fingerprint of all values together; `None` when one is missing.
    fn id(&mut self, fields: &[FieldId], slots: &Slots<'_>) -> Option<u128> {
        let [field] = fields else {
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
            return id;
        };
        self.id_of_one(*field, slots)
    }

    /// The fingerprint of a field's value; `None` when it has none. Several correlations often want the same field.
    #[inline(always)]
    fn id_of_one(&mut self, field: FieldId, slots: &Slots<'_>) -> Option<u128> {
        let known = self.known.get(field)?;
        let (there, id) = if known.event == self.event { (known.there, known.id) } else { self.learn(field, slots) };
        there.then_some(id)
    }

    /// Whether a field has a value, and its fingerprint, which is known from then on.
    #[inline(always)]
    fn learn(&mut self, field: FieldId, slots: &Slots<'_>) -> (bool, u128) {
        let (event, seed) = (self.event, self.seed);
        let plain = self.known.get(field).and_then(|k| k.plain(field, slots));
        let id = plain.map_or_else(|| self.id_spelled(field, slots), |inner| Some(seed.of_text(inner)));
        let (there, id) = (id.is_some(), id.unwrap_or(0));
        if let Some(known) = self.known.get_mut(field) {
            (known.event, known.there, known.id) = (event, there, id);
        }
        (there, id)
    }

    /// The fingerprint of any value.
    #[inline(never)]
    fn id_spelled(&mut self, field: FieldId, slots: &Slots<'_>) -> Option<u128> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let id = self.canonical(field, slots, &mut bytes).then(|| fingerprint(self.seed, &bytes));
        self.bytes = bytes;
        id
    }

    /// A fingerprint of each value; `None` when one is missing.
    fn ids(&mut self, fields: &[FieldId], slots: &Slots<'_>, out: &mut Vec<u128>) -> Option<Value> {
        let start = out.len();
        for field in fields {
            let Some(id) = self.id(std::slice::from_ref(field), slots) else {
                out.truncate(start);
                return None;
            };
            out.push(id);
        }
        Some(Value::Ids(index(start), index(fields.len())))
    }

    /// Appends a field's value, or the network it stands for. False when there is none.
    #[inline]
    fn canonical(&self, field: FieldId, slots: &Slots<'_>, out: &mut Vec<u8>) -> bool {
        let Some(known) = self.known.get(field) else { return false };
        if let Some(inner) = known.plain(field, slots) {
            quote(Gist::of(inner), inner, out);
            return true;
        }
        match &known.network {
            None => canonical(field, slots, out),
            Some(network) => around(network, slots, out),
        }
    }
}

impl Known {
    /// What stands between the quotes of a field's value, when that is one text without escapes, as most are.
    #[inline(always)]
    fn plain<'a>(&self, field: FieldId, slots: &Slots<'a>) -> Option<&'a [u8]> {
        let (kind, inner) = slots.brief(field);
        (kind == Raw::PLAIN_TEXT && !slots.is_multiple() && self.network.is_none()).then_some(inner)
    }
}

/// Appends a text between quotes, given its gist.
#[inline]
fn quote(gist: Gist, inner: &[u8], out: &mut Vec<u8>) {
    if let Some(quoted) = gist.quoted() {
        // Always as many bytes, which takes one instruction, and then as many as there are.
        let end = out.len() + inner.len() + 2;
        out.extend_from_slice(&quoted.to_le_bytes());
        out.truncate(end);
        return;
    }
    out.reserve(inner.len() + 2);
    out.push(b'"');
    out.extend_from_slice(inner);
    out.push(b'"');
}

/// Appends the network of the address; false when there is none.
fn around(network: &NetworkOf, slots: &Slots<'_>, out: &mut Vec<u8>) -> bool {
    let address = slots.get(network.address).text();
    let Some(text) = address.and_then(|a| Network::around(&a, network.v4, network.v6)) else { return false };
    out.extend_from_slice(format!("\"{text}\"").as_bytes());
    true
}

/// Counts within a batch stay far below 2^32: a batch holds a few megabytes of log.
#[expect(clippy::cast_possible_truncation, reason = "a batch is a few megabytes")]
pub(super) const fn index(n: usize) -> u32 {
    n as u32
}

/// The fingerprint of one value's canonical spelling: a text's is that of what stands between its quotes.
fn fingerprint(seed: Seed, canonical: &[u8]) -> u128 {
    match canonical {
        [b'"', inner @ .., b'"'] => seed.of_text(inner),
        other => seed.of(other),
    }
}

/// Appends a field's value; several values as a list. False when there is none.
#[inline(never)]
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
