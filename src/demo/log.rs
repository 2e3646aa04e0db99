//! The access log of the example company: a month of ordinary work, and the planted incidents.
//!
//! Ordinary work stays inside every limit: sessions of three quarters of an hour inside the schedule, never more than one at
//! a time, reads far below any threshold. Interfaces read round the clock, so that silence means something.

use super::Settings;
use super::chance::Chance;
use super::people::{self, Account, Office, account_id};
use super::phones::phone_id;
use crate::clock::Timestamp;
use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Days that the log covers, up to the audit's instant.
pub(super) const DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;
pub(super) const MINUTE_MS: i64 = 60_000;
/// Events of one ordinary session, sign-in and sign-out included.
const SESSION_EVENTS: i64 = 12;

#[derive(Clone, Serialize)]
pub(super) struct Event {
    seq: u64,
    id: String,
    #[serde(serialize_with = "as_instant")]
    ts: i64,
    source: &'static str,
    actor: String,
    actor_type: &'static str,
    session: String,
    device: Value,
    pub(super) src: Value,
    action: &'static str,
    object: &'static str,
    pub(super) record_id: String,
    pub(super) rows: u64,
    pub(super) result: &'static str,
    pub(super) mfa: Value,
    #[serde(flatten)]
    pub(super) more: BTreeMap<&'static str, Value>,
}

