//! The correlation type `baseline` against a recount that knows nothing of windows, and its limits.

use super::{firings, plan, refused};
use crate::support::chance::Chance;
use habeas::connectors::logs::{Input, Options, scan};
use habeas::events::batch::Firing;
use habeas::events::context::Context;
use habeas::events::hash::Seed;
use habeas::events::memory;
use std::collections::{BTreeMap, BTreeSet};

const HOUR: i64 = 3_600_000;
/// A Monday.
const START: i64 = 1_772_409_600_000;

#[derive(Clone, Debug)]
struct Event {
    at: i64,
    offset: u64,
    user: String,
    role: Option<&'static str>,
    record: u64,
    rows: i64,
}

/// What a rule asks, for the recount.
struct Asked {
    measure: &'static str,
    exceed: bool,
    factor: f64,
    rank: Option<f64>,
    period: i64,
    span: i64,
    on: usize,
    enough: usize,
    least: f64,
    idle: bool,
    peers: bool,
}

/// Instant, user, count, first offset, measure.
type Found = (i64, String, u64, u64, u64);

impl Asked {
    fn rule(&self) -> String {
        let field = match self.measure {
            "events" => "",
            "distinct" => "field: record, ",
            _ => "field: rows, ",
        };
        format!(
            "title: read\nname: read\ndetection: {{sel: {{a: read}}, condition: sel}}\n---\ntitle: more\ncorrelation:\n  type: baseline\n  rules: [read]\n  group-by: [user]\n  timespan: {}h\n  condition: {{{}: {}, times: {}, per: {}h, measure: {}, {field}on: {}, enough: {}, least: {}{}{}}}\n",
            self.span,
            if self.exceed { "gt" } else { "gte" },
            self.factor,
            self.rank.map_or("median".to_owned(), |r| format!("p{r}")),
            self.period,
            self.measure,
            self.on,
            self.enough,
            self.least,
            if self.idle { ", idle: zero" } else { "" },
            if self.peers { ", peers: [role]" } else { "" },
        )
    }

    fn period_of(&self, at: i64) -> i64 {
        let days_to_monday = if self.period % 168 == 0 { 96 } else { 0 };
        (at - days_to_monday * HOUR).div_euclid(self.period * HOUR)
    }

    fn measure_of(&self, events: &[&Event]) -> f64 {
        match self.measure {
            "events" => events.len() as f64,
            "distinct" => events.iter().map(|e| e.record).collect::<BTreeSet<_>>().len() as f64,
            _ => events.iter().map(|e| e.rows).sum::<i64>() as f64,
        }
    }

    fn usual(&self, mut measures: Vec<f64>) -> Option<f64> {
        measures.sort_by(f64::total_cmp);
        let n = measures.len();
        if n < self.enough {
            return None;
        }
        Some(match self.rank {
            None if n.is_multiple_of(2) => (measures[n / 2 - 1] + measures[n / 2]) / 2.0,
            None => measures[n / 2],
            Some(rank) => measures[((rank / 100.0 * n as f64).ceil() as usize).max(1) - 1],
        })
    }

    fn passes(&self, measure: f64, usual: Option<f64>) -> bool {
        usual.is_some_and(|u| {
            measure >= self.least && if self.exceed { measure > self.factor * u } else { measure >= self.factor * u }
        })
    }

    /// By user and period, the event at which the period passes the bound with what the user did by then.
    fn own(&self, mine: &[&Event]) -> BTreeMap<i64, (i64, u64, f64)> {
        let mut passed = BTreeMap::new();
        let mut periods: BTreeMap<i64, Vec<&Event>> = BTreeMap::new();
        mine.iter().for_each(|e| periods.entry(self.period_of(e.at)).or_default().push(e));
        for event in mine {
            let k = self.period_of(event.at);
            let in_period = |n: i64| periods.get(&n).cloned().unwrap_or_default();
            let now: Vec<&Event> = in_period(k).into_iter().filter(|e| e.at <= event.at).collect();
            let mut before = Vec::new();
            for n in k - self.span / self.period..k {
                let events = in_period(n);
                if !events.is_empty() || self.idle && !before.is_empty() {
                    before.push(self.measure_of(&events));
                }
            }
            let measure = self.measure_of(&now);
            if !passed.contains_key(&k) && self.passes(measure, self.usual(before)) {
                passed.insert(k, (event.at, now.len() as u64, measure));
            }
        }
        passed
    }

