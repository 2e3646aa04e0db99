//! `habeas events slice` and `merge` as people call them.

use super::events as run;
use std::fs;
use std::path::Path;

const RULES: &str = "title: Failed\nname: failed\ndetection: {sel: {action: login, ok: false}, condition: sel}\n---\n\
    title: Many failures\nlevel: high\ncorrelation: {type: event_count, rules: [failed], group-by: [actor], timespan: 1m, condition: {gte: 3}}\n---\n\
    title: Export\ndetection: {sel: {action: export}, condition: sel}\n";

fn prepare(dir: &Path) {
    fs::write(dir.join("rules.yml"), RULES).unwrap();
    for log in ["a", "b"] {
        let line = |n: u64| {
            let (at, actor, action) =
                (1_772_700_000 + n * 7, n * n % 5, if n.is_multiple_of(9) { "export" } else { "login" });
            format!(
                "{{\"ts\":{at},\"actor\":\"{log}{actor}\",\"action\":\"{action}\",\"ok\":{}}}\n",
                n.is_multiple_of(4)
            )
        };
        fs::write(dir.join(log), (0..400).map(line).collect::<String>() + "half a li").unwrap();
    }
}

#[test]
fn slices_of_two_logs_merge_to_the_bytes_of_a_scan() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    prepare(dir);
    let (code, whole, told) = run(dir, "scan --rules @rules.yml --events @a --events @b --coverage @whole.json --json");
    assert_eq!((code, whole.lines().count() > 100), (Some(0), true));
    for k in 1..=3 {
        let slice = format!("slice --rules @rules.yml --events @a --events @b --part {k}/3 --out @{k}.slice");
        assert_eq!(run(dir, &slice).0, Some(0));
    }
    let (code, merged, told_again) = run(dir, "merge @2.slice @1.slice @3.slice --coverage @merged.json --json");
    assert_eq!((code, told_again, merged), (Some(0), told, whole));
    assert_eq!(fs::read(dir.join("merged.json")).unwrap(), fs::read(dir.join("whole.json")).unwrap());
    let plain = run(dir, "merge @1.slice @2.slice @3.slice").1;
    assert_eq!(plain, run(dir, "scan --rules @rules.yml --events @a --events @b").1);
}

#[test]
fn what_cannot_be_cut_or_put_together_is_named_with_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    prepare(dir);
    fs::write(dir.join("z"), zstd::encode_all(fs::read(dir.join("a")).unwrap().as_slice(), 1).unwrap()).unwrap();
    fs::write(dir.join("other.yml"), RULES.replace("gte: 3", "gte: 4")).unwrap();
    let slice = |rest: &str| run(dir, &format!("slice --events @a {rest}"));
    assert_eq!(slice("--rules @rules.yml --to 5000 --out @1.slice").0, Some(0));
    assert_eq!(slice("--rules @other.yml --from 5000 --out @2.slice").0, Some(0));
    assert_eq!(slice("--rules @rules.yml --from 6000 --out @3.slice").0, Some(0));
    for (arguments, code, says) in [
        ("merge @1.slice @2.slice", 2, "was made with other rules"),
        ("merge @1.slice @3.slice", 2, "make it with --from"),
        ("merge @1.slice", 2, "no slice holds"),
        ("merge @rules.yml", 2, "is not a slice"),
        ("merge @nothing", 3, "could not read"),
        ("slice --rules @rules.yml --events - --out @x", 2, "standard input"),
        ("slice --rules @rules.yml --events @z --part 1/2 --out @x", 2, "decompress"),
        ("slice --rules @rules.yml --events @a --events @b --from 5 --out @x", 2, "use --part"),
        ("slice --rules @rules.yml --events @a --from 5 --to 4 --out @x", 2, "lies behind"),
        ("slice --rules @rules.yml --events @a --part 3/2 --out @x", 2, "K/N"),
    ] {
        let (found, _, complaint) = run(dir, arguments);
        assert_eq!(found, Some(code), "{arguments}: {complaint}");
        assert!(complaint.contains(says), "{arguments}: {complaint}");
    }
    // Whoever cuts a compressed log gives bytes of its content.
    assert_eq!(run(dir, "slice --rules @rules.yml --events @z --to 5000 --out @z1").0, Some(0));
    assert_eq!(run(dir, "slice --rules @rules.yml --events @z --from 5000 --out @z2").0, Some(0));
    let (_, whole, _) = run(dir, "scan --rules @rules.yml --events @z --json");
    assert_eq!(run(dir, "merge @z1 @z2 --json").1, whole);
}
