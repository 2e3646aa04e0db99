//! Mails handed to a real server, and what `delivery` makes of its replies, day after simulated day.

use super::server::{free_port, is_available, kept, start};
use chrono::TimeDelta;
use habeas::clock::Timestamp;
use habeas::notify::bounce::{self, Incoming};
use habeas::notify::delivery::{Delivery, Effect, Event, Proof, Rules, State, Why};
use habeas::notify::mail::{Outgoing, Party, Ready, mail};
use habeas::notify::transport::{Line, NotSent, SmtpSettings, Transport};
use habeas::notify::verp::ReturnPaths;
use habeas::render::mail::Letter;
use std::collections::BTreeMap;
use std::path::Path;

fn paths() -> ReturnPaths {
    ReturnPaths::new("bounces", "musterfirma.example", [3; 32])
}

fn ready(notice: &str, to: &str) -> Ready {
    let letter = Letter {
        subject: "HB-1: we have received your request".to_owned(),
        text: ".\n.. a line with a dot – Grüße 您好\n".to_owned(),
        html: "<p>Grüße</p>".to_owned(),
    };
    let around = Outgoing {
        notice,
        domain: "mail.musterfirma.example",
        from: Party::new(Some("Musterfirma GmbH"), "privacy@musterfirma.example", "sender").unwrap(),
        to: Party::new(Some("Ann Müller"), to, "recipient").unwrap(),
        reply_to: None,
        return_path: &paths().of(notice),
        thread: &[],
        lang: "de",
        written_at: "2026-03-09T09:00:00Z".parse().unwrap(),
    };
    mail(&letter, &around).unwrap()
}

fn over(host: &str, port: u16, line: Line, authority_pem: Option<Vec<u8>>) -> Transport {
    Transport::smtp(&SmtpSettings { host: host.to_owned(), port, line, login: None, authority_pem }).unwrap()
}

fn event_of(sent: Result<(), NotSent>) -> Event {
    match sent {
        Ok(()) => Event::TakenOver,
        Err(NotSent::Later(_)) => Event::Later,
        Err(NotSent::Never(_)) => Event::Never,
        Err(NotSent::InDoubt) => Event::Doubt,
    }
}

#[test]
fn replies_become_what_they_mean() {
    if !is_available() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let out = over("127.0.0.1", port, Line::Plain, None);
    let send = |to: &str| out.send(&ready("7c2a90", to)).map_err(|e| e.to_string());
    assert_eq!(send("ann@test.example"), Err("not now (no reply)".to_owned()));
    let server = start(port, dir.path(), None);
    assert_eq!(send("busy@test.example"), Err("not now (reply 451)".to_owned()));
    assert_eq!(send("gone@test.example"), Err("refused for good (reply 550)".to_owned()));
    assert_eq!(send("grey@test.example"), Err("not now (reply 451)".to_owned()));
    assert_eq!(send("grey@test.example"), Ok(()));
    assert_eq!(send("late@test.example"), Ok(()));
    assert_eq!(send("ann@test.example"), Ok(()));
    let mails = kept(dir.path(), "mail");
    assert_eq!(mails.len(), 2);
    let mail = mails.last().unwrap();
    assert!(
        mail.contains(&format!("X-Envelope-From: {}", paths().of("7c2a90")))
            && mail.contains("X-Envelope-To: ann@test.example")
    );
    assert!(mail.contains("Message-ID: <7c2a90@mail.musterfirma.example>"));
    let bounces = kept(dir.path(), "bounce");
    let came = bounce::read(bounces[0].as_bytes(), &paths().of("7c2a90"), &paths());
    let Incoming::Bounced { about, status } = came else { panic!("{came:?}") };
    assert_eq!((about.notice.as_deref(), status.as_deref()), (Some("7c2a90"), Some("5.2.1")));
    assert_eq!(about.message_ids, ["<7c2a90@mail.musterfirma.example>"]);
    drop(server);
    assert_eq!(send("ann@test.example"), Err("not now (no reply)".to_owned()));
}

#[test]
fn without_the_right_certificate_nothing_is_sent() {
    if !is_available() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let folder = dir.path().join("mails");
    let port = free_port();
    let server = start(port, &folder, Some((&cert, &key)));
    let mail = ready("7c2a90", "ann@test.example");
    let known = Some(made.cert.pem().into_bytes());
    assert_eq!(over("localhost", port, Line::StartTls, known.clone()).send(&mail), Ok(()));
    assert!(over("localhost", port, Line::StartTls, None).send(&mail).is_err());
    assert!(over("127.0.0.1", port, Line::StartTls, known.clone()).send(&mail).is_err());
    assert!(over("127.0.0.1", port, Line::Plain, None).send(&mail).is_err());
    assert_eq!(kept(&folder, "mail").len(), 1);
    drop(server);
    // A server that has no TLS to offer gets nothing.
    let plain = start(port, &folder, None);
    assert!(over("localhost", port, Line::StartTls, known).send(&mail).is_err());
    assert_eq!(kept(&folder, "mail").len(), 1);
    drop(plain);
}

