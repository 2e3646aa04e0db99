//! Whatever is remembered of an event's values, it matches what asking every detection says.

use super::ask::ask;
use super::judge::Judge;
use crate::events::line::{Reader, Slots, Stretch};
use crate::events::plan::{Plan, TIME_FIELDS};
use crate::events::slice::Setup;
use proptest::prelude::*;

/// What rules ask of single fields.
const ASKED: [&str; 30] = [
    "kind: read",
    "kind: [write, export]",
    "kind: LOGIN",
    "kind|startswith: lo",
    "kind|cased: Login",
    "kind: null",
    "kind|exists: true",
    "managed: false",
    "managed: true",
    "managed|exists: false",
    "ip|cidr: 10.0.0.0/8",
    "ip|cidr: [203.0.113.0/24, '2001:db8::/32']",
    "agent|contains: [python, curl/]",
    "agent|endswith: Safari",
    "path|startswith: /admin/",
    "path|re: '^/admin/(a|b)'",
    "path|startswith|cased: /Admin",
    "path|endswith: ['.php', '0f']",
    "id|endswith: 0f",
    "id|startswith: kelvin",
    "rows|gte: 500",
    "rows|lt: 10",
    "rows|neq: 7",
    "rows: 7",
    "rows|exists: true",
    "note|contains: ß",
    "note: ''",
    "target: null",
    "target|fieldref: id",
    "list: b",
];

const CONDITIONS: [&str; 8] =
    ["a", "not a", "a and b", "a or b", "a and not b", "not (a or b) or c", "1 of them", "all of them"];

/// Values as JSON has them; an empty one is left out.
const VALUES: [(&str, &[&str]); 9] = [
    (
        "kind",
        &[
            "\"read\"",
            "\"write\"",
            "\"login\"",
            "\"Login\"",
            "\"export\"",
            "",
            "null",
            "7",
            "[\"read\",\"login\"]",
            "\"lo\\u0067in\"",
        ],
    ),
    ("managed", &["true", "false", "", "null", "\"true\"", "[]", "{}"]),
    ("ip", &["\"10.1.2.3\"", "\"203.0.113.9\"", "\"100.1.2.3\"", "\"::ffff:10.0.0.1\"", "\"2001:db8::1\"", "10", ""]),
    ("agent", &["\"python-requests/2\"", "\"Mozilla Safari\"", "\"curl/8\"", "\"\"", "null"]),
    ("path", &["\"/admin/a\"", "\"/ADMIN/b.php\"", "\"/api/v2/0f\"", "\"/admin\"", "\"\\/admin\\/b\"", "3"]),
    ("id", &["\"s0f\"", "\"S0F\"", "\"\u{212A}elvin\"", "\"kelvin\"", "\"x\"", "0.5", "false"]),
    ("rows", &["7", "500", "9", "499", "-3", "1e3", "\"500\"", "123456789", "null", "", "[3,900]"]),
    ("note", &["\"Straße\"", "\"strasse\"", "\"\"", ""]),
    ("target", &["null", "\"s0f\"", "", "\"kelvin\""]),
];

fn rule(number: usize, (condition, asks): &(usize, [usize; 3])) -> String {
    let [a, b, c] = asks.map(|n| ASKED[n]);
    let condition = CONDITIONS[*condition];
    format!("title: r{number}\ndetection:\n  a: {{{a}}}\n  b: {{{b}}}\n  c: {{{c}}}\n  condition: {condition}\n")
}

fn event(values: &[usize]) -> String {
    let there =
        VALUES.iter().zip(values).map(|((name, of), n)| (name, of[n % of.len()])).filter(|(_, v)| !v.is_empty());
    let fields: Vec<String> = there.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let list = if values[0].is_multiple_of(3) { ",\"list\":[\"a\",\"b\"]" } else { "" };
    format!("{{\"ts\":\"2026-01-05T08:00:00.213Z\",{}{list}}}\n", fields.join(","))
}

fn plan(rules: &[(usize, [usize; 3])]) -> Plan {
    let documents: Vec<String> = rules.iter().enumerate().map(|(n, r)| rule(n, r)).collect();
    let setup = Setup {
        version: String::new(),
        rules: vec![("rules.yml".to_owned(), documents.join("---\n"))],
        placeholders: Default::default(),
        time_fields: TIME_FIELDS.map(str::to_owned).to_vec(),
        event_id: String::new(),
        tables: String::new(),
        lateness_ms: 0,
        seed: String::new(),
    };
    setup.plan().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_remembered_changes_no_match(
        rules in prop::collection::vec((0..CONDITIONS.len(), [0..ASKED.len(), 0..ASKED.len(), 0..ASKED.len()]), 1..90),
        events in prop::collection::vec(prop::collection::vec(0..64usize, VALUES.len()), 100..400),
    ) {
        let plan = plan(&rules);
        let log: String = events.iter().map(|values| event(values)).collect();
        let mut reader = Reader::new(&plan.paths);
        let mut judge = Judge::new(&plan);
        let mut slots = Slots::new(plan.paths.field_count());
        let mut stretch = Stretch::new(log.as_bytes());
        let mut scratch = String::new();
        while let Some((start, read)) = reader.next(&mut stretch, 1 << 20, &mut slots) {
            prop_assert!(read.is_ok());
            let mut matched = Vec::new();
            judge.event(&slots, &mut |number| matched.push(number));
            let predicates = plan.set.vocabulary.predicates();
            let mut holds = |p: usize| ask(&predicates[p], &slots, &mut scratch);
            let plainly: Vec<usize> =
                plan.detections.iter().enumerate().filter(|(_, d)| d.expr.holds(&mut holds)).map(|(n, _)| n).collect();
            prop_assert_eq!(matched, plainly, "{}", log[start..].lines().next().unwrap());
        }
    }
}
