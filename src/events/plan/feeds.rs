//! Which matches go to which correlation, and by which fields they are grouped there.

use super::{Correlating, Plan, Space};
use crate::events::rule::{Body, FieldId, Kind, RuleSet};
use std::collections::BTreeMap;

/// The fields of an event that make its key, in the order of the correlation's `group-by`.
pub type KeyFields = Vec<FieldId>;

/// The name and values of a group, as shown.
pub type Group = Vec<(String, String)>;

/// A way from a rule to a correlation that refers to it.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Number of the correlation.
    pub correlation: usize,
    /// The rule's position in the correlation's list, as a bit.
    pub bit: u64,
    /// The fields of the event that make the key there.
    pub key: KeyFields,
}

/// The correlations of a set, without their feeds.
pub(super) fn correlations(set: &mut RuleSet) -> Vec<Correlating> {
    let mut levels: BTreeMap<usize, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for (rule, r) in set.rules.iter().enumerate() {
        let Body::Correlation(c, refers) = &r.body else { continue };
        let level = 1 + refers.iter().filter_map(|r| levels.get(r)).max().copied().unwrap_or(0);
        levels.insert(rule, level);
        let peers = if let Kind::Extension(e) = &c.kind { e.peers() } else { &[] };
        let peers = peers.iter().map(|p| set.vocabulary.field(p)).collect();
        out.push(Correlating {
            rule,
            kind: c.kind.clone(),
            timespan_ms: c.timespan_ms,
            reports: r.reports,
            rules: refers.len(),
            group_by: c.group_by.clone(),
            absent_groups: c.absent_groups,
            values: c.values.iter().map(|v| set.vocabulary.field(v)).collect(),
            peers,
            level,
            space: 0,
            seat: 0,
            member: 0,
            feeds: Vec::new(),
        });
    }
    out
}

/// What correlations have in common that share a space: level and key fields. Those that take several fields for one group,
/// or treat groups in a way of their own, share it only with those that do the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shared {
    level: usize,
    keys: Vec<KeyFields>,
    own: Option<(Vec<KeyFields>, bool, Vec<FieldId>)>,
}

/// Fills in spaces, seats and feeds.
pub(super) fn connect(plan: &mut Plan) {
    plan.detections = Plan::detections_of(&plan.set);
    let mut spaces: BTreeMap<Shared, usize> = BTreeMap::new();
    let mut sources: Vec<Vec<(Source, KeyFields)>> = Vec::new();
    for n in 0..plan.correlations.len() {
        let Some(current) = plan.correlations.get(n) else { continue };
        let (rule, level) = (current.rule, current.level);
        let keys = resolved_keys(&mut plan.set, rule);
        sources.push(add_feeds(plan, n, rule, &keys));
        let mut different = keys.clone();
        different.sort();
        different.dedup();
        let Some(current) = plan.correlations.get(n) else { continue };
        let is_own = different.len() > 1 || current.absent_groups || !current.peers.is_empty();
        let own = is_own.then(|| (keys, current.absent_groups, current.peers.clone()));
        let next = plan.spaces.len();
        let space = *spaces.entry(Shared { level, keys: different, own }).or_insert(next);
        if space == next {
            plan.spaces.push(Space { seats: Vec::new(), level });
        }
        let (seat, member) = take_seat(plan, n, space, &sources);
        if let Some(c) = plan.correlations.get_mut(n) {
            (c.space, c.seat, c.member) = (space, seat, member);
        }
    }
    for detection in &mut plan.detections {
        detection.feeds.sort_by_key(|f| plan.correlations.get(f.correlation).map(|c| (c.space, f.correlation)));
    }
}

/// Where matches come from: a detection or a correlation, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Detection(usize),
    Correlation(usize),
}

/// Gives correlation `n` a seat in its space, beside others if the same window serves them; the seat, and its place there.
fn take_seat(plan: &mut Plan, n: usize, space: usize, sources: &[Vec<(Source, KeyFields)>]) -> (usize, usize) {
    let Plan { correlations, spaces, .. } = plan;
    let Some(seats) = spaces.get_mut(space).map(|s| &mut s.seats) else { return (0, 0) };
    let shares = |seat: &Vec<usize>| {
        let first = seat.first().copied().unwrap_or_default();
        let pair = correlations.get(first).zip(correlations.get(n));
        pair.is_some_and(|(a, b)| a.shares_window(b)) && sources.get(first) == sources.get(n)
    };
    let seat = seats.iter().position(shares).unwrap_or(seats.len());
    if seat == seats.len() {
        seats.push(Vec::new());
    }
    let member = seats.get_mut(seat).map_or(0, |s| {
        s.push(n);
        s.len() - 1
    });
    (seat, member)
}

/// For each rule a correlation refers to, the fields that make the key, aliases resolved.
fn resolved_keys(set: &mut RuleSet, rule: usize) -> Vec<KeyFields> {
    let Some(Body::Correlation(c, refers)) = set.rules.get(rule).map(|r| r.body.clone()) else { return Vec::new() };
    let mut keys = Vec::new();
    for (reference, refers_to) in c.rules.iter().zip(&refers) {
        let other = set.rules.get(*refers_to).and_then(|r| r.name.clone());
        let resolve = |name: &String| {
            let alias = c.aliases.get(name);
            let by_rule = |a: &BTreeMap<String, String>| a.get(reference).or_else(|| a.get(other.as_ref()?)).cloned();
            alias.and_then(by_rule).unwrap_or_else(|| name.clone())
        };
        let names: Vec<String> = c.group_by.iter().map(resolve).collect();
        keys.push(names.iter().map(|n| set.vocabulary.field(n)).collect());
    }
    keys
}

/// Adds the ways from the rules that a correlation refers to; gives where they come from.
fn add_feeds(plan: &mut Plan, correlation: usize, rule: usize, keys: &[KeyFields]) -> Vec<(Source, KeyFields)> {
    let Plan { set, detections, correlations, .. } = plan;
    let Some(Body::Correlation(_, refers)) = set.rules.get(rule).map(|r| &r.body) else { return Vec::new() };
    let mut sources = Vec::new();
    for (position, (referred, key)) in refers.iter().zip(keys).enumerate() {
        let feed = Feed { correlation, bit: 1 << position, key: key.clone() };
        if let Some((n, d)) = detections.iter_mut().enumerate().find(|(_, d)| d.is_of(*referred)) {
            d.feeds.push(feed);
            sources.push((Source::Detection(n), key.clone()));
        } else if let Some((n, c)) = correlations.iter_mut().enumerate().find(|(_, c)| c.rule == *referred) {
            c.feeds.push(feed);
            sources.push((Source::Correlation(n), key.clone()));
        }
    }
    sources
}