struct Notice {
    mail: Ready,
    delivery: Delivery,
    local: &'static str,
}

struct World {
    now: Timestamp,
    notices: BTreeMap<String, Notice>,
    rules: Rules,
    turn: u32,
}

impl World {
    fn step(&mut self, id: &str, event: Event, out: &Transport) {
        self.turn += 1;
        let chance = f64::from(self.turn.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24);
        let notice = self.notices.get_mut(id).unwrap();
        let (next, effects) = notice.delivery.step(event, self.now, &self.rules, chance);
        notice.delivery = next;
        if effects.contains(&Effect::Send) {
            let sent = event_of(out.send(&notice.mail));
            self.step(id, sent, out);
        }
    }

    fn tick_all(&mut self, out: &Transport) {
        for id in self.notices.keys().cloned().collect::<Vec<_>>() {
            let due = self.notices[&id].delivery.next_tick(&self.rules).is_some_and(|t| t <= self.now);
            if due {
                self.step(&id, Event::Tick, out);
            }
        }
    }

    fn assert_safe(&self) {
        for (id, notice) in &self.notices {
            let safe = self.now < notice.delivery.due_at || notice.delivery.is_safe();
            assert!(safe, "{id} at {}: {:?}", self.now, notice.delivery);
        }
    }
}

/// Q07: seven simulated days without a server, then one that greylists, refuses, bounces late and swallows.
#[test]
fn after_seven_days_without_a_server_every_notice_is_delivered_or_tasked_before_it_is_due() {
    if !is_available() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let out = over("127.0.0.1", port, Line::Plain, None);
    let start_at: Timestamp = "2026-03-09T09:00:00Z".parse().unwrap();
    let hours = |h: i64| start_at.plus(TimeDelta::hours(h)).unwrap();
    let mut world = World { now: start_at, notices: BTreeMap::new(), rules: Rules::default(), turn: 0 };
    let locals = ["ann", "busy", "gone", "grey", "late", "hole"];
    let mut server = None;
    let mut read = 0;
    for hour in 0..24 * 20 {
        world.now = hours(hour);
        if hour == 24 * 7 {
            server = Some(start(port, dir.path(), None));
        }
        if hour % 8 == 0 && hour < 24 * 12 {
            for (k, local) in locals.into_iter().enumerate() {
                let id = format!("n{hour:04}-{k}");
                let due_at = hours(hour + [3, 30, 60, 100, 170, 700][(usize::try_from(hour).unwrap() / 8 + k) % 6]);
                let mail = ready(&id, &format!("{local}+{id}@test.example"));
                world.notices.insert(id, Notice { mail, delivery: Delivery::new(world.now, due_at), local });
            }
        }
        world.tick_all(&out);
        if hour % 6 == 0 && dir.path().exists() && server.is_some() {
            read += deliver_bounces(&mut world, dir.path(), read, &out);
        }
        world.assert_safe();
    }
    assert_outcome(&world, dir.path());
}

/// Feeds the bounces that the server wrote since `read` to their notices.
fn deliver_bounces(world: &mut World, folder: &Path, read: usize, out: &Transport) -> usize {
    let bounces = kept(folder, "bounce");
    for text in &bounces[read..] {
        let to = text.lines().find_map(|l| l.strip_prefix("To: ")).unwrap();
        let Incoming::Bounced { about, .. } = bounce::read(text.as_bytes(), to, &paths()) else { panic!("{text}") };
        world.step(&about.notice.unwrap(), Event::Bounce, out);
    }
    bounces.len() - read
}

fn assert_outcome(world: &World, folder: &Path) {
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for text in kept(folder, "mail") {
        let id =
            text.lines().find_map(|l| l.strip_prefix("Message-ID: <")).unwrap().split('@').next().unwrap().to_owned();
        *copies.entry(id).or_default() += 1;
    }
    let mut tally: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (id, notice) in &world.notices {
        let delivery = &notice.delivery;
        let kind = match delivery.state {
            State::Delivered { by: Proof::Quiet, .. } => "delivered",
            State::Bounced { .. } => "bounced",
            _ => "waiting",
        };
        *tally.entry((notice.local, kind)).or_default() += 1;
        let count = copies.get(id).copied().unwrap_or_default();
        assert!(count <= 2, "{id} was sent {count} times");
        match notice.local {
            "busy" => assert!(delivery.task.is_some_and(|(_, why)| why == Why::NotTakenOver || why == Why::DueSoon)),
            "gone" | "late" => assert!(delivery.task.is_some(), "{id}: {delivery:?}"),
            _ => assert!(delivery.is_safe(), "{id}: {delivery:?}"),
        }
    }
    println!("{} notices: {tally:?}", world.notices.len());
    assert!(tally[&("ann", "delivered")] > 10 && tally[&("grey", "delivered")] > 10, "{tally:?}");
}
