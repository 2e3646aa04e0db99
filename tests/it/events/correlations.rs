//! What each type of correlation means, on logs small enough to count by hand.

use super::{firings, printed, refused};

const BASE: &str = "
title: a
name: a
detection: {sel: {k: a}, condition: sel}
---
title: b
name: b
detection: {sel: {k: b}, condition: sel}
---
title: c
name: c
detection: {sel: {k: c}, condition: sel}
---
title: r
correlation: ";

/// Events `second kind value group`, one to an entry; gives the seconds at which the rule fires, with its counts.
pub fn fires(correlation: &str, events: &str) -> Vec<(i64, u64)> {
    let line = |e: &str| {
        let w: Vec<&str> = e.split_whitespace().collect();
        let (s, k, v, g) = (w[0], w[1], w.get(2).unwrap_or(&"0"), w.get(3).unwrap_or(&"g"));
        let field = if *v == "-" { String::new() } else { format!("\"v\":{v},") };
        format!(
            "{{\"ts\":{}000,\"k\":\"{k}\",{field}\"g\":\"{g}\",\"h\":\"h\",\"w\":0}}\n",
            1_772_700_000 + s.parse::<i64>().unwrap()
        )
    };
    let log: String = events.split(',').map(line).collect();
    firings(&format!("{BASE}{correlation}"), &log).iter().map(|f| (f.at_ms / 1000 - 1_772_700_000, f.count)).collect()
}

#[test]
fn counts_fire_at_every_event_for_which_they_hold() {
    let rule = "{type: event_count, rules: [a], group-by: [g], timespan: 10s, condition: {gte: 3}}";
    assert_eq!(fires(rule, "0 a, 1 a, 2 a, 3 a"), [(2, 3), (3, 4)]);
    assert_eq!(fires(rule, "0 a, 1 a, 10 a"), [], "the window is open at its start");
    assert_eq!(fires(rule, "0 a, 1 a, 9 a, 12 a"), [(9, 3)]);
    assert_eq!(fires(rule, "0 a 0 x, 1 a 0 y, 2 a 0 x"), [], "groups are apart");
    assert_eq!(fires(rule, "0 a, 0 a, 0 a"), [(0, 3), (0, 3), (0, 3)], "simultaneous events see each other");
    let range = "{type: event_count, rules: [a], group-by: [g], timespan: 10s, condition: {gt: 1, lte: 2}}";
    assert_eq!(fires(range, "0 a, 1 a, 2 a"), [(1, 2)]);
    let few = "{type: event_count, rules: [a, b], group-by: [g], timespan: 10s, condition: {lt: 2}}";
    assert_eq!(fires(few, "0 a, 1 b, 30 a"), [(0, 1), (30, 1)]);
}

#[test]
fn values_are_counted_and_computed() {
    let rule = |kind: &str, condition: &str| {
        format!("{{type: {kind}, rules: [a], group-by: [g], timespan: 10s, condition: {{field: v, {condition}}}}}")
    };
    assert_eq!(fires(&rule("value_count", "gte: 2"), "0 a 1, 1 a 1, 2 a 2, 11 a 2"), [(2, 3)]);
    assert_eq!(fires(&rule("value_count", "gte: 2"), "0 a 1, 1 a 2, 5 a 1, 11 a 1, 12 a 3"), [(1, 2), (5, 3), (12, 3)]);
    assert_eq!(fires(&rule("value_sum", "gte: 10"), "0 a 4, 1 a 6, 10 a 3, 11 a 9"), [(1, 2), (11, 2)]);
    assert_eq!(
        fires(&rule("value_sum", "gt: 0.3"), "0 a 0.1, 1 a 0.2, 2 a 0.1"),
        [(1, 2), (2, 3)],
        "0.1 + 0.2 as floats"
    );
    assert_eq!(fires(&rule("value_avg", "gte: 5"), "0 a 4, 1 a 6, 2 a 1"), [(1, 2)]);
    assert_eq!(fires(&rule("value_median", "gte: 5"), "0 a 1, 1 a 9, 2 a 2"), [(1, 2)]);
    assert_eq!(fires(&rule("value_percentile", "percentile: 90, gte: 9"), "0 a 1, 1 a 9, 2 a 2"), [(1, 2), (2, 3)]);
    assert_eq!(fires(&rule("value_percentile", "percentile: 50, lte: 1"), "0 a 1, 1 a 9, 2 a 2"), [(0, 1), (1, 2)]);
    assert_eq!(fires(&rule("value_sum", "gte: 9"), "0 a 4, 1 a null, 2 a 5"), [(2, 2)], "null is no number");
}

#[test]
fn rules_together_and_in_order() {
    let any = "{type: temporal, rules: [a, b, c], group-by: [g], timespan: 10s}";
    assert_eq!(fires(any, "0 c, 1 a, 2 b, 3 a"), [(2, 3), (3, 4)]);
    assert_eq!(fires(any, "0 c, 1 a, 10 b"), []);
    let two = "{type: temporal, rules: [a, b, c], group-by: [g], timespan: 10s, condition: {gte: 2}}";
    assert_eq!(fires(two, "0 c, 1 c, 2 b"), [(2, 3)]);
    let without = "{type: temporal, rules: [a, b, c], group-by: [g], timespan: 10s, condition: a and b and not c}";
    assert_eq!(fires(without, "0 a, 1 b, 2 c, 20 b, 21 a"), [(1, 2), (21, 2)]);
    let ordered = "{type: temporal_ordered, rules: [a, b, c], group-by: [g], timespan: 10s}";
    assert_eq!(fires(ordered, "0 a, 1 b, 2 c, 3 a, 4 c"), [(2, 3), (4, 5)]);
    assert_eq!(fires(ordered, "0 b, 1 a, 2 c"), []);
    assert_eq!(fires(ordered, "0 a, 1 b, 10 c"), [], "the first lies before the window");
    assert_eq!(fires(ordered, "5 c, 5 b, 5 a"), [(5, 3)], "simultaneous events stand in either order");
}

