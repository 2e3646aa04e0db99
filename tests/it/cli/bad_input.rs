//! What becomes of every line of a bad log: `docs/events.md` says it, and scan, slices, follow and the audit agree on it.

use super::events as run;
use crate::support::packed::{gzip, zstd};
use habeas::flows::run_audit::{Request, run_audit};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const RULES: &str = "title: Export\nname: export\ndetection: {sel: {action: export}, condition: sel}\n---\n\
    title: Many\ncorrelation: {type: event_count, rules: [export], group-by: [actor], timespan: 10m, condition: {gte: 3}, generate: true}\n";

/// The `n`-th event, `s` seconds after the first.
fn event(n: u64, s: u64) -> String {
    let (minute, second) = (s / 60, s % 60);
    format!(
        "{{\"id\":\"e{n}\",\"ts\":\"2026-03-05T09:{minute:02}:{second:02}Z\",\"source\":\"crm\",\"action\":\"export\",\"actor\":\"anna-m\u{fc}ller\"}}"
    )
}

struct Row {
    name: &'static str,
    log: Vec<u8>,
    /// Lines, events, duplicates, late ones.
    counts: [u64; 4],
    /// Reasons with their lines and the offsets of samples.
    bad: Value,
    /// Firings of `Export` and of `Many`.
    firings: [usize; 2],
}

fn row(name: &'static str, log: &[&[u8]], counts: [u64; 4], bad: Value, firings: [usize; 2]) -> Row {
    Row { name, log: log.concat(), counts, bad, firings }
}

fn none() -> Value {
    json!({})
}

fn bad(why: &str, count: u64, at: &[u64]) -> Value {
    json!({why: {"lines": count, "sample_offsets": at}})
}

/// Three good lines.
fn three() -> [Vec<u8>; 3] {
    [event(1, 0), event(2, 10), event(3, 20)].map(|e| (e + "\n").into_bytes())
}

fn rows() -> Vec<Row> {
    form().into_iter().chain(order()).chain(encoding()).collect()
}

/// Lines that are whole and lines that are not.
fn form() -> Vec<Row> {
    let [a, b, c] = three();
    let whole = [a.clone(), b.clone(), c.clone()].concat();
    let (cut, long) = (event(4, 30).into_bytes(), vec![b'x'; 10_000_000]);
    vec![
        row("good", &[&whole], [3, 3, 0, 0], none(), [3, 1]),
        row("empty", &[], [0, 0, 0, 0], none(), [0, 0]),
        row(
            "malformed",
            &[&a, b"not json\n", &b, b"[1]\n{\"ts\":\n{} {}\n", &c],
            [7, 3, 0, 0],
            json!({"malformed": {"lines": 4, "sample_offsets": [a.len(), a.len() * 2 + 9, a.len() * 2 + 13, a.len() * 2 + 20]}}),
            [3, 1],
        ),
        row("no-line-end", &[&whole, &cut], [4, 4, 0, 0], none(), [4, 2]),
        row("cut-short", &[&whole, &cut[..40]], [4, 3, 0, 0], bad("malformed", 1, &[whole.len() as u64]), [3, 1]),
        row(
            "no-time",
            &[&a, b"{\"action\":\"export\"}\n{\"ts\":\"soon\"}\n"],
            [3, 1, 0, 0],
            json!({"no_time": {"lines": 2, "sample_offsets": [a.len(), a.len() + 20]}}),
            [1, 0],
        ),
        row(
            "field-twice",
            &[&a, b"{\"ts\":1,\"action\":\"x\",\"action\":\"export\"}\n"],
            [2, 1, 0, 0],
            bad("duplicate_field", 1, &[a.len() as u64]),
            [1, 0],
        ),
        row(
            "ten-megabytes",
            &[&a, &long, b"\n", &b, &long],
            [4, 2, 0, 0],
            bad("too_long", 2, &[a.len() as u64, (a.len() + b.len()) as u64 + 10_000_001]),
            [2, 0],
        ),
    ]
}

/// Lines out of order, and lines that come again.
fn order() -> Vec<Row> {
    let lines = |of: &[(u64, u64)]| of.iter().map(|(n, s)| event(*n, *s) + "\n").collect::<String>().into_bytes();
    let [a, b, c] = three();
    vec![
        row("reordered", &[&lines(&[(1, 240), (2, 0), (3, 100)])], [3, 3, 0, 0], none(), [3, 1]),
        row("too-late", &[&lines(&[(1, 400), (2, 99), (3, 100), (4, 420)])], [4, 4, 0, 1], none(), [4, 1]),
        row("duplicated", &[&a, &a, &b, &c, &a, &b], [6, 3, 3, 0], none(), [3, 1]),
    ]
}

