//! What the catalog promises beyond each file being readable.

use super::control::{CheckKind, Control, Status};
use super::load::Catalog;
use super::yaml::Problem;
use crate::findings::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// The verdicts that every control must have a case for.
const CASES_FOR: [Verdict; 3] = [Verdict::Pass, Verdict::Fail, Verdict::Unknown];

/// Problems of a catalog that each file alone does not show, in order of files.
pub fn lint(catalog: &Catalog) -> Vec<Problem> {
    let mut problems: Vec<Problem> = catalog.controls().flat_map(|c| control(catalog, c)).collect();
    let mut slugs: BTreeMap<&str, &str> = BTreeMap::new();
    for c in catalog.controls() {
        if let Some(first) = slugs.insert(&c.slug, &c.file) {
            problems.push(Problem::new(&c.file, "slug", format!("`{}` is already the slug of `{first}`", c.slug)));
        }
    }
    for stem in catalog.orphans() {
        problems.push(Problem::new(
            &format!("{stem}.cases.yaml"),
            "",
            "there is no readable control beside these cases",
        ));
    }
    problems.sort();
    problems
}

fn control(catalog: &Catalog, control: &Control) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut note = |field: &str, reason: String| problems.push(Problem::new(&control.file, field, reason));
    if !is_id(&control.id) {
        note("id", format!("`{}` does not read like HAB-AUT-01", control.id));
    }
    if control.file != format!("{}/{}.yaml", control.family, control.slug) {
        note("slug", format!("the file must be `<family>/{}.yaml`", control.slug));
    }
    match (control.status, &control.replaced_by) {
        (Status::Retired, None) => note("replaced_by", "a retired control names the one that replaces it".to_owned()),
        (Status::Active, Some(_)) => note("replaced_by", "only a retired control is replaced".to_owned()),
        (_, Some(by)) if catalog.get(by).is_none() => note("replaced_by", format!("there is no control `{by}`")),
        _ => {}
    }
    if control.answers.is_empty() {
        note("answers", "a control answers at least one provision".to_owned());
    }
    if control.checks.is_empty() {
        note("check", "a control has at least one check".to_owned());
    }
    let names: BTreeSet<_> = control.checks.iter().map(|c| &c.name).collect();
    if names.len() != control.checks.len() {
        note("check", "two checks have the same name".to_owned());
    }
    for param in unused(control) {
        note(&format!("params.{param}"), "no expression uses this parameter".to_owned());
    }
    let cases = catalog.cases(control);
    if cases.is_empty() {
        note(
            "",
            format!("the cases are missing: write `{}.cases.yaml` beside it", control.file.trim_end_matches(".yaml")),
        );
    } else {
        for verdict in CASES_FOR.iter().filter(|v| !cases.iter().any(|c| c.expect.verdict == **v)) {
            note("", format!("no case expects `{}`", verdict.word()));
        }
    }
    problems
}

/// `HAB-`, three capital letters, a dash, two digits.
fn is_id(id: &str) -> bool {
    let mut parts = id.split('-');
    let family = |p: &str| p.len() == 3 && p.chars().all(|c| c.is_ascii_uppercase());
    let number = |p: &str| p.len() == 2 && p.chars().all(|c| c.is_ascii_digit());
    parts.next() == Some("HAB")
        && parts.next().is_some_and(family)
        && parts.next().is_some_and(number)
        && parts.next().is_none()
}

/// Parameters that nothing reads.
fn unused(control: &Control) -> Vec<&str> {
    let mut read: BTreeSet<String> = BTreeSet::new();
    let mut rules = String::new();
    let whole = control.applies.as_ref().map(|a| &a.when);
    read.extend(whole.into_iter().flat_map(|p| p.paths().iter().cloned()));
    for check in &control.checks {
        match &check.kind {
            CheckKind::Facts(facts) => facts.programs().iter().for_each(|p| read.extend(p.paths().iter().cloned())),
            CheckKind::Detect(detect) => {
                rules.push_str(&detect.rules.to_string());
                detect.says.tags().for_each(|t| rules.push_str(detect.says.get(t)));
            }
        }
    }
    let used = |name: &str| read.contains(&format!("params.{name}")) || rules.contains(&format!("params.{name}"));
    control.params.keys().map(String::as_str).filter(|name| !used(name)).collect()
}
