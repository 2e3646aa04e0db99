//! Logs of every product, as their formats are documented, become exactly the events written down beside them.

use habeas::connectors::crm::products_with_events;
use habeas::connectors::mapping::{Hints, LONGEST_RECORD_BYTES, Mapping, Outcome, Unread};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs")
}

fn hints() -> Hints {
    Hints { taken_at: Some("2026-11-24T00:00:00Z".parse().unwrap()), utc_offset_min: 0 }
}

/// The mapping of a fixture folder: the product's, or `mapping.yaml` in the folder.
fn mapping(folder: &Path) -> Mapping {
    let own = folder.join("mapping.yaml");
    if own.exists() {
        return Mapping::parse("mapping.yaml", &std::fs::read_to_string(own).unwrap()).unwrap().1;
    }
    let product = folder.file_name().unwrap().to_str().unwrap();
    Mapping::of(product).unwrap().unwrap_or_else(|| panic!("no mapping of {product}"))
}

/// One line a record: the byte at which it begins, and its event or why there is none.
fn mapped(mapping: &Mapping, log: &[u8]) -> String {
    let mut reader = mapping.reader(log, hints()).unwrap();
    let mut out = String::new();
    while let Some(record) = reader.next().unwrap() {
        match record.outcome {
            Outcome::Event(event) => writeln!(out, "{} {}", record.offset, String::from_utf8(event).unwrap()),
            Outcome::Left(why) => writeln!(out, "{} {}", record.offset, why.word()),
        }
        .unwrap();
    }
    out
}

fn folders() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

/// Logs with their golden results, `x.csv` with `x.csv.mapped`.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut logs: Vec<PathBuf> =
        all.filter(|p| p.extension().is_none_or(|e| e != "mapped") && !p.ends_with("mapping.yaml")).collect();
    logs.sort();
    logs
}

/// Damages a log.
type Spoil<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

#[test]
fn every_log_becomes_the_events_written_down_for_it() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let mapping = mapping(&folder);
        for log in logs(&folder) {
            let found = mapped(&mapping, &std::fs::read(&log).unwrap());
            let golden = PathBuf::from(format!("{}.mapped", log.display()));
            if std::env::var_os("WRITE_GOLDEN").is_some() {
                std::fs::write(&golden, &found).unwrap();
            }
            if std::fs::read_to_string(&golden).unwrap_or_default() != found {
                wrong.push(log);
            }
        }
    }
    assert!(wrong.is_empty(), "other events than written down (WRITE_GOLDEN=1 writes them anew): {wrong:?}");
}

#[test]
fn every_event_fits_the_schema_of_events() {
    let schema: serde_json::Value = serde_json::from_slice(
        &std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("controls/schema/event.json")).unwrap(),
    )
    .unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let known: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let mut events = 0;
    for folder in folders() {
        for log in logs(&folder) {
            let golden = mapped(&mapping(&folder), &std::fs::read(&log).unwrap());
            for event in golden.lines().filter_map(|l| l.split_once(' ')).filter(|(_, e)| e.starts_with('{')) {
                let event: serde_json::Value = serde_json::from_str(event.1).unwrap();
                assert!(validator.is_valid(&event), "{}: {:?}", log.display(), validator.iter_errors(&event).next());
                assert!(event.as_object().unwrap().keys().all(|k| known.contains(k)), "{event}");
                events += 1;
            }
        }
    }
    assert!(events >= 10, "{events}");
}

/// Every product with a mapping has a folder of logs.
#[test]
fn every_mapping_has_logs_that_show_it() {
    for product in products_with_events() {
        assert!(folder().join(&product).is_dir(), "tests/fixtures/logs/{product} is missing");
    }
}

