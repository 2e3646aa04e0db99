//! Slices put together are the whole log, wherever it was cut.

use super::{plan, printed_all};
use crate::support::chance::Chance;
use habeas::connectors::logs::slices::{Making, Part, Whole, make};
use habeas::connectors::logs::{Input, Options, scan};
use habeas::events::context::Context;
use habeas::events::coverage::Sight;
use habeas::events::hash::Seed;
use habeas::events::output::Lines;
use habeas::events::slice::Setup;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// Every type of correlation and extension, chains of both, and rules on single events.
const RULES: &str = r"
title: failed
name: failed
detection: {sel: {a: f}, condition: sel}
---
title: ok
name: ok
detection: {sel: {a: s}, condition: sel}
---
title: left
name: left
detection: {sel: {a: q}, condition: sel}
---
title: any
name: any
detection: {sel: {u|exists: true}, condition: sel}
---
title: odd
detection: {sel: {n: 7, a: s}, condition: sel}
---
title: many
name: many
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 1m, condition: {gte: 4}}
---
title: more than many
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 1m, condition: {gte: 5}}
---
title: many then ok
correlation: {type: temporal_ordered, rules: [many, ok], group-by: [u], timespan: 2m}
---
title: several manies
correlation: {type: value_count, rules: [many], group-by: [a], timespan: 3m, condition: {field: u, gte: 2}}
---
title: different
correlation: {type: value_count, rules: [failed, ok], group-by: [u], timespan: 90s, condition: {field: ip, gte: 5}}
---
title: sum
correlation: {type: value_sum, rules: [ok], group-by: [u, a], timespan: 2m, condition: {field: n, gt: 20}}
---
title: mean
correlation: {type: value_avg, rules: [ok], group-by: [u], timespan: 2m, condition: {field: x, gt: 0.7}}
---
title: median
correlation: {type: value_median, rules: [ok], group-by: [u], timespan: 1m, condition: {field: n, gte: 6}}
---
title: rank
correlation: {type: value_percentile, rules: [ok], group-by: [u], timespan: 1m, condition: {field: n, percentile: 20, gte: 5}}
---
title: all together
correlation: {type: temporal, rules: [failed, ok, left], group-by: [u], timespan: 20s}
---
title: one without
correlation: {type: temporal, rules: [failed, left], group-by: [u], timespan: 10s, condition: left and not failed}
---
title: travel
correlation: {type: distance, rules: [ok], group-by: [u], timespan: 3m, condition: {field: [lat, lon], least_km: 2000}}
---
title: not followed
correlation: {type: not_followed, rules: [left, ok], group-by: [u], timespan: 30s}
---
title: first seen
correlation: {type: first_seen, rules: [any], group-by: [u], timespan: 5m, condition: {field: rare, after: 3}}
---
title: silent
correlation: {type: silence, rules: [left], group-by: [u], timespan: 30s, condition: {factor: 3}}
---
title: hole
correlation: {type: missing, rules: [any], group-by: [], timespan: 1d, condition: {field: seq}}
---
title: chain
correlation: {type: hash_chain, rules: [any], group-by: [], timespan: 1d, condition: {field: [before, own]}}
---
title: sessions
correlation: {type: concurrent, rules: [ok, left], group-by: [u], timespan: 1m, condition: {field: sid, more_than: 3, hold: 5s}}
---
title: beside
correlation: {type: overlap, rules: [ok], group-by: [u], timespan: 40s, condition: {field: [sid, ip]}}
---
title: long
correlation: {type: span, rules: [any], group-by: [sid], timespan: 4m}
---
title: long of manies
correlation: {type: span, rules: [many], group-by: [u], timespan: 10m}
---
title: unusual
correlation: {type: baseline, rules: [failed], group-by: [u], timespan: 10m, condition: {gt: 1.5, times: median, per: 1m, enough: 3}}
---
title: unlike peers
correlation: {type: baseline, rules: [failed], group-by: [u], timespan: 10m, condition: {gt: 1.2, times: median, per: 1m, peers: [all], enough: 2}}
";

