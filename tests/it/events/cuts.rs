//! The result does not depend on how a log is cut, nor on the number of threads.

use super::plan;
use crate::support::chance::Chance;
use crate::support::packed::{gzip, zstd};
use habeas::connectors::logs::{Input, LogError, Options, scan};
use habeas::events::batch::{Batch, Firing};
use habeas::events::context::Context;
use habeas::events::correlator::{Correlator, one_by_one};
use habeas::events::hash::Seed;
use habeas::events::matching::Matcher;
use habeas::events::memory;
use std::io::Write;
use std::path::Path;

pub const RULES: &str = r"
title: failed
name: failed
detection: {sel: {a: f}, condition: sel}
---
title: ok
name: ok
detection: {sel: {a: s}, condition: sel}
---
title: many
name: many
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 1m, condition: {gte: 3}}
---
title: many then ok
correlation: {type: temporal_ordered, rules: [many, ok], group-by: [u], timespan: 2m}
---
title: different
correlation: {type: value_count, rules: [failed, ok], group-by: [u], timespan: 5m, condition: {field: ip, gte: 4}}
---
title: sum
correlation: {type: value_sum, rules: [ok], group-by: [u, a], timespan: 10m, condition: {field: n, gt: 20}}
---
title: not followed
correlation: {type: not_followed, rules: [failed, ok], group-by: [u], timespan: 1m}
---
title: odd
detection: {sel: {n: 7}, condition: sel}
";

/// A made-up log: three accounts, times that go back a little now and then, ties.
pub fn log() -> String {
    let mut chance = Chance(7);
    let mut next = |below: u64| chance.below(below);
    let mut ms = 1_772_700_000_000u64;
    let mut out = String::new();
    for _ in 0..3000 {
        ms += next(4) * 1500;
        let at = ms - if next(10) == 0 { next(200_000) } else { 0 };
        let (u, a, ip, n) = (next(3), if next(3) == 0 { "s" } else { "f" }, next(6), next(9));
        out.push_str(&format!("{{\"ts\":{at},\"u\":\"u{u}\",\"a\":\"{a}\",\"ip\":\"i{ip}\",\"n\":{n}}}\n"));
    }
    out
}

#[test]
fn any_cuts_give_the_same_firings() {
    let (plan, context, log) = (plan(RULES), Context::default(), log());
    let (whole, sight) = memory::run(&plan, &context, log.as_bytes());
    let titles: std::collections::BTreeSet<usize> = whole.iter().map(|f| f.rule).collect();
    assert_eq!(titles.len(), 5, "every reporting rule fires: {titles:?}");
    assert!(sight.late == 0 && whole.is_sorted_by_key(|f| (f.at_ms, f.last, f.rule)));
    for lines_each in [1, 7, 100, 2999] {
        let lines: Vec<&str> = log.split_inclusive('\n').collect();
        let pieces: Vec<String> = lines.chunks(lines_each).map(<[&str]>::concat).collect();
        let bytes: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
        let (cut, _) = memory::run_in_stretches(&plan, &context, &bytes);
        assert_eq!(cut, whole, "{lines_each} lines a piece");
    }
}

/// Rules on single events fire also on events that come too late; where they are told must not depend on the cuts.
#[test]
fn late_events_are_told_in_the_same_place_wherever_the_cuts() {
    let (plan, context) = (plan(RULES), Context::default());
    let late = |n: usize, line: &str| {
        if n.is_multiple_of(5) { line.replace("\"ts\":17727", "\"ts\":17726") } else { line.to_owned() }
    };
    let log: String = log().split_inclusive('\n').enumerate().map(|(n, l)| late(n, l)).collect();
    let (whole, sight) = memory::run(&plan, &context, log.as_bytes());
    assert!(sight.late > 100 && !whole.is_sorted_by_key(|f| f.at_ms), "{}", sight.late);
    for lines_each in [1, 13, 1000] {
        let lines: Vec<&str> = log.split_inclusive('\n').collect();
        let pieces: Vec<String> = lines.chunks(lines_each).map(<[&str]>::concat).collect();
        let bytes: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
        assert_eq!(memory::run_in_stretches(&plan, &context, &bytes).0, whole, "{lines_each} lines a piece");
    }
}

#[test]
fn threads_files_and_compression_change_nothing() {
    let log = log().repeat(12);
    let scan_it = |threads, input| firings(threads, input).unwrap();
    let run = |threads, bytes| scan_it(threads, Input::new("log", Box::new(std::io::Cursor::new(bytes))).unwrap());
    let one = run(1, log.clone().into_bytes());
    assert!(one.len() > 100);
    let (_, path) = log_on_disk();
    for threads in [1, 2, 7] {
        assert_eq!(run(threads, log.clone().into_bytes()), one, "{threads} threads");
        assert_eq!(scan_it(threads, Input::open(&path).unwrap()), one, "{threads} threads on a file");
    }
    assert_eq!(run(2, gzip(log.as_bytes())), one);
    assert_eq!(run(2, zstd(log.as_bytes())), one);
}

