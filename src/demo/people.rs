//! Accounts, staff, training, reviews and campaigns of the example company. No names: ids only.

use super::chance::Chance;
use super::moment::days_before;
use crate::clock::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Accounts of the CRM, people and machines.
const ACCOUNTS: usize = 400;
/// First service account; the last two accounts are for emergencies.
const FIRST_SERVICE: usize = 394;
const FIRST_BREAK_GLASS: usize = 398;
/// Accounts of people who left: disabled, unless planted otherwise.
const LEAVERS: std::ops::Range<usize> = 370..380;

/// One account and the person behind it.
pub(super) struct Account {
    pub(super) number: usize,
    pub(super) role: &'static str,
    pub(super) office: &'static Office,
    last_login_days: i64,
    trained_days: i64,
    hired_days: i64,
}

/// Where people work, and the hours in UTC that lie inside their schedule in summer and in winter.
pub(super) struct Office {
    pub(super) city: &'static str,
    pub(super) country: &'static str,
    pub(super) zone: &'static str,
    pub(super) opens_utc_min: i64,
    pub(super) closes_utc_min: i64,
    pub(super) position: (f64, f64),
}

/// The offices; three in five people work in Berlin.
pub(super) const OFFICES: [Office; 4] = [
    Office {
        city: "Berlin",
        country: "DE",
        zone: "Europe/Berlin",
        opens_utc_min: 425,
        closes_utc_min: 945,
        position: (52.52, 13.40),
    },
    Office {
        city: "Paris",
        country: "FR",
        zone: "Europe/Paris",
        opens_utc_min: 425,
        closes_utc_min: 945,
        position: (48.86, 2.35),
    },
    Office {
        city: "Los Angeles",
        country: "US",
        zone: "America/Los_Angeles",
        opens_utc_min: 965,
        closes_utc_min: 1435,
        position: (34.05, -118.24),
    },
    Office {
        city: "Shanghai",
        country: "CN",
        zone: "Asia/Shanghai",
        opens_utc_min: 30,
        closes_utc_min: 570,
        position: (31.23, 121.47),
    },
];

/// The id of account `number`.
pub(super) fn account_id(number: usize) -> String {
    format!("u{number:03}")
}

fn person_id(number: usize) -> String {
    // The two emergency accounts belong to the two administrators.
    let person = if number >= FIRST_BREAK_GLASS { number - FIRST_BREAK_GLASS + 390 } else { number };
    format!("p{person:03}")
}

fn role_of(number: usize) -> &'static str {
    match number {
        0..=199 => "sales",
        200..=219 => "sales-lead",
        220..=299 => "service",
        300..=329 => "billing",
        330..=379 => "marketing",
        380 => "dpo",
        381..=385 => "privacy-desk",
        386..=389 => "audit",
        390 | 391 | 398 | 399 => "admin",
        392 | 393 => "security",
        _ => "integration",
    }
}

/// Everybody with an account.
pub(super) fn staff(chance: &mut Chance, as_of: Timestamp) -> Vec<Account> {
    let _ = as_of;
    (0..ACCOUNTS).map(|number| account(number, chance)).collect()
}

fn account(number: usize, chance: &mut Chance) -> Account {
    let office = match chance.below(10) {
        0..=5 => &OFFICES[0],
        6 | 7 => &OFFICES[1],
        8 => &OFFICES[2],
        _ => &OFFICES[3],
    };
    let days = |n: u64| i64::try_from(n).unwrap_or(0);
    Account {
        number,
        role: role_of(number),
        office,
        last_login_days: days(1 + chance.below(6)),
        trained_days: days(20 + chance.below(320)),
        hired_days: days(400 + chance.below(3000)),
    }
}

impl Account {
    fn is_service(&self) -> bool {
        (FIRST_SERVICE..FIRST_BREAK_GLASS).contains(&self.number)
    }

    fn is_break_glass(&self) -> bool {
        self.number >= FIRST_BREAK_GLASS
    }

    fn has_left(&self) -> bool {
        LEAVERS.contains(&self.number)
    }

    /// Whether the account belongs to somebody who works in the CRM from day to day.
    pub(super) fn works(&self) -> bool {
        !self.is_service() && !self.is_break_glass() && !self.has_left()
    }

    fn privileged(&self) -> bool {
        matches!(self.role, "admin" | "security" | "dpo")
    }

    fn to_user(&self, as_of: Timestamp) -> Value {
        let service = self.is_service();
        let last_login = if self.has_left() { 40 } else { self.last_login_days };
        json!({
            "id": account_id(self.number),
            "human": !service,
            "active": !self.has_left(),
            "admin": self.role == "admin",
            "privileged": self.privileged(),
            "person_id": if service { Value::Null } else { person_id(self.number).into() },
            "roles": [self.role],
            "territory": self.office.country,
            "permissions": permissions(self.role),
            "last_login": days_before(as_of, last_login),
            // The account of the incident `dormant` slept for half a year before the log.
            "last_login_before_log": days_before(as_of, if self.number == 301 { 190 } else { 31 + last_login }),
            "mfa_enforced": !service,
            "mfa_factors": if service { json!([]) } else { json!(["webauthn"]) },
            "created": days_before(as_of, self.hired_days),
            "interactive": !service,
            "owner": if service { json!("u390") } else { Value::Null },
            "owner_active": true,
            "last_review": days_before(as_of, 60),
            "generic": false,
            "break_glass": self.is_break_glass(),
            "local_login": self.is_break_glass(),
            "dormant_exempt": self.is_break_glass(),
        })
    }

