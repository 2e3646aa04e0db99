//! Q05: the server is killed, stopped and cut off, also in the middle of a commit. Nothing acknowledged is lost, nothing is there
//! twice, and the same submission key finds out what became of an answer that never came.

use super::*;
use crate::support::postgres::TestDatabase;
use crate::support::server::TestServer;
use habeas::flows::open_request::open_request;
use habeas::store::{Database, Role, Server};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Everything acknowledged is there once, with its entry and its effects.
fn check(store: &Store, acknowledged: &BTreeMap<String, String>) {
    store
        .read(&system(), |r| {
            for id in acknowledged.values() {
                assert!(r.request(&id.parse().unwrap())?.is_some(), "{id} was acknowledged and is lost");
            }
            let counts = r.counts()?;
            assert!(counts.balance() && counts.waiting_effects == 2 * counts.received, "{counts:?}");
            assert_eq!(counts.received, acknowledged.len() as i64, "one request per submission");
            r.check_ledger()
        })
        .unwrap();
}

/// Takes requests in until told to stop; asks again with the same key after every error. Gives the ids by key, and the errors.
fn insist(store: &Store, threads: usize, stop: &AtomicBool) -> (BTreeMap<String, String>, usize) {
    let (acknowledged, errors) = (Mutex::new(BTreeMap::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for t in 0..threads {
            let (acknowledged, errors) = (&acknowledged, &errors);
            scope.spawn(move || {
                for i in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let key = format!("{t}-{i}");
                    let id = loop {
                        match open_request(store, &BOOK, &clerk("acme"), letter(&key), at(NOW)) {
                            Ok(request) => break request.id.to_string(),
                            Err(_) => errors.fetch_add(1, Ordering::SeqCst),
                        };
                        std::thread::sleep(Duration::from_millis(50));
                    };
                    acknowledged.lock().unwrap().insert(key, id);
                }
            });
        }
    });
    (acknowledged.into_inner().unwrap(), errors.into_inner())
}

fn rounds() -> usize {
    std::env::var("HABEAS_TEST_OUTAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(4)
}

#[test]
fn a_server_that_is_killed_and_comes_back_has_lost_nothing_and_doubled_nothing() {
    let Some(server) = TestServer::new() else { return };
    server.start(&[]);
    let database = TestDatabase::on(server.url());
    let place = Place { dir: tempfile::tempdir().unwrap(), database: Some(database) };
    let store = place.open();
    let stop = AtomicBool::new(false);
    let (acknowledged, errors) = std::thread::scope(|scope| {
        let clients = scope.spawn(|| insist(&store, 8, &stop));
        for round in 0..rounds() {
            std::thread::sleep(Duration::from_millis(400 + 130 * (round as u64 % 5)));
            if round % 2 == 0 {
                server.kill()
            } else {
                server.stop("immediate")
            }
            server.start(&[]);
        }
        stop.store(true, Ordering::SeqCst);
        clients.join().unwrap()
    });
    println!(
        "outage, PostgreSQL: {} rounds of kill -9 and immediate stop, {} acknowledged, {errors} errors told to clients, 0 lost",
        rounds(),
        acknowledged.len()
    );
    assert!(acknowledged.len() >= rounds(), "too little was acknowledged to prove anything");
    check(&store, &acknowledged);
}

/// Stands between the store and the server, and cuts every third commit: before it arrives or just after.
fn cut_commits(server: String, cut: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let commits = Arc::new(AtomicUsize::new(0));
        for client in listener.incoming().flatten() {
            let Ok(upstream) = TcpStream::connect(&server) else { continue };
            upstream.set_nodelay(true).unwrap();
            client.set_nodelay(true).unwrap();
            let (mut from, mut to) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let (commits, cut) = (Arc::clone(&commits), Arc::clone(&cut));
            std::thread::spawn(move || pass_on(client, upstream, &commits, &cut));
        }
    });
    port
}

fn pass_on(mut client: TcpStream, mut upstream: TcpStream, commits: &AtomicUsize, cut: &AtomicUsize) {
    let mut buffer = [0; 65_536];
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        let said = &buffer[..n];
        let nth = if said.windows(6).any(|w| w == b"COMMIT") { commits.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
        if nth > 0 && nth % 3 == 0 {
            cut.fetch_add(1, Ordering::SeqCst);
            client.shutdown(Shutdown::Both).ok();
            if nth % 2 == 0 {
                // It arrives, but its answer does not.
                upstream.write_all(said).ok();
                std::thread::sleep(Duration::from_millis(20));
            }
            break;
        }
        if upstream.write_all(said).is_err() {
            break;
        }
    }
    client.shutdown(Shutdown::Both).ok();
    upstream.shutdown(Shutdown::Both).ok();
}

#[test]
fn a_commit_cut_on_its_way_is_resolved_by_its_entry() {
    let Some(place) = Place::postgres() else { return };
    drop(place.open());
    let (app, _) = place.urls().unwrap();
    let (_, rest) = app.split_once('@').unwrap();
    let (host, name) = rest.split_once('/').unwrap();
    let cut = Arc::new(AtomicUsize::new(0));
    let port = cut_commits(host.to_owned(), Arc::clone(&cut));
    let role = Role { url: format!("postgres://habeas_app@127.0.0.1:{port}/{name}"), password_file: None };
    let database = Database::Postgres(Server { app: role, owner: None });
    let store = Store::open(&Settings { database, ..place.settings() }, at(NOW)).unwrap();
    let mut acknowledged = BTreeMap::new();
    for i in 0..40 {
        // No second try here: the store itself finds out what became of its commit.
        let key = format!("k{i}");
        let request = open_request(&store, &BOOK, &clerk("acme"), letter(&key), at(NOW)).unwrap();
        acknowledged.insert(key, request.id.to_string());
    }
    let cut = cut.load(Ordering::SeqCst);
    println!("outage, PostgreSQL: {cut} commits cut, {} acknowledged, 0 lost, 0 doubled", acknowledged.len());
    assert!(cut >= 10, "{cut}");
    check(&place.open(), &acknowledged);
}
