//! Detections on single events: every modifier, with values from the specification where it gives some.

use super::{firings, printed, refused};

/// Whether a detection (its searches in YAML flow style) with the condition matches the event.
fn matches(searches: &str, condition: &str, event: &str) -> bool {
    let rule = format!("title: t\ndetection:\n  {searches}\n  condition: {condition}\n");
    let event = event.replacen('{', "{\"ts\":1772700000,", 1);
    firings(&rule, &event).len() == 1
}

fn hit(entry: &str, event: &str) -> bool {
    matches(&format!("sel: {{{entry}}}"), "sel", event)
}

#[test]
fn every_modifier_matches_what_it_says_and_not_its_neighbour() {
    for (entry, yes, no) in [
        ("a: Value", r#"{"a":"vALUE"}"#, r#"{"a":"values"}"#),
        ("a: 'v*e'", r#"{"a":"vanille"}"#, r#"{"a":"vanilla"}"#),
        ("a: 'v?e'", r#"{"a":"vie"}"#, r#"{"a":"ve"}"#),
        ("a: ''", r#"{"a":""}"#, r#"{"a":null}"#),
        ("a: null", r#"{"a":null}"#, r#"{"a":""}"#),
        ("a: null", r#"{"b":1}"#, r#"{"a":0}"#),
        ("a: [x, y]", r#"{"a":"Y"}"#, r#"{"a":"z"}"#),
        ("a: 4688", r#"{"a":4688}"#, r#"{"a":46881}"#),
        ("a: 4688", r#"{"a":"4688"}"#, r#"{"a":"x4688"}"#),
        ("a: '4688'", r#"{"a":4688}"#, r#"{"a":4689}"#),
        ("a: true", r#"{"a":true}"#, r#"{"a":"yes"}"#),
        ("a|contains: ell", r#"{"a":"HELLO"}"#, r#"{"a":"help"}"#),
        ("a|startswith: he", r#"{"a":"Hello"}"#, r#"{"a":"oh hello"}"#),
        ("a|endswith: LO", r#"{"a":"hello"}"#, r#"{"a":"hello!"}"#),
        ("a|contains|all: [x, y]", r#"{"a":"yx"}"#, r#"{"a":"xx"}"#),
        ("a|cased: Admin", r#"{"a":"Admin"}"#, r#"{"a":"admin"}"#),
        ("a|contains|cased: Min", r#"{"a":"adMin"}"#, r#"{"a":"admin"}"#),
        ("a|exists: true", r#"{"a":null}"#, r#"{"b":1}"#),
        ("a|exists: false", r#"{"b":1}"#, r#"{"a":""}"#),
        ("a|re: '^h.l+o$'", r#"{"a":"hello"}"#, r#"{"a":"Hello"}"#),
        ("a|re|i: '^h.l+o$'", r#"{"a":"HELLO"}"#, r#"{"a":"help"}"#),
        ("a|re|m: '^b$'", r#"{"a":"a\nb\nc"}"#, r#"{"a":"ab"}"#),
        ("a|re|s: 'a.b'", r#"{"a":"a\nb"}"#, r#"{"a":"ab"}"#),
        ("a|cidr: 10.0.0.0/8", r#"{"a":"10.200.0.1"}"#, r#"{"a":"11.0.0.1"}"#),
        ("a|cidr: ['2001:db8::/32', 10.0.0.0/8]", r#"{"a":"2001:db8::1"}"#, r#"{"a":"2001:db9::1"}"#),
        ("a|gte: 5", r#"{"a":5}"#, r#"{"a":4.999}"#),
        ("a|gt: 5", r#"{"a":5.001}"#, r#"{"a":5}"#),
        ("a|lte: 5", r#"{"a":"5"}"#, r#"{"a":6}"#),
        ("a|lt: -1.5", r#"{"a":-2}"#, r#"{"a":-1.5}"#),
        ("a|neq: 5", r#"{"a":6}"#, r#"{"a":5}"#),
        ("a|neq: [x, y]", r#"{"a":"z"}"#, r#"{"a":"X"}"#),
        ("a|neq: x", r#"{"b":1}"#, r#"{"a":"x"}"#),
        ("a|fieldref: b", r#"{"a":"U1","b":"u1"}"#, r#"{"a":"u1","b":"u2"}"#),
        ("a|fieldref|neq: b", r#"{"a":"u1","b":"u2"}"#, r#"{"a":"u1","b":"u1"}"#),
        ("a|windash: ' -foo'", r#"{"a":" /FOO"}"#, r#"{"a":" foo"}"#),
        ("a|windash|contains: ' -x -y'", r#"{"a":"cmd /x –y"}"#, r#"{"a":"cmd x y"}"#),
        ("a|base64: foobar", r#"{"a":"Zm9vYmFy"}"#, r#"{"a":"foobar"}"#),
        ("a|base64offset|contains: foobar", r#"{"a":"xxeGZvb2Jhcng="}"#, r#"{"a":"Zm9vYmF"}"#),
        ("a|wide|base64offset|contains: ping", r#"{"a":"cABpAG4AZwA="}"#, r#"{"a":"cGluZw=="}"#),
        ("a|utf16be|base64: A", r#"{"a":"AEE="}"#, r#"{"a":"QQA="}"#),
        ("a|utf16|base64: A", r#"{"a":"//5BAA=="}"#, r#"{"a":"QQA="}"#),
        ("a|hour|gte: 20", r#"{"a":"2026-03-05T20:00:00Z"}"#, r#"{"a":"2026-03-05T19:59:59Z"}"#),
        ("a|day: 5", r#"{"a":"2026-03-05T00:00:00Z"}"#, r#"{"a":"2026-03-06T00:00:00Z"}"#),
        ("a|week: 53", r#"{"a":"2027-01-01T00:00:00Z"}"#, r#"{"a":"2027-01-04T00:00:00Z"}"#),
        ("a.b: x", r#"{"a":{"b":"x"}}"#, r#"{"a":{"c":"x"}}"#),
        ("a.b: x", r#"{"a.b":"x"}"#, r#"{"b":"x"}"#),
        ("a.b: x", r#"{"a":[{"b":"y"},{"b":"x"}]}"#, r#"{"a":["x"]}"#),
        ("a: x", r#"{"a":["y","X"]}"#, r#"{"a":[]}"#),
        (r"a: 'C:\Windows\*'", r#"{"a":"c:\\windows*"}"#, r#"{"a":"c:\\windows\\x"}"#),
        (r"a: 'C:\Windows\\*'", r#"{"a":"c:\\windows\\x"}"#, r#"{"a":"c:\\windowsx"}"#),
        ("a: straße", r#"{"a":"STRASSE"}"#, r#"{"a":"strase"}"#),
        ("a: 'é'", r#"{"a":"\u00c9"}"#, r#"{"a":"e"}"#),
    ] {
        assert!(hit(entry, yes), "{entry} should match {yes}");
        assert!(!hit(entry, no), "{entry} should not match {no}");
    }
}

#[test]
fn lists_maps_keywords_and_conditions() {
    assert!(matches("sel: [{a: x}, {b: y}]", "sel", r#"{"b":"y"}"#));
    assert!(!matches("sel: {a: x, b: y}", "sel", r#"{"b":"y"}"#));
    assert!(matches("kw: [evil, other]", "kw", r#"{"deep":[{"x":"an EVIL thing"}]}"#));
    assert!(!matches("kw: [evil]", "kw", r#"{"evil":"good"}"#));
    assert!(matches("kw: {'|all': [one, two]}", "kw", r#"{"a":"one","b":"two"}"#));
    assert!(!matches("kw: {'|all': [one, two]}", "kw", r#"{"a":"one"}"#));
    assert!(matches("kw: [4711]", "kw", r#"{"n":4711}"#));
    assert!(matches("s1: {a: x}\n  s2: {b: y}\n  f: {c: z}", "1 of s* and not f", r#"{"b":"y"}"#));
    assert!(!matches("s1: {a: x}\n  s2: {b: y}\n  f: {c: z}", "1 of s* and not f", r#"{"b":"y","c":"z"}"#));
    assert!(matches("s1: {a: x}\n  s2: {b: y}", "[s1, s2]", r#"{"b":"y"}"#));
}

#[test]
fn global_parts_filters_and_generate() {
    let global = "action: global\ntitle: g\ndetection: {base: {a: x}}\n---\ndetection: {more: {b: 1}, condition: base and more}\n---\ndetection: {more: {b: 2}, condition: base and more}\n";
    let log = "{\"ts\":1,\"a\":\"x\",\"b\":1}\n{\"ts\":2,\"a\":\"x\",\"b\":2}\n{\"ts\":3,\"a\":\"x\",\"b\":3}\n";
    assert_eq!(firings(global, log).len(), 2);
    let filter = "title: r\nid: r1\ndetection: {sel: {a: x}, condition: sel}\n---\ntitle: f\nfilter: {rules: [r1], selection: {b: 1}, condition: selection}\n";
    assert_eq!(firings(filter, log).len(), 2);
    let generated = |flag: &str| {
        let rule = format!(
            "title: r\nname: r\ndetection: {{sel: {{a: x}}, condition: sel}}\n---\ntitle: c\ncorrelation: {{type: event_count, rules: [r], timespan: 1h, condition: {{gte: 3}}{flag}}}\n"
        );
        firings(&rule, log).len()
    };
    assert_eq!((generated(""), generated(", generate: true")), (1, 4));
}

#[test]
fn lines_that_are_no_events_do_not_stop_the_rest() {
    let long = format!("{{\"ts\":1,\"a\":\"{}\"}}", "x".repeat(1 << 20));
    let log = format!(
        "{{\"ts\":1,\"a\":\"x\"}}\r\n\n  \nnonsense\n{{\"a\":\"x\"}}\n{long}\n{{\"ts\":1,\"a\":\"x\",\"a\":\"y\"}}\n{{\"ts\":2,\"a\":\"x\"}}"
    );
    let rule = "title: t\nid: i1\ndetection: {sel: {a: x}, condition: sel}\n";
    let found = printed(rule, &log);
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[0],
        serde_json::json!({"rule": "t", "id": "i1", "key": {}, "at": "1970-01-01T00:00:01.000Z", "count": 1, "level": "",
        "first": {"file": "log", "offset": 0}, "last": {"file": "log", "offset": 0}})
    );
    let plan = super::plan(rule);
    let (_, sight) = habeas::events::memory::run(&plan, &habeas::events::context::Context::default(), log.as_bytes());
    let bad: Vec<_> = sight.tally.bad.iter().map(|(why, (n, _))| (why.word(), *n)).collect();
    assert_eq!(bad, [("malformed", 1), ("too_long", 1), ("duplicate_field", 1), ("no_time", 1)]);
    assert_eq!((sight.tally.lines, sight.tally.events), (6, 2));
}

#[test]
fn what_is_not_understood_is_named_with_its_line() {
    for (entry, part) in [
        ("a|contain: x", "`contain` is not known"),
        ("a|re: '('", "cannot be used"),
        ("a|re: '(?=x)'", "cannot be used"),
        ("a|cidr: 10.0.0.0/99", "no network"),
        ("a|gt: x", "needs a number"),
        ("a|all: [x]", "at least two"),
        ("a|expand: '%servers%'", "`%servers%` has no values"),
        ("a|i: x", "flag of `re`"),
        ("a: []", "empty list"),
        ("a: {b: c}", "a list or a map"),
        ("a|base64: 'x*'", "wildcards"),
        ("a|exists: maybe", "`true` or `false`"),
    ] {
        let told = refused(&format!("title: t\ndetection:\n  sel: {{{entry}}}\n  condition: sel\n"));
        assert!(told.contains(part) && told.starts_with("rules.yml:3:"), "{entry}: {told}");
    }
    assert!(refused("title: t\ndetection: {sel: {a: x}, timeframe: 5m, condition: sel}\n").contains("obsolete"));
    assert!(refused("title: t\n").contains("neither"));
    assert!(refused("title: t\nname: n\ndetection: {s: {a: x}, condition: s}\n---\ntitle: u\nname: n\ndetection: {s: {a: x}, condition: s}\n").contains("two rules"));
}
