//! The incidents planted in how the example company handles records, devices and copies: one function each.

use super::log::{DAYS, Event, Log, MINUTE_MS, Scene};
use super::people::Account;
use serde_json::{Value, json};

const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Somebody with an account, at a workstation, two hours after their office opened.
struct Stage {
    scene: Scene,
    at: i64,
}

/// What somebody does on a stage.
type Act = fn(&mut Log, &Stage);

impl Log {
    /// All of them.
    pub(super) fn misuse(&mut self, staff: &[Account]) {
        let script: [(usize, i64, Act); 13] = [
            (45, 4, Self::scraping),
            (335, 6, Self::import_of_the_erased),
            (142, 7, Self::unmanaged_device),
            (66, 9, Self::tired_of_asking),
            (190, 10, Self::mass_deletion),
            (391, 13, Self::copy_in_clear),
            (270, 14, Self::curiosity),
            (211, 16, Self::rogue_client),
            (390, 11, Self::restore),
            (133, 18, Self::mailed_outside),
            (77, 19, Self::lost_phone),
            (250, 22, Self::secret_in_log),
            (394, 23, Self::machine_at_a_screen),
        ];
        for (number, from, act) in script {
            if let Some(stage) = self.stage(staff, number, from) {
                act(self, &stage);
            }
        }
        for from in [10, 11] {
            if let Some(stage) = self.stage(staff, 207, from) {
                self.shared_account(&stage);
            }
        }
    }

    fn stage(&mut self, staff: &[Account], number: usize, from: i64) -> Option<Stage> {
        let account = staff.get(number)?;
        let day = (from..DAYS).find(|d| self.is_workday(*d))?;
        let at = self.day_ms(day) + (account.office.opens_utc_min + 120) * MINUTE_MS;
        Some(Stage { scene: self.scene(account, false), at })
    }

    fn act(&mut self, stage: &Stage, minutes: i64, action: &'static str, object: &'static str) -> &mut Event {
        self.push(&stage.scene, stage.at + minutes * MINUTE_MS, action, object)
    }

    /// 220 different contacts in fifty minutes.
    fn scraping(&mut self, stage: &Stage) {
        self.act(stage, 0, "login", "session");
        for n in 0..220 {
            let event = self.push(&stage.scene, stage.at + MINUTE_MS + n * 13_000, "read", "contact");
            event.rows = 1;
            event.record_id = format!("c{:05}", 6_750 + n);
            event.more.insert("owner", json!(stage.scene.actor));
        }
        self.act(stage, 52, "logout", "session");
    }

    /// Somebody whose erasure was confirmed comes back with an old file.
    fn import_of_the_erased(&mut self, stage: &Stage) {
        let event = self.act(stage, 0, "import", "contact");
        event.record_id = "c64001".to_owned();
        event.rows = 1;
        event.more.insert("subject_ref", json!("h-0017"));
    }

    fn unmanaged_device(&mut self, stage: &Stage) {
        let device =
            json!({"id": "x-1142", "managed": false, "compliant": true, "os": "Windows", "kind": "workstation"});
        let scene = Scene { device, ..stage.scene.clone() };
        self.push(&scene, stage.at, "login", "session");
        self.push(&scene, stage.at + 4 * MINUTE_MS, "logout", "session");
    }

    /// Six refusals, then a tap on yes.
    fn tired_of_asking(&mut self, stage: &Stage) {
        for n in 0..6 {
            let event = self.act(stage, n, "mfa_push", "session");
            event.result = "denied";
            event.mfa = json!({"used": true, "required": true, "factor": "push", "push": "denied"});
        }
        self.act(stage, 7, "mfa_push", "session").mfa =
            json!({"used": true, "required": true, "factor": "push", "push": "approved"});
        self.act(stage, 8, "login", "session");
        self.act(stage, 12, "logout", "session");
    }

    fn mass_deletion(&mut self, stage: &Stage) {
        let event = self.act(stage, 0, "delete", "contact");
        event.record_id = "list-of-old-leads".to_owned();
        event.rows = 400;
    }

    fn copy_in_clear(&mut self, stage: &Stage) {
        let event = self.act(stage, 0, "copy", "contact");
        event.rows = 64_000;
        event.more.extend([("target", json!("staging")), ("masking_profile", Value::Null)]);
    }

    /// Three looks at public figures, for no stated purpose.
    fn curiosity(&mut self, stage: &Stage) {
        for (n, record) in (0..).zip(["v00001", "v00002", "v00003"]) {
            let event = self.act(stage, n, "read", "contact");
            event.record_id = record.to_owned();
            event.rows = 1;
            event.more.insert("owner", json!(stage.scene.actor));
        }
    }

    fn rogue_client(&mut self, stage: &Stage) {
        self.act(stage, 0, "oauth_grant", "client").more.insert("client", json!("k-table-add-on"));
    }

    /// A restore after which nobody repeated the erasures.
    fn restore(&mut self, stage: &Stage) {
        self.act(stage, 0, "restore", "backup")
            .more
            .extend([("job", json!("restore-2026-10")), ("target", json!("prod"))]);
    }

    fn mailed_outside(&mut self, stage: &Stage) {
        let event = self.act(stage, 0, "report", "contact");
        event.rows = 40;
        let more = [("target", json!("buyer@elsewhere.example")), ("external", json!(true)), ("attachments", json!(1))];
        event.more.extend(more);
    }

    /// Reported at once, assessed at once, locked after three hours.
    fn lost_phone(&mut self, stage: &Stage) {
        let device = json!({"id": "d077", "managed": true, "compliant": true, "os": "mobile", "kind": "phone"});
        let reported = Scene { device, ..stage.scene.clone() };
        let management =
            Scene { actor: "mdm".to_owned(), actor_type: "system", session: "mdm-d077".to_owned(), ..reported.clone() };
        self.push(&reported, stage.at, "device_lost", "device");
        self.push(&management, stage.at + 20 * MINUTE_MS, "revoke", "session");
        self.push(&management, stage.at + HOUR_MS, "create", "incident").record_id = "inc-77".to_owned();
        self.push(&management, stage.at + 3 * HOUR_MS, "device_lock", "device");
    }

    fn secret_in_log(&mut self, stage: &Stage) {
        self.act(stage, 0, "config", "interface").more.insert("details", json!({"set": "password=Herbst-2026!"}));
    }

    fn machine_at_a_screen(&mut self, stage: &Stage) {
        let scene = Scene { actor_type: "service", ..stage.scene.clone() };
        self.push(&scene, stage.at, "login", "session");
        self.push(&scene, stage.at + 6 * MINUTE_MS, "logout", "session");
    }

    /// The same account at two machines in two towns at once.
    fn shared_account(&mut self, stage: &Stage) {
        let mut src = stage.scene.src.clone();
        if let Some(city) = src.get_mut("city") {
            *city = json!(format!("{}-Airport", city.as_str().unwrap_or_default()));
        }
        let device = json!({"id": "w907", "managed": true, "compliant": true, "os": "Windows", "kind": "workstation"});
        let other = Scene { session: format!("{}b", stage.scene.session), device, src, ..stage.scene.clone() };
        for (scene, minutes) in [(&stage.scene, 0), (&other, 5)] {
            self.push(scene, stage.at + minutes * MINUTE_MS, "login", "session");
            self.push(scene, stage.at + (minutes + 20) * MINUTE_MS, "logout", "session");
        }
    }
}