/// A made-up log of `lines` lines: four accounts, ties, times that go back, lines that are no events, blank ones, CRLF.
fn log(seed: u64, lines: usize, back_ms: u64) -> String {
    let mut chance = Chance(seed);
    let mut next = |below: u64| chance.below(below);
    let mut ms = 1_772_700_000_000u64;
    let mut out = String::new();
    for n in 0..lines {
        ms += [0, 0, 700, 1500, 3000, 40_000][usize::try_from(next(6)).unwrap()] * u64::from(next(9) > 0);
        let at = ms - if next(6) == 0 { next(back_ms + 1) } else { 0 };
        let u = next(4);
        let a = ["f", "f", "f", "s", "s", "q"][usize::try_from(next(6)).unwrap()];
        let (ip, v, sid) = (next(7), next(9), next(5));
        let seq = n as u64 + u64::from(next(50) == 0);
        out.push_str(&format!(
            "{{\"ts\":{at},\"u\":\"u{u}\",\"a\":\"{a}\",\"ip\":\"i{ip}\",\"n\":{v},\"x\":0.{v}{ip},\"sid\":\"s{sid}\",\"seq\":{seq},\
             \"lat\":{},\"lon\":{},\"rare\":\"{}\",\"before\":\"h{n}\",\"own\":\"h{}\",\"all\":1}}",
            next(80), next(170), next(60), n as u64 + 1 + u64::from(next(40) == 0)
        ));
        out.push_str(["\n", "\n", "\r\n", "\n\n"][usize::try_from(next(4)).unwrap()]);
        if next(30) == 0 {
            out.push_str(
                ["not json\n", "{\"ts\":1}\n", "{\"u\":\"u1\"}\n", "{\"ts\":\n"][usize::try_from(next(4)).unwrap()],
            );
        }
    }
    out
}

struct Case {
    folder: tempfile::TempDir,
    lateness_ms: i64,
    /// The field with an event's id; empty where doubles count.
    event_id: &'static str,
}

/// What a run leaves that anybody could see.
type Seen = (String, u64, Vec<Sight>);

impl Case {
    fn new(logs: &[String], lateness_ms: i64) -> (Self, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = logs.iter().enumerate().map(|(n, log)| {
            let path = folder.path().join(format!("{n}.ndjson"));
            std::fs::write(&path, log).unwrap();
            path
        });
        let paths = paths.collect();
        (Self { folder, lateness_ms, event_id: "" }, paths)
    }

    fn whole(&self, paths: &[PathBuf]) -> Seen {
        let plan = self.setup().plan().unwrap();
        let inputs = paths.iter().map(|p| Input::open(p).unwrap()).collect();
        let options = Options { threads: 2, lateness_ms: self.lateness_ms, seed: Seed([3, 4]) };
        let lines = Lines::new(&plan, &names(paths));
        let mut text = String::new();
        let coverage = scan((&plan, &Context::default()), inputs, None, options, &mut |f| lines.write(&f, &mut text));
        let coverage = coverage.unwrap();
        (text, coverage.late, coverage.sources.into_iter().map(|(_, s)| s).collect())
    }

    fn setup(&self) -> Setup {
        Setup {
            version: "1".into(),
            rules: vec![("rules.yml".into(), RULES.into())],
            placeholders: Default::default(),
            time_fields: habeas::events::plan::TIME_FIELDS.map(str::to_owned).to_vec(),
            event_id: self.event_id.to_owned(),
            tables: String::new(),
            lateness_ms: self.lateness_ms,
            seed: String::new(),
        }
    }

    fn slice(&self, parts: &[Part], name: &str, stretch_bytes: usize) -> PathBuf {
        let out = self.folder.path().join(name);
        let (context, setup) = (Context::default(), self.setup());
        let plan = setup.plan().unwrap();
        let making = Making { plan: &plan, context: &context, setup: &setup, seed: Seed::default(), stretch_bytes };
        make(making, parts, &out).unwrap();
        out
    }

