//! One line of a log: what our reader makes of it is what a parser of whole trees makes of it, and the same line read again,
//! among others, in whatever way readers learn from lines before, gives the same.
#![no_main]

use habeas_fuzz::events::batch::Firing;
use habeas_fuzz::events::context::Context;
use habeas_fuzz::events::line::{Bad, Paths, Slots, Walker};
use habeas_fuzz::events::memory::run;
use habeas_fuzz::events::plan::{Plan, TIME_FIELDS};
use habeas_fuzz::events::rule::{RuleSet, Settings};
use serde_json::{Map, Value};
use std::sync::LazyLock;

const FIELDS: [&str; 4] = ["a", "b.c", "ts", "user"];
const RULES: &str = "title: a\ndetection: {s: {a|exists: true}, condition: s}\n---\ntitle: b\ndetection: {s: {b.c|contains: x}, condition: s}\n---\ntitle: k\ndetection: {s: [x, 1], condition: s}\n---\ntitle: n\ndetection: {s: {a|gt: 1}, condition: s}\n";

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let set = RuleSet::from_files(&[("r.yml".to_owned(), RULES.to_owned())], &Settings::default());
    Plan::new(set.expect("the rules are well formed"), &TIME_FIELDS.map(str::to_owned))
});
static PATHS: LazyLock<Paths> = LazyLock::new(|| Paths::new(&FIELDS.map(str::to_owned), false, |_| false));

/// All scalars under a dotted name, however it is cut into keys.
fn under<'v>(value: &'v Value, name: &str, out: &mut Vec<&'v Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| under(v, name, out)),
        _ if name.is_empty() => out.push(value),
        Value::Object(map) => {
            for (key, v) in map {
                if key == name {
                    under(v, "", out);
                } else if let Some(rest) = name.strip_prefix(key.as_str()).and_then(|r| r.strip_prefix('.')) {
                    under(v, rest, out);
                }
            }
        }
        _ => {}
    }
}

fn agrees(line: &str) {
    let theirs = serde_json::from_str::<Map<String, Value>>(line);
    let mut slots = Slots::new(FIELDS.len());
    let ours = Walker::read(line, &PATHS, &mut slots);
    match (ours, theirs) {
        // A key twice, or nesting beyond our limit, is refused by us alone; a number beyond 64-bit floats by them alone.
        (Err(Bad::DuplicateField | Bad::TooDeep), _) => {}
        (Err(_), Ok(_)) => panic!("only we refuse it"),
        (Ok(()), Err(e)) => assert!(e.to_string().contains("number out of range") || e.to_string().contains("recursion") || e.to_string().contains("surrogate") || e.to_string().contains("hex escape"), "only they refuse it: {e}"),
        (Ok(()), Ok(map)) => {
            let tree = Value::Object(map);
            for (field, name) in FIELDS.iter().enumerate() {
                let mut found = Vec::new();
                under(&tree, name, &mut found);
                let texts: Vec<String> = found.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
                let mine: Vec<String> = slots
                    .values(field)
                    .filter(|v| matches!(v, habeas_fuzz::events::value::Raw::Text { .. }))
                    .filter_map(|v| v.text().map(|t| t.into_owned()))
                    .collect();
                let sorted = |mut v: Vec<String>| {
                    v.sort();
                    v
                };
                assert_eq!(sorted(mine), sorted(texts), "texts of `{name}`");
            }
        }
        (Err(_), Err(_)) => {}
    }
}

fn titles(firings: &[Firing], offset: u64) -> Vec<usize> {
    let mut rules: Vec<usize> = firings.iter().filter(|f| f.last.offset() == offset).map(|f| f.rule).collect();
    rules.sort_unstable();
    rules
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.contains(&b'\n') {
        return;
    }
    if let Ok(line) = std::str::from_utf8(bytes) {
        agrees(line);
    }
    let context = Context::default();
    let (alone, sight) = run(&PLAN, &context, bytes);
    // Around lines of other shapes, and again after itself.
    let other: &[u8] = b"{\"ts\":1772700000,\"a\":\"x\",\"user\":\"u1\"}\n";
    let log = [other, bytes, b"\n", other, bytes, b"\n", bytes, b"\n", other].concat();
    let (many, seen) = run(&PLAN, &context, &log);
    let first = other.len() as u64;
    let step = bytes.len() as u64 + 1;
    for at in [first, first + step + first, first + step + first + step] {
        assert_eq!(titles(&many, at), titles(&alone, 0), "at {at}");
    }
    assert_eq!(seen.tally.events, 3 + 3 * sight.tally.events);
    assert_eq!(seen.tally.bad_lines(), 3 * sight.tally.bad_lines());
});
