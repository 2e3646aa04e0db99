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

const GOOD: &str = include_str!("../../controls/authentication/every-person-signs-in-with-a-second-factor.yaml");
const CASES: &str = include_str!("../../controls/authentication/every-person-signs-in-with-a-second-factor.cases.yaml");
const STEM: &str = "authentication/every-person-signs-in-with-a-second-factor";

/// Everything that is said of a catalog of one control and its cases.
fn said(control: &str, cases: &str) -> String {
    let files = [
        (format!("{STEM}.yaml"), control.as_bytes().to_vec()),
        (format!("{STEM}.cases.yaml"), cases.as_bytes().to_vec()),
    ];
    let (catalog, mut problems) = Catalog::read(Kinds::embedded().unwrap(), &files);
    problems.extend(lint(&catalog));
    lines(&problems)
}

/// The good control with one change.
fn changed(from: &str, to: &str) -> String {
    let changed = GOOD.replacen(from, to, 1);
    assert_ne!(changed, GOOD, "`{from}` is not in the control");
    said(&changed, CASES)
}

#[test]
fn a_mistake_in_a_control_is_told_with_its_place() {
    assert_eq!(said(GOOD, CASES), "");
    for (from, to, wanted) in [
        ("severity: critical", "severity: grave", "unknown variant `grave`"),
        ("severity: critical", "severity: critical\nseverity: low", "duplicate"),
        ("severity: critical", "severity: critical\nseverty: low", "unknown field `severty`"),
        ("id: HAB-AUT-01", "id: AUT-1", "does not read like HAB-AUT-01"),
        ("slug: every-person", "slug: any-person", "the file must be `<family>/any-person"),
        ("status: active", "status: retired", "names the one that replaces it"),
        ("status: active", "status: active\nreplaced_by: HAB-AUT-02", "only a retired control"),
        ("status: active", "status: retired\nreplaced_by: HAB-AUT-99", "there is no control `HAB-AUT-99`"),
        ("32(1)(b)", "32(7)(b)", "do not know `32(7)(b)` in GDPR"),
        ("  gdpr:", "  dsgvo:", "there is no framework `dsgvo`"),
        ("  zh-CN: 所有人员", "  de: 所有人员", "(title): the text in `zh-CN` is missing"),
        ("each: users", "each: people", "there is no `people`"),
        ("each: users", "each: pw.min_len", "must be a collection of the evidence"),
        ("each: users", "each: users.filter(x, x.active)", "must be a collection of the evidence"),
        ("as: user", "as: users", "the name `users` is already taken"),
        ("  as: user\n", "", "`each` and `as` belong together"),
        (
            "user.mfa_enforced ||",
            "user.mfa ||",
            ".yaml:47 (check.require): in `user.mfa || user.id in params.exempt`: `user` has no field `mfa`",
        ),
        ("user.mfa_enforced ||", "user.roles ||", "must be true or false, but it is a list"),
        ("where: user.human", "where: 3 < 'x' && user.human", ".yaml:46 (check.where)"),
        ("params.exempt", "params.exemption", "has no field `exemption`"),
        ("|| user.id in params.exempt", "", "(params.exempt): no expression uses this parameter"),
        ("default: []", "default: 7", "(params.exempt.default): `7` must be a list"),
        ("Account {user.id}", "Account {user.name}", "(check.says.en): in `user.name`"),
        ("Account {user.id}", "Account {user.id", "is never closed"),
        ("show: [user.id,", "show: [user.di,", "(check.show): in `user.di`"),
        ("needs: {users:", "needs: {usres:", "there is no evidence kind `usres`"),
        ("fresh_for_days: 30", "fresh_for_days: -1", "fresh_for_days"),
        ("on: 2026-11-23", "on: 2026-02-30", "`2026-02-30` is not a day"),
        ("check:\n", "check:\n  detect: {}\n", "takes only `name`, `severity` and `says`"),
        ("  require:", "  requires:", "unknown field `requires`"),
    ] {
        let said = changed(from, to);
        assert!(said.contains(wanted) && said.contains(STEM), "{from} -> {to}:\n{said}\n  lacks {wanted}");
    }
}

