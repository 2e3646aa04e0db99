//! An outcome as JSON, in one language: the form that other programs read.

use super::{Clock, Finding, Outcome, Step};
use crate::law::book::Lawbook;
use serde_json::{Map, Value, json};

impl Outcome {
    /// The outcome as JSON, texts in `lang`; same outcome, same bytes.
    pub fn to_json(&self, book: &Lawbook, lang: &str) -> Value {
        let next = self.next_due();
        let regime = book.regimes.get(&self.regime);
        json!({
            "regime": self.regime,
            "regime_title": regime.map(|r| r.title.get(lang)),
            "regime_version": self.regime_version,
            "place": self.place,
            "zone": self.zone,
            "right": self.right,
            "received_on": self.received_on,
            "policies": self.policies,
            "next": next.map(|c| c.name.as_str()),
            "next_due_on": next.and_then(|c| c.due_on),
            "clocks": self.clocks.iter().map(|c| clock(c, lang)).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(|f| finding(f, lang)).collect::<Vec<_>>(),
        })
    }
}

fn clock(clock: &Clock, lang: &str) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("name", json!(clock.name));
    put("title", json!(clock.title.get(lang)));
    put("kind", json!(clock.kind));
    put("status", json!(clock.status));
    put("due_on", json!(clock.due_on));
    if let Some(at) = &clock.due_at {
        put("due_at", json!(at));
    }
    put("act_by", json!(clock.act_by));
    put("ends_at", json!(clock.ends_at));
    put("starts_on", json!(clock.starts_on));
    put("basis", json!(clock.basis));
    put("cite", json!(clock.cite));
    if let Some(applies) = &clock.applies {
        put("applies", json!(applies.get(lang)));
    }
    if let Some(used) = &clock.calendar {
        put("calendar", json!({"id": used.id, "version": used.version}));
    }
    put("steps", Value::Array(clock.steps.iter().map(|s| step(s, lang)).collect()));
    let others = clock.alternatives.iter().map(|o| {
        json!({
            "name": o.name,
            "title": o.title.get(lang),
            "reading": o.reading,
            "due_on": o.due_on,
            "cite": o.cite,
        })
    });
    put("alternatives", Value::Array(others.collect()));
    Value::Object(fields)
}

fn step(step: &Step, lang: &str) -> Value {
    json!({"text": step.text.get(lang), "cite": step.cite})
}

fn finding(finding: &Finding, lang: &str) -> Value {
    json!({"code": finding.code, "clock": finding.clock, "text": finding.text.get(lang), "cite": finding.cite})
}
