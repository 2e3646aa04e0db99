//! The event engine over whole rule files and logs.

mod baseline;
mod controls;
mod correlations;
mod coverage;
mod cuts;
mod detections;
mod doubles;
mod slices;
mod explain;
mod windows;

use habeas::events::batch::Firing;
use habeas::events::context::Context;
use habeas::events::memory;
use habeas::events::output::Lines;
use habeas::events::plan::{Plan, TIME_FIELDS};
use habeas::events::rule::{RuleSet, Settings};

pub fn plan(rules: &str) -> Plan {
    let set = RuleSet::from_files(&[("rules.yml".to_owned(), rules.to_owned())], &Settings::default());
    let set = set.unwrap_or_else(|e| panic!("{}", e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    Plan::new(set, &TIME_FIELDS.map(str::to_owned))
}

pub fn refused(rules: &str) -> String {
    let set = RuleSet::from_files(&[("rules.yml".to_owned(), rules.to_owned())], &Settings::default());
    set.err().map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")).unwrap_or_default()
}

pub fn firings(rules: &str, lines: &str) -> Vec<Firing> {
    memory::run(&plan(rules), &Context::default(), lines.as_bytes()).0
}

/// The firings as they are printed.
pub fn printed(rules: &str, lines: &str) -> Vec<serde_json::Value> {
    let plan = plan(rules);
    let out = Lines::new(&plan, &["log".to_owned()]);
    let mut text = String::new();
    memory::run(&plan, &Context::default(), lines.as_bytes()).0.iter().for_each(|f| out.write(f, &mut text));
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Fails when a rule of `plan` that reports has no line in `text`, so that a comparison of nothing cannot pass.
pub fn printed_all(plan: &Plan, text: &str) {
    let reporting = plan.set.rules.iter().filter(|r| r.reports);
    let missing: Vec<&str> =
        reporting.map(|r| r.title.as_str()).filter(|t| !text.contains(&format!("{{\"rule\":\"{t}\""))).collect();
    assert!(missing.is_empty(), "these never fired: {missing:?}");
}
