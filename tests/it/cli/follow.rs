//! `habeas events follow` as a process of its own: killed at any instant, over a log that is written and rotated meanwhile.

use super::habeas;
use crate::support::chance::Chance;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RULES: &str = "title: Export\ndetection: {sel: {action: export}, condition: sel}\n---\n\
    title: failed\nname: failed\ndetection: {sel: {action: fail}, condition: sel}\n---\n\
    title: out\nname: out\ndetection: {sel: {action: logout}, condition: sel}\n---\n\
    title: Many\ncorrelation: {type: event_count, rules: [failed], group-by: [u], timespan: 1m, condition: {gte: 5}}\n---\n\
    title: Not followed\ncorrelation: {type: not_followed, rules: [out, failed], group-by: [u], timespan: 20s}\n---\n\
    title: Sum\ncorrelation: {type: value_sum, rules: [failed], group-by: [u], timespan: 2m, condition: {field: x, gt: 5.5}}\n---\n\
    title: Hole\ncorrelation: {type: missing, rules: [failed], group-by: [u], timespan: 1d, condition: {field: n}}\n---\n\
    title: Long\ncorrelation: {type: span, rules: [failed], group-by: [u], timespan: 5m}\n";

/// Writes a log and rotates it, and keeps everything it wrote.
struct Writer {
    path: PathBuf,
    all: Vec<u8>,
    /// What of a line is still to be written.
    rest: Vec<u8>,
    n: u64,
    ms: u64,
}

impl Writer {
    fn new(dir: &Path) -> Self {
        fs::create_dir(dir).unwrap();
        fs::write(dir.join("log"), "").unwrap();
        Self { path: dir.join("log"), all: Vec::new(), rest: Vec::new(), n: 0, ms: 1_772_700_000_000 }
    }

    fn write(&mut self, bytes: &[u8]) {
        OpenOptions::new().create(true).append(true).open(&self.path).unwrap().write_all(bytes).unwrap();
        self.all.extend_from_slice(bytes);
    }

    /// A few lines, the last of them perhaps in two writes.
    fn lines(&mut self, chance: &mut Chance) {
        let mut bytes = std::mem::take(&mut self.rest);
        for _ in 0..=chance.below(6) {
            self.n += 1;
            self.ms += chance.below(4000);
            let at = self.ms - chance.below(2) * chance.below(4000);
            let action = ["export", "fail", "fail", "fail", "logout"][usize::try_from(chance.below(5)).unwrap()];
            let (u, n, x) = (chance.below(3), self.n, chance.below(20));
            let line = format!("{{\"ts\":{at},\"action\":\"{action}\",\"u\":\"u{u}\",\"n\":{n},\"x\":0.{x}}}\n");
            // Some come twice.
            bytes.extend(line.repeat(if chance.below(15) == 0 { 2 } else { 1 }).bytes());
            if chance.below(40) == 0 {
                bytes.extend(b"no event\n");
            }
        }
        if chance.below(3) == 0 {
            self.rest = bytes.split_off(bytes.len() - 10);
        }
        self.write(&bytes);
    }

    fn numbered(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}.{ending}", self.path.display()))
    }

    /// As logrotate does it: older parts move up, the last but one is compressed, the log is renamed or copied.
    fn rotate(&mut self, copy: bool) {
        let rest = std::mem::take(&mut self.rest);
        self.write(&rest);
        for n in (2..60).rev() {
            let _ = fs::rename(self.numbered(&format!("{n}.gz")), self.numbered(&format!("{}.gz", n + 1)));
        }
        let (first, second) = (self.numbered("1"), self.numbered("2.gz"));
        if let Ok(bytes) = fs::read(&first) {
            let mut gzip = flate2::write::GzEncoder::new(File::create(&second).unwrap(), flate2::Compression::fast());
            gzip.write_all(&bytes).unwrap();
            let written = fs::metadata(&first).unwrap().modified().unwrap();
            gzip.finish().unwrap().set_modified(written).unwrap();
            fs::remove_file(&first).unwrap();
        }
        if copy {
            fs::copy(&self.path, &first).unwrap();
            OpenOptions::new().write(true).truncate(true).open(&self.path).unwrap();
        } else {
            fs::rename(&self.path, &first).unwrap();
            File::create(&self.path).unwrap();
        }
    }
}

