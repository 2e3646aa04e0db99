//! Windows against counting anew at every event, and against each rule alone.

use super::plan;
use habeas::events::context::Context;
use habeas::events::memory;
use habeas::events::output::Lines;
use proptest::prelude::*;
use std::collections::BTreeSet;

const BASES: &str = r"
title: base failed
name: failed
detection: {sel: {a: f}, condition: sel}
---
title: base signed in
name: ok
detection: {sel: {a: s}, condition: sel}
---
title: base failed, said again
name: failed_too
detection: {sel: {a: f}, condition: sel}
";

/// An event: instant in seconds, account, what it did, address, number.
type Event = (i64, u8, bool, u8, i64);

fn line((at, u, failed, ip, n): &Event) -> String {
    let a = if *failed { "f" } else { "s" };
    format!("{{\"ts\":{},\"u\":\"u{u}\",\"a\":\"{a}\",\"ip\":{ip},\"n\":{n}}}\n", 1_772_700_000_000 + at * 1000)
}

fn printed(rules: &str, log: &str) -> BTreeSet<String> {
    let plan = plan(rules);
    let out = Lines::new(&plan, &["log".to_owned()]);
    let mut text = String::new();
    memory::run(&plan, &Context::default(), log.as_bytes()).0.iter().for_each(|f| out.write(f, &mut text));
    // Those that no correlation of the set refers to report.
    text.lines().filter(|l| !l.starts_with("{\"rule\":\"base")).map(str::to_owned).collect()
}

/// Many correlations that could share windows: each type with several bounds, over the same matches and over others.
fn rules() -> Vec<String> {
    let mut rules = Vec::new();
    for (base, group) in [("failed", "u"), ("failed_too", "u"), ("ok", "u"), ("failed, ok", "u"), ("failed", "ip")] {
        let mut add = |kind: &str, condition: String| {
            let about = format!("rules: [{base}], group-by: [{group}], timespan: 20s");
            rules.push(format!("correlation: {{type: {kind}, {about}, condition: {{{condition}}}}}"));
        };
        for bound in 1..4 {
            add("event_count", format!("gte: {bound}"));
            add("value_count", format!("field: ip, gte: {bound}"));
            for kind in ["value_sum", "value_avg", "value_median"] {
                add(kind, format!("field: n, gte: {bound}"));
            }
            add("value_percentile", format!("field: n, percentile: {}, gte: 2", bound * 30));
            add("temporal", format!("gte: {bound}"));
            add("first_seen", format!("field: ip, after: {bound}"));
        }
        for kind in
            ["temporal_ordered, rules: [failed, ok]", "temporal_ordered, rules: [failed, ok]", "span, rules: [ok]"]
        {
            rules.push(format!("correlation: {{type: {kind}, group-by: [{group}], timespan: 20s}}"));
        }
    }
    rules
}

/// The rule twice: once to be seen, and once for another that refers to it.
fn numbered(number: usize, rule: &str) -> String {
    format!(
        "---\ntitle: rule {number}\n{rule}\n---\ntitle: inner {number}\nname: rule_{number}\n{rule}\n---\n\
         title: after {number}\ncorrelation: {{type: temporal_ordered, rules: [rule_{number}, ok], group-by: [u], timespan: 1m}}\n"
    )
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0i64..6, 0u8..3, any::<bool>(), 0u8..4, -2i64..6);
    proptest::collection::vec(event, 1..60).prop_map(|mut all| {
        let mut at = 0;
        for event in &mut all {
            // Ties are common.
            at += event.0 / 3 * event.0;
            event.0 = at;
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rules_that_share_a_window_find_what_each_finds_alone(all in events()) {
        let log: String = all.iter().map(line).collect();
        let rules: Vec<String> = rules().iter().enumerate().map(|(n, r)| numbered(n, r)).collect();
        let together = printed(&format!("{BASES}{}", rules.concat()), &log);
        let alone: BTreeSet<String> = rules.iter().flat_map(|r| printed(&format!("{BASES}{r}"), &log)).collect();
        prop_assert_eq!(together, alone);
    }
}

/// Whether the events of a window make a rule fire.
type Fires = Box<dyn Fn(&[&Event]) -> bool>;

/// What one of the rules below has to find: whether it fires at event `at`, given the events of its group in the window.
struct Naive {
    title: String,
    rule: String,
    fires: Fires,
}

fn naive() -> Vec<Naive> {
    let mut all = Vec::new();
    for bound in [2i64, 3, 5] {
        let mut add = |kind: &str, field: &str, fires: Fires| {
            let title = format!("{kind} {bound}");
            let rule = format!(
                "---\ntitle: {title}\ncorrelation: {{type: {kind}, rules: [failed], group-by: [u], timespan: 20s, \
                 condition: {{{field}gte: {bound}}}}}\n"
            );
            all.push(Naive { title, rule, fires });
        };
        let least = usize::try_from(bound).unwrap();
        add("event_count", "", Box::new(move |w| w.len() >= least));
        add(
            "value_count",
            "field: ip, ",
            Box::new(move |w| w.iter().map(|e| e.3).collect::<BTreeSet<_>>().len() >= least),
        );
        add("value_sum", "field: n, ", Box::new(move |w| w.iter().map(|e| e.4).sum::<i64>() >= bound));
        add("value_avg", "field: n, ", Box::new(move |w| w.iter().map(|e| e.4).sum::<i64>() >= bound * w.len() as i64));
        add(
            "value_median",
            "field: n, ",
            Box::new(move |w| {
                let mut n: Vec<i64> = w.iter().map(|e| e.4).collect();
                n.sort_unstable();
                n[n.len() / 2] + n[(n.len() - 1) / 2] >= 2 * bound
            }),
        );
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn windows_find_what_counting_anew_at_every_event_finds(all in events()) {
        let lines: Vec<String> = all.iter().map(line).collect();
        let offsets: Vec<usize> = lines.iter().scan(0, |at, l| { *at += l.len(); Some(*at - l.len()) }).collect();
        let naive = naive();
        let rules: String = naive.iter().map(|n| n.rule.as_str()).collect();
        let found = printed(&format!("{BASES}{rules}"), &lines.concat());
        let mut wanted = BTreeSet::new();
        for (n, event) in all.iter().enumerate().filter(|(_, e)| e.2) {
            let inside = |e: &&Event| e.1 == event.1 && e.2 && e.0 > event.0 - 20 && e.0 <= event.0;
            let window: Vec<&Event> = all.iter().filter(inside).collect();
            let first = offsets[all.iter().position(|e| inside(&e)).unwrap()];
            for rule in naive.iter().filter(|r| (r.fires)(&window)) {
                wanted.insert((rule.title.clone(), offsets[n], window.len(), first));
            }
        }
        let found: BTreeSet<(String, usize, usize, usize)> = found.iter().map(|f| {
            let f: serde_json::Value = serde_json::from_str(f).unwrap();
            let n = |v: &serde_json::Value| usize::try_from(v.as_u64().unwrap()).unwrap();
            (f["rule"].as_str().unwrap().to_owned(), n(&f["last"]["offset"]), n(&f["count"]), n(&f["first"]["offset"]))
        }).collect();
        prop_assert_eq!(found, wanted);
    }
}