#[test]
fn a_control_needs_cases_for_pass_fail_and_unknown() {
    let kept = |verdict: &str| {
        let cases: Vec<_> = CASES.split("- note:").filter(|c| !c.contains(&format!("verdict: {verdict}"))).collect();
        said(GOOD, &cases.join("- note:"))
    };
    for verdict in ["pass", "fail", "unknown"] {
        assert!(kept(verdict).contains(&format!("no case expects `{verdict}`")), "{}", kept(verdict));
    }
    let (catalog, _) = Catalog::read(Kinds::embedded().unwrap(), &[(format!("{STEM}.yaml"), GOOD.into())]);
    assert!(lines(&lint(&catalog)).contains("the cases are missing"));
    let (catalog, _) = Catalog::read(Kinds::embedded().unwrap(), &[(format!("{STEM}.cases.yaml"), CASES.into())]);
    assert!(lines(&lint(&catalog)).contains("there is no readable control beside these cases"));
    let twin = [(format!("{STEM}.yaml"), GOOD.into()), ("authentication/twin.yaml".to_owned(), GOOD.into())];
    assert!(lines(&Catalog::read(Kinds::embedded().unwrap(), &twin).1).contains("is already the id of"));
}

/// T35: bombs and ambiguous YAML are errors, quickly and without filling memory.
#[test]
fn hostile_yaml_is_refused() {
    let aliases = (0..30).fold("a0: &a0 [x]\n".to_owned(), |yaml, n| {
        yaml + &format!("a{0}: &a{0} [*a{n}, *a{n}, *a{n}, *a{n}]\n", n + 1)
    });
    for bomb in [
        aliases,
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
        "---\na: 1\n".repeat(2_000),
        format!("title: {{en: {}}}", "x".repeat(1 << 20)),
        format!("check: [{}]", "{},".repeat(60_000)),
        "id: &a x\nslug: *b".to_owned(),
        "id: !!binary aGk=".to_owned(),
        "\u{0}".to_owned(),
        String::new(),
    ] {
        let start: String = bomb.chars().take(20).collect();
        assert!(!said(&bomb, CASES).is_empty(), "{start}");
        assert!(!said(GOOD, &bomb).is_empty(), "{start}");
    }
    // `no` is text where text is wanted (the country), never false.
    let said = said(&GOOD.replace("en: Every person signs in with a second factor", "en: no"), CASES);
    assert_eq!(said, "");
}

#[test]
fn controls_written_for_the_engine_come_out_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/controls");
    let files = habeas::files::read_folder(&folder, &[".yaml"], 1 << 20).unwrap();
    let kinds = Kinds::embedded().unwrap();
    let (catalog, mut problems) = Catalog::read(kinds, &files);
    problems.extend(lint(&catalog));
    assert!(problems.is_empty(), "{}", lines(&problems));
    let outcomes: Vec<_> = catalog.controls().flat_map(|c| run_cases(kinds, c, catalog.cases(c), None)).collect();
    let failed: Vec<_> =
        outcomes.iter().filter(|o| !o.passed()).map(|o| format!("{}: {:?}", o.note, o.differences)).collect();
    assert!(failed.is_empty(), "{}", lines(&failed));
    assert!(outcomes.len() >= 35);
}

#[test]
fn the_reference_pages_are_current() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/controls");
    let on_disk = habeas::files::read_folder(&folder, &[".md"], 1 << 20).unwrap();
    let generated: Vec<_> =
        habeas::catalog::reference_pages(&embedded()).into_iter().map(|(n, t)| (n, t.into_bytes())).collect();
    let stale: Vec<_> = generated.iter().filter(|page| !on_disk.contains(page)).map(|(n, _)| n.as_str()).collect();
    assert!(stale.is_empty(), "run `habeas controls docs`: {} are not current", stale.join(", "));
    let names = |pages: &[(String, Vec<u8>)]| pages.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(&on_disk), names(&generated), "run `habeas controls docs` and remove pages without controls");
}