    /// Slices of one log between cuts.
    fn slices(&self, path: &Path, cuts: &[u64], stretch_bytes: usize) -> Vec<PathBuf> {
        let ends = cuts.iter().copied().chain([u64::MAX]);
        let starts = [0].into_iter().chain(cuts.iter().copied());
        let name = path.file_name().unwrap().to_string_lossy();
        starts
            .zip(ends)
            .enumerate()
            .map(|(n, (from, to))| {
                self.slice(&[Part { path: path.to_path_buf(), from, to }], &format!("{name}.{n}.slice"), stretch_bytes)
            })
            .collect()
    }
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|p| p.display().to_string()).collect()
}

/// What slices give put together, and how many stretches there were and were left out.
fn merged(slices: &[PathBuf]) -> (Seen, (usize, usize)) {
    let whole = Whole::open(slices).unwrap();
    let plan = whole.setup().unwrap().plan().unwrap();
    let lines = Lines::new(&plan, &whole.files());
    let left_out = whole.left_out(&plan);
    let mut text = String::new();
    let coverage = whole.run(&plan, &mut |f| lines.write(&f, &mut text)).unwrap();
    ((text, coverage.late, coverage.sources.into_iter().map(|(_, s)| s).collect()), left_out)
}

/// Fails with the first line that differs, rather than with both texts.
fn same(merged: &Seen, whole: &Seen, what: &str) {
    let first = merged.0.lines().zip(whole.0.lines()).find(|(a, b)| a != b);
    assert_eq!(first, None, "{what}: merged, whole");
    assert_eq!(merged.0.len(), whole.0.len(), "{what}: merged, whole");
    assert_eq!(format!("{:?}", (&merged.1, &merged.2)), format!("{:?}", (&whole.1, &whole.2)), "{what}");
}

fn cuts(seed: u64, count: usize, size: u64) -> Vec<u64> {
    let mut cuts: Vec<u64> =
        (1..=count as u64).map(|n| Seed([seed, n]).of(&n.to_le_bytes()) as u64 % (size + 1)).collect();
    cuts.sort_unstable();
    cuts
}

#[test]
fn any_number_of_random_cuts_gives_the_bytes_of_the_whole_run() {
    let log = log(11, 3000, 20_000);
    let (case, paths) = Case::new(std::slice::from_ref(&log), 30_000);
    let whole = case.whole(&paths);
    printed_all(&plan(RULES), &whole.0);
    let mut left_out = 0;
    for count in [0, 3, 8, 99] {
        let slices = case.slices(&paths[0], &cuts(5, count, log.len() as u64), 8192);
        let (seen, (stretches, left)) = merged(&slices);
        same(&seen, &whole, &format!("{count} cuts"));
        assert!(stretches > count, "{stretches}");
        left_out += left;
    }
    assert!(left_out > 20, "only {left_out} stretches were left out: the slices' own firings are hardly used");
}

#[test]
fn slices_of_several_logs_go_together_in_any_order() {
    // The second begins while the first goes on; the third comes long after.
    let late = log(3, 400, 0).replace(":17727", ":17728");
    let (case, paths) = Case::new(&[log(1, 900, 5000), log(2, 500, 90_000), late], 10_000);
    let whole = case.whole(&paths);
    let mut slices: Vec<PathBuf> = paths.iter().flat_map(|p| case.slices(p, &[20_000, 70_000], 4096)).collect();
    let (seen, _) = merged(&slices);
    same(&seen, &whole, "nine slices");
    slices[1..].reverse();
    slices.swap(1, 5);
    let (seen, _) = merged(&slices);
    assert_eq!(seen.0.lines().count(), whole.0.lines().count(), "in another order of logs");
    let all: Vec<Part> = paths.iter().map(|path| Part { path: path.clone(), from: 0, to: u64::MAX }).collect();
    let (seen, _) = merged(&[case.slice(&all, "one.slice", 4096)]);
    same(&seen, &whole, "one slice of three logs");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever the disorder, whatever comes too late, wherever the cuts.
    #[test]
    fn cuts_disorder_and_ties_change_nothing(
        seed in any::<u64>(),
        lines in 1usize..250,
        back_ms in prop_oneof![Just(0u64), 1u64..5000, 5000u64..500_000],
        lateness_ms in prop_oneof![Just(0i64), 1i64..4000, 4000i64..1_000_000],
        count in 0usize..12,
        logs in 1usize..3,
        stretch in 300usize..4000,
        event_id in prop_oneof![Just(""), Just("own"), Just("rare")],
    ) {
        let contents: Vec<String> = (0..logs as u64).map(|n| log(seed ^ n, lines, back_ms)).collect();
        let (case, paths) = Case::new(&contents, lateness_ms);
        let case = Case { event_id, ..case };
        let whole = case.whole(&paths);
        let slices: Vec<PathBuf> = paths.iter().zip(&contents)
            .flat_map(|(p, c)| case.slices(p, &cuts(seed, count, c.len() as u64), stretch)).collect();
        same(&merged(&slices).0, &whole, "slices");
    }
}

