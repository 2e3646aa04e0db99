//! Q07 over the wired worker: seven simulated days without a mail server, then one that greylists, refuses, bounces late and
//! swallows. Before each date every notice has arrived or a person is at it, and no notice goes out more than twice.

use super::office::{Office, at, copies};
use crate::notify::server::is_available;
use crate::store::asked;
use chrono::TimeDelta;
use habeas::flows::open_request::{Intake, open_request};
use habeas::flows::record_by_hand::resend_letter;
use habeas::notify::delivery::State;
use habeas::personal::Personal;
use habeas::requests::request::Channel;
use habeas::requests::right::{Right, Sensitivity};
use habeas::store::{Notice, Personals};
use std::collections::BTreeMap;

fn intake(office: &Office, n: usize, mailbox: &str) -> Intake {
    // Rights with dates at once, in days and in weeks, so that notices are due during the outage and after it.
    let (right, regime, place) = [
        (Right::Access, "ccpa", "us-ca"),
        (Right::MarketingObjection, "eu-gdpr", "de"),
        (Right::OptOut, "ccpa", "us-ca"),
        (Right::Access, "eu-gdpr", "de"),
    ][n % 4];
    let email = ("email".to_owned(), Personal::new(format!("{mailbox}+n{n}@test.example")));
    Intake {
        key: format!("n{n}"),
        channel: Channel::Mail,
        received_at: office.now,
        sensitivity: Sensitivity::Ordinary,
        asked: vec![asked(right, regime, place)],
        personals: Personals::from([email]),
    }
}

fn notices(office: &Office) -> Vec<Notice> {
    office.app.store.read(&office.system(), |r| r.notices(None)).unwrap()
}

#[test]
fn seven_days_without_a_mail_server_lose_no_notice() {
    if !is_available() {
        return;
    }
    let start = at("2026-03-09T09:00:00Z");
    let mut office = Office::new(start);
    let mailboxes = ["ann", "busy", "gone", "grey", "late", "hole"];
    let mut opened = 0;
    for hour in 0..24 * 16 {
        office.now = start.plus(TimeDelta::hours(hour)).unwrap();
        if hour == 24 * 7 {
            office.server_up();
            for notice in notices(&office).iter().filter(|n| n.delivery.is_given_up()) {
                resend_letter(&office.app, &office.handler(), notice, office.now).unwrap();
            }
        }
        if hour % 12 == 0 && hour < 24 * 9 {
            for mailbox in mailboxes {
                let intake = intake(&office, opened, mailbox);
                open_request(&office.app.store, &office.app.book, &office.clerk(), intake, office.now).unwrap();
                opened += 1;
            }
        }
        // Every hour in the first days, when much happens; every third later.
        if hour < 48 || hour % 3 == 0 {
            let done = office.work();
            assert!(done.problems.is_empty(), "hour {hour}: {:?}", done.problems);
            for notice in notices(&office) {
                let delivery = notice.delivery;
                assert!(office.now < delivery.due_at || delivery.is_safe(), "hour {hour}: {notice:?}");
            }
        }
    }
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let all = notices(&office);
    for notice in &all {
        *tally.entry(notice.delivery.state.word()).or_default() += 1;
        assert!(notice.delivery.is_safe() || office.now < notice.delivery.due_at, "{notice:?}");
    }
    let copies = copies(&office.mails());
    let most = copies.values().max().copied().unwrap_or_default();
    println!("outage: {} notices, {tally:?}, {} mails taken over, at most {most} of one", all.len(), copies.len());
    assert_eq!(all.len(), opened, "each request had its acknowledgement");
    assert!(most <= 2 && copies.len() > opened / 4, "{most} of one, {} in all", copies.len());
    let quiet = all.iter().filter(|n| matches!(n.delivery.state, State::Delivered { .. })).count();
    assert!(quiet > opened / 3 && tally["bounced"] > 0, "{tally:?}");
    // What failed is with people: each bounced notice has its task in the list.
    let waiting = office.app.store.read(&office.system(), |r| r.waiting(None)).unwrap();
    for notice in all.iter().filter(|n| matches!(n.delivery.state, State::Bounced { .. })) {
        let tasked =
            waiting.iter().any(|w| w.request == notice.request && format!("{:?}", w.effect).contains("letter-failed"));
        assert!(tasked, "{notice:?}");
    }
}

/// The program stops between handing a letter over and writing that down: it goes out once more, and no third time.
#[test]
fn a_letter_in_doubt_goes_out_once_more_under_the_same_id_and_then_a_person_is_asked() {
    if !is_available() {
        return;
    }
    let mut office = Office::new(at("2026-03-09T09:00:00Z"));
    office.server_up();
    let first = intake(&office, 0, "ann");
    open_request(&office.app.store, &office.app.book, &office.clerk(), first, office.now).unwrap();
    assert_eq!(office.work().sent, 1);
    let own = |office: &Office| notices(office).pop().unwrap();
    // What a stop leaves behind: the letter is out, and the row says that it is being handed over.
    let stopped = |office: &mut Office, doubts: u32| {
        let mut notice = own(office);
        resend_letter(&office.app, &office.handler(), &notice, office.now).unwrap();
        notice.delivery.state = State::Sent { at: office.now };
        (notice.delivery.task, notice.delivery.tries, notice.delivery.doubts) = (None, 1 + doubts, doubts);
        office.app.store.outbox().postpone(&office.system(), &notice, office.app.delivery, None).unwrap();
        office.tick(3600);
    };
    stopped(&mut office, 0);
    let again = office.work();
    assert_eq!((again.sent, again.later), (0, 1), "a doubt waits for its next try: {again:?}");
    office.tick(24 * 3600);
    assert_eq!(office.work().sent, 1);
    let once_more = copies(&office.mails());
    assert_eq!(once_more.values().collect::<Vec<_>>(), [&2], "the same Message-ID twice");
    stopped(&mut office, 1);
    office.work();
    assert_eq!(copies(&office.mails()).values().sum::<usize>(), 2, "no third time by itself");
    assert!(own(&office).delivery.task.is_some(), "{:?}", own(&office));
}
