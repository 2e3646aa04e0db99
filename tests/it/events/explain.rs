//! Explanations: they say what the engine did, in words that can be checked against the log.

use super::plan;
use habeas::events::context::Context;
use habeas::events::explain::{Explained, Explanation, Investigation, reporting, text, unreadable};
use habeas::events::memory;
use habeas::events::plan::Plan;
use std::collections::BTreeSet;

fn explain(plan: &Plan, log: &str, number: usize) -> Explanation {
    let context = Context::default();
    let mut investigation = Investigation::new(plan, &context);
    investigation.stretch(log.as_bytes(), 0);
    let offset: usize = log.split_inclusive('\n').take(number - 1).map(str::len).sum();
    let line = log.lines().nth(number - 1).unwrap();
    investigation.explain(line.as_bytes(), number as u64, offset as u64)
}

#[test]
fn every_question_is_told_with_the_value_it_met() {
    let rules = "title: Login\nid: r1\ndetection:\n  sel: {event: login, result|startswith: fail}\n  filter_net: {ip|cidr: 10.0.0.0/8}\n  filter_who: [{user: root}, {user|exists: false}]\n  condition: sel and not 1 of filter_*\n---\ntitle: f\nfilter: {rules: any, s: {env: test}, condition: s}\n";
    let log = "{\"ts\":1772700000,\"event\":\"login\",\"result\":\"success\",\"ip\":\"10.1.1.1\",\"user\":[\"a\",\"b\"],\"env\":\"test\"}\n";
    let shown = text(&explain(&plan(rules), log, 1), "a.ndjson");
    let expected = "\
a.ndjson, line 1, byte 0: an event of 2026-03-05T08:40:00.000Z

Login (r1): does not match
  no   condition: sel and not 1 of filter_*
    no   all of
      no   sel
        yes  event: 'login'    (event is \"login\")
        no   result: 'fail*'    (result is \"success\")
      no   not
        yes  one of
          yes  filter_net
            yes  ip|cidr: '10.0.0.0/8'    (ip is \"10.1.1.1\")
          no   filter_who
            no   user: 'root'    (user is [\"a\", \"b\"])
            no   not
              yes  user|exists    (user is [\"a\", \"b\"])
  no   filter
    yes  condition: s
      yes  s
        yes  env: 'test'    (env is \"test\")
";
    assert_eq!(shown, expected, "\n{shown}");
}

#[test]
fn a_window_tells_what_it_held_and_what_is_missing() {
    let rules = "title: f\nname: f\ndetection: {s: {k: f}, condition: s}\n---\ntitle: ok\nname: ok\ndetection: {s: {k: ok}, condition: s}\n---\ntitle: Many\nname: many\ncorrelation: {type: event_count, rules: [f], group-by: [u], timespan: 10m, condition: {gte: 3}}\n---\ntitle: Then\ncorrelation: {type: temporal_ordered, rules: [many, ok], group-by: [u], timespan: 1h}\n";
    let line = |s: i64, k: &str, u: &str| format!("{{\"ts\":{},\"k\":\"{k}\",\"u\":\"{u}\"}}\n", 1_772_700_000 + s);
    let log = [
        line(0, "f", "a"),
        line(1, "f", "b"),
        line(2, "f", "a"),
        line(3, "f", "a"),
        line(4, "ok", "a"),
        line(5, "ok", "b"),
        line(6, "f", ""),
    ]
    .concat()
    .replace("\"u\":\"\"", "\"v\":1");
    let plan = reporting(plan(rules));
    let told = |number: usize, title: &str| -> Explained {
        explain(&plan, &log, number).rules.into_iter().find(|r| r.title == title).unwrap()
    };
    let second = told(3, "Many");
    let window = second.window.unwrap();
    assert_eq!((second.holds, window.count, window.group.as_deref()), (false, 2, Some("{\"u\":\"a\"}")));
    assert_eq!((window.computed.as_str(), window.missing.as_str()), ("2 events, needed: >= 3", "1 more event"));
    assert_eq!(window.events.iter().map(|e| e.1).collect::<Vec<_>>(), [68, 0], "newest first, by offset");
    let third = told(4, "Many");
    assert!(third.holds && third.window.unwrap().missing.is_empty());
    let then = told(5, "Then");
    let window = then.window.unwrap();
    assert!(then.holds);
    assert_eq!(window.events.iter().map(|e| e.2.as_str()).collect::<Vec<_>>(), ["ok", "many"]);
    let other = told(6, "Then");
    assert_eq!((other.holds, other.window.unwrap().missing.as_str()), (false, "not seen: many"));
    let nobody = told(7, "Many").window.unwrap();
    assert!(nobody.group.is_none() && nobody.missing.contains("have u"), "{}", nobody.missing);
}

#[test]
fn explanations_agree_with_the_engine_on_every_line_of_a_log() {
    let plan = reporting(plan(super::cuts::RULES));
    let log = super::cuts::log();
    let log: String = log.split_inclusive('\n').take(260).collect();
    let (firings, _) = memory::run(&plan, &Context::default(), log.as_bytes());
    let mut compared = 0;
    for number in (1..=260).step_by(7) {
        let explanation = explain(&plan, &log, number);
        let fired: BTreeSet<&str> = firings
            .iter()
            .filter(|f| f.last.offset() == explanation.offset && Ok(f.at_ms) == explanation.event)
            .map(|f| plan.title(f.rule))
            .collect();
        let held: BTreeSet<&str> = explanation.rules.iter().filter(|r| r.holds).map(|r| r.title.as_str()).collect();
        assert!(fired.is_subset(&held), "line {number}: {fired:?} {held:?}");
        assert!(held.iter().all(|t| fired.contains(t) || *t == "not followed"), "line {number}: {fired:?} {held:?}");
        for rule in explanation.rules.iter().filter(|r| r.holds && r.window.is_some() && r.title != "not followed") {
            let firing =
                firings.iter().find(|f| f.last.offset() == explanation.offset && plan.title(f.rule) == rule.title);
            assert_eq!(rule.window.as_ref().unwrap().count, firing.unwrap().count, "line {number}, {}", rule.title);
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} windows compared");
}

#[test]
fn lines_that_are_no_events_are_told_why_and_where() {
    let plan = plan("title: t\ndetection: {s: {a: x}, condition: s}\n");
    let deep = format!("{{\"ts\":1,\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    for (line, says) in [
        (&b"{\"ts\":1,\"a\":tru}"[..], "not JSON: expected ident, at byte 15 of the line"),
        (b"[1]", "JSON, but no object"),
        (b"{\"ts\":1,\"a\":\"\xff\"}", "not UTF-8 from byte 13 of the line on"),
        (b"{\"ts\":1,\"a\":1,\"a\":2}", "the field `a` is there twice"),
        (b"{\"a\":1}", "no time: none of the fields ts, time"),
        (b"{\"ts\":\"yesterday\",\"a\":1}", "no time: `ts` is \"yesterday\""),
        (deep.as_bytes(), "nested deeper than 128"),
    ] {
        let told = unreadable(&plan, line).unwrap_or_default();
        assert!(told.starts_with(says), "{told}");
    }
    assert_eq!(unreadable(&plan, b"{\"ts\":1}"), None);
}
