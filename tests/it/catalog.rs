//! Every embedded control is complete, and every one of its cases comes out as written.

use habeas::catalog::{Catalog, embedded_files, lint};
use habeas::engine::run_cases;
use habeas::evidence::Kinds;
use habeas::findings::Verdict;

fn embedded() -> Catalog {
    let (catalog, problems) = Catalog::read(Kinds::embedded().unwrap(), &embedded_files());
    assert!(problems.is_empty(), "{}", lines(&problems));
    catalog
}

fn lines<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_embedded_controls_have_no_problems() {
    let problems = lint(&embedded());
    assert!(problems.is_empty(), "{}", lines(&problems));
}

#[test]
fn every_case_over_facts_comes_out_as_written() {
    let catalog = embedded();
    let kinds = Kinds::embedded().unwrap();
    let mut failed = Vec::new();
    for control in catalog.controls().filter(|c| !c.needs_events()) {
        for outcome in run_cases(kinds, control, catalog.cases(control), None) {
            if !outcome.passed() {
                failed.push(format!("{}: {}: {}", control.id, outcome.note, outcome.differences.join("; ")));
            }
        }
    }
    assert!(failed.is_empty(), "{}", lines(&failed));
}

/// The runner itself must be able to fail: a case with any other verdict than the right one has to be told.
#[test]
fn a_case_with_another_verdict_fails() {
    let catalog = embedded();
    let kinds = Kinds::embedded().unwrap();
    let mut flipped = 0;
    for control in catalog.controls().filter(|c| !c.needs_events()) {
        for case in catalog.cases(control) {
            for wrong in Verdict::ALL.into_iter().filter(|v| *v != case.expect.verdict) {
                let mut case = case.clone();
                case.expect.verdict = wrong;
                let outcomes = run_cases(kinds, control, &[case], None);
                assert!(outcomes.iter().all(|o| !o.passed()), "{} accepts {}", control.id, wrong.word());
                flipped += 1;
            }
        }
    }
    assert!(flipped > 0);
}

#[test]
fn the_embedded_files_are_those_of_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("controls");
    let mut on_disk = habeas::files::read_folder(&folder, &[".yaml"], 1 << 20).unwrap();
    on_disk.retain(|(path, _)| !path.starts_with("schema/"));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(&embedded_files()), names(&on_disk));
    assert_eq!(embedded_files(), on_disk);
}
