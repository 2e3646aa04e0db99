//! The incidents planted in the sign-ins and exports of the example company. Each is a few lines of what somebody did.

use super::log::{DAYS, Log, MINUTE_MS, Scene};
use super::people::Account;
use crate::clock::Timestamp;
use chrono::Datelike;
use serde_json::json;

impl Log {
    /// All of them.
    pub(super) fn incidents(&mut self, staff: &[Account]) {
        let someone = |n: usize| staff.get(n);
        let stage = |log: &mut Self, n: usize| someone(n).map(|a| log.scene(a, false));
        let workday = |log: &Self, from: i64| (from..DAYS).find(|d| log.is_workday(*d)).unwrap_or(from);
        if let Some(scene) = stage(self, 33) {
            let at = self.day_ms(workday(self, 3)) + 13 * 60 * MINUTE_MS + 200_000;
            self.brute_force(&scene, at);
        }
        self.spraying(self.day_ms(workday(self, 8)) + 9 * 60 * MINUTE_MS);
        if let Some(scene) = stage(self, 120) {
            let sunday = (0..DAYS).find(|d| {
                Timestamp::from_millis(self.day_ms(*d)).is_some_and(|t| t.utc().weekday() == chrono::Weekday::Sun)
            });
            let at = self.day_ms(sunday.unwrap_or(2)) + 23 * 60 * MINUTE_MS;
            self.export(&scene, at, 120);
        }
        // In the middle of the working day wherever the office is: only its size is wrong.
        if let Some((scene, office)) = stage(self, 88).zip(someone(88).map(|a| a.office)) {
            let at = self.day_ms(workday(self, 12)) + (office.opens_utc_min + 120) * MINUTE_MS;
            self.export(&scene, at, 1_860);
        }
        self.people_incidents(staff);
    }

    fn people_incidents(&mut self, staff: &[Account]) {
        let workday = |log: &Self, from: i64| (from..DAYS).find(|d| log.is_workday(*d)).unwrap_or(from);
        let noon = 11 * 60 * MINUTE_MS;
        for (number, from) in [(301, 20), (372, 25)] {
            if let Some(account) = staff.get(number) {
                let scene = self.scene(account, false);
                let at = self.day_ms(workday(self, from)) + noon;
                self.push(&scene, at, "login", "session");
                self.push(&scene, at + 2 * MINUTE_MS, "logout", "session");
            }
        }
        if let Some(account) = staff.get(391) {
            let scene = self.scene(account, false);
            let at = self.day_ms(workday(self, 15)) + noon;
            self.push(&scene, at, "login", "session");
            let grant = self.push(&scene, at + MINUTE_MS, "grant", "role");
            grant.more.extend([("target", json!("u391")), ("role", json!("security")), ("privileged", json!(true))]);
            self.push(&scene, at + 3 * MINUTE_MS, "logout", "session");
        }
        if let Some(account) = staff.get(160) {
            let at = self.day_ms(workday(self, 21)) + 9 * 60 * MINUTE_MS;
            let scenes: Vec<Scene> = (0..5).map(|_| self.scene(account, false)).collect();
            for (n, scene) in (0..).zip(&scenes) {
                self.push(scene, at + n * 20_000, "login", "session");
            }
            for (n, scene) in (0..).zip(&scenes) {
                self.push(scene, at + 12 * MINUTE_MS + n * 20_000, "logout", "session");
            }
        }
    }

    fn brute_force(&mut self, scene: &Scene, at: i64) {
        let stranger =
            json!({"ip": "203.0.113.9", "asn": 64_666, "country": "DE", "city": "Berlin", "lat": 52.52, "lon": 13.40});
        for n in 0..24 {
            let event = self.push(scene, at + n * 20_000, "login", "session");
            event.result = "failure";
            event.src = stranger.clone();
            event.mfa = json!({"used": false, "required": true, "factor": "none"});
            event.more.insert("reason", json!("wrong password"));
        }
        self.push(scene, at + 25 * 20_000, "login", "session").src = stranger;
        self.push(scene, at + 30 * 20_000, "logout", "session");
    }

    fn spraying(&mut self, at: i64) {
        for n in 0..14i64 {
            let number = 400 + usize::try_from(n).unwrap_or(0);
            let scene = Scene {
                actor: format!("guess{number}"),
                actor_type: "human",
                session: String::new(),
                device: json!({}),
                src: json!({"ip": "203.0.113.77", "asn": 64_666, "country": "NL", "city": "Amsterdam", "lat": 52.37, "lon": 4.90}),
            };
            let event = self.push(&scene, at + n * 3 * MINUTE_MS, "login", "session");
            event.result = "failure";
            event.mfa = json!({"used": false, "required": true, "factor": "none"});
            event.more.insert("reason", json!("unknown account"));
        }
    }

    fn export(&mut self, scene: &Scene, at: i64, rows: u64) {
        self.push(scene, at, "login", "session");
        let event = self.push(scene, at + MINUTE_MS, "export", "contact");
        event.rows = rows;
        event.more.insert("target", json!("file"));
        self.push(scene, at + 4 * MINUTE_MS, "logout", "session");
    }
}
