//! Q01: the program is killed at every write and at random instants; nothing acknowledged is lost, nothing is half there.
//!
//! The child is this very test binary, started again with a task in its environment. It takes requests in from several
//! threads and prints each id only when the store has acknowledged it. The parent kills it, opens what is left, and compares.
//! Several workers do so side by side, each with a database of its own.

use super::*;
use diesel::connection::SimpleConnection;
use habeas::flows::open_request::open_request;
use habeas::store::{Database, Role, Server};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

const DIR: &str = "HABEAS_TEST_KILL_DIR";
const URL: &str = "HABEAS_TEST_KILL_URL";
const POINT: &str = "HABEAS_TEST_KILL_POINT";
const FAULT: &str = "HABEAS_TEST_KILL_FAULT";

on_both! {
    nothing_acknowledged_is_lost_and_nothing_is_half_there;
    the_harness_finds_an_acknowledgement_before_the_commit;
    the_harness_finds_a_leaf_in_a_second_transaction;
}

/// Every point at which a write can be cut.
const POINTS: [&str; 9] = [
    "store::request",
    "store::claim",
    "store::key",
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
    let store = Store::open(&made(Path::new(&dir), std::env::var(URL).ok()), at(NOW)).unwrap();
    let (run, book) = (std::process::id(), Arc::new(german_law()));
    std::thread::scope(|threads| {
        for t in 0..4 {
            let (store, book) = (&store, &book);
            threads.spawn(move || {
                for i in 0..10_000 {
                    let key = format!("{run}-{t}-{i}");
                    let opened = open_request(store, book, &clerk("acme"), letter(&key), at(NOW)).unwrap();
                    // One write call per line, so that a kill cuts between lines.
                    std::io::stdout().write_all(format!("ack {}\n", opened.id).as_bytes()).unwrap();
                }
            });
        }
    });
}

/// As much of the law as the letter needs. To read all of it would take most of the child's time.
fn german_law() -> Lawbook {
    let read =
        |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("regimes").join(name)).unwrap();
    // Other places get its calendar, so that theirs need not be read.
    let place = |line: &str| match line.split_once("calendar: ") {
        Some((before, _)) if !line.ends_with("calendar: none}") => format!("{before}calendar: DE}}\n"),
        _ => format!("{line}\n"),
    };
    let mut files = vec![("places.yaml", read("places.yaml").lines().map(place).collect::<String>())];
    files.extend(
        ["vocabulary.yaml", "phrases.yaml", "eu-gdpr.yaml", "calendars/DE.yaml"].map(|name| (name, read(name))),
    );
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Lawbook::load(&files).unwrap()
}

/// The settings of a store that was opened before, so that the owner of its tables is not needed.
fn made(dir: &Path, url: Option<String>) -> Settings {
    let settings = settings(dir, None);
    match url {
        None => settings,
        Some(url) => {
            let app = Role { url, password_file: None };
            Settings { database: Database::Postgres(Server { app, owner: None }), ..settings }
        }
    }
}

/// A new place with its tables made.
fn another(first: &Place) -> Place {
    let place = first.another();
    drop(place.open());
    place
}

/// The place with all rows gone. Another database would do, but PostgreSQL drops none without a checkpoint.
fn emptied(place: Place) -> Place {
    let Some(database) = &place.database else { return another(&place) };
    let tables = "requests, claims, holds, subject_keys, sealed, outbox, notices, ledger_entries, ledger_heads, ledger_checkpoints";
    // In this role the triggers that keep the ledger do not speak up; only a superuser may take it.
    let empty = format!("SET session_replication_role = replica; TRUNCATE {tables}");
    database.superuser().batch_execute(&empty).unwrap();
    place
}

