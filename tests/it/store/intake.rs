//! Taking requests in and carrying them on: one row, one entry, one winner, one organisation.

use super::*;
use habeas::authority::Handler;
use habeas::flows::FlowError;
use habeas::flows::open_request::open_request;
use habeas::flows::step_request::step_request;
use habeas::personal::Purpose;
use habeas::requests::command::{Act, ClaimAct, Effect, Witness};
use habeas::requests::identity::{Method, Proof};
use habeas::requests::request::Request;
use habeas::store;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

on_both! {
    a_request_is_kept_whole_and_read_by_its_own_organisation_alone;
    destroying_the_key_is_a_second_erasure;
    a_change_without_an_entry_is_not_written;
    of_two_officers_at_once_one_wins;
    a_stale_version_is_a_conflict;
    a_hold_covers_every_request_of_the_person_and_effects_are_leased_once;
    ten_thousand_intakes_from_64_threads_lose_none;
}

fn step(store: &Store, request: &Request, act: ClaimAct) -> Result<Request, FlowError> {
    step_request(store, &BOOK, &request.id, (Act::Claim(0, act), None), at(NOW))
}

fn clerk_handler() -> Handler {
    clerk("acme").into()
}

fn a_request_is_kept_whole_and_read_by_its_own_organisation_alone(place: &Place) {
    let store = place.open();
    let opened = open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    let again = open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    assert_eq!(again, opened, "the same submission makes one request");
    let accepted = step(&store, &opened, ClaimAct::Accept(clerk_handler())).unwrap();
    drop(store);

    let store = place.open();
    let (read, name, counts) = store
        .read(&clerk("acme"), |r| {
            let request = r.request(&opened.id)?.unwrap();
            let name = r.personal(&request, "name")?.unwrap();
            Ok((request, name, r.counts()?))
        })
        .unwrap();
    assert_eq!(read, accepted);
    assert_eq!(read.next_due().unwrap().on.to_string(), "2026-04-07");
    assert_eq!(name.reveal_for(Purpose::Handling), "Canary Ann Example");
    assert!(counts.balance() && counts.open == 1, "{counts:?}");

    let stranger = clerk("globex");
    assert!(store.read(&stranger, |r| r.request(&opened.id)).unwrap().is_none());
    assert!(store.read(&stranger, |r| r.requests(false, 10)).unwrap().is_empty());
    let other: Handler = stranger.into();
    assert!(step(&store, &opened, ClaimAct::Accept(other)).is_err());
}

fn destroying_the_key_is_a_second_erasure(place: &Place) {
    let store = place.open();
    let opened = open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    let subject = opened.subject.clone();
    let entry = habeas::ledger::entry::Entry {
        action: word("subject.key-destroyed"),
        actor: habeas::authority::Actor::System,
        at: at(NOW),
        facts: BTreeMap::new(),
        object: word(&format!("subject/{subject}")),
        organisation: "acme".parse().unwrap(),
    };
    let destroy = move |tx: &mut store::Tx<'_>| -> Result<store::Written<()>, store::Error> {
        tx.destroy_key(&subject, at(NOW))?;
        Ok(store::Written { value: (), entries: vec![entry.clone()] })
    };
    store.write(&system(), destroy).unwrap();
    assert!(store.read(&system(), |r| r.personal(&opened, "name")).unwrap().is_none());
}

fn a_change_without_an_entry_is_not_written(place: &Place) {
    let store = place.open();
    let opened = open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    let subject = opened.subject.clone();
    let silent = move |tx: &mut store::Tx<'_>| -> Result<store::Written<()>, store::Error> {
        tx.destroy_key(&subject, at(NOW))?;
        Ok(store::Written { value: (), entries: Vec::new() })
    };
    assert!(matches!(store.write(&system(), silent), Err(store::Error::NoEntry)));
    assert!(store.read(&system(), |r| r.personal(&opened, "name")).unwrap().is_some());
}