/// Bytes that are no text, and line ends of every kind.
fn encoding() -> Vec<Row> {
    let [a, b, c] = three();
    let whole = [a.clone(), b.clone(), c.clone()].concat();
    let cut = event(4, 30).into_bytes();
    let in_letter = event(4, 30).find('\u{fc}').unwrap() + 1;
    let zeros = [0u8; 512];
    vec![
        row(
            "cut-in-a-letter",
            &[&whole, &cut[..in_letter]],
            [4, 3, 0, 0],
            bad("not_utf8", 1, &[whole.len() as u64]),
            [3, 1],
        ),
        row(
            "crlf",
            &[&whole.iter().flat_map(|x| if *x == b'\n' { vec![b'\r', b'\n'] } else { vec![*x] }).collect::<Vec<u8>>()],
            [3, 3, 0, 0],
            none(),
            [3, 1],
        ),
        row(
            "byte-order-mark",
            &[b"\xef\xbb\xbf", &a, b"\xef\xbb\xbf", &b, b"\xef\xbb\xbf\n", &c],
            [3, 3, 0, 0],
            none(),
            [3, 1],
        ),
        row("blank-lines", &[b"\n\n  \n", &a, b"\t\r\n", &b, &c, b"\n"], [3, 3, 0, 0], none(), [3, 1]),
        row(
            "nul",
            &[&a, &zeros, b"\n", &b, b"{\"ts\":1,\"action\":\"ex\0port\"}\n", &c],
            [5, 3, 0, 0],
            json!({"malformed": {"lines": 2, "sample_offsets": [a.len(), a.len() * 2 + 513]}}),
            [3, 1],
        ),
        row(
            "not-utf8",
            &[&a, b"{\"ts\":1,\"action\":\"\xff\"}\n", &b, b"\xfe\xff\0{\0}\n", &c],
            [5, 3, 0, 0],
            json!({"not_utf8": {"lines": 2, "sample_offsets": [a.len(), a.len() * 2 + 22]}}),
            [3, 1],
        ),
    ]
}

fn check(dir: &Path, row: &Row) -> Value {
    fs::create_dir(dir).unwrap();
    fs::write(dir.join("rules.yml"), RULES).unwrap();
    fs::write(dir.join("log"), &row.log).unwrap();
    let common = "--rules @rules.yml --event-id id --events @log";
    let (code, whole, told) = run(dir, &format!("scan {common} --json --threads 1 --coverage @one.json"));
    assert_eq!(code, Some(0), "{}: {told}", row.name);
    let count = |title: &str| whole.lines().filter(|l| l.starts_with(&format!("{{\"rule\":\"{title}\""))).count();
    assert_eq!([count("Export"), count("Many")], row.firings, "{}: {whole}", row.name);
    let text = fs::read_to_string(dir.join("one.json")).unwrap();
    let coverage: Value = serde_json::from_str(&text).unwrap();
    let of = &coverage["sources"][0];
    let counts = ["lines", "events", "duplicates", "late"].map(|key| of[key].as_u64().unwrap());
    assert_eq!((counts, &of["bad"]), (row.counts, &row.bad), "{}", row.name);
    assert_eq!(
        (&of["bytes"], &coverage["late_events"]),
        (&json!(row.log.len()), &json!(row.counts[3])),
        "{}",
        row.name
    );
    // What is not used is told to people too.
    for reason in row.bad.as_object().unwrap().keys() {
        assert!(told.contains(&format!("lines not used ({reason}), at byte")), "{}: {told}", row.name);
    }
    let (_, two, _) = run(dir, &format!("scan {common} --json --threads 2 --coverage @two.json"));
    assert_eq!((two, fs::read_to_string(dir.join("two.json")).unwrap()), (whole.clone(), text.clone()), "{}", row.name);
    for k in [1, 2, 3] {
        let (code, _, told) = run(dir, &format!("slice {common} --part {k}/3 --out @{k}.slice"));
        assert_eq!(code, Some(0), "{}: {told}", row.name);
    }
    let (_, merged, again) = run(dir, "merge @1.slice @2.slice @3.slice --json --coverage @merged.json");
    let seen = fs::read_to_string(dir.join("merged.json")).unwrap();
    assert_eq!((merged, seen, again), (whole.clone(), text, told), "{}", row.name);
    follows(dir, row, common, &whole);
    of.clone()
}

