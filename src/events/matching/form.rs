//! Which records an event makes that matches certain detections: worked out once for each set of detections that occurs.

use crate::events::plan::{Correlating, Feed, Plan};
use crate::events::rule::{Extension, FieldId, Kind, Measure};
use std::collections::BTreeMap;

/// Sets of detections whose forms are kept; a log that makes more gets theirs worked out again.
const MOST_KEPT: usize = 4096;

/// A record to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub space: u32,
    /// The fields that make the key.
    pub key: Box<[FieldId]>,
    /// Whether events without one of them form a group.
    pub absent_groups: bool,
    /// The fields that make groups peers of each other.
    pub peers: Box<[FieldId]>,
    pub parts: Box<[Blank]>,
    /// Whether other records wait for a part.
    pub is_waited_for: bool,
    /// Which member of the window that is waited for brings it to life; 0 for a record that waits for none.
    pub member: u32,
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blank {
    pub seat: u32,
    pub rules: u64,
    pub wanted: Wanted,
    /// Records that a firing of the seat's correlations would bring to life.
    pub then: Vec<Form>,
}

/// The value that a correlation needs of an event; an event that lacks it is not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// None.
    Nothing,
    /// A fingerprint of a field's value.
    IdOfOne(FieldId),
    /// One of all fields' values together.
    IdOfAll(Box<[FieldId]>),
    /// A fingerprint of each.
    Ids(Box<[FieldId]>),
    /// A number.
    Number(FieldId),
    /// A number, or one where there is none, in per cent of another.
    Share(FieldId, FieldId),
    /// Latitude and longitude.
    Point(FieldId, FieldId),
    /// An instant, if there is one.
    Instant(Option<FieldId>),
}

impl Wanted {
    fn by(correlation: &Correlating) -> Self {
        let fields = correlation.values.as_slice();
        let id = || if let [field] = fields { Self::IdOfOne(*field) } else { Self::IdOfAll(fields.into()) };
        let ids = || Self::Ids(fields.into());
        match (&correlation.kind, fields) {
            (Kind::ValueCount(_) | Kind::Extension(Extension::FirstSeen { .. }), _) => id(),
            (Kind::ValueSum(_), [part, whole]) => Self::Share(*part, *whole),
            (Kind::ValueSum(_) | Kind::ValueAvg(_) | Kind::ValuePercentile(..), [field, ..]) => Self::Number(*field),
            (Kind::Extension(Extension::Missing), [field, ..]) => Self::Number(*field),
            (Kind::Extension(Extension::Distance { .. }), [latitude, longitude, ..]) => {
                Self::Point(*latitude, *longitude)
            }
            (Kind::Extension(Extension::Silence { .. }), _) => Self::Instant(fields.first().copied()),
            (Kind::Extension(Extension::HashChain | Extension::Concurrent { .. } | Extension::Overlap), _) => ids(),
            (Kind::Extension(Extension::Baseline(b)), _) => match (b.measure, fields) {
                (Measure::Distinct, _) => id(),
                (Measure::Sum, [field, ..]) => Self::Number(*field),
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }
}

/// The forms of all sets of detections seen so far.
pub(super) struct Forms<'p> {
    plan: &'p Plan,
    alone: Vec<Vec<Form>>,
    together: BTreeMap<Box<[u32]>, usize>,
    kept: Vec<Vec<Form>>,
}

impl<'p> Forms<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let alone = plan.detections.iter().map(|d| forms(plan, d.feeds.iter(), 0)).collect();
        Self { plan, alone, together: BTreeMap::new(), kept: Vec::new() }
    }

    /// Whether anything comes of an event that matches the detection.
    pub(super) fn matters(&self, detection: usize) -> bool {
        self.alone.get(detection).is_some_and(|forms| !forms.is_empty())
    }

    /// The forms of an event that matches these detections, in order, which all matter.
    pub(super) fn of(&mut self, detections: &[u32]) -> &[Form] {
        if let [detection] = detections {
            return self.alone.get(*detection as usize).map_or(&[], Vec::as_slice);
        }
        if let Some(number) = self.together.get(detections) {
            return self.kept.get(*number).map_or(&[], Vec::as_slice);
        }
        if self.kept.len() == MOST_KEPT {
            self.kept.clear();
            self.together.clear();
        }
        let hit = detections.iter().filter_map(|d| self.plan.detections.get(*d as usize));
        let made = forms(self.plan, hit.flat_map(|d| &d.feeds), 0);
        self.together.insert(detections.into(), self.kept.len());
        self.kept.push(made);
        self.kept.last().map_or(&[], Vec::as_slice)
    }
}

/// One form for each space and key among `feeds`, with one part for each seat.
fn forms<'f>(plan: &'f Plan, feeds: impl Iterator<Item = &'f Feed>, member: u32) -> Vec<Form> {
    let mut ways: BTreeMap<(usize, &[FieldId], usize), (&Correlating, u64)> = BTreeMap::new();
    for feed in feeds {
        let Some(c) = plan.correlations.get(feed.correlation) else { continue };
        let (_, rules) = ways.entry((c.space, &feed.key, c.seat)).or_insert((c, 0));
        *rules |= feed.bit;
    }
    let mut parts: Vec<(&Correlating, &[FieldId], Vec<Blank>)> = Vec::new();
    for ((space, key, seat), (c, rules)) in ways {
        let blank = Blank { seat: index(seat), rules, wanted: Wanted::by(c), then: waiting(plan, space, seat) };
        match parts.last_mut().filter(|(before, other, _)| before.space == space && *other == key) {
            Some((_, _, parts)) => parts.push(blank),
            None => parts.push((c, key, vec![blank])),
        }
    }
    let form = |(c, key, parts): (&Correlating, &[FieldId], Vec<Blank>)| Form {
        space: index(c.space),
        key: key.into(),
        absent_groups: c.absent_groups,
        peers: c.peers.as_slice().into(),
        is_waited_for: parts.iter().any(|p| !p.then.is_empty()),
        parts: parts.into(),
        member,
    };
    parts.into_iter().map(form).collect()
}

/// What firings of the correlations at a seat would bring to life, each firing its own.
fn waiting(plan: &Plan, space: usize, seat: usize) -> Vec<Form> {
    let seats = plan.spaces.get(space).map_or(&[][..], |s| &s.seats);
    let members = seats.get(seat).into_iter().flatten().filter_map(|c| plan.correlations.get(*c));
    let of = |c: &Correlating| {
        let alone = |feed| forms(plan, std::iter::once(feed), index(c.member));
        // A firing makes one record for each correlation that refers to it, as it always has.
        let mut made: Vec<Form> = Vec::new();
        for form in c.feeds.iter().flat_map(alone) {
            if !made.contains(&form) {
                made.push(form);
            }
        }
        made
    };
    members.flat_map(of).collect()
}

/// Numbers of a plan's parts stay far below 2^32.
fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
