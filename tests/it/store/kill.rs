//! Q01: the program is killed at every write and at random instants; nothing acknowledged is lost, nothing is half there.
//!
//! The child is this very test binary, started again with a task in its environment. It takes requests in from several
//! threads and prints each id only when the store has acknowledged it. The parent kills it, opens what is left, and compares.

use super::*;
use habeas::flows::open_request::open_request;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

const DIR: &str = "HABEAS_TEST_KILL_DIR";
const URLS: &str = "HABEAS_TEST_KILL_URLS";
const POINT: &str = "HABEAS_TEST_KILL_POINT";
const FAULT: &str = "HABEAS_TEST_KILL_FAULT";

on_both! {
    nothing_acknowledged_is_lost_and_nothing_is_half_there;
    the_harness_finds_an_acknowledgement_before_the_commit;
    the_harness_finds_a_leaf_in_a_second_transaction;
}

/// Every point at which a write can be cut.
const POINTS: [&str; 8] = [
    "store::request",
    "store::claim",
    "store::seal",
    "store::effect",
    "store::entry",
    "store::head",
    "store::before-commit",
    "store::after-commit",
];

/// The child's part; does nothing when nobody asked for it.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    if let Ok(point) = std::env::var(POINT) {
        let (name, nth) = point.split_once('=').unwrap();
        let left = Arc::new(AtomicI64::new(nth.parse().unwrap()));
        fail::cfg_callback(name, move || {
            if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                std::process::abort();
            }
        })
        .unwrap();
    }
    if let Ok(fault) = std::env::var(FAULT) {
        fail::cfg(fault, "return").unwrap();
    }
    let urls = std::env::var(URLS).ok();
    let urls = urls.as_deref().and_then(|u| u.split_once(' ')).map(|(app, owner)| (app.to_owned(), owner.to_owned()));
    let store = Store::open(&settings(Path::new(&dir), urls), at(NOW)).unwrap();
    let run = std::process::id();
    std::thread::scope(|threads| {
        for t in 0..4 {
            let store = &store;
            threads.spawn(move || {
                for i in 0..10_000 {
                    let opened =
                        open_request(store, &BOOK, &clerk("acme"), letter(&format!("{run}-{t}-{i}")), at(NOW)).unwrap();
                    // One write call per line, so that a kill cuts between lines.
                    std::io::stdout().write_all(format!("ack {}\n", opened.id).as_bytes()).unwrap();
                }
            });
        }
    });
}

fn start(place: &Place, point: Option<String>, fault: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::kill::child", "--nocapture", "--test-threads=1"]).env(DIR, place.dir.path());
    if let Some((app, owner)) = place.urls() {
        command.env(URLS, format!("{app} {owner}"));
    }
    if let Some(point) = point {
        command.env(POINT, point);
    }
    if let Some(fault) = fault {
        command.env(FAULT, fault);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// What a kill left behind.
#[derive(Debug, Default)]
struct Damage {
    lost: usize,
    broken: Option<String>,
}

/// Every acknowledged request is there, and the accounts and the ledger agree.
fn inspect(place: &Place, acknowledged: &[String]) -> Damage {
    let store = match Store::open(&place.settings(), at(NOW)) {
        Ok(store) => store,
        Err(e) => return Damage { lost: 0, broken: Some(e.to_string()) },
    };
    let mut damage = Damage::default();
    store
        .read(&system(), |r| {
            for id in acknowledged {
                match r.request(&id.parse().unwrap())? {
                    Some(request) if r.personal(&request, "name")?.is_some() => {}
                    _ => damage.lost += 1,
                }
            }
            let counts = r.counts()?;
            if !counts.balance() || counts.waiting_effects != 2 * counts.received {
                damage.broken = Some(format!("{counts:?}"));
            }
            Ok(())
        })
        .unwrap();
    damage
}

/// Runs one child until it is killed: by itself at a point, or from outside after `acks` acknowledgements.
fn killed(place: &Place, point: Option<String>, fault: Option<&str>, acks: usize) -> Vec<String> {
    let mut child = start(place, point.clone(), fault);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut acknowledged, mut line) = (Vec::new(), String::new());
    while lines.read_line(&mut line).unwrap_or(0) > 0 {
        // The test harness prints its own words before the first line on the same line.
        if let Some(at) = line.find("ack ").filter(|_| line.ends_with('\n')) {
            acknowledged.push(line[at + 4..].trim().to_owned());
        }
        line.clear();
        if point.is_none() && acknowledged.len() >= acks {
            child.kill().unwrap();
            break;
        }
    }
    child.kill().ok();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).ok();
    acknowledged
        .extend(rest.lines().filter_map(|l| l.strip_prefix("ack ")).filter(|id| id.len() == 32).map(str::to_owned));
    child.wait().unwrap();
    acknowledged
}

/// Kills until `kills` are done, a fresh database every 25; returns acknowledgements seen and damage found.
fn campaign(first: &Place, kills: usize, fault: Option<&str>, points: &[&str]) -> (usize, usize, usize) {
    let (mut seen, mut lost, mut broken) = (0, 0, 0);
    let mut place = first.another();
    for n in 0..kills {
        if n > 0 && n % 25 == 0 {
            place = first.another();
        }
        let named = points.get(n % (points.len() + 1)).map(|p| format!("{p}={}", 1 + (n * 7) % 23));
        let acknowledged = killed(&place, named, fault, 1 + n % 17);
        let damage = inspect(&place, &acknowledged);
        seen += acknowledged.len();
        lost += damage.lost;
        if let Some(what) = damage.broken {
            broken += 1;
            println!("kill {n}: {what}");
            place = first.another();
        }
    }
    (seen, lost, broken)
}

fn kills() -> usize {
    std::env::var("HABEAS_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

fn nothing_acknowledged_is_lost_and_nothing_is_half_there(place: &Place) {
    let kills = kills();
    let (seen, lost, broken) = campaign(place, kills, None, &POINTS);
    println!(
        "kill -9, {}: {kills} kills at {} points and at random, {seen} acknowledged, {lost} lost, {broken} broken",
        place.name(),
        POINTS.len()
    );
    assert!(seen > kills / 2, "the child acknowledged too little to prove anything: {seen}");
    assert_eq!((lost, broken), (0, 0));
}

fn the_harness_finds_an_acknowledgement_before_the_commit(place: &Place) {
    // S1: killed at the commit, what was told too early is not there.
    let (_, lost, _) = campaign(place, 6, Some("store::ack-early"), &["store::before-commit", "store::before-commit"]);
    println!("sabotage S1, {}: {lost} acknowledged requests lost", place.name());
    assert!(lost > 0);
}

fn the_harness_finds_a_leaf_in_a_second_transaction(place: &Place) {
    // S10: killed between the two, a request stands without its entry.
    let (_, _, broken) = campaign(place, 4, Some("store::leaf-apart"), &["store::between"]);
    println!("sabotage S10, {}: {broken} broken", place.name());
    assert!(broken > 0);
}
