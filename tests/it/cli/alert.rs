//! `habeas alert` as people call it: from a scan to a file, pseudonymous, and nothing lost on the way.

use super::habeas;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const RULE: &str = "title: Export by {x}\nid: 6b0e8a52-9a0b-4c0f-8a3e-1f4b5a1c2d3e\nlevel: high\nlogsource: {product: crm}\n\
    detection: {sel: {action: export}, condition: sel}\n---\ntitle: Many exports\nname: many\nlevel: critical\ncorrelation:\n  \
    type: event_count\n  rules: [Export by {x}]\n  group-by: [actor, action]\n  timespan: 1h\n  condition: {gte: 2}\n";

/// A log and its firings, as `habeas events scan --json` writes them.
fn firings(dir: &Path) -> String {
    let rule = RULE.replace("Export by {x}", "Export");
    fs::write(dir.join("rule.yml"), rule.replace("title: Export\n", "title: Export\nname: Export\n")).unwrap();
    let event = |n: u32, actor: &str| {
        json!({"ts": format!("2026-03-05T09:0{n}:00Z"), "action": "export", "actor": actor}).to_string()
    };
    let log: Vec<String> = [(0, "ann"), (1, "bob"), (2, "ann"), (3, "ann")].map(|(n, a)| event(n, a)).to_vec();
    fs::write(dir.join("log.ndjson"), log.join("\n") + "\n").unwrap();
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let out = habeas(&["events", "scan", "--rules", &path("rule.yml"), "--events", &path("log.ndjson"), "--json"]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    fs::write(dir.join("firings.ndjson"), &out.stdout).unwrap();
    String::from_utf8(out.stdout).unwrap()
}

fn sent(dir: &Path, extra: &[&str]) -> Vec<Value> {
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let _ = fs::remove_file(dir.join("out.ndjson"));
    let (to, spool, firings) = (format!("file://{}", path("out.ndjson")), path("spool"), path("firings.ndjson"));
    let mut arguments = vec!["alert", "send", "--to", &to, "--spool", &spool, &firings];
    arguments.extend(extra);
    let out = habeas(&arguments);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let text = fs::read_to_string(dir.join("out.ndjson")).unwrap_or_default();
    text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["alert"].clone()).collect()
}

#[test]
fn a_scan_becomes_alerts_that_name_nobody_and_have_the_rules_level() {
    let dir = tempfile::tempdir().unwrap();
    let scanned = firings(dir.path()).lines().count();
    assert!(scanned >= 2, "the scan found only {scanned}");
    let key = dir.path().join("staff.key");
    let key_arguments = ["--pseudonym-key", key.to_str().unwrap()];
    let alerts = sent(dir.path(), &key_arguments);
    assert_eq!(alerts.len(), scanned);
    assert!(alerts.iter().any(|a| a["level"] == "critical" && a["title"] == "Many exports"), "{alerts:?}");
    let text = json!(alerts).to_string();
    assert!(!text.contains("ann") && !text.contains("bob"), "{text}");
    // The same key, the same ids: a receiver can drop doubles. And the holder of the key can tell who it is.
    assert_eq!(sent(dir.path(), &key_arguments), alerts);
    let told = habeas(&["alert", "pseudonym", "--pseudonym-key", key.to_str().unwrap(), "ann"]);
    let pseudonym = String::from_utf8(told.stdout).unwrap().split(' ').next().unwrap().to_owned();
    assert!(text.contains(&pseudonym), "{pseudonym} is not in {text}");
    let critical = sent(dir.path(), &["--pseudonym-key", key.to_str().unwrap(), "--at-least", "critical"]);
    assert!(!critical.is_empty() && critical.iter().all(|a| a["level"] == "critical"), "{critical:?}");
    assert!(json!(sent(dir.path(), &["--reveal"])).to_string().contains("ann"));
}

#[test]
fn what_a_place_does_not_take_waits_for_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let count = firings(dir.path()).lines().count();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let to = format!("file://{}", path("missing/out.ndjson"));
    let (spool, firings) = (path("spool"), path("firings.ndjson"));
    let arguments = ["alert", "send", "--to", &to, "--spool", &spool, "--patience", "0", "--reveal"];
    let down = habeas(&[&arguments[..], &[&firings]].concat());
    assert_eq!(down.status.code(), Some(3), "{down:?}");
    fs::create_dir(dir.path().join("missing")).unwrap();
    fs::write(dir.path().join("none"), "").unwrap();
    let up = habeas(&[&arguments[..], &[&path("none")]].concat());
    assert_eq!(up.status.code(), Some(0), "{up:?}");
    assert_eq!(fs::read_to_string(dir.path().join("missing/out.ndjson")).unwrap().lines().count(), count);
}

#[test]
fn a_bad_line_is_named_after_the_good_ones_were_sent() {
    let dir = tempfile::tempdir().unwrap();
    let first = firings(dir.path()).lines().next().unwrap().to_owned();
    fs::write(dir.path().join("mixed.ndjson"), format!("{first}\nnot json\n{first}\n")).unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (to, spool, mixed) = (format!("cef+file://{}", path("out.cef")), path("spool"), path("mixed.ndjson"));
    let out = habeas(&["alert", "send", "--to", &to, "--spool", &spool, "--reveal", &mixed]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("line 2 is not a firing"), "{out:?}");
    assert!(fs::read_to_string(path("out.cef")).unwrap().starts_with("CEF:0|Habeas|"));
}

#[test]
fn neither_a_choice_about_staff_nor_a_private_key_can_be_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let to = format!("file://{}", dir.path().join("out").display());
    assert_eq!(habeas(&["alert", "send", "--to", &to]).status.code(), Some(2));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = dir.path().join("staff.key");
        fs::write(&key, "00".repeat(32)).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let out = habeas(&["alert", "pseudonym", "--pseudonym-key", key.to_str().unwrap(), "ann"]);
        assert_eq!(out.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&out.stderr).contains("chmod 600"), "{out:?}");
    }
}

#[test]
fn a_digest_is_written_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    firings(dir.path());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    for (lang, word) in [("en", "critical"), ("zh-CN", "严重")] {
        let (out, firings) = (path(lang), path("firings.ndjson"));
        let done = habeas(&["alert", "digest", "--reveal", "--lang", lang, "--out", &out, &firings]);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        for name in ["digest.txt", "digest.html"] {
            let text = fs::read_to_string(dir.path().join(lang).join(name)).unwrap();
            assert!(text.contains(word) && text.contains("actor=ann"), "{text}");
        }
    }
}