/// Logs of one day after the other: all are begun before the first is read on.
#[test]
fn many_logs_give_the_same_however_they_are_packed_and_by_any_number_of_threads() {
    let day = |n: u64| log().replace("{\"ts\":17727", &format!("{{\"ts\":{}", 17727 + n));
    let days: Vec<String> = (0..8).map(day).collect();
    let run = |pack: fn(&[u8]) -> Vec<u8>, threads| {
        let log = |text: &String| Box::new(std::io::Cursor::new(pack(text.as_bytes())));
        firings_of(threads, days.iter().map(|text| Input::new("log", log(text)).unwrap()).collect()).unwrap()
    };
    let one = run(<[u8]>::to_vec, 1);
    assert!(one.len() > 1000);
    assert_eq!(run(<[u8]>::to_vec, 2), one, "as they are");
    assert_eq!(run(zstd, 2), one, "by zstd");
    assert_eq!(run(gzip, 7), one, "by gzip");
}

/// The beginnings of later logs wait for their turn; what an earlier one left does not wait behind them.
#[test]
fn what_is_decided_is_let_go_of_whatever_waits_before_it() {
    let (plan, context) = (plan(RULES), Context::default());
    let mut matcher = Matcher::new(&plan, &context, Seed::default());
    let mut correlator = Correlator::new(&plan, 1, 0);
    (0..2).for_each(|source| correlator.open(source));
    let mut add = |source, ms: u64| {
        let line = format!("{{\"ts\":{ms},\"u\":\"u\",\"a\":\"f\",\"ip\":\"i\",\"n\":1}}\n");
        let mut batch = Batch::default();
        matcher.stretch(line.as_bytes(), source, 0, &mut batch);
        assert!(!batch.records.is_empty());
        correlator.add(source, batch);
        correlator.settle(&one_by_one, &mut |_| ());
        std::iter::from_fn(|| correlator.spare()).count()
    };
    assert_eq!(add(1, 1_772_800_000_000), 0, "nobody knows where the first log stands");
    let left: Vec<usize> = (0..5).map(|n| add(0, 1_772_700_000_000 + n)).collect();
    assert_eq!(left, [0, 1, 1, 1, 1], "each is decided when the next one has come");
}

/// Whoever waits for what another thread unpacks is not left waiting.
#[test]
fn a_panic_while_a_packed_log_is_unpacked_ends_the_run() {
    struct Panics(std::io::Cursor<Vec<u8>>);
    impl std::io::Read for Panics {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => panic!("the reader gives up"),
                n => Ok(n),
            }
        }
    }
    let mut packed = zstd(log().repeat(40).as_bytes());
    packed.truncate(packed.len() / 2);
    for threads in [2, 5] {
        let input = Input::new("log", Box::new(Panics(std::io::Cursor::new(packed.clone())))).unwrap();
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| firings(threads, input).map(|_| ())));
        assert!(run.is_err(), "{threads} threads");
    }
}

/// What is gone was there, and may have held anything: that is no run without findings.
#[test]
fn a_log_cut_short_while_it_is_read_is_an_error() {
    for with_fingerprint in [false, true] {
        let (file, path) = log_on_disk();
        let input = opened(&path, with_fingerprint);
        file.set_len(1_500_000).unwrap();
        let error = firings(2, input).unwrap_err().to_string();
        assert!(error.contains("could not read the log"), "{error}");
        assert!(error.contains("has become shorter while it was read"), "{error}");
        assert!(with_fingerprint || error.contains("beyond byte 1114112"), "{error}");
    }
}

/// A log that somebody writes to is read as far as it went, whoever reads it.
#[test]
fn what_is_appended_to_a_log_after_it_was_opened_is_left_for_the_next_run() {
    for with_fingerprint in [false, true] {
        let (mut file, path) = log_on_disk();
        let before = firings(2, opened(&path, with_fingerprint)).unwrap();
        let input = opened(&path, with_fingerprint);
        file.write_all(log().as_bytes()).unwrap();
        assert_eq!(firings(2, input).unwrap(), before);
        assert!(firings(2, opened(&path, with_fingerprint)).unwrap().len() > before.len());
    }
}

/// A log of some stretches, and a handle to change it by.
fn log_on_disk() -> (std::fs::File, tempfile::TempPath) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(log().repeat(12).as_bytes()).unwrap();
    file.into_parts()
}

fn opened(path: &Path, with_fingerprint: bool) -> Input {
    if with_fingerprint { Input::open_with_fingerprint(path).unwrap().0 } else { Input::open(path).unwrap() }
}

fn firings(threads: usize, input: Input) -> Result<Vec<Firing>, LogError> {
    firings_of(threads, vec![input])
}

fn firings_of(threads: usize, inputs: Vec<Input>) -> Result<Vec<Firing>, LogError> {
    let (plan, context, mut out) = (plan(RULES), Context::default(), Vec::new());
    let options = Options { threads, lateness_ms: i64::MAX / 4, seed: Seed::default() };
    scan((&plan, &context), inputs, None, options, &mut |f| out.push(f))?;
    Ok(out)
}