    fn among_peers(&self, all: &[Event], user: &str, role: &str) -> BTreeMap<i64, (i64, u64, f64)> {
        let mut passed = BTreeMap::new();
        let periods: BTreeSet<i64> = all.iter().map(|e| self.period_of(e.at)).collect();
        let log_ends = all.iter().map(|e| e.at).max().unwrap() + 1;
        for k in periods {
            let days_to_monday = if self.period % 168 == 0 { 96 } else { 0 };
            let end = ((k + 1) * self.period + days_to_monday) * HOUR;
            let here = |e: &&Event| self.period_of(e.at) == k && e.role == Some(role);
            let mut by_user: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
            all.iter().filter(here).for_each(|e| by_user.entry(&e.user).or_default().push(e));
            let Some(own) = by_user.remove(user) else { continue };
            let others = by_user.values().map(|events| self.measure_of(events)).collect();
            let measure = self.measure_of(&own);
            if end <= log_ends && self.passes(measure, self.usual(others)) {
                passed.insert(k, (end, own.len() as u64, measure));
            }
        }
        passed
    }

    fn recount(&self, events: &[Event]) -> BTreeSet<Found> {
        let mut sorted = events.to_vec();
        sorted.sort_by_key(|e| (e.at, e.offset));
        let mut out = BTreeSet::new();
        let groups: BTreeSet<(String, Option<&str>)> =
            sorted.iter().map(|e| (e.user.clone(), e.role.filter(|_| self.peers))).collect();
        for (user, role) in groups {
            let mine: Vec<&Event> =
                sorted.iter().filter(|e| e.user == user && (!self.peers || e.role == role)).collect();
            let passed = match (self.peers, role) {
                (false, _) => self.own(&mine),
                (true, Some(role)) => self.among_peers(&sorted, &user, role),
                (true, None) => continue,
            };
            for (k, (at, count, measure)) in &passed {
                let window: Vec<i64> = passed.range(k - self.span / self.period + 1..=*k).map(|(k, _)| *k).collect();
                if window.len() < self.on {
                    continue;
                }
                let evidence = if self.on > 1 { window } else { vec![*k] };
                let of = |n: i64| mine.iter().filter(move |e| self.period_of(e.at) == n);
                let earlier: usize = evidence.iter().filter(|n| *n != k).map(|n| of(*n).count()).sum();
                let first = of(evidence[0]).next().unwrap().offset;
                out.insert((*at, user.clone(), count + earlier as u64, first, measure.to_bits()));
            }
        }
        out
    }
}

/// Users with bursts, weekends, pauses of weeks, ties, a user whose role changes, and one without a role.
fn log(seed: u64, days: i64) -> (String, Vec<Event>) {
    let mut chance = Chance(seed);
    let mut next = |below: u64| chance.below(below);
    let mut raw = Vec::new();
    for day in 0..days {
        for user in 0..9u64 {
            if day % 7 > 4 && user % 3 > 0 || user == 7 && (10..24).contains(&day) {
                continue;
            }
            let often = if next(9) == 0 { 12 + next(25) } else { next(5) };
            for _ in 0..often {
                let at = START + day * 24 * HOUR + i64::try_from(next(24 * 60)).unwrap() * 60_000;
                let role = [Some("agent"), Some("lead"), None][usize::from(user > 5) + usize::from(user == 8)];
                let role = if user == 2 && day > 9 { Some("lead") } else { role };
                raw.push((at, user, role, next(15), i64::try_from(next(40)).unwrap()));
            }
        }
    }
    // Some lines come up to four minutes late.
    raw.sort_by_key(|r| r.0 + i64::try_from(r.3 % 5).unwrap() * 60_000);
    let (mut text, mut events) = (String::new(), Vec::new());
    for (at, user, role, record, rows) in raw {
        let offset = text.len() as u64;
        let told = role.map_or(String::new(), |r| format!(",\"role\":\"{r}\""));
        text.push_str(&format!(
            "{{\"ts\":{at},\"a\":\"read\",\"user\":\"u{user}\"{told},\"record\":{record},\"rows\":{rows}}}\n"
        ));
        events.push(Event { at, offset, user: format!("u{user}"), role, record, rows });
    }
    (text, events)
}

fn found(firings: &[Firing]) -> BTreeSet<Found> {
    let one = |f: &Firing| {
        let user = String::from_utf8_lossy(&f.key).trim_matches('"').to_owned();
        (f.at_ms, user, f.count, f.first.offset(), f.value.unwrap().to_bits())
    };
    firings.iter().map(one).collect()
}

fn asked() -> Vec<Asked> {
    let own = |measure, exceed, factor, rank, on, enough, idle| Asked {
        measure,
        exceed,
        factor,
        rank,
        period: 24,
        span: 240,
        on,
        enough,
        least: 2.0,
        idle,
        peers: false,
    };
    let peers =
        |measure, factor, on, enough| Asked { peers: true, ..own(measure, false, factor, None, on, enough, false) };
    vec![
        own("events", true, 3.0, None, 1, 3, false),
        own("events", true, 10.0, None, 1, 5, true),
        own("distinct", false, 2.5, None, 1, 5, false),
        own("sum", true, 1.5, Some(95.0), 1, 4, false),
        own("events", false, 2.0, Some(50.0), 2, 2, true),
        Asked { period: 1, span: 48, ..own("events", true, 2.0, None, 1, 2, false) },
        Asked { period: 168, span: 504, ..own("sum", true, 1.2, None, 1, 1, false) },
        peers("events", 3.0, 1, 2),
        peers("distinct", 2.0, 2, 1),
        peers("sum", 5.0, 1, 3),
        Asked { period: 168, span: 336, ..peers("events", 1.5, 1, 2) },
    ]
}

