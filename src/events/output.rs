//! A firing as a line of JSON.

use super::batch::Firing;
use super::place::Place;
use super::plan::Plan;
use super::value::time::write_rfc3339;
use std::fmt::Write;

/// Writes firings; holds what every line of a rule has in common.
#[derive(Debug)]
pub struct Lines {
    /// By number of the rule: its title and id as JSON, the names of its group fields, and its level as JSON.
    rules: Vec<(String, String, Vec<String>, String)>,
    /// Names of the sources as JSON.
    sources: Vec<String>,
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Lines {
    /// Prepares output for the rules of `plan` over logs called `sources`.
    pub fn new(plan: &Plan, sources: &[String]) -> Self {
        let one = |(n, r): (usize, &super::rule::Rule)| {
            let correlation = plan.correlations.iter().find(|c| c.rule == n);
            (json(&r.title), json(&r.id), correlation.map_or_else(Vec::new, |c| c.group_by.clone()), json(&r.level))
        };
        let rules = plan.set.rules.iter().enumerate().map(one).collect();
        Self { rules, sources: sources.iter().map(|s| json(s)).collect() }
    }

    /// Appends the firing as one line: `rule`, `id`, `key`, `at`, `level`, `count`, `first`, `last`, and `value` where the
    /// rule computes one.
    pub fn write(&self, firing: &Firing, out: &mut String) {
        let nothing = (String::new(), String::new(), Vec::new(), String::new());
        let (title, id, group_by, level) = self.rules.get(firing.rule).unwrap_or(&nothing);
        let key = key_object(group_by, &firing.key);
        // Writing to a string cannot fail.
        let _ = write!(out, "{{\"rule\":{title},\"id\":{id},\"key\":{key},\"at\":\"");
        write_rfc3339(firing.at_ms, out);
        let _ = write!(out, "\",\"level\":{level},\"count\":{}", firing.count);
        if let Some(value) = firing.value.filter(|v| v.is_finite()) {
            let _ = write!(out, ",\"value\":{value}");
        }
        out.push_str(",\"first\":");
        self.place(firing.first, out);
        out.push_str(",\"last\":");
        self.place(firing.last, out);
        out.push_str("}\n");
    }

    /// Appends the firing as a line for people.
    pub fn write_plain(&self, firing: &Firing, title: &str, out: &mut String) {
        write_rfc3339(firing.at_ms, out);
        let group_by = self.rules.get(firing.rule).map_or(&[][..], |r| &r.2);
        let _ =
            write!(out, "  {title}  {}  {} event(s), last at byte ", key_object(group_by, &firing.key), firing.count);
        let file = self.sources.get(usize::from(firing.last.source())).map_or("", String::as_str);
        let _ = writeln!(out, "{} of {file}", firing.last.offset());
    }

    fn place(&self, place: Place, out: &mut String) {
        let file = self.sources.get(usize::from(place.source())).map_or("\"\"", String::as_str);
        let _ = write!(out, "{{\"file\":{file},\"offset\":{}}}", place.offset());
    }
}

/// The group's values by the names of its fields. The key is their JSON, joined by commas, so that with brackets around it
/// is a list.
pub fn key_object(group_by: &[String], key: &[u8]) -> String {
    let list = format!("[{}]", String::from_utf8_lossy(key));
    let values: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap_or_default();
    let pairs: Vec<String> =
        group_by.iter().zip(values).map(|(name, value)| format!("{}:{value}", json(name))).collect();
    format!("{{{}}}", pairs.join(","))
}