fn as_instant<S: serde::Serializer>(ms: &i64, s: S) -> Result<S::Ok, S::Error> {
    let at = DateTime::<Utc>::from_timestamp_millis(*ms).unwrap_or_default();
    s.collect_str(&at.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

pub(super) struct Log {
    events: Vec<Event>,
    chance: Chance,
    start_ms: i64,
    sessions: u64,
}

/// Who acts from where.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) actor: String,
    pub(super) actor_type: &'static str,
    pub(super) session: String,
    pub(super) device: Value,
    pub(super) src: Value,
}

/// The log as NDJSON, in order of time, numbered without gaps but for the planted one.
pub(super) fn write(settings: &Settings, kinds: &BTreeMap<String, Value>) -> Vec<u8> {
    let start_ms = settings.as_of.millis() - DAYS * DAY_MS;
    let mut log = Log { events: Vec::new(), chance: Chance::new(settings.seed, 3), start_ms, sessions: 0 };
    let staff = people::staff(&mut Chance::new(settings.seed, 1), settings.as_of);
    for day in 0..DAYS {
        for account in staff.iter().filter(|a| a.works()) {
            log.working_day(account, day);
        }
    }
    log.incidents(&staff);
    log.misuse(&staff);
    // Incident `log_silence`: for 25 minutes nothing was written down.
    let silence = log.silence_ms();
    log.events.retain(|e| !silence.contains(&e.ts));
    log.interfaces(settings.events);
    log.finish(kinds)
}

impl Log {
    pub(super) fn day_ms(&self, day: i64) -> i64 {
        let first_midnight = self.start_ms - self.start_ms.rem_euclid(DAY_MS) + DAY_MS;
        first_midnight + day * DAY_MS
    }

    pub(super) fn is_workday(&self, day: i64) -> bool {
        Timestamp::from_millis(self.day_ms(day)).is_some_and(|t| t.utc().weekday().num_days_from_monday() < 5)
    }

    /// Two sessions, one in each half of the day.
    fn working_day(&mut self, account: &Account, day: i64) {
        if !self.is_workday(day) || account.number == 301 {
            return;
        }
        let office = account.office;
        let half = (office.closes_utc_min - office.opens_utc_min) / 2;
        for part in 0..2 {
            let slack = u64::try_from(half - 50).unwrap_or(1);
            let offset = i64::try_from(self.chance.below(slack)).unwrap_or(0);
            let at = self.day_ms(day) + (office.opens_utc_min + part * half + offset) * MINUTE_MS;
            if at + 50 * MINUTE_MS < self.start_ms + DAYS * DAY_MS {
                let on_phone = account.number < 350 && self.chance.one_in(2);
                let scene = self.scene(account, on_phone);
                self.session(&scene, account.number, at);
            }
        }
    }

    pub(super) fn scene(&mut self, account: &Account, on_phone: bool) -> Scene {
        self.sessions += 1;
        Scene {
            actor: account_id(account.number),
            actor_type: "human",
            session: format!("s{:06}", self.sessions),
            device: if on_phone { phone(account.number) } else { workstation(account.number) },
            src: place(account.office, account.number, on_phone),
        }
    }

    /// Sign-in, ten reads or changes at most four minutes apart, sign-out.
    fn session(&mut self, scene: &Scene, number: usize, at: i64) {
        self.push(scene, at, "login", "session");
        for step in 1..SESSION_EVENTS - 1 {
            let jitter = i64::try_from(self.chance.below(60_000)).unwrap_or(0);
            let when = at + step * 4 * MINUTE_MS - jitter;
            let action = if self.chance.below(5) == 0 { "update" } else { "read" };
            let record =
                format!("c{:05}", (number * 150 + usize::try_from(self.chance.below(150)).unwrap_or(0)) % 64_000);
            let event = self.push(scene, when, action, "contact");
            event.rows = 1;
            event.more.insert("owner", json!(scene.actor));
            event.record_id = record;
        }
        self.push(scene, at + (SESSION_EVENTS - 1) * 4 * MINUTE_MS, "logout", "session");
    }

    #[expect(clippy::expect_used, reason = "the event was pushed on the line before")]
    pub(super) fn push(&mut self, scene: &Scene, ts: i64, action: &'static str, object: &'static str) -> &mut Event {
        self.events.push(Event {
            seq: 0,
            id: String::new(),
            ts,
            source: "crm",
            actor: scene.actor.clone(),
            actor_type: scene.actor_type,
            session: scene.session.clone(),
            device: scene.device.clone(),
            src: scene.src.clone(),
            action,
            object,
            record_id: String::new(),
            rows: 0,
            result: "success",
            mfa: json!({"used": scene.actor_type == "human", "required": scene.actor_type == "human", "factor": if scene.actor_type == "human" { "webauthn" } else { "none" }}),
            more: if action == "login" { BTreeMap::from([("interactive", json!(true))]) } else { BTreeMap::new() },
        });
        self.events.last_mut().expect("just pushed")
    }

    /// When the log said nothing: at noon of a working day.
    fn silence_ms(&self) -> std::ops::Range<i64> {
        let day = (5..DAYS).find(|d| self.is_workday(*d)).unwrap_or(5);
        let from = self.day_ms(day) + (12 * 60 + 10) * MINUTE_MS;
        from..from + 25 * MINUTE_MS
    }

    /// The interfaces read evenly round the clock until the log has the size asked for.
    fn interfaces(&mut self, wanted: usize) {
        let missing = i64::try_from(wanted.saturating_sub(self.events.len())).unwrap_or(0);
        for n in 0..missing {
            let number = if n % 2 == 0 { 394 } else { 395 };
            let scene = Scene {
                actor: account_id(number),
                actor_type: "service",
                session: format!("svc-{number}"),
                device: json!({"id": format!("srv-{number}"), "managed": true, "compliant": true, "os": "Linux", "kind": "server"}),
                src: json!({"ip": format!("198.51.100.{}", 200 + number % 10), "asn": 64_500, "country": "DE", "city": "Berlin", "lat": 52.52, "lon": 13.40}),
            };
            let at = self.start_ms + n * (DAYS * DAY_MS / missing) + 500;
            // What was read in the silence stands before it: the log has the size asked for.
            let at = if self.silence_ms().contains(&at) { at - 25 * MINUTE_MS } else { at };
            let event = self.push(&scene, at, "read", "order");
            event.rows = 1;
            event.more.insert("owner", json!(scene.actor));
            event.more.insert("job", json!("interface-poll"));
            event.more.insert("client", json!(format!("k-{number}")));
            event.record_id = format!("o{:05}", n % 90_000);
        }
    }

    fn finish(mut self, kinds: &BTreeMap<String, Value>) -> Vec<u8> {
        let _ = kinds;
        self.events.sort_by(|a, b| (a.ts, &a.actor, &a.session, a.action).cmp(&(b.ts, &b.actor, &b.session, b.action)));
        let gap_at = self.start_ms + 17 * DAY_MS + 10 * 60 * MINUTE_MS;
        let mut seq = 4_100_000;
        let mut lost = false;
        let mut out = Vec::with_capacity(self.events.len() * 450);
        for event in &mut self.events {
            // Incident `log_gap`: forty numbers that no entry has.
            if event.ts > gap_at && !lost {
                seq += 40;
                lost = true;
            }
            seq += 1;
            event.seq = seq;
            event.id = format!("e{seq}");
            if serde_json::to_writer(&mut out, &event).is_ok() {
                out.push(b'\n');
            }
        }
        out
    }
}

fn phone(number: usize) -> Value {
    json!({"id": phone_id(number), "managed": true, "compliant": true, "os": "mobile", "kind": "phone"})
}

fn workstation(number: usize) -> Value {
    json!({"id": format!("w{number:03}"), "managed": true, "compliant": true, "os": "Windows", "kind": "workstation"})
}

fn place(office: &Office, number: usize, on_phone: bool) -> Value {
    let ip = if on_phone {
        format!("100.64.{}.{}", number / 200, 1 + number % 200)
    } else {
        format!("198.51.100.{}", 1 + number % 180)
    };
    json!({"ip": ip, "asn": if on_phone { 64_510 } else { 64_500 }, "country": office.country, "city": office.city, "lat": office.position.0, "lon": office.position.1})
}