#[test]
fn baselines_agree_with_a_recount_by_hand() {
    for (seed, days) in [(1, 40), (2, 25), (3, 60)] {
        let (text, events) = log(seed, days);
        for asked in asked() {
            let all = firings(&asked.rule(), &text);
            let want = asked.recount(&events);
            assert!(!want.is_empty(), "the rule never fires, so the test shows nothing:\n{}", asked.rule());
            assert_eq!(found(&all), want, "seed {seed}:\n{}", asked.rule());
            assert_eq!(all.len(), want.len(), "no firing twice");
        }
    }
}

#[test]
fn baselines_do_not_depend_on_cuts_or_threads() {
    let (text, _) = log(4, 40);
    for asked in asked() {
        let (plan, context) = (plan(&asked.rule()), Context::default());
        let (whole, _) = memory::run(&plan, &context, text.as_bytes());
        assert!(whole.is_sorted_by_key(|f| (f.at_ms, f.last, f.rule)));
        for lines_each in [1, 13, 400] {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let pieces: Vec<String> = lines.chunks(lines_each).map(<[&str]>::concat).collect();
            let bytes: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
            assert_eq!(memory::run_in_stretches(&plan, &context, &bytes).0, whole, "{lines_each} lines a piece");
        }
        for threads in [2, 7] {
            let input = Input::new("log", Box::new(std::io::Cursor::new(text.clone().into_bytes()))).unwrap();
            let options = Options { threads, lateness_ms: memory::LATENESS_MS, seed: Seed([3, 9]) };
            let mut out: Vec<Firing> = Vec::new();
            scan((&plan, &context), vec![input], None, options, &mut |f| out.push(f)).unwrap();
            assert_eq!(out, whole, "{threads} threads");
        }
    }
}

#[test]
fn an_unfinished_day_is_not_held_against_peers() {
    let rule = Asked { peers: true, enough: 2, on: 1, factor: 2.0, ..asked().remove(7) }.rule();
    let line = |minute: i64, user: &str| {
        format!("{{\"ts\":{},\"a\":\"read\",\"user\":\"{user}\",\"role\":\"x\"}}\n", START + minute * 60_000)
    };
    let day: String = [line(0, "a"), line(1, "b"), line(2, "c"), line(3, "c"), line(4, "c")].concat();
    assert_eq!(firings(&rule, &day).len(), 0);
    let over = firings(&rule, &format!("{day}{}", line(24 * 60, "z")));
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].at_ms, over[0].count, over[0].value), (START + 24 * HOUR, 3, Some(3.0)));
    assert_eq!(&*over[0].key, b"\"c\"");
}

#[test]
fn what_a_baseline_cannot_be_is_refused_by_name() {
    let rule = |timespan: &str, condition: &str| {
        format!(
            "title: a\nname: a\ndetection: {{sel: {{k: a}}, condition: sel}}\n---\ntitle: r\nname: r\ncorrelation:\n  type: baseline\n  rules: [a]\n  timespan: {timespan}\n  condition: {condition}\n"
        )
    };
    for (timespan, condition, part) in [
        ("30d", "{times: median}", "needs `gt` or `gte`"),
        ("30d", "{gt: 3, gte: 3}", "one of them"),
        ("30d", "{gt: -3}", "greater than 0"),
        ("30d", "{gt: 3, times: mode}", "`times: mode`"),
        ("30d", "{gt: 3, times: p101}", "`times: p101`"),
        ("30d", "{gt: 3, per: 1y}", "`per`"),
        ("36h", "{gt: 3}", "whole times `per`"),
        ("30d", "{gt: 3, on: 31}", "`on: 31`"),
        ("4d", "{gt: 3}", "`enough: 5`"),
        ("30d", "{gt: 3, on: 0}", "`on`"),
        ("30d", "{gt: 3, measure: sum}", "`measure`"),
        ("30d", "{gt: 3, measure: events, field: x}", "`measure`"),
        ("30d", "{gt: 3, peers: [role], idle: zero}", "`idle`"),
        ("30d", "{gt: 3, lt: 1}", "`lt`"),
    ] {
        let told = refused(&rule(timespan, condition));
        assert!(told.contains(part) && told.starts_with("rules.yml:"), "{condition}: {told}");
    }
    let outer = "---\ntitle: o\ncorrelation: {type: event_count, rules: [r], timespan: 1d, condition: {gte: 1}}\n";
    assert!(refused(&format!("{}{outer}", rule("30d", "{gt: 3, peers: [role]}"))).contains("at no event"));
    assert_eq!(refused(&format!("{}{outer}", rule("30d", "{gt: 3}"))), "");
}