    fn to_person(&self, as_of: Timestamp) -> Value {
        json!({
            "person_id": person_id(self.number),
            "status": if self.has_left() { "leaver" } else { "active" },
            "end_at": if self.has_left() { json!(days_before(as_of, 41)) } else { Value::Null },
            "role": self.role,
            "role_changed_at": Value::Null,
            "former_permissions": [],
            "schedule": {"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00", "tz": self.office.zone},
            "hired_at": days_before(as_of, self.hired_days),
        })
    }
}

fn permissions(role: &str) -> Value {
    match role {
        "sales" => json!(["contact_edit", "account_edit"]),
        "sales-lead" => json!(["contact_edit", "account_edit", "team_view"]),
        "service" => json!(["contact_edit", "case_edit"]),
        "billing" => json!(["account_edit", "invoice_edit"]),
        "marketing" => json!(["campaign_edit"]),
        "dpo" => json!(["request_approve", "log_read"]),
        "privacy-desk" => json!(["request_execute"]),
        "audit" => json!(["log_read"]),
        "security" => json!(["log_admin", "log_read"]),
        "admin" => json!(["crm_admin", "grant"]),
        _ => json!(["contact_read"]),
    }
}

/// Adds accounts, staff, training, reviews and campaigns to the evidence.
pub(super) fn add(staff: &[Account], kinds: &mut BTreeMap<String, Value>, as_of: Timestamp) {
    let employed: Vec<&Account> = staff.iter().filter(|a| a.works()).collect();
    let mut put = |kind: &str, data: Value| {
        kinds.insert(kind.to_owned(), data);
    };
    put("users", staff.iter().map(|a| a.to_user(as_of)).collect());
    let persons = staff.iter().filter(|a| a.works() || a.has_left());
    put("hr", persons.map(|a| a.to_person(as_of)).collect());
    put("training", employed.iter().flat_map(|a| trainings(a, as_of)).collect());
    put(
        "request_handlers",
        (380..386).map(|n| json!({"id": person_id(n), "certified_at": days_before(as_of, 90)})).collect(),
    );
    put("phishing", campaigns(&employed, as_of));
    put("access_reviews", reviews(staff, as_of));
    put("log_reviews", log_reviews(as_of));
}

fn trainings(account: &Account, as_of: Timestamp) -> Vec<Value> {
    let mut courses = vec!["security", "privacy"];
    if matches!(account.role, "privacy-desk" | "dpo") {
        courses.push("requests");
    }
    let record = |course: &str| {
        json!({
            "id": format!("{}-{course}", person_id(account.number)),
            "person_id": person_id(account.number),
            "course": course,
            "completed_at": days_before(as_of, account.trained_days),
            "passed": true,
        })
    };
    courses.into_iter().map(record).collect()
}

fn campaigns(employed: &[&Account], as_of: Timestamp) -> Value {
    let targeted: Vec<String> = employed.iter().map(|a| person_id(a.number)).collect();
    let campaign = |(id, days): (&str, i64)| {
        json!({
            "id": id, "at": days_before(as_of, days), "targeted": targeted, "reported": 211, "clicked": 14,
            "repeat_clickers_coached": true, "names_in_report": false,
        })
    };
    [("ph-1", 290), ("ph-2", 170), ("ph-3", 50)].into_iter().map(campaign).collect()
}

fn reviews(staff: &[Account], as_of: Timestamp) -> Value {
    let mut roles: Vec<&str> = staff.iter().map(|a| a.role).collect();
    roles.sort_unstable();
    roles.dedup();
    let review = |role: &&str| {
        let reviewees: Vec<String> = staff.iter().filter(|a| a.role == *role).map(|a| account_id(a.number)).collect();
        let reviewer = if *role == "dpo" { "u386" } else { "u380" };
        json!({"id": format!("ar-{role}"), "role": role, "completed_at": days_before(as_of, 75), "reviewer": reviewer, "reviewees": reviewees})
    };
    roles.iter().map(review).collect()
}

fn log_reviews(as_of: Timestamp) -> Value {
    let review = |n: i64| json!({"id": format!("lr-{n}"), "at": days_before(as_of, n * 7 + 2), "reviewer": "u386", "open_findings": n % 2, "tickets": if n % 2 == 1 { json!([format!("SEC-{}", 400 + n)]) } else { json!([]) }});
    (0..4).map(review).collect()
}
