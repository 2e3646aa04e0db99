//! 40 predicates over 100,000 accounts, 30,000 phones and 500 roles (about 100 MB of JSON): the whole way from bytes on disk
//! to results. Prints each step's wall time and the peak of memory. Run with `cargo bench --bench facts`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a measurement, not a product"
)]

use habeas::catalog::{Catalog, Overrides};
use habeas::connectors::documents::read_snapshot;
use habeas::engine::{Audit, evaluate};
use habeas::evidence::Kinds;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

const USERS: u64 = 100_000;
const DEVICES: u64 = 30_000;
const ROLES: u64 = 500;

/// Collection, join, where, require.
const PREDICATES: [(&str, &str, &str, &str); 40] = [
    ("users", "", "e.human && e.active", "e.mfa_enforced"),
    ("users", "", "e.human && e.active", "overlap(e.mfa_factors, ['webauthn', 'piv'])"),
    ("users", "", "e.active", "e.last_login != null && age_days(e.last_login) <= 90.0"),
    ("users", "", "e.active && !e.human", "e.owner != null"),
    ("users", "", "e.active && !e.human", "e.owner_active"),
    ("users", "", "!e.human", "!e.interactive"),
    ("users", "", "e.active", "!e.generic"),
    ("users", "", "e.admin", "e.privileged"),
    ("users", "", "e.privileged", "e.last_review != null && age_days(e.last_review) <= 183.0"),
    ("users", "", "e.active", "size(e.roles) > 0"),
    ("users", "", "e.active", "size(e.roles) <= 5"),
    ("users", "", "!e.active", "size(e.permissions) == 0 || e.dormant_exempt"),
    ("users", "", "e.active", "!('export_all' in e.permissions) || e.privileged"),
    ("users", "", "e.active", "!('bulk_delete' in e.permissions && 'grant' in e.permissions)"),
    ("users", "", "e.active", "!(e.local_login && !e.break_glass)"),
    ("users", "", "e.active", "e.id.matches('^u[0-9]+$')"),
    ("users", "", "e.active", "!e.id.startsWith('test')"),
    ("users", "", "e.active", "e.created < now"),
    ("users", "", "e.last_login != null", "e.last_login >= e.created"),
    ("users", "", "e.human", "e.person_id != null"),
    ("users", "", "e.break_glass", "e.admin"),
    ("users", "", "", "e.roles.all(r, r.startsWith('role-'))"),
    ("users", "", "e.active", "!e.roles.exists(r, r == 'role-13')"),
    ("users", "", "e.human", "e.mfa_factors.all(f, f in ['webauthn', 'piv', 'totp', 'push', 'sms', 'email'])"),
    ("users", "", "e.admin && e.active", "!('sms' in e.mfa_factors)"),
    ("users", "", "e.active", "age_days(e.created) < 3650.0"),
    ("users", "", "e.privileged && e.active", "e.mfa_enforced && !e.generic"),
    ("users", "", "e.active", "e.admin ? size(e.permissions) > 3 : size(e.permissions) < 40"),
    ("devices", "", "", "e.in_mdm"),
    ("devices", "", "", "e.encrypted"),
    ("devices", "", "", "e.passcode.set && e.passcode.min_len >= 6"),
    ("devices", "", "e.ownership == 'byod'", "e.wipe_scope == 'work_profile'"),
    ("devices", "", "", "e.integrity != 'fail' || e.blocked"),
    ("devices", "", "", "age_days(e.patch_date) <= 90.0"),
    ("devices", "", "", "e.autolock_s != null && e.autolock_s <= 120.0"),
    ("devices", "", "", "age_days(e.last_seen) <= 30.0 || e.blocked"),
    ("rbac.roles", "", "e.privileged", "size(e.permissions) <= 20"),
    ("devices", "{x: {in: users, on: id, equals: e.user}}", "", "x != null && x.active"),
    ("users", "{x: {in: users, on: id, equals: e.owner}}", "!e.human", "x != null && x.active"),
    (
        "users",
        "{x: {in: rbac.roles, on: id, equals: 'e.roles[0]'}}",
        "size(e.roles) > 0",
        "x != null && !(x.privileged && !e.privileged)",
    ),
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = write_evidence(folder.path());
    let kinds = Kinds::embedded().unwrap();
    let files: Vec<_> = PREDICATES.iter().enumerate().map(|(n, p)| control(n, p)).collect();
    let (catalog, problems) = Catalog::read(kinds, &files);
    assert!(problems.is_empty(), "{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    for _ in 0..5 {
        let start = Instant::now();
        let snapshot = read_snapshot(kinds, &[folder.path().to_path_buf()]).unwrap();
        let read = start.elapsed();
        let overrides = Overrides::new();
        let as_of = "2026-11-23T00:00:00Z".parse().unwrap();
        let audit = Audit { kinds, snapshot: &snapshot, as_of, overrides: &overrides, detections: None };
        let results = evaluate(catalog.controls(), &audit, &mut |_| {}).unwrap();
        let findings: usize = results.iter().map(|r| r.findings.len()).sum();
        println!(
            "{} MB: read {read:.0?}, evaluate {:.0?}, whole {:.0?}, {findings} findings, peak {}",
            bytes / 1_000_000,
            start.elapsed() - read,
            start.elapsed(),
            peak()
        );
    }
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .map(|l| l.replace("VmHWM:", "").trim().to_owned())
        .unwrap_or_default()
}