/// Spoils a log in many ways: nothing may panic, every offset lies inside and rises, and what was whole before stays.
#[test]
fn spoiled_logs_are_read_on_and_counted() {
    let spoils: [(&str, Spoil<'_>); 8] = [
        ("cut", &|l| l[..l.len() * 2 / 3].to_vec()),
        ("stray quotes", &|l| {
            l.iter().enumerate().flat_map(|(i, b)| if i % 97 == 96 { vec![b'"', *b] } else { vec![*b] }).collect()
        }),
        ("not UTF-8", &|l| l.iter().enumerate().map(|(i, b)| if i % 131 == 130 { 0xff } else { *b }).collect()),
        ("line ends of Windows", &|l| {
            String::from_utf8_lossy(l).replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
        }),
        ("byte order mark", &|l| [b"\xef\xbb\xbf", l].concat()),
        ("a line of 10 MB", &|l| [l, b"\n", &vec![b'x'; 10 << 20], b"\n", l].concat()),
        ("zeros", &|l| [l, &[0; 100], l].concat()),
        ("reversed", &|l| l.iter().rev().copied().collect()),
    ];
    for folder in folders() {
        let mapping = mapping(&folder);
        for path in logs(&folder) {
            let log = std::fs::read(&path).unwrap();
            let whole = mapped(&mapping, &log);
            for (name, spoil) in &spoils {
                let spoiled = spoil(&log);
                let found = mapped(&mapping, &spoiled);
                let offsets: Vec<usize> =
                    found.lines().map(|l| l.split_once(' ').unwrap().0.parse().unwrap()).collect();
                assert!(offsets.windows(2).all(|w| w[0] < w[1]), "{name} {}", path.display());
                assert!(offsets.iter().all(|o| *o < spoiled.len()), "{name} {}", path.display());
                let events =
                    |t: &str| t.lines().filter_map(|l| l.split_once(" {").map(|e| e.1.to_owned())).collect::<Vec<_>>();
                if matches!(*name, "line ends of Windows" | "byte order mark") {
                    // A line end inside a quoted cell is part of it, as it stands.
                    assert_eq!(events(&found.replace("\\r\\n", "\\n")), events(&whole), "{name} {}", path.display());
                }
            }
        }
    }
}

#[test]
fn long_lines_are_told_and_the_next_is_read() {
    for (product, log) in [
        ("espocrm", "{\"createdAt\":\"2026-11-23 15:52:25\",\"isDenied\":false,\"userId\":\"u1\"}\n"),
        (
            "odoo",
            "2026-11-23 15:55:31,674 17920 INFO db odoo.addons.base.models.res_users: Login failed for db:db login:uma from 192.0.2.7\n",
        ),
    ] {
        let mapping = Mapping::of(product).unwrap().unwrap();
        let log = [log.as_bytes(), b"{", &vec![b' '; 10 << 20], b"\n", log.as_bytes()].concat();
        let mut reader = mapping.reader(log.as_slice(), hints()).unwrap();
        let mut outcomes = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            outcomes.push(record.outcome);
        }
        assert_eq!(outcomes.len(), 3, "{product}");
        assert_eq!(outcomes[0], outcomes[2], "{product}");
        assert!(
            matches!(outcomes[1], Outcome::Left(Unread::TooLong | Unread::Truncated)),
            "{product} {:?}",
            outcomes[1]
        );
        assert!(log.len() > LONGEST_RECORD_BYTES);
    }
}

#[test]
fn stretches_give_the_same_events_with_the_same_places() {
    let mapping = Mapping::of("espocrm").unwrap().unwrap();
    let log = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/espocrm/auth-log.ndjson"))
        .unwrap();
    for size_bytes in [1, 1000, 1 << 20] {
        let mut reader = mapping.reader(log.as_slice(), hints()).unwrap();
        let (mut lines, mut places, mut all) = (Vec::new(), Vec::new(), String::new());
        while reader.stretch(size_bytes, &mut lines, &mut places, &mut |at, why| panic!("{at} {why:?}")).unwrap() {
            for (line, (start, at)) in std::str::from_utf8(&lines).unwrap().lines().zip(&places) {
                assert!(lines[*start..].starts_with(line.as_bytes()));
                writeln!(all, "{at} {line}").unwrap();
            }
        }
        assert_eq!(all, mapped(&mapping, &log));
    }
}
