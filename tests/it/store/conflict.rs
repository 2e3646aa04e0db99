//! Conflicts with another transaction on PostgreSQL: a real deadlock, and the server's word that a transaction must be done anew.

use super::*;
use crate::support::postgres::{Raw, number};
use diesel::connection::SimpleConnection;
use habeas::flows::open_request::open_request;
use habeas::store::Error;

/// How often the store does a group: once together and five times job by job.
const TRIES: i64 = 6;

fn one() -> Option<(Place, Store, Raw)> {
    let place = Place::postgres()?;
    let store = place.open();
    open_request(&store, &BOOK, &clerk("acme"), letter("first"), at(NOW)).unwrap();
    let raw = place.database.as_ref().unwrap().superuser();
    Some((place, store, raw))
}

fn received(store: &Store) -> i64 {
    let counts = store.read(&system(), |r| r.counts()).unwrap();
    store.read(&system(), |r| r.check_ledger()).unwrap();
    assert!(counts.balance() && counts.waiting_effects == 2 * counts.received, "{counts:?}");
    counts.received
}

#[test]
fn the_loser_of_a_deadlock_is_done_anew_and_stands_once() {
    let Some((place, store, mut raw)) = one() else { return };
    let mut watcher = place.database.as_ref().unwrap().superuser();
    // This session holds the head, and will ask for the lock that the store holds; the store notices first.
    raw.batch_execute("BEGIN; SET LOCAL deadlock_timeout = '60s'; UPDATE ledger_heads SET last_at = last_at").unwrap();
    let waits = "SELECT count(*) AS answer FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND a.datname = current_database() AND a.usename = 'habeas_app'";
    std::thread::scope(|threads| {
        let writing = threads.spawn(|| open_request(&store, &BOOK, &clerk("acme"), letter("second"), at(NOW)));
        while number(&mut watcher, waits) == 0 {
            std::thread::yield_now();
        }
        raw.batch_execute("SELECT pg_advisory_xact_lock(hashtextextended('habeas acme', 0)); ROLLBACK").unwrap();
        assert!(writing.join().unwrap().is_ok());
    });
    assert_eq!(received(&store), 2);
    // A server process counts what it met when it ends.
    drop(store);
    let deadlocks = "SELECT deadlocks AS answer FROM pg_stat_database WHERE datname = current_database()";
    while number(&mut watcher, deadlocks) == 0 {
        std::thread::yield_now();
    }
    assert_eq!(number(&mut watcher, deadlocks), 1);
}

/// Has the server end each transaction that moves a ledger's head, for the first `times`, with this code. The count is of a
/// sequence, which no rollback sets back.
fn refuse(raw: &mut Raw, code: &str, times: i64) {
    raw.batch_execute(&format!(
        "CREATE SEQUENCE tries; GRANT USAGE ON tries TO habeas_app;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '{code}'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON ledger_heads FOR EACH ROW EXECUTE FUNCTION refuse();"
    ))
    .unwrap();
}

#[test]
fn a_conflict_is_done_anew_until_it_passes_or_is_told_and_nothing_is_written() {
    for code in ["40001", "40P01"] {
        for (times, passes) in [(1, true), (TRIES - 1, true), (TRIES, false)] {
            let Some((_place, store, mut raw)) = one() else { return };
            refuse(&mut raw, code, times);
            let told = open_request(&store, &BOOK, &clerk("acme"), letter("second"), at(NOW));
            assert_eq!(told.is_ok(), passes, "{code} {times} times: {told:?}");
            let tried = number(&mut raw, "SELECT last_value AS answer FROM tries");
            assert_eq!(tried, if passes { times + 1 } else { TRIES }, "{code} {times} times");
            assert_eq!(received(&store), if passes { 2 } else { 1 }, "{code} {times} times");
            // The same submission afterwards makes one request, or finds it.
            open_request(&store, &BOOK, &clerk("acme"), letter("second"), at(NOW)).unwrap();
            assert_eq!(received(&store), 2);
        }
    }
}

#[test]
fn what_only_one_of_a_group_may_not_write_is_told_to_that_one_alone() {
    let Some((_place, store, mut raw)) = one() else { return };
    raw.batch_execute("ALTER TABLE requests ADD CHECK (submission <> 'bad')").unwrap();
    let keys: Vec<String> = (0..24).map(|i| if i == 7 { "bad".to_owned() } else { format!("k{i}") }).collect();
    let told: Vec<_> = std::thread::scope(|threads| {
        let write = |key: &String| {
            let (store, key) = (&store, key.clone());
            threads.spawn(move || open_request(store, &BOOK, &clerk("acme"), letter(&key), at(NOW)))
        };
        let all: Vec<_> = keys.iter().map(write).collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for (key, told) in keys.iter().zip(&told) {
        match told {
            Ok(_) => assert_ne!(key, "bad"),
            Err(habeas::flows::FlowError::Store(Error::Database { reason, .. })) => {
                assert!(key == "bad" && reason.contains("violates check constraint"), "{key}: {reason}");
            }
            Err(other) => panic!("{key}: {other}"),
        }
    }
    assert_eq!(received(&store), 24);
}
