//! An explanation for people, and as JSON.

use super::{Explained, Explanation, Node, Window};
use crate::events::value::time::write_rfc3339;
use serde_json::{Value, json};
use std::fmt::Write;

fn instant(ms: i64) -> String {
    let mut out = String::new();
    write_rfc3339(ms, &mut out);
    out
}

/// The explanation as text; `file` is the log's name.
pub fn text(explanation: &Explanation, file: &str) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write!(out, "{file}, line {}, byte {}: ", explanation.line, explanation.offset);
    match &explanation.event {
        Err(why) => {
            let _ = writeln!(out, "no event.\n  {why}");
        }
        Ok(ms) => {
            let _ = writeln!(out, "an event of {}", instant(*ms));
        }
    }
    for rule in &explanation.rules {
        one_rule(rule, &mut out);
    }
    out
}

fn one_rule(rule: &Explained, out: &mut String) {
    let word = match (&rule.window, rule.holds) {
        (None, true) => "matches",
        (None, false) => "does not match",
        (Some(_), true) => "fires at this event",
        (Some(_), false) => "does not fire at this event",
    };
    let _ = writeln!(
        out,
        "\n{}: {word}",
        if rule.title == rule.id { rule.title.clone() } else { format!("{} ({})", rule.title, rule.id) }
    );
    rule.nodes.iter().for_each(|n| node(n, 1, out));
    if let Some(w) = &rule.window {
        window(w, out);
    }
}

fn node(of: &Node, depth: usize, out: &mut String) {
    let mark = if of.holds { "yes" } else { "no " };
    let value = of.value.as_ref().map_or_else(String::new, |v| format!("    ({v})"));
    let _ = writeln!(out, "{}{mark}  {}{value}", "  ".repeat(depth), of.says);
    of.of.iter().for_each(|n| node(n, depth + 1, out));
}

fn window(w: &Window, out: &mut String) {
    let _ = writeln!(out, "  {}", w.says);
    let Some(group) = &w.group else {
        let _ = writeln!(out, "  {}", w.missing);
        return;
    };
    let _ = writeln!(out, "  group {group}: {}", w.computed);
    if !w.missing.is_empty() {
        let _ = writeln!(out, "  missing: {}", w.missing);
    }
    for (at_ms, offset, rules, number) in &w.events {
        let number = number.map_or_else(String::new, |n| format!("  {n}"));
        let _ = writeln!(out, "    {}  byte {offset}  {rules}{number}", instant(*at_ms));
    }
    let more = w.count.saturating_sub(w.events.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "    and {more} before them");
    }
}

/// The explanation as JSON.
pub fn json(explanation: &Explanation, file: &str) -> Value {
    let rules: Vec<Value> = explanation.rules.iter().map(rule_json).collect();
    json!({
        "file": file, "line": explanation.line, "offset": explanation.offset,
        "at": explanation.event.as_ref().ok().map(|ms| instant(*ms)), "unreadable": explanation.event.as_ref().err(),
        "rules": rules,
    })
}

fn rule_json(rule: &Explained) -> Value {
    let nodes: Vec<Value> = rule.nodes.iter().map(node_json).collect();
    let mut out = json!({"rule": rule.title, "id": rule.id, "holds": rule.holds, "why": nodes});
    if let (Some(w), Some(map)) = (&rule.window, out.as_object_mut()) {
        let group: Value = w.group.as_ref().and_then(|g| serde_json::from_str(g).ok()).unwrap_or_default();
        let event = |(at_ms, offset, rules, number): &(i64, u64, String, Option<f64>)| json!({"at": instant(*at_ms), "offset": offset, "rules": rules, "number": number});
        let events: Vec<Value> = w.events.iter().map(event).collect();
        let window = json!({"type": w.says, "group": group, "count": w.count, "computed": w.computed, "missing": w.missing, "events": events});
        map.insert("window".to_owned(), window);
    }
    out
}

fn node_json(node: &Node) -> Value {
    let of: Vec<Value> = node.of.iter().map(node_json).collect();
    json!({"says": node.says, "holds": node.holds, "value": node.value, "of": of})
}