fn of_two_officers_at_once_one_wins(place: &Place) {
    let store = place.open();
    for round in 0..40 {
        let opened = open_request(&store, &BOOK, &clerk("acme"), letter(&format!("k{round}")), at(NOW)).unwrap();
        step(&store, &opened, ClaimAct::Accept(clerk_handler())).unwrap();
        let ground = BTreeMap::from([(word("all"), word("legal-claims"))]);
        let won = AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for act in [ClaimAct::Deny(dpo("dora"), ground), ClaimAct::AskIdentity(dpo("emil").into())] {
                let (store, opened, won) = (&store, &opened, &won);
                threads.spawn(move || {
                    if step(store, opened, act).is_ok() {
                        won.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        let now = store.read(&system(), |r| r.request(&opened.id)).unwrap().unwrap();
        let stage = now.claims[0].stage.word();
        // Asking first and refusing then is lawful; refusing first leaves nothing to ask. Never both at once.
        let entries = store.read(&system(), |r| r.entries()).unwrap();
        assert!(stage == "ready" || won.load(Ordering::SeqCst) == 1, "{stage}, {} entries", entries.len());
    }
}

fn a_stale_version_is_a_conflict(place: &Place) {
    let store = place.open();
    let opened = open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    step(&store, &opened, ClaimAct::Accept(clerk_handler())).unwrap();
    let rules = habeas::requests::lawful::ByBook(&BOOK);
    let act = Act::Claim(0, ClaimAct::Accept(clerk_handler()));
    let stale = habeas::requests::step::step(&opened, &act, at(NOW), &rules).unwrap();
    let write = move |tx: &mut store::Tx<'_>| -> Result<store::Written<()>, store::Error> {
        let book = Arc::clone(&BOOK);
        tx.update(&stale, 1, &habeas::requests::lawful::ByBook(&book))?;
        Ok(store::Written { value: (), entries: stale.entries.clone() })
    };
    assert!(matches!(store.write(&system(), write), Err(store::Error::Conflict(_))));
}

fn a_hold_covers_every_request_of_the_person_and_effects_are_leased_once(place: &Place) {
    let store = place.open();
    let opened = open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    let held = step_request(&store, &BOOK, &opened.id, (Act::Hold(dpo("dora")), None), at(NOW)).unwrap();
    assert!(held.held && store.read(&system(), |r| r.request(&opened.id)).unwrap().unwrap().held);

    let minute = chrono::TimeDelta::minutes(1);
    let first = store.outbox().lease(&system(), "w1", at(NOW), (minute, 10)).unwrap();
    assert!(first.iter().any(|l| matches!(l.effect, Effect::Send { .. })), "{first:?}");
    assert!(store.outbox().lease(&system(), "w2", at(NOW), (minute, 10)).unwrap().is_empty());
    let later = store.outbox().lease(&system(), "w2", at("2026-03-05T10:02:00Z"), (minute, 10)).unwrap();
    assert_eq!(later.len(), first.len(), "a lease that ran out goes to another worker");
    let proof = Proof { method: Method::Code, field: word("email"), on_file: true, at: at(NOW) };
    let act = Act::Prove(Witness::System(system()), proof);
    step_request(&store, &BOOK, &opened.id, (act, Some(first[0].id.clone())), at(NOW)).unwrap();
    let rest = store.outbox().lease(&system(), "w3", at("2026-03-05T10:10:00Z"), (minute, 10)).unwrap();
    assert_eq!(rest.len(), first.len() - 1);
}

fn ten_thousand_intakes_from_64_threads_lose_none(place: &Place) {
    let store = place.open();
    let (threads, each) = (64, 157);
    let began = Instant::now();
    let mut waits: Vec<u128> = std::thread::scope(|scope| {
        let work = |t: usize| {
            let store = &store;
            move || -> Vec<u128> {
                (0..each)
                    .map(|i| {
                        let start = Instant::now();
                        open_request(store, &BOOK, &clerk("acme"), letter(&format!("{t}-{i}")), at(NOW)).unwrap();
                        start.elapsed().as_millis()
                    })
                    .collect()
            }
        };
        let running: Vec<_> = (0..threads).map(|t| scope.spawn(work(t))).collect();
        running.into_iter().flat_map(|r| r.join().unwrap()).collect()
    });
    let took = began.elapsed();
    waits.sort_unstable();
    let total = threads * each;
    println!(
        "intake, {}, {threads} threads: {total} in {:.1} s, {:.0}/s, p50 {} ms, p99 {} ms",
        place.name(),
        took.as_secs_f64(),
        total as f64 / took.as_secs_f64(),
        waits[total / 2],
        waits[total * 99 / 100]
    );
    let counts = store.read(&system(), |r| r.counts()).unwrap();
    assert!(counts.balance() && counts.received == total as i64, "{counts:?}");
    store.read(&system(), |r| r.check_ledger()).unwrap();
}