/// A line that its writer has not ended yet is waited for; all else is as in a scan.
fn follows(dir: &Path, row: &Row, common: &str, whole: &str) {
    let (code, out, told) = run(dir, &format!("follow {common} --state @state --json --once"));
    assert_eq!(code, Some(0), "{}: {told}", row.name);
    let exports = |text: &str| text.lines().filter(|l| l.contains("\"Export\"")).map(str::to_owned).collect::<Vec<_>>();
    let (mut followed, mut scanned) = (exports(&out), exports(whole));
    if row.name == "no-line-end" {
        scanned.pop();
    }
    followed.sort();
    scanned.sort();
    assert_eq!(followed, scanned, "{}", row.name);
}

#[test]
fn every_bad_line_is_counted_the_same_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let rows = rows();
    let coverage: Vec<Value> = std::thread::scope(|threads| {
        let started: Vec<_> = rows.iter().map(|row| threads.spawn(|| check(&dir.join(row.name), row))).collect();
        started.into_iter().map(|t| t.join().unwrap()).collect()
    });
    // The report's table of logs says the same.
    let events: Vec<PathBuf> = rows.iter().map(|r| dir.join(r.name).join("log")).collect();
    let report = run_audit(&Request { events, ..Request::default() }, &mut |_| {}).unwrap().report;
    assert_eq!(report.logs.len(), rows.len());
    for ((row, of), log) in rows.iter().zip(&coverage).zip(&report.logs) {
        let counts = [log.lines, log.events, log.duplicates, log.late];
        assert_eq!(counts, row.counts, "{}", row.name);
        let unread: Value =
            log.unread.iter().map(|(why, n)| (why.clone(), json!(n))).collect::<serde_json::Map<_, _>>().into();
        let told: Value = of["bad"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(why, b)| (why.clone(), b["lines"].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(unread, told, "{}", row.name);
        let mut offsets: Vec<u64> = log.samples.iter().map(|s| s.offset).collect();
        offsets.sort_unstable();
        let mut wanted: Vec<u64> = of["bad"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|b| b["sample_offsets"].as_array().unwrap())
            .map(|o| o.as_u64().unwrap())
            .collect();
        wanted.sort_unstable();
        assert_eq!(offsets, wanted, "{}", row.name);
    }
}

#[test]
fn a_compressed_log_that_is_cut_short_is_refused_with_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("rules.yml"), RULES).unwrap();
    let log: String = (0..3000).map(|n| event(n, n) + "\n").collect();
    for (name, bytes) in [("log.gz", gzip(log.as_bytes())), ("log.zst", zstd(log.as_bytes()))] {
        let path = dir.join(name);
        fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
        for verb in ["scan --json", "slice --out @slice"] {
            let (code, _, told) = run(dir, &format!("{verb} --rules @rules.yml --events @{name}"));
            assert_eq!(code, Some(3), "{name}, {verb}: {told}");
            assert!(told.contains("could not read the log") && told.contains("beyond byte"), "{name}, {verb}: {told}");
        }
        let refused = run_audit(&Request { events: vec![path], ..Request::default() }, &mut |_| {});
        let told = refused.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(told.contains("could not read the log") && told.contains("beyond byte"), "{name}: {told}");
    }
}

#[test]
fn a_mapping_names_the_id_and_it_can_be_turned_off() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("rules.yml"), "title: Any\ndetection: {sel: {action|exists: true}, condition: sel}\n").unwrap();
    let record = |n: u64| {
        format!(
            "{{\"auditid\":\"a{n}\",\"createdon\":\"2026-03-05T09:00:0{n}Z\",\"action\":3,\"operation\":3,\"_userid_value\":\"u1\"}}\n"
        )
    };
    fs::write(dir.join("audits"), [record(1), record(2), record(1), record(1), record(3)].concat()).unwrap();
    for (more, events, doubles) in
        [("", 3, 2), (" --event-id id", 3, 2), (" --event-id record_id", 5, 0), (" --event-id ", 5, 0)]
    {
        let arguments = format!(
            "scan --connector dataverse --rules @rules.yml --events @audits --json --coverage @coverage.json{more}"
        );
        let (code, out, told) = run(dir, &arguments);
        assert_eq!((code, out.lines().count()), (Some(0), events), "{more}: {told}");
        let coverage: Value = serde_json::from_slice(&fs::read(dir.join("coverage.json")).unwrap()).unwrap();
        assert_eq!(
            (&coverage["sources"][0]["duplicates"], told.contains("only the first counts")),
            (&json!(doubles), doubles > 0)
        );
    }
}
