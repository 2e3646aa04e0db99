//! Doubles by event id: what is left is what the log without them gives, however it is read.

use super::cuts::RULES;
use habeas::connectors::logs::{Coverage, Input, Options, scan};
use habeas::events::context::Context;
use habeas::events::hash::Seed;
use habeas::events::memory;
use habeas::events::output::Lines;
use habeas::events::plan::{Plan, TIME_FIELDS};
use habeas::events::rule::{RuleSet, Settings};

fn plan(event_id: &str) -> Plan {
    let set = RuleSet::from_files(&[("rules.yml".to_owned(), RULES.to_owned())], &Settings::default());
    Plan::identified(set.unwrap_or_else(|e| panic!("{}", e[0])), &TIME_FIELDS.map(str::to_owned), event_id)
}

/// A log in which every tenth line comes again, near or far behind; and the same with blanks where lines came again. Lines without
/// an id, or with null for one, are never doubles.
fn logs() -> (String, String, u64) {
    let mut lines: Vec<(String, bool)> = Vec::new();
    for (n, line) in super::cuts::log().lines().enumerate() {
        let id = match n % 7 {
            0 => String::new(),
            1 => ",\"id\":null".to_owned(),
            // A number is no text.
            2 => format!(",\"id\":{n}"),
            3 => format!(",\"id\":\"{}\"", n - 1),
            _ => format!(",\"id\":\"e{n}\""),
        };
        // Long enough for several stretches.
        let room = "x".repeat(700);
        lines.push((format!("{},\"room\":\"{room}\"{id}}}\n", line.strip_suffix('}').unwrap()), false));
        if n % 10 == 9 {
            // The last line of a kind that has an id; the first of another kind is hundreds of lines back.
            let back = if n % 3 == 0 { 2 } else { n / 2 };
            let again = lines[lines.len() - 1 - back].0.clone();
            let has_id = again.contains("\"id\":") && !again.contains("null");
            lines.push((again, has_id));
        }
    }
    let log = lines.iter().map(|(line, _)| line.as_str()).collect();
    let blank = |line: &str| format!("{}\n", " ".repeat(line.len() - 1));
    let left = lines.iter().map(|(line, again)| if *again { blank(line) } else { line.clone() }).collect();
    (log, left, lines.iter().filter(|(_, again)| *again).count() as u64)
}

fn scanned(plan: &Plan, log: &str, threads: usize) -> (String, Coverage) {
    let lines = Lines::new(plan, &["log".to_owned()]);
    let mut text = String::new();
    let input = Input::new("log", Box::new(std::io::Cursor::new(log.as_bytes().to_vec()))).unwrap();
    let options = Options { threads, lateness_ms: 60_000, seed: Seed([1, 2]) };
    let context = Context::default();
    let coverage = scan((plan, &context), vec![input], None, options, &mut |f| lines.write(&f, &mut text)).unwrap();
    (text, coverage)
}

#[test]
fn what_is_left_is_the_log_without_doubles_on_any_number_of_threads() {
    let (log, left, again) = logs();
    assert!(again > 150 && log.len() > 2 << 20, "{again} {}", log.len());
    let (whole, seen) = scanned(&plan(""), &left, 2);
    let matched = &seen.sources[0].1;
    assert!(whole.lines().count() > 500, "{}", whole.lines().count());
    for threads in [1, 2, 7] {
        let (text, coverage) = scanned(&plan("id"), &log, threads);
        let sight = &coverage.sources[0].1;
        assert_eq!(text, whole, "{threads} threads");
        assert_eq!((sight.tally.events, sight.tally.doubles), (matched.tally.events, again), "{threads} threads");
        assert_eq!((&sight.matched, sight.late), (&matched.matched, matched.late), "{threads} threads");
        assert_eq!(sight.tally.lines, sight.tally.events + again, "{threads} threads");
    }
}

#[test]
fn cuts_change_nothing() {
    let (log, left, again) = logs();
    let (plan, context) = (plan("id"), Context::default());
    let (whole, _) = memory::run(&self::plan(""), &context, left.as_bytes());
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for each in [1, 13, 500, lines.len()] {
        let pieces: Vec<String> = lines.chunks(each).map(<[&str]>::concat).collect();
        let bytes: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
        let (cut, sight) = memory::run_in_stretches(&plan, &context, &bytes);
        assert_eq!(cut, whole, "{each} lines a piece");
        assert_eq!(sight.tally.doubles, again, "{each} lines a piece");
    }
}

#[test]
fn the_first_seen_counts_whatever_the_rest_of_the_line_and_its_time() {
    let line = |ts: u64, n: u64, id: &str| format!("{{\"ts\":{ts},\"u\":\"u\",\"a\":\"f\",\"n\":{n},\"id\":{id}}}\n");
    for (lines, fired) in [
        // `odd` fires where n is 7.
        (vec![line(1, 7, "\"x\""), line(1, 7, "\"x\"")], 1),
        (vec![line(1, 0, "\"x\""), line(1, 7, "\"x\"")], 0),
        (vec![line(900_000, 7, "\"x\""), line(1, 7, "\"x\"")], 1),
        (vec![line(1, 7, "\"x\""), line(900_000, 7, "\"x\"")], 1),
        (vec![line(1, 7, "5"), line(1, 7, "\"5\"")], 2),
        (vec![line(1, 7, "null"), line(1, 7, "null")], 2),
        (vec![line(1, 7, "\"\""), line(1, 7, "\"\"")], 1),
        (vec![line(1, 7, "\"\\u0078\""), line(1, 7, "\"x\"")], 1),
        (vec!["{\"id\":\"x\"}\n".to_owned(), line(1, 7, "\"x\"")], 1),
    ] {
        let plan = plan("id");
        let (firings, _) = memory::run(&plan, &Context::default(), lines.concat().as_bytes());
        let odd = firings.iter().filter(|f| plan.title(f.rule) == "odd").count();
        assert_eq!(odd, fired, "{}", lines.concat());
    }
}

#[test]
fn the_explanation_says_that_an_event_is_a_double() {
    use habeas::events::explain::Investigation;
    let plan = plan("id");
    let line = "{\"ts\":1,\"u\":\"u\",\"a\":\"f\",\"n\":7,\"id\":\"x\"}\n";
    let explain = |number: u64| {
        let context = Context::default();
        let mut investigation = Investigation::new(&plan, &context);
        investigation.stretch(line.repeat(2).as_bytes(), 0);
        investigation.explain(line.trim_end().as_bytes(), number, (number - 1) * line.len() as u64)
    };
    let (first, second) = (explain(1), explain(2));
    assert!(first.event.is_ok() && first.rules.iter().any(|r| r.title == "odd" && r.holds));
    assert!(second.event.unwrap_err().contains("the same id") && second.rules.is_empty());
}