fn start(place: &Place, point: Option<String>, fault: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::kill::child", "--nocapture", "--test-threads=1"]).env(DIR, place.dir.path());
    for (name, value) in [(URL, place.urls().map(|(app, _)| app)), (POINT, point), (FAULT, fault.map(str::to_owned))] {
        if let Some(value) = value {
            command.env(name, value);
        }
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
    let store = match Store::open(&made(place.dir.path(), place.urls().map(|(app, _)| app)), at(NOW)) {
        Ok(store) => store,
        Err(e) => return Damage { lost: 0, broken: Some(e.to_string()) },
    };
    let mut damage = Damage::default();
    store
        .read(&system(), |r| {
            let there: BTreeMap<_, _> =
                r.requests(false, i64::MAX)?.into_iter().map(|row| (row.request.id.to_string(), row.request)).collect();
            for id in acknowledged {
                match there.get(id) {
                    Some(request) if r.personal(request, "name")?.is_some() => {}
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

/// The numbers of the signals by which a child ends itself and is ended.
const ABORTED: i32 = 6;
const KILLED: i32 = 9;

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
    let mut rest = String::new();
    lines.read_to_string(&mut rest).ok();
    acknowledged
        .extend(rest.lines().filter_map(|l| l.strip_prefix("ack ")).filter(|id| id.len() == 32).map(str::to_owned));
    let signal = child.wait().unwrap().signal();
    assert_eq!(signal, Some(if point.is_some() { ABORTED } else { KILLED }), "{point:?}: the child ended otherwise");
    acknowledged
}

/// What came of many kills.
#[derive(Debug, Default)]
struct Campaign {
    acknowledged: usize,
    lost: usize,
    broken: usize,
    /// Kills, acknowledgements, losses and broken accounts at each point, and from outside.
    points: BTreeMap<String, [usize; 4]>,
}

impl std::fmt::Display for Campaign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kills: usize = self.points.values().map(|p| p[0]).sum();
        let Self { acknowledged, lost, broken, points } = self;
        write!(f, "{kills} kills, {acknowledged} acknowledged, {lost} lost, {broken} broken")?;
        for (point, [kills, acknowledged, lost, broken]) in points {
            write!(f, "\n  {point}: {kills} kills, {acknowledged} acknowledged, {lost} lost, {broken} broken")?;
        }
        Ok(())
    }
}

/// Kills until `kills` are done, on empty tables every 25 and after any that broke.
fn campaign(first: &Place, kills: usize, fault: Option<&str>, points: &[&str]) -> Campaign {
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Campaign::default()));
    let worker = || {
        let (mut place, mut used) = (another(first), 0);
        loop {
            let n = next.fetch_add(1, Ordering::SeqCst);
            if n >= kills {
                return;
            }
            if used == 25 {
                (place, used) = (emptied(place), 0);
            }
            let point = points.get(n % (points.len() + 1));
            let nth = 1 + (n * 7) % 11;
            let acknowledged = killed(&place, point.map(|p| format!("{p}={nth}")), fault, 1 + n % 17);
            let damage = inspect(&place, &acknowledged);
            used += 1;
            let mut told = told.lock().unwrap();
            let broken = usize::from(damage.broken.is_some());
            told.acknowledged += acknowledged.len();
            told.lost += damage.lost;
            told.broken += broken;
            let at = told.points.entry(point.copied().unwrap_or("outside").to_owned()).or_default();
            let found = [1, acknowledged.len(), damage.lost, broken];
            at.iter_mut().zip(found).for_each(|(sum, one)| *sum += one);
            if let Some(what) = damage.broken {
                println!("kill {n}: {what}");
                used = 25;
            }
            if (n + 1) % 500 == 0 {
                println!("kill -9, {}, so far: {told}", first.name());
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(kills);
    std::thread::scope(|threads| {
        for _ in 0..workers {
            threads.spawn(worker);
        }
    });
    told.into_inner().unwrap()
}

fn kills() -> usize {
    std::env::var("HABEAS_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

fn nothing_acknowledged_is_lost_and_nothing_is_half_there(place: &Place) {
    let kills = kills();
    let told = campaign(place, kills, None, &POINTS);
    println!("kill -9, {}: {told}", place.name());
    assert!(told.acknowledged > kills / 2, "the child acknowledged too little to prove anything");
    assert_eq!((told.lost, told.broken), (0, 0));
}

fn the_harness_finds_an_acknowledgement_before_the_commit(place: &Place) {
    // S1: killed at the commit, what was told too early is not there.
    let told = campaign(place, 6, Some("store::ack-early"), &["store::before-commit", "store::before-commit"]);
    println!("sabotage S1, {}: {} acknowledged requests lost", place.name(), told.lost);
    assert!(told.lost > 0);
}

fn the_harness_finds_a_leaf_in_a_second_transaction(place: &Place) {
    // S10: killed between the two, a request stands without its entry.
    let told = campaign(place, 4, Some("store::leaf-apart"), &["store::between"]);
    println!("sabotage S10, {}: {} broken", place.name(), told.broken);
    assert!(told.broken > 0);
}