/// Follows `log` in `dir`, with firings to `printed` and alerts to `alerts`, both appended to.
fn follow(dir: &Path, extra: &[&str]) -> Child {
    follow_to(dir, extra, "")
}

/// The same, ended at the fail points that `points` names.
pub(super) fn follow_to(dir: &Path, extra: &[&str], points: &str) -> Child {
    let printed = OpenOptions::new().create(true).append(true).open(dir.join("printed")).unwrap();
    let errors = OpenOptions::new().create(true).append(true).open(dir.join("errors")).unwrap();
    fs::write(dir.join("rules.yml"), RULES).unwrap();
    let to = format!("file://{}", dir.join("alerts").display());
    let fixed =
        "events follow --rules rules.yml --events log --state state --event-id n --lateness 5s --json --reveal --to";
    Command::new(env!("CARGO_BIN_EXE_habeas"))
        .args(fixed.split(' ').chain([to.as_str()]).chain(extra.iter().copied()))
        .current_dir(dir)
        .env("FAILPOINTS", points)
        .stdin(Stdio::null())
        .stdout(printed)
        .stderr(errors)
        .spawn()
        .unwrap()
}

pub(super) fn sorted(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{} has a torn end", path.display());
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// What one run over all that was written, never ended and never rotated, prints and sends.
fn uninterrupted(dir: &Path, all: &[u8]) -> (Vec<String>, Vec<String>) {
    fs::create_dir(dir).unwrap();
    fs::write(dir.join("log"), all).unwrap();
    assert!(follow(dir, &["--once"]).wait().unwrap().success());
    (sorted(&dir.join("printed")), sorted(&dir.join("alerts")))
}

#[test]
fn a_hundred_kills_lose_no_alert_and_double_none() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("killed");
    let mut writer = Writer::new(&dir);
    let mut chance = Chance(4);
    // What is rotated away before following began is not followed.
    writer.write(b"{\"ts\":1772700000,\"action\":\"export\"}\n");
    let mut first = follow(&dir, &[]);
    arrives(&dir.join("alerts"), "Export");
    first.kill().unwrap();
    first.wait().unwrap();
    for kill in 0..100u64 {
        let mut child = follow(&dir, &[]);
        let longest = if kill % 4 == 0 { 400 } else { 80 };
        let until = Instant::now() + Duration::from_millis(5 + chance.below(longest));
        while Instant::now() < until {
            writer.lines(&mut chance);
            std::thread::sleep(Duration::from_millis(chance.below(12)));
        }
        if kill % 7 == 3 {
            writer.rotate(kill.is_multiple_of(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Also while nobody looks, and sometimes more than once.
        writer.lines(&mut chance);
        if kill % 29 == 5 {
            writer.rotate(false);
            writer.lines(&mut chance);
            writer.rotate(true);
            writer.lines(&mut chance);
        }
    }
    let rest = std::mem::take(&mut writer.rest);
    writer.write(&rest);
    assert!(follow(&dir, &["--once"]).wait().unwrap().success());
    let (printed, alerts) = uninterrupted(&folder.path().join("whole"), &writer.all);
    assert!(printed.len() > 200 && alerts.len() == printed.len(), "{} and {}", printed.len(), alerts.len());
    for title in ["Export", "Many", "Not followed", "Sum", "Hole", "Long"] {
        assert!(printed.iter().any(|l| l.contains(&format!("\"rule\":\"{title}\""))), "{title} never fired");
    }
    let errors = fs::read_to_string(dir.join("errors")).unwrap();
    let killed = sorted(&dir.join("printed"));
    same(&killed, &printed, &errors);
    same(&sorted(&dir.join("alerts")), &alerts, &errors);
}

/// Fails with the lines that are too many, missing or doubled, rather than with all.
pub(super) fn same(found: &[String], wanted: &[String], errors: &str) {
    let only = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect::<Vec<_>>();
    assert_eq!((only(found, wanted), only(wanted, found)), (vec![], vec![]), "too many, lost: {errors}");
    let doubled: Vec<&String> = found.windows(2).filter(|p| p[0] == p[1]).map(|p| &p[0]).collect();
    assert_eq!(doubled, Vec::<&String>::new(), "doubled: {errors}");
    assert_eq!(found.len(), wanted.len());
}

/// Waits for a line of `path` that contains `text`; gives how long it took.
fn arrives(path: &Path, text: &str) -> Duration {
    let since = Instant::now();
    while !fs::read_to_string(path).unwrap_or_default().contains(text) {
        assert!(since.elapsed() < Duration::from_secs(60), "`{text}` did not arrive in {}", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    since.elapsed()
}

#[test]
fn time_passes_by_the_clock_when_nothing_comes_and_only_if_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("live");
    let mut writer = Writer::new(&dir);
    let mut child = follow(&dir, &["--idle", "1s"]);
    writer.write(b"{\"ts\":1772700000,\"action\":\"export\",\"u\":\"u1\"}\n");
    arrives(&dir.join("printed"), "Export");
    for n in 0..5 {
        writer.write(
            format!("{{\"ts\":{},\"action\":\"fail\",\"u\":\"u1\",\"n\":{n},\"x\":0}}\n", 1_772_700_001 + n).as_bytes(),
        );
    }
    arrives(&dir.join("printed"), "Many");
    arrives(&dir.join("alerts"), "Many");
    child.kill().unwrap();
    child.wait().unwrap();
    let (printed, _) = uninterrupted(&folder.path().join("whole"), &writer.all);
    assert!(!printed.iter().any(|l| l.contains("Many")), "windows wait for the lateness: {printed:?}");
}

#[test]
fn a_pipe_is_read_to_its_end_and_a_state_is_for_its_rules_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("rules.yml"), RULES).unwrap();
    let mut writer = Writer::new(&folder.path().join("w"));
    let mut chance = Chance(9);
    (0..60).for_each(|_| writer.lines(&mut chance));
    let long = [b"{\"ts\":1,\"x\":\"".as_slice(), &vec![b'x'; 3 << 20], b"\"}\n"].concat();
    writer.all = [&writer.all, long.as_slice(), b"{\"ts\":1772709999,\"action\":\"export\"}"].concat();
    fs::write(path("log"), &writer.all).unwrap();
    let run = |rules: &str, input: Stdio| {
        let (rules, state) = (path(rules), path("state"));
        let arguments = ["events", "follow", "--rules", &rules, "--events", "-", "--state", &state, "--json"];
        Command::new(env!("CARGO_BIN_EXE_habeas")).args(arguments).stdin(input).output().unwrap()
    };
    let out = run("rules.yml", File::open(path("log")).unwrap().into());
    assert!(out.status.success() && String::from_utf8_lossy(&out.stderr).contains("lines not used"), "{out:?}");
    let scanned = habeas(&["events", "scan", "--rules", &path("rules.yml"), "--events", &path("log"), "--json"]);
    let lines = |bytes: &[u8], file: &str| {
        let text = String::from_utf8(bytes.to_vec()).unwrap().replace(&format!("\"file\":\"{file}\""), "");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&out.stdout, "-"), lines(&scanned.stdout, &path("log")));
    fs::write(path("other.yml"), RULES.replace("gte: 5", "gte: 6")).unwrap();
    let other = run("other.yml", Stdio::null());
    let complaint = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.code() == Some(2) && complaint.contains("other rules"), "{complaint}");
    let checkpoint = folder.path().join("state/checkpoint");
    let mut bytes = fs::read(&checkpoint).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&checkpoint, bytes).unwrap();
    let damaged = run("rules.yml", Stdio::null());
    let complaint = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert!(damaged.status.code() == Some(3) && complaint.contains("damaged"), "{complaint}");
}
