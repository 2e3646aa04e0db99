//! rsigma's library over rules and a log, for comparison with `habeas events scan`.
//!
//! `peer-rsigma diff RULES EVENTS` prints one line for each rule it refuses (`refused`, rule, reason) and for each firing
//! (`fired`, rule, byte offset of the line, group key as JSON), tabs between. `peer-rsigma bench RULES EVENTS` does the same
//! work for timing and prints firings alone. Matches that only serve correlations are not printed, as in Habeas.

use rsigma_eval::event::JsonEvent;
use rsigma_eval::result::ResultBody;
use rsigma_eval::{CorrelationConfig, CorrelationEngine, EvaluationResult, TimestampFallback};
use rsigma_parser::{SigmaCollection, parse_sigma_yaml};
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::{env, fs, process};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["diff", rules, events] => run(rules, events, true),
        ["bench", rules, events] => run(rules, events, false),
        _ => Err("usage: peer-rsigma diff|bench RULES.yml EVENTS.ndjson".into()),
    };
    if let Err(e) = done {
        eprintln!("peer-rsigma: {e}");
        process::exit(2);
    }
}

fn run(rules: &str, events: &str, tell_refusals: bool) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let collection = parse_sigma_yaml(&fs::read_to_string(rules)?)?;
    let (mut engine, refused) = engine(&collection);
    for (rule, why) in &refused {
        if tell_refusals {
            writeln!(out, "refused\t{rule}\t{}", why.replace(['\n', '\t'], " "))?;
        } else {
            return Err(format!("{rule}: {why}").into());
        }
    }
    let mut input = BufReader::with_capacity(1 << 20, fs::File::open(events)?);
    let (mut line, mut offset) = (Vec::new(), 0u64);
    loop {
        line.clear();
        let length = input.read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&line) {
            for result in &engine.process_event(&JsonEvent::borrow(&value)) {
                writeln!(out, "fired\t{}\t{offset}\t{}", name(result), key(result))?;
            }
        }
        offset += length as u64;
    }
    out.flush()?;
    Ok(())
}

/// The engine with every rule it takes, and those it refuses with its reasons.
fn engine(collection: &SigmaCollection) -> (CorrelationEngine, Vec<(String, String)>) {
    let mut engine = CorrelationEngine::new(CorrelationConfig {
        timestamp_fields: ["ts", "time", "timestamp", "@timestamp", "event_time", "eventTime"].map(str::to_owned).to_vec(),
        timestamp_fallback: TimestampFallback::Skip,
        // As many groups as there are: Habeas drops none either.
        max_state_entries: 100_000_000,
        emit_detections: false,
        ..CorrelationConfig::default()
    });
    let mut refused: Vec<(String, String)> =
        collection.errors.iter().map(|e| ("?".to_owned(), e.clone())).collect();
    if collection.filters.is_empty() {
        let called = |id: &Option<String>, title: &str| id.clone().unwrap_or_else(|| title.to_owned());
        for rule in &collection.rules {
            refused.extend(engine.add_rule(rule).err().map(|e| (called(&rule.id, &rule.title), e.to_string())));
        }
        for rule in &collection.correlations {
            refused.extend(engine.add_correlation(rule).err().map(|e| (called(&rule.id, &rule.title), e.to_string())));
        }
    } else if let Err(e) = engine.add_collection(collection) {
        refused.push(("?".to_owned(), e.to_string()));
    }
    (engine, refused)
}

fn name(result: &EvaluationResult) -> &str {
    result.header.rule_id.as_deref().unwrap_or(&result.header.rule_title)
}

fn key(result: &EvaluationResult) -> String {
    let mut text = String::from("{");
    if let ResultBody::Correlation(body) = &result.body {
        for (field, value) in &body.group_key {
            let comma = if text.len() > 1 { "," } else { "" };
            let (field, value) = (serde_json::Value::from(field.as_str()), serde_json::Value::from(value.as_str()));
            let _ = write!(text, "{comma}{field}:{value}");
        }
    }
    text.push('}');
    text
}
