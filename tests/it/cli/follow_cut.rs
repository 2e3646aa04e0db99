//! `habeas events follow` ended at every write, and ended again while it makes up for that: nothing is lost, nothing comes twice.

use super::follow::{follow_to, same, sorted};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

/// Every place at which a write can be cut, half way through it, or after it and before what notes it; and how often a run comes
/// there at most.
const POINTS: [(&str, usize); 13] = [
    ("files::write", 10),
    ("files::before-rename", 10),
    ("files::after-rename", 10),
    ("follow::entry", 2),
    ("follow::after-entry", 2),
    ("follow::next-made", 2),
    ("follow::print", 1),
    ("follow::after-print", 1),
    ("spool::put", 1),
    ("spool::after-put", 1),
    ("spool::emptied", 1),
    ("alerts::append", 3),
    ("alerts::after-append", 3),
];
/// More alerts than are sent at a time, so that a spool is emptied in several steps.
const MANY: u64 = 600;

fn lines(from: u64, count: u64) -> String {
    let one = |n: u64| {
        let action = if n.is_multiple_of(5) { "fail" } else { "export" };
        format!("{{\"ts\":{},\"action\":\"{action}\",\"u\":\"u1\",\"n\":{n},\"x\":1}}\n", 1_772_700_000 + n * 2)
    };
    (from..from + count).map(one).collect()
}

/// Each begins with some lines of the one before, which have to be known again after a checkpoint and a cut.
const PARTS: [(u64, u64); 3] = [(0, MANY), (MANY - 3, 10), (MANY + 5, 6)];

fn append(dir: &Path, part: usize) {
    let (from, count) = PARTS[part];
    let mut log = OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap();
    log.write_all(lines(from, count).as_bytes()).unwrap();
}

fn prepare(dir: &Path) {
    fs::create_dir(dir).unwrap();
    // Who appends to a file that holds something keeps it.
    fs::write(dir.join("printed"), "what was there before\n").unwrap();
}

fn runs_to_the_end(dir: &Path, points: &str) -> bool {
    follow_to(dir, &["--once"], points).wait().unwrap().success()
}

/// Cuts a run at the `nth` time it comes to `point`, the next one at `again`, and lets the third one end; `None` when the first
/// one did not come there so often.
fn cut(dir: &Path, (point, nth): (&str, usize), again: &str) -> Option<(Vec<String>, Vec<String>, String)> {
    prepare(dir);
    append(dir, 0);
    if runs_to_the_end(dir, &format!("{point}={nth}*off->return")) {
        return None;
    }
    append(dir, 1);
    runs_to_the_end(dir, &format!("{again}=return"));
    append(dir, 2);
    assert!(runs_to_the_end(dir, ""), "{}", fs::read_to_string(dir.join("errors")).unwrap());
    let told = format!("{point} {nth}, then {again}: {}", fs::read_to_string(dir.join("errors")).unwrap());
    Some((sorted(&dir.join("printed")), sorted(&dir.join("alerts")), told))
}

#[test]
fn a_run_cut_at_any_write_loses_no_alert_and_doubles_none() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    prepare(&whole);
    (0..PARTS.len()).for_each(|part| append(&whole, part));
    assert!(runs_to_the_end(&whole, ""));
    let (printed, alerts) = (sorted(&whole.join("printed")), sorted(&whole.join("alerts")));
    assert!(alerts.len() > 512 && printed.len() == alerts.len() + 1, "{}", alerts.len());
    // Each followed by another, in turn; a torn alert also by a cut while it is made whole.
    let all = POINTS.iter().flat_map(|(point, most)| (0..*most).map(move |nth| (*point, nth)));
    let mut pairs: Vec<_> =
        all.enumerate().map(|(n, (point, nth))| (point, nth, POINTS[n * 5 % POINTS.len()].0)).collect();
    pairs.extend((0..3).map(|nth| ("alerts::append", nth, "alerts::settle")));
    let work = Mutex::new((0, pairs));
    let reached = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                loop {
                    let (number, (point, nth, again)) = {
                        let mut work = work.lock().unwrap();
                        let Some(next) = work.1.pop() else { break };
                        work.0 += 1;
                        (work.0, next)
                    };
                    let dir = folder.path().join(number.to_string());
                    if let Some((own, sent, told)) = cut(&dir, (point, nth), again) {
                        same(&own, &printed, &told);
                        same(&sent, &alerts, &told);
                        reached.lock().unwrap().push(point);
                    }
                }
            });
        }
    });
    let reached = reached.into_inner().unwrap();
    for (point, _) in POINTS {
        assert!(reached.contains(&point), "no run came to `{point}`");
    }
}
