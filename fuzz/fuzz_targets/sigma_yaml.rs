//! Rule files: refused by file and line, or run, with one result however the log is cut.
#![no_main]

use habeas_fuzz::events::context::Context;
use habeas_fuzz::events::memory::{run, run_in_stretches};
use habeas_fuzz::events::plan::{Plan, TIME_FIELDS};
use habeas_fuzz::events::rule::{RuleSet, Settings};

const LOG: &str = r#"{"ts":1772700000,"a":"x","b":{"c":[1,"y"]},"user":"u1","n":5,"ip":"10.0.0.1"}
{"ts":1772700001,"a":"X y","b.c":"z","user":"u1","n":-1.5,"v":null,"flag":true}
{"ts":1772700001,"a":"","user":"u2","n":"7","t":"2026-03-05T10:00:00Z"}
{"ts":1772700009,"a":["x","straße"],"user":"u1","n":1e3}
{"ts":1772786400,"a":"x","user":"u2","n":0}
"#;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match RuleSet::from_files(&[("r.yml".to_owned(), text.to_owned())], &Settings::default()) {
        Err(errors) => {
            assert!(!errors.is_empty());
            for e in errors {
                assert!(e.file == "r.yml" && (1..=text.split(['\n', '\r']).count() + 1).contains(&e.line), "{e}");
            }
        }
        Ok(set) => {
            let plan = Plan::new(set, &TIME_FIELDS.map(str::to_owned));
            let (whole, sight) = run(&plan, &Context::default(), LOG.as_bytes());
            assert_eq!(sight.tally.lines, 5);
            let lines: Vec<&[u8]> = LOG.split_inclusive('\n').map(str::as_bytes).collect();
            assert_eq!(run_in_stretches(&plan, &Context::default(), &lines).0, whole);
        }
    }
});