#[test]
fn correlations_refer_to_correlations_and_fields_by_other_names() {
    let rules = format!(
        "{BASE}{{type: temporal_ordered, rules: [many, b], group-by: [g], timespan: 1m}}
---
title: many
name: many
correlation: {{type: event_count, rules: [a], group-by: [g], timespan: 10s, condition: {{gte: 2}}}}
"
    );
    let log: String = [(0, "a"), (1, "b"), (2, "a"), (3, "b"), (70, "b")]
        .map(|(s, k)| format!("{{\"ts\":{},\"k\":\"{k}\",\"g\":\"x\"}}\n", 1_772_700_000 + s))
        .concat();
    assert_eq!(firings(&rules, &log).iter().map(|f| f.at_ms / 1000 - 1_772_700_000).collect::<Vec<_>>(), [3]);
    let alias = "{type: temporal, rules: [a, b], group-by: [who], timespan: 10s, aliases: {who: {a: v, b: g}}}";
    let log = "{\"ts\":1,\"k\":\"a\",\"v\":\"u1\",\"g\":\"u2\"}\n{\"ts\":2,\"k\":\"b\",\"v\":\"u3\",\"g\":\"u1\"}\n{\"ts\":3,\"k\":\"b\",\"g\":\"u2\"}\n";
    let found = printed(&format!("{BASE}{alias}"), log);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["key"], serde_json::json!({"who": "u1"}));
    assert_eq!((found[0]["count"].as_u64(), found[0]["first"]["offset"].as_u64()), (Some(2), Some(0)));
}

#[test]
fn extensions() {
    let silence = "{type: silence, rules: [a, b], group-by: [g], timespan: 10s}";
    assert_eq!(
        fires(silence, "0 a, 9 a, 19 a, 40 b, 41 a, 60 a"),
        [(19, 2), (60, 2)],
        "b ends a silence without a firing"
    );
    let missing = "{type: missing, rules: [a], group-by: [g], timespan: 1d, condition: {field: v}}";
    assert_eq!(fires(missing, "0 a 1, 1 a 2, 2 a 5, 3 a 6"), [(2, 2)]);
    let followed = "{type: not_followed, rules: [a, b], group-by: [g], timespan: 10s}";
    assert_eq!(fires(followed, "0 a, 10 b, 20 a, 31 b, 50 x"), [(30, 1)]);
    assert_eq!(fires(followed, "0 a, 5 x"), [], "the log ends before the time is over");
    let first = "{type: first_seen, rules: [a], group-by: [g], timespan: 30d, condition: {field: v, after: 2}}";
    assert_eq!(fires(first, "0 a 1, 1 a 2, 2 a 1, 3 a 3, 4 a 3"), [(3, 4)]);
    let span = "{type: span, rules: [a], group-by: [g], timespan: 10s}";
    assert_eq!(fires(span, "0 a, 10 a, 11 a, 12 a"), [(11, 2)]);
}

#[test]
fn what_cannot_be_run_is_refused_with_its_line() {
    for (correlation, part) in [
        ("{type: event_count, rules: [a], group-by: [g], timespan: 10s}", "needs a condition"),
        ("{type: event_count, rules: [nobody], group-by: [g], timespan: 10s, condition: {gte: 1}}", "`nobody`"),
        ("{type: event_count, rules: [a], timespan: 10 s, condition: {gte: 1}}", "`timespan` is needed"),
        ("{type: event_counts, rules: [a], timespan: 10s, condition: {gte: 1}}", "`event_counts` is not known"),
        ("{type: value_count, rules: [a], timespan: 10s, condition: {gte: 1}}", "needs its `field`"),
        ("{type: value_percentile, rules: [a], timespan: 10s, condition: {field: v, gte: 1}}", "percentile"),
        (
            "{type: event_count, rules: [a], timespan: 10s, condition: {gte: 1}, frobnicate: 1}",
            "`frobnicate` is not known",
        ),
        ("{type: temporal_ordered, rules: [a, b], timespan: 10s, condition: a or b}", "takes no condition but all"),
        ("{type: event_count, rules: [a], timespan: 10s, condition: {gte: many}}", "`gte` is not a number"),
    ] {
        let told = refused(&format!("{BASE}{correlation}"));
        assert!(told.contains(part) && told.starts_with("rules.yml:1"), "{correlation}: {told}");
    }
    let circle = "title: x\nname: x\ncorrelation: {type: event_count, rules: [y], timespan: 1s, condition: {gte: 1}}\n---\ntitle: y\nname: y\ncorrelation: {type: event_count, rules: [x], timespan: 1s, condition: {gte: 1}}\n";
    assert!(refused(circle).contains("circle"));
}
