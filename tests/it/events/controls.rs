//! All embedded controls over events, together and one by one.

use habeas::catalog::{Catalog, Control, Overrides, embedded_files};
use habeas::engine::detections::{Detector, run_case};
use habeas::engine::run_cases;
use habeas::evidence::Kinds;
use habeas::findings::Verdict;

fn catalog() -> Catalog {
    let (catalog, problems) = Catalog::read(Kinds::embedded().unwrap(), &embedded_files());
    assert!(problems.is_empty());
    catalog
}

#[test]
fn the_rules_of_all_controls_fit_together() {
    let catalog = catalog();
    let all: Vec<&Control> = catalog.controls().filter(|c| c.needs_events()).collect();
    assert!(all.len() >= 8);
    Detector::compile(&all, &Overrides::new()).unwrap();
}

#[test]
fn every_case_over_events_comes_out_as_written_and_in_no_other_way() {
    let catalog = catalog();
    let kinds = Kinds::embedded().unwrap();
    let mut wrong = Vec::new();
    for control in catalog.controls().filter(|c| c.needs_events()) {
        for case in catalog.cases(control) {
            let outcome = run_cases(kinds, control, std::slice::from_ref(case), Some(&run_case)).remove(0);
            if !outcome.passed() {
                wrong.push(format!("{}: {}: {}", control.id, outcome.note, outcome.differences.join("; ")));
            }
            let mut flipped = case.clone();
            flipped.expect.verdict = if case.expect.verdict == Verdict::Fail { Verdict::Pass } else { Verdict::Fail };
            let outcome = run_cases(kinds, control, &[flipped], Some(&run_case)).remove(0);
            assert!(!outcome.passed(), "{}: {} passes with the wrong verdict", control.id, outcome.note);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
