//! The vocabulary of Sigma, case by case: `tests/fixtures/sigma` holds what the specification says, and no modifier and no
//! type of correlation may be without.

use super::correlations::fires;
use super::refused;
use habeas::events::context::Context;
use habeas::events::memory;
use habeas::events::plan::{Plan, TIME_FIELDS};
use habeas::events::rule::{MODIFIERS, Placeholders, RuleSet, Settings, TYPES};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

const LEAST_CASES: usize = 3;

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sigma").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Titles of the rules that match the event.
fn matching(rules: &str, event: &Value) -> Vec<String> {
    let list = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
    let placeholders: Placeholders =
        [("Servers", list(&["srv*", "db1"])), ("Administrators", list(&["root"])), ("Nobody", list(&[]))]
            .map(|(name, values)| (name.to_owned(), values))
            .into();
    let set = RuleSet::from_files(&[("r.yml".to_owned(), rules.to_owned())], &Settings { placeholders });
    let set = set.unwrap_or_else(|e| panic!("{rules}: {}", e[0]));
    let plan = Plan::new(set, &TIME_FIELDS.map(str::to_owned));
    let mut event: Map<String, Value> = event.as_object().unwrap().clone();
    event.insert("ts".to_owned(), json!(1_772_700_000));
    let (firings, sight) = memory::run(&plan, &Context::default(), Value::Object(event).to_string().as_bytes());
    assert_eq!(sight.tally.events, 1, "the event of a case can be read: {:?}", sight.tally.bad);
    let mut titles: Vec<String> = firings.iter().map(|f| plan.title(f.rule).to_owned()).collect();
    titles.sort();
    titles
}

fn matches(detection: &Value, event: &Value) -> bool {
    !matching(&json!({"title": "t", "detection": detection}).to_string(), event).is_empty()
}

/// Names of the vocabulary with fewer than three cases, or without one that does not match.
fn uncovered(vocabulary: &[&str], cases: &Value, is_negative: impl Fn(&Value) -> bool) -> Vec<String> {
    let covered = |word: &str| {
        let of = cases.get(word).map_or(&Value::Null, |c| c.get("cases").unwrap_or(c));
        let of = of.as_array().map_or(&[][..], Vec::as_slice);
        of.len() >= LEAST_CASES && of.iter().any(&is_negative) && !of.iter().all(&is_negative)
    };
    vocabulary.iter().filter(|w| !covered(w)).map(|w| (*w).to_owned()).collect()
}

#[test]
fn every_modifier_has_cases_and_keeps_to_them() {
    let file = fixture("modifiers.yaml");
    assert_eq!(uncovered(&MODIFIERS, &file, |c| c["match"] == false), [""; 0], "modifiers without enough cases");
    let mut wrong = Vec::new();
    for (modifier, of) in file.as_object().unwrap() {
        assert!(MODIFIERS.contains(&modifier.as_str()) && of["at"].is_string(), "{modifier}");
        for case in of["cases"].as_array().unwrap() {
            let uses = case["when"].as_object().unwrap().keys().any(|k| k.split('|').skip(1).any(|m| m == modifier));
            assert!(uses || modifier == "expand", "a case of `{modifier}` does not use it: {case}");
            let got = matches(&json!({"sel": case["when"], "condition": "sel"}), &case["event"]);
            if got != case["match"] {
                wrong.push(format!("{modifier}: {case} gives {got}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

#[test]
fn every_correlation_type_has_cases_and_keeps_to_them() {
    let file = fixture("correlations.yaml");
    let silent = |c: &Value| c["fires"].as_array().unwrap().is_empty();
    assert_eq!(uncovered(&TYPES, &file, silent), [""; 0], "types without enough cases");
    let mut wrong = Vec::new();
    for (word, cases) in file.as_object().unwrap() {
        assert!(TYPES.contains(&word.as_str()), "{word}");
        for case in cases.as_array().unwrap() {
            let mut section = case["correlation"].clone();
            section["type"] = json!(word);
            let got: Vec<String> = fires(&section.to_string(), case["events"].as_str().unwrap())
                .iter()
                .map(|(second, count)| format!("{second} {count}"))
                .collect();
            if json!(got) != case["fires"] {
                wrong.push(format!("{word}: {}: {got:?}", case["says"]));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

#[test]
fn detections_and_conditions_keep_to_the_specification() {
    let mut wrong = Vec::new();
    for case in fixture("detections.yaml").as_array().unwrap() {
        let events = case["events"].as_array().unwrap();
        assert!(events.iter().any(|e| e[1] == false) && events.iter().any(|e| e[1] == true), "{case}");
        for pair in events {
            if pair[1] != matches(&case["detection"], &pair[0]) {
                wrong.push(format!("{}: {pair}", case["at"]));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

#[test]
fn documents_go_together_as_the_specification_says() {
    for case in fixture("documents.yaml").as_array().unwrap() {
        for pair in case["events"].as_array().unwrap() {
            let titles = matching(case["rules"].as_str().unwrap(), &pair[0]);
            let mut want: Vec<&str> = pair[1].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
            want.sort_unstable();
            assert_eq!(titles, want, "{}: {}", case["at"], pair[0]);
        }
    }
}

#[test]
fn what_is_refused_is_named_with_file_and_line() {
    let mut wrong = Vec::new();
    for case in fixture("refused.yaml").as_array().unwrap() {
        let told = refused(case["rule"].as_str().unwrap());
        let place = format!("rules.yml:{}: ", case["line"]);
        if !told.starts_with(&place) || !told.contains(case["says"].as_str().unwrap()) || told.lines().count() != 1 {
            wrong.push(format!("{place}{}: {told}", case["says"]));
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

#[test]
fn modifiers_that_contradict_each_other_are_refused() {
    for entry in
        ["a|re|cidr: x", "a|gt|lt: 5", "a|cased|gt: 5", "a|fieldref|re: b", "a|hour|cidr: 5", "a|exists|re: true"]
    {
        let told = refused(&format!("title: t\ndetection:\n  sel:\n    {entry}\n  condition: sel\n"));
        assert!(told.contains("exclude each other") || told.contains("means nothing"), "{entry}: {told}");
    }
}

#[test]
fn the_count_of_cases_bites() {
    let short = json!({"all": {"cases": [{"match": true}, {"match": false}]}, "re": {"cases": [{"match": true}, {"match": true}, {"match": true}]}});
    assert_eq!(uncovered(&["all", "re", "lt"], &short, |c| c["match"] == false), ["all", "re", "lt"]);
}
