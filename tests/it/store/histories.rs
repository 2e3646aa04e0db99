//! Q06: of two decisions that exclude each other one wins, over two open stores. Q27: the same history gives the same state on both
//! databases, to the byte.

use super::*;
use habeas::authority::Handler;
use habeas::crypto::hash::Digest;
use habeas::flows::FlowError;
use habeas::flows::open_request::open_request;
use habeas::flows::step_request::step_request;
use habeas::requests::command::{Act, ClaimAct, Speaker, Witness};
use habeas::requests::identity::{Method, Proof};
use habeas::requests::lawful::ByBook;
use habeas::requests::open::{Submission, open};
use habeas::requests::request::Request;
use habeas::store::{Error, Tx, Written};
use std::fmt::Write;

on_both! {
    of_two_decisions_that_exclude_each_other_one_wins;
}

fn handler() -> Handler {
    clerk("acme").into()
}

fn because(ground: &str) -> BTreeMap<habeas::ledger::entry::Word, habeas::ledger::entry::Word> {
    BTreeMap::from([(word("all"), word(ground))])
}

fn size(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// How many pairs are decided at once, so that they meet in the same commits too.
const LANES: usize = 8;

/// One request and two decisions at once, by two programs; whether the second of them won.
fn decided_twice(stores: &[Store; 2], key: &str) -> bool {
    let opened = open_request(&stores[0], &BOOK, &clerk("acme"), letter(key), at(NOW)).unwrap();
    let speaker = Speaker::Handler(handler());
    let acts = [ClaimAct::Deny(dpo("dora"), because("legal-claims")), ClaimAct::Withdraw(speaker)];
    let won: Vec<bool> = std::thread::scope(|threads| {
        let decide = |(store, act): (&Store, ClaimAct)| {
            let (store, id) = (store.clone(), opened.id.clone());
            threads.spawn(move || step_request(&store, &BOOK, &id, (Act::Claim(0, act), None), at(NOW)).is_ok())
        };
        let both: Vec<_> = stores.iter().zip(acts).map(decide).collect();
        both.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(won.iter().filter(|w| **w).count(), 1, "{won:?}");
    let stands = stores[1].read(&system(), |r| r.request(&opened.id)).unwrap().unwrap();
    assert_eq!(stands.claims[0].stage.word() == "ready", won[0], "what was told is what stands");
    won[1]
}

fn of_two_decisions_that_exclude_each_other_one_wins(place: &Place) {
    let pairs = size("HABEAS_TEST_PAIRS", 60);
    // Two programs over one database, as on two machines.
    let stores = [place.open(), place.open()];
    let second: usize = std::thread::scope(|threads| {
        let lane = |first: usize| {
            let stores = &stores;
            let decide = move |i: usize| usize::from(decided_twice(stores, &format!("k{i}")));
            threads.spawn(move || (first..pairs).step_by(LANES).map(decide).sum::<usize>())
        };
        let lanes: Vec<_> = (0..LANES).map(lane).collect();
        lanes.into_iter().map(|t| t.join().unwrap()).sum()
    });
    let counts = stores[0].read(&system(), |r| r.check_ledger().and_then(|()| r.counts())).unwrap();
    assert!(counts.balance() && counts.received == pairs as i64, "{counts:?}");
    println!("decisions, {}: {pairs} pairs, one winner each ({} to {second}), 0 lost", place.name(), pairs - second);
}

/// A small generator, so that both databases get the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn id(&mut self) -> [u8; 16] {
        std::array::from_fn(|_| self.below(256) as u8)
    }
}

fn opened(store: &Store, dice: &mut Dice, key: String) -> Request {
    let letter = letter(&key);
    let submission = Submission {
        id: habeas::ids::RequestId::from_random(dice.id()),
        subject: habeas::ids::SubjectId::from_random(dice.id()),
        channel: letter.channel,
        received_at: letter.received_at,
        sensitivity: letter.sensitivity,
        asked: letter.asked,
    };
    let step = open(&submission, &clerk("acme"), at(NOW), &ByBook(&BOOK)).unwrap();
    let write = move |tx: &mut Tx<'_>| -> Result<Written<Request>, Error> {
        tx.insert(&step, &key, &letter.personals, &ByBook(&BOOK))?;
        Ok(Written { value: step.request.clone(), entries: step.entries.clone() })
    };
    store.write(&clerk("acme"), write).unwrap()
}

fn random_act(dice: &mut Dice) -> Act {
    let claim = |act| Act::Claim(0, act);
    match dice.below(12) {
        0 | 1 => claim(ClaimAct::Accept(handler())),
        2 => claim(ClaimAct::AskIdentity(handler())),
        3 => claim(ClaimAct::AskClarification(handler())),
        4 => claim(ClaimAct::Clarify(Speaker::Handler(handler()))),
        5 => claim(ClaimAct::Extend(handler(), word("complexity"))),
        6 => claim(ClaimAct::Deny(dpo("dora"), because("legal-claims"))),
        7 => claim(ClaimAct::Withdraw(Speaker::Handler(handler()))),
        8 => {
            let field = word(if dice.below(2) == 0 { "email" } else { "phone" });
            Act::Prove(Witness::System(system()), Proof { method: Method::Code, field, on_file: true, at: at(NOW) })
        }
        9 => Act::Hold(dpo("dora")),
        10 => Act::ReleaseHold(dpo("emil")),
        _ => Act::Sweep(system()),
    }
}

/// Runs the histories and tells all that came of them: each answer, each state, each entry, each effect.
fn run(place: &Place, histories: usize) -> String {
    let store = place.open();
    let mut dice = Dice(27);
    let mut told = String::new();
    for i in 0..histories {
        let request = opened(&store, &mut dice, format!("history-{i}"));
        for _ in 0..1 + dice.below(6) {
            let act = random_act(&mut dice);
            match step_request(&store, &BOOK, &request.id, (act, None), at(NOW)) {
                Ok(request) => writeln!(told, "{request:?}").unwrap(),
                Err(FlowError::Refused(no)) => writeln!(told, "{no}").unwrap(),
                Err(FlowError::Store(e)) => panic!("{e}"),
            }
        }
        let read = store.read(&system(), |r| {
            // Ids of effects are drawn anew; what they are is not.
            let mut effects: Vec<_> =
                r.waiting(Some(&request.id))?.into_iter().map(|w| format!("{:?} {}", w.effect, w.not_before)).collect();
            effects.sort();
            Ok((r.request(&request.id)?, effects))
        });
        writeln!(told, "{:?}", read.unwrap()).unwrap();
    }
    let (entries, counts, rows) =
        store.read(&system(), |r| Ok((r.entries()?, r.counts()?, r.requests(false, 10_000)?))).unwrap();
    for entry in entries {
        told.push_str(&String::from_utf8(entry).unwrap());
        told.push('\n');
    }
    writeln!(told, "{counts:?} {rows:?}").unwrap();
    told
}

#[test]
fn the_same_histories_give_the_same_state_on_both_databases() {
    let Some(postgres) = Place::postgres() else { return };
    let histories = size("HABEAS_TEST_HISTORIES", 200);
    let (one, other) = (run(&Place::sqlite(), histories), run(&postgres, histories));
    let first_difference = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    assert_eq!(first_difference, None);
    assert_eq!(Digest::of(one.as_bytes()), Digest::of(other.as_bytes()));
    println!(
        "two databases: {histories} histories, {} lines told, state hash {}",
        one.lines().count(),
        Digest::of(one.as_bytes())
    );
}
