//! The same incidents in a product's own log and in canonical NDJSON give the same firings, each with its place in its log.

use crate::support::packed::gzip;
use habeas::connectors::logs::{Coverage, Input, Options, scan};
use habeas::connectors::mapping::{Hints, Mapping};
use habeas::events::batch::Firing;
use habeas::events::context::Context;
use habeas::events::hash::Seed;
use std::fmt::Write;

const RULES: &str = "
title: failed
name: failed
detection: {sel: {action: login, result: failure}, condition: sel}
---
title: guessed
correlation: {type: event_count, rules: [failed], group-by: [actor], timespan: 15m, condition: {gte: 10}}
---
title: large
name: large
detection: {sel: {action: export}, condition: sel}
---
title: carried off
correlation: {type: value_sum, rules: [large], group-by: [actor], timespan: 1d, condition: {field: rows, gte: 1000}}
";

/// A month of Salesforce event logs: one file in two parts, each with its own header, as they are put together.
fn salesforce() -> String {
    let mut csv = String::from(
        "\"EVENT_TYPE\",\"TIMESTAMP_DERIVED\",\"USER_ID_DERIVED\",\"LOGIN_STATUS\",\"SOURCE_IP\",\"USER_AGENT\"\n",
    );
    for n in 0..40 {
        let status = if n % 3 == 0 { "LOGIN_NO_ERROR" } else { "LOGIN_ERROR_INVALID_PASSWORD" };
        let user = if n < 20 { "005A" } else { "005B" };
        // Quoted line ends and doubled quotes: a line is no record.
        writeln!(csv, "\"Login\",\"2026-11-20T08:{n:02}:00.000Z\",\"{user}\",\"{status}\",\"203.0.113.9\",\"Mozilla\n\"\"{n}\"\"\n,x\"")
            .unwrap();
    }
    csv.push_str("\"Login\",\"2026-11-20T08:50:00.000Z\",\"005A\",\"LOGIN_NO_ERROR\"\n");
    csv.push_str("\"EVENT_TYPE\",\"TIMESTAMP_DERIVED\",\"USER_ID_DERIVED\",\"OPERATION_TYPE\",\"ENTITY_TYPE\",\"ROWS_PROCESSED\"\n");
    for n in 0..5 {
        writeln!(csv, "\"BulkApi\",\"2026-11-20T09:0{n}:00.000Z\",\"005C\",\"query\",\"Contact\",\"{}\"", 300 + n)
            .unwrap();
    }
    csv
}

fn run(log: Vec<u8>, mapping: Option<&Mapping>, threads: usize) -> (Vec<Firing>, Coverage) {
    let plan = crate::events::plan(RULES);
    let inputs = vec![Input::new("log", Box::new(std::io::Cursor::new(log))).unwrap()];
    let options = Options { threads, lateness_ms: 300_000, seed: Seed::default() };
    let mut firings = Vec::new();
    let mapping = mapping.map(|m| (m, Hints::default()));
    let coverage = scan((&plan, &Context::default()), inputs, mapping, options, &mut |f| firings.push(f)).unwrap();
    (firings, coverage)
}

/// All but the places.
fn told(firings: &[Firing]) -> Vec<(i64, usize, Vec<u8>, u64)> {
    firings.iter().map(|f| (f.at_ms, f.rule, f.key.to_vec(), f.count)).collect()
}

#[test]
fn a_csv_log_and_its_canonical_form_give_the_same_firings() {
    let mapping = Mapping::of("salesforce").unwrap().unwrap();
    let csv = salesforce();
    let (mut canonical, mut begins) = (String::new(), Vec::new());
    let mut reader = mapping.reader(csv.as_bytes(), Hints::default()).unwrap();
    let (mut lines, mut places) = (Vec::new(), Vec::new());
    while reader.stretch(1 << 20, &mut lines, &mut places, &mut |_, _| ()).unwrap() {
        begins.extend(places.iter().map(|(start, at)| (canonical.len() + start, *at)));
        canonical.push_str(std::str::from_utf8(&lines).unwrap());
    }
    let (plain, seen) = run(canonical.clone().into_bytes(), None, 1);
    assert_eq!(plain.len(), 10, "{plain:?}");
    assert_eq!(seen.sources[0].1.tally.bad_lines(), 0);
    let packed = zstd::encode_all(csv.as_bytes(), 1).unwrap();
    for (log, threads) in
        [(csv.clone().into_bytes(), 1), (csv.clone().into_bytes(), 3), (gzip(csv.as_bytes()), 2), (packed, 2)]
    {
        let (mapped, seen) = run(log, Some(&mapping), threads);
        assert_eq!(told(&mapped), told(&plain));
        for (a, b) in mapped.iter().zip(&plain) {
            let at = |canonical: u64| begins.iter().find(|(start, _)| *start as u64 == canonical).unwrap().1;
            assert_eq!((a.first.offset(), a.last.offset()), (at(b.first.offset()), at(b.last.offset())));
            let record = &csv[usize::try_from(a.last.offset()).unwrap()..];
            assert!(record.starts_with("\"Login\"") || record.starts_with("\"BulkApi\""), "{record}");
        }
        let tally = &seen.sources[0].1.tally;
        assert_eq!((tally.events, tally.bytes, tally.lines), (45, csv.len() as u64, 46));
        // The row that is too short is told with its place.
        let (why, (count, samples)) = tally.bad.iter().next().unwrap();
        assert_eq!((why.word(), *count), ("truncated", 1));
        let at = usize::try_from(samples[0].offset()).unwrap();
        assert!(csv[at..].starts_with("\"Login\",\"2026-11-20T08:50:00.000Z\""));
    }
}
