//! `habeas events explain` as people call it.

use super::habeas;

#[test]
fn a_line_is_explained_by_number_and_by_any_of_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let rules = path(
        "r.yml",
        "title: a\nid: r1\ndetection: {s: {k: x}, condition: s}\n---\ntitle: b\ndetection: {s: {k: y}, condition: s}\n",
    );
    let log = path("log.ndjson", "{\"ts\":1,\"k\":\"x\"}\n{\"ts\":2,\"k\":\"y\"}\nnonsense\n");
    let run = |more: &[&str]| {
        let out = habeas(&[&["events", "explain", "--rules", &rules, "--events", &log], more].concat());
        (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap(), out.status.code())
    };
    let (by_line, _, code) = run(&["--line", "2"]);
    assert!(
        code == Some(0) && by_line.contains("line 2, byte 17") && by_line.contains("a (r1): does not match"),
        "{by_line}"
    );
    assert!(by_line.contains("k: 'x'    (k is \"y\")") && by_line.contains("b: matches"), "{by_line}");
    assert_eq!(run(&["--offset", "17"]).0, by_line);
    assert_eq!(run(&["--offset", "30"]).0, by_line);
    assert!(!run(&["--line", "2", "--rule", "r1"]).0.contains("b: matches"));
    let (json, _, _) = run(&["--line", "2", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["offset"].as_u64(), json["rules"][1]["holds"].as_bool()), (Some(17), Some(true)));
    assert!(run(&["--line", "3"]).0.contains("no event"));
    let (_, told, code) = run(&["--line", "9"]);
    assert!(code == Some(2) && told.contains("has 3 lines"), "{told}");
    let (_, told, code) = run(&["--line", "1", "--rule", "zzz"]);
    assert!(code == Some(2) && told.contains("no rule is called `zzz`"), "{told}");
    assert_eq!(run(&[]).2, Some(2), "a line has to be named");
}