fn control(n: usize, (each, join, filter, require): &(&str, &str, &str, &str)) -> (String, Vec<u8>) {
    let line = |key: &str, value: &str| if value.is_empty() { String::new() } else { format!("  {key}: {value}\n") };
    let quoted = |text: &str| if text.is_empty() { String::new() } else { format!("\"{text}\"") };
    let text = format!(
        "id: HAB-BEN-{n:02}\nslug: b{n}\nstatus: active\nseverity: low\nevidence: config\nanswers: {{gdpr: [\"32\"]}}\ntitle: {{en: t, zh-CN: t}}\n\
         why: {{en: w, zh-CN: w}}\nrisk: {{en: r, zh-CN: r}}\nremedy: {{en: m, zh-CN: m}}\nreviewed: {{on: 2026-11-23, sources: [x]}}\n\
         check:\n  each: {each}\n  as: e\n{}{}  require: \"{require}\"\n  says: {{en: \"{{e.id}}\", zh-CN: \"{{e.id}}\"}}\n",
        line("join", join),
        line("where", &quoted(filter)),
    );
    (format!("bench/b{n}.yaml"), text.into_bytes())
}

/// A number below `below`, the same for the same `seed` (splitmix64).
fn pick(seed: u64, below: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % below
}

/// True for all but about `few` in a thousand.
fn mostly(seed: u64, few: u64) -> bool {
    pick(seed, 1000) >= few
}

fn envelope(folder: &Path, kind: &str, data: &str) -> usize {
    let text = format!(
        "{{\"habeas\":\"evidence/1\",\"kind\":\"{kind}\",\"source\":{{\"system\":\"bench\",\"method\":\"export\",\"collector\":\"bench\"}},\
         \"observed_at\":\"2026-11-22T00:00:00Z\",\"collected_at\":\"2026-11-22T00:00:00Z\",\"data\":{data}}}"
    );
    std::fs::write(folder.join(format!("{kind}.json")), &text).unwrap();
    text.len()
}

#[expect(clippy::format_in_format_args, reason = "a generator of test data, read once")]
fn write_evidence(folder: &Path) -> usize {
    let mut users = String::from("[");
    for n in 0..USERS {
        let s = n * 97;
        let day = |k: u64| format!("2026-{:02}-{:02}T08:15:30Z", 1 + pick(s + k, 11), 1 + pick(s + k + 1, 22));
        let list = |k: u64, count: u64, prefix: &str, of: u64| {
            (0..count).map(|i| format!("\"{prefix}{}\"", pick(s + k + i, of))).collect::<Vec<_>>().join(",")
        };
        write!(
            users,
            "{}{{\"id\":\"u{n}\",\"human\":{},\"active\":{},\"admin\":{},\"privileged\":true,\"person_id\":\"p{n}\",\"roles\":[{}],\"permissions\":[{}],\
             \"last_login\":\"{}\",\"mfa_enforced\":{},\"mfa_factors\":[\"webauthn\",\"totp\"],\"created\":\"2020-{}\",\"interactive\":false,\"owner\":\"u{}\",\
             \"owner_active\":{},\"last_review\":\"2026-10-01T00:00:00Z\",\"generic\":{},\"break_glass\":false,\"local_login\":false,\"dormant_exempt\":true}}",
            if n == 0 { "" } else { "," },
            mostly(s, 50), mostly(s + 1, 100), !mostly(s + 2, 20), list(10, 2, "role-", ROLES), list(20, 24, "permission-on-object-", 300),
            format!("2026-1{}-0{}T08:15:30Z", pick(s + 3, 2), 1 + pick(s + 4, 9)), mostly(s + 4, 1), &day(5)[5..], pick(s + 6, USERS), mostly(s + 7, 2), !mostly(s + 8, 1),
        )
        .unwrap();
    }
    users.push(']');
    let mut devices = String::from("[");
    for n in 0..DEVICES {
        let s = n * 89 + 7;
        write!(
            devices,
            "{}{{\"id\":\"d{n}\",\"ownership\":\"{}\",\"in_mdm\":{},\"encrypted\":{},\"passcode\":{{\"set\":true,\"min_len\":{},\"biometric\":true}},\"autolock_s\":60,\
             \"max_failures\":10,\"os\":\"android\",\"os_version\":\"16.1\",\"os_supported\":true,\"patch_date\":\"2026-10-{:02}\",\"integrity\":\"pass\",\"blocked\":false,\
             \"last_seen\":\"2026-11-{:02}T10:00:00Z\",\"user\":\"u{}\",\"wipe_scope\":\"work_profile\"}}",
            if n == 0 { "" } else { "," },
            if mostly(s, 300) { "corporate" } else { "byod" }, mostly(s + 1, 2), mostly(s + 2, 2), if mostly(s + 3, 3) { 6 } else { 4 },
            1 + pick(s + 4, 30), 1 + pick(s + 5, 22), pick(s + 6, USERS),
        )
        .unwrap();
    }
    devices.push(']');
    let role = |n: u64| {
        format!(
            "{{\"id\":\"role-{n}\",\"name\":\"Role {n}\",\"privileged\":{},\"permissions\":[\"view_all\"]}}",
            !mostly(n, 20)
        )
    };
    let roles = format!("{{\"roles\":[{}]}}", (0..ROLES).map(role).collect::<Vec<_>>().join(","));
    envelope(folder, "users", &users) + envelope(folder, "devices", &devices) + envelope(folder, "rbac", &roles)
}