/// The error of slices that make no whole.
fn refused(slices: &[&PathBuf]) -> String {
    let paths: Vec<PathBuf> = slices.iter().map(|p| (*p).clone()).collect();
    Whole::open(&paths).err().map(|e| e.to_string()).unwrap_or_default()
}

#[test]
fn what_is_no_whole_is_refused_by_name() {
    let (case, paths) = Case::new(&[log(1, 60, 0), log(2, 60, 0)], 0);
    let all = case.slices(&paths[0], &[3000, 6000], 4096);
    let [a, b, c] = &all[..] else { panic!() };
    assert_eq!(refused(&[c, a, b]), "");
    let other = &case.slices(&paths[1], &[3000, 6000], 4096)[1];
    let longer = Case { lateness_ms: 7, ..case };
    let patient = longer.slice(&[Part { path: paths[0].clone(), from: 3000, to: 6000 }], "patient.slice", 4096);
    // The same name, another content from the cut on, as when a log was replaced meanwhile.
    std::fs::write(&paths[0], log(9, 60, 0)).unwrap();
    let case = Case { lateness_ms: 0, ..longer };
    let replaced = case.slice(&[Part { path: paths[0].clone(), from: 3000, to: u64::MAX }], "replaced.slice", 4096);
    let name = |p: &PathBuf| p.display().to_string();
    for (slices, says) in [
        (vec![a, c], vec!["no slice holds the bytes".to_owned(), name(&paths[0])]),
        (vec![b, c], vec!["no slice holds the bytes 0 to".to_owned()]),
        (vec![a, b], vec!["no slice holds".to_owned(), "from byte".to_owned()]),
        (vec![a, b, b, c], vec![format!("`{}` and `{}` both hold", name(b), name(b))]),
        (vec![a, b, c, other], vec!["no slice holds the bytes 0 to".to_owned(), name(&paths[1])]),
        (vec![a, &patient, c], vec![format!("the slice `{}` was made with another --lateness", name(&patient))]),
    ] {
        let error = refused(&slices);
        assert!(says.iter().all(|s| error.contains(s)), "{error}");
    }
    let error = refused(&[a, &replaced]);
    assert!(error.contains("different files") || error.contains("no slice holds"), "{error}");
}

#[test]
fn a_damaged_slice_is_named_and_never_gives_other_firings() {
    let (case, paths) = Case::new(&[log(1, 120, 0)], 0);
    let slice = case.slices(&paths[0], &[], 4096).remove(0);
    let whole = case.whole(&paths).0;
    let bytes = std::fs::read(&slice).unwrap();
    let run = |bytes: &[u8]| {
        std::fs::write(&slice, bytes).unwrap();
        let plan = plan(RULES);
        let whole = Whole::open(std::slice::from_ref(&slice)).map_err(|e| e.to_string())?;
        let lines = Lines::new(&plan, &whole.files());
        let mut text = String::new();
        whole.run(&plan, &mut |f| lines.write(&f, &mut text)).map_err(|e| e.to_string())?;
        Ok::<_, String>(text)
    };
    assert_eq!(run(&bytes).unwrap(), whole);
    for at in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut torn = bytes.clone();
        torn[at] ^= 0x10;
        // What is not read cannot be told from what it was; what is read is right or refused.
        match run(&torn) {
            Ok(text) => assert_eq!(text, whole, "byte {at}"),
            Err(e) => assert!(e.contains(&slice.display().to_string()), "{e}"),
        }
        assert!(run(&bytes[..at]).is_err(), "cut at {at}");
    }
}
