//! House rules as tests, so that nobody needs an opinion in review.
//!
//! Every rule is shown to bite on a seeded violation under `tests/fixtures/tidy/` before it is trusted on the tree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest function, in lines from `fn` to its closing brace.
const LONGEST_FUNCTION_LINES: usize = 70;
/// Folder and file names that are a sign of an unmade decision.
const UNMADE_DECISIONS: [&str; 9] = ["util", "utils", "common", "core", "models", "errors", "types", "helpers", "misc"];
/// A crate and the only module that may name it.
const OWNERS: [(&str, &str); 5] =
    [("diesel", "store"), ("actix_web", "web"), ("lettre", "notify"), ("handlebars", "render"), ("printpdf", "report")];
/// Calls that need a reason no module but the named one has.
const CALLS: [(&str, &str); 7] = [
    ("println!", "cli"),
    ("eprintln!", "cli"),
    ("Utc::now", "clock"),
    ("SystemTime::now", "clock"),
    ("env::var", "config"),
    ("todo!", "nowhere"),
    ("unimplemented!", "nowhere"),
];
/// Modules of the pipeline: no files, no sockets, no processes.
const PURE: [&str; 8] = ["expr", "events", "evidence", "catalog", "findings", "engine", "alerts", "requests"];
const IMPURE: [&str; 5] = ["std::fs", "std::net", "std::process", "File::open", "tokio"];

/// Modules that may grant authority: where somebody signed in, or a job was started.
const GRANTING: [&str; 4] = ["cli", "web", "schedule", "demo"];
/// How the constructors of authority are named, the last one where they were imported.
const GRANTS: [&str; 3] = ["authority::grant", "grant::{", "grant::system("];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The source with comments, strings and character literals blanked out, line by line the same.
fn code_only(source: &str) -> String {
    let c: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut i = 0;
    while i < c.len() {
        let end = literal_end(&c, i);
        if end > i {
            out.extend(c[i..end].iter().map(|&ch| if ch == '\n' { '\n' } else { ' ' }));
            i = end;
        } else {
            out.push(c[i]);
            i += 1;
        }
    }
    out
}

/// Where the comment or literal that starts at `i` ends; `i` itself when none starts there.
fn literal_end(c: &[char], i: usize) -> usize {
    let at = |k: usize| c.get(k).copied().unwrap_or('\0');
    match (at(i), at(i + 1)) {
        ('/', '/') => (i..c.len()).find(|&k| c[k] == '\n').unwrap_or(c.len()),
        ('/', '*') => (i + 2..c.len()).find(|&k| at(k) == '*' && at(k + 1) == '/').map_or(c.len(), |k| k + 2),
        ('r', '"' | '#') if i == 0 || !at(i - 1).is_alphanumeric() && at(i - 1) != '_' => raw_string_end(c, i),
        ('"', _) => quoted_end(c, i, '"'),
        ('\'', '\\') => quoted_end(c, i, '\''),
        ('\'', _) if at(i + 2) == '\'' => i + 3,
        _ => i,
    }
}

fn quoted_end(c: &[char], start: usize, quote: char) -> usize {
    let mut k = start + 1;
    while k < c.len() && c[k] != quote {
        k += if c[k] == '\\' { 2 } else { 1 };
    }
    (k + 1).min(c.len())
}

fn raw_string_end(c: &[char], start: usize) -> usize {
    let hashes = c[start + 1..].iter().take_while(|&&x| x == '#').count();
    if c.get(start + 1 + hashes) != Some(&'"') {
        return start;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = start + 2 + hashes;
    (body..c.len()).find(|&k| c[k..].starts_with(&close)).map_or(c.len(), |k| k + close.len())
}

/// The top-level modules in the order in which `lib.rs` lists them.
fn module_order(lib: &str) -> Vec<String> {
    let listed = |l: &str| l.trim().strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned);
    code_only(lib).lines().filter_map(listed).collect()
}

/// Top-level modules that `source` names by `crate::`, grouped and renamed imports included.
fn modules_named(source: &str) -> Vec<(usize, String)> {
    let code = code_only(source);
    let mut named = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        if code[..start].ends_with(|ch: char| ch.is_alphanumeric() || ch == '_') {
            continue;
        }
        let line = code[..start].matches('\n').count() + 1;
        let rest = &code[start + "crate::".len()..];
        let names = if rest.starts_with('{') { group_heads(rest) } else { vec![head(rest)] };
        named.extend(names.into_iter().map(|n| (line, n)));
    }
    named
}

fn head(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn group_heads(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = Vec::new();
    for (i, ch) in text.char_indices() {
        match ch {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 1 && (ch == '{' || ch == ',') {
            heads.push(head(&text[i + 1..]));
        }
        if depth == 0 {
            break;
        }
    }
    heads.retain(|h| !h.is_empty());
    heads
}

fn order_violations(module: &str, source: &str, order: &[String]) -> Vec<String> {
    let place = |m: &str| order.iter().position(|o| o == m);
    let Some(own) = place(module) else { return Vec::new() };
    let below = |(line, named): (usize, String)| {
        let named_at = place(&named)?;
        (named_at > own).then(|| format!("line {line}: `{module}` names `{named}`, which is listed below it in lib.rs"))
    };
    modules_named(source).into_iter().filter_map(below).collect()
}

/// Functions longer than allowed, as (line, name, lines).
fn long_functions(source: &str) -> Vec<(usize, String, usize)> {
    let code = code_only(source);
    let mut long = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        if code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        if let Some(end) = body_end(&code[start..]) {
            let lines = code[start..start + end].matches('\n').count() + 1;
            if lines > LONGEST_FUNCTION_LINES {
                long.push((code[..start].matches('\n').count() + 1, head(&code[start + 3..]), lines));
            }
        }
    }
    long
}

fn body_end(code: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (i, ch) in code.char_indices() {
        match ch {
            ';' if depth == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// The part before the first test module: tests may do what the product may not.
fn without_tests(source: &str) -> &str {
    source.find("#[cfg(test)]").map_or(source, |at| &source[..at])
}

fn owner_violations(module: &str, source: &str) -> Vec<String> {
    let code = code_only(without_tests(source));
    let mut found = Vec::new();
    for (krate, owner) in OWNERS {
        if module != owner && (code.contains(&format!("{krate}::")) || code.contains(&format!("use {krate};"))) {
            found.push(format!("names the crate `{krate}`, which belongs to `{owner}`"));
        }
    }
    for (call, owner) in CALLS {
        if module != owner && code.contains(call) {
            found.push(format!("calls `{call}`, which belongs to `{owner}`"));
        }
    }
    for word in IMPURE.iter().filter(|w| PURE.contains(&module) && code.contains(**w)) {
        found.push(format!("the pipeline does no I/O, but `{module}` names `{word}`"));
    }
    found
}

fn name_violations(path: &Path) -> Vec<String> {
    let stems = path
        .components()
        .map(|c| Path::new(c.as_os_str()).file_stem().unwrap_or_default().to_string_lossy().into_owned());
    stems
        .filter(|s| UNMADE_DECISIONS.contains(&s.as_str()))
        .map(|s| format!("the name `{s}` decides nothing"))
        .collect()
}

fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).unwrap();
    Path::new(relative.iter().next().unwrap()).file_stem().unwrap().to_string_lossy().into_owned()
}

fn report(violations: &[String]) {
    assert!(violations.is_empty(), "{} house rule(s) broken:\n{}", violations.len(), violations.join("\n"));
}

fn check_sources(check: impl Fn(&Path, &str) -> Vec<String>) {
    let mut all = Vec::new();
    for path in files_below(&root().join("src"), ".rs") {
        let source = fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        all.extend(check(&path, &source).into_iter().map(|v| format!("{shown}: {v}")));
    }
    report(&all);
}

#[test]
fn modules_name_only_what_is_listed_above_them() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let order = module_order(&lib);
    assert!(order.len() > 20, "lib.rs lists only {order:?}");
    check_sources(|path, source| order_violations(&module_of(path), without_tests(source), &order));
}

#[test]
fn functions_are_at_most_70_lines() {
    let shown = |(line, name, lines)| format!("line {line}: `{name}` has {lines} lines");
    check_sources(|_, source| long_functions(source).into_iter().map(shown).collect());
}

#[test]
fn crates_and_calls_stay_with_their_owners() {
    check_sources(
        |path, source| {
            if is_test_module(path) { Vec::new() } else { owner_violations(&module_of(path), source) }
        },
    );
}

fn grants(module: &str, source: &str) -> Vec<String> {
    let code = code_only(without_tests(source));
    let granted = GRANTS.iter().filter(|name| !GRANTING.contains(&module) && code.contains(**name));
    granted.map(|name| format!("only faces may grant authority, but `{module}` names `{name}`")).collect()
}

#[test]
fn only_the_faces_grant_authority() {
    check_sources(|path, source| {
        // The module itself holds the constructors.
        let exempt = is_test_module(path) || module_of(path) == "authority";
        if exempt { Vec::new() } else { grants(&module_of(path), source) }
    });
    assert_eq!(grants("flows", "use crate::authority::{System, grant};\nfn f() { grant::system(o); }").len(), 1);
    assert_eq!(grants("store", "use crate::authority::grant::{dpo};").len(), 2);
    assert!(grants("store", "#[cfg(test)]\nmod tests { use crate::authority::grant; }").is_empty());
    assert!(grants("cli", "use crate::authority::grant;").is_empty());
}

/// Whether the module that holds this file declares it for tests alone.
fn is_test_module(path: &Path) -> bool {
    let folder = path.parent().unwrap();
    let parent =
        [folder.join("mod.rs"), folder.with_extension("rs")].into_iter().find_map(|p| fs::read_to_string(p).ok());
    let stem = path.file_stem().unwrap().to_string_lossy();
    parent.is_some_and(|source| source.contains(&format!("#[cfg(test)]\nmod {stem};")))
}

#[test]
fn names_say_what_is_inside() {
    check_sources(|path, _| name_violations(path.strip_prefix(root()).unwrap()));
}

#[test]
fn every_file_says_what_it_is_for() {
    check_sources(|_, source| {
        let told = source.trim_start().starts_with("//!");
        if told { Vec::new() } else { vec!["does not begin with `//!`".to_owned()] }
    });
}

/// Lines that name `unsafe`, or let it in.
fn unsafe_lines(source: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let names = |line: &str| line.split(|c| !is_word(c)).any(|w| matches!(w, "unsafe" | "unsafe_code"));
    code_only(source).lines().zip(1..).filter(|(line, _)| names(line)).map(|(_, n)| n).collect()
}

/// Unsafe code is denied everywhere but in one file, where a measurement asked for it (docs/performance.md): it may only call
/// safe code that needs a processor which was asked for it, or hint at what will be read, and follow no pointer.
#[test]
fn unsafe_code_stays_in_one_place() {
    const PLACES: [(&str, usize); 2] = [("src/events/line/index.rs", 1), ("src/events/line/index/wide.rs", 4)];
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"deny\""), "Cargo.toml no longer denies unsafe code");
    check_sources(|path, source| {
        let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let allowed = PLACES.iter().find(|(place, _)| *place == shown).map_or(0, |(_, lines)| *lines);
        let lines = unsafe_lines(source);
        if lines.len() <= allowed { Vec::new() } else { vec![format!("lines {lines:?} name unsafe code")] }
    });
    let wide = fs::read_to_string(root().join("src/events/line/index/wide.rs")).unwrap();
    for word in ["*const", "*mut", "as_ptr", "transmute", "unchecked", "extern", "static mut"] {
        assert!(!code_only(&wide).contains(word), "`{word}` is more than a call");
    }
}

#[test]
fn paths_named_in_the_documents_exist() {
    let mut missing = Vec::new();
    let mut documents = files_below(&root().join("docs"), ".md");
    documents.push(root().join("README.md"));
    for path in documents.iter().filter(|p| p.exists() && !p.to_string_lossy().contains("/reference/")) {
        let text = fs::read_to_string(path).unwrap();
        for quoted in text.split('`').skip(1).step_by(2) {
            let first = quoted.split('/').next().unwrap_or_default();
            let is_path = quoted.contains('/')
                && !quoted.contains([' ', '<', '*', '{', '$', ':', '|', '(', '…'])
                && [
                    "src",
                    "docs",
                    "controls",
                    "tests",
                    "scripts",
                    "templates",
                    "migrations",
                    "connectors",
                    "regimes",
                    "locales",
                    "assets",
                    "benches",
                ]
                .contains(&first);
            if is_path && !root().join(quoted).exists() {
                missing.push(format!("{}: `{quoted}` does not exist", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    report(&missing);
}

#[test]
fn the_architecture_fits_three_pages() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    assert!(text.lines().count() <= 180, "{} lines are more than three pages", text.lines().count());
}

#[test]
fn both_databases_migrate_alike() {
    let names = |db: &str| {
        let folder = root().join("migrations").join(db);
        let mut n: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().file_name()).collect();
        n.sort();
        n
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

// Every rule bites: one seeded violation of each kind.

fn seeded(name: &str) -> String {
    fs::read_to_string(root().join("tests/fixtures/tidy").join(name)).unwrap()
}

#[test]
fn a_seeded_upward_import_is_caught_also_grouped_and_renamed() {
    let order = ["clock", "engine", "store", "web"].map(String::from);
    let found = order_violations("engine", &seeded("upward_import.rs.txt"), &order);
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn a_seeded_long_function_is_caught_and_one_of_70_lines_is_not() {
    let long = long_functions(&seeded("long_function.rs.txt"));
    assert_eq!(long.iter().map(|(_, n, l)| (n.as_str(), *l)).collect::<Vec<_>>(), [("too_long", 71)]);
}

#[test]
fn seeded_foreign_crates_and_calls_are_caught_but_not_in_comments_strings_or_tests() {
    let found = owner_violations("engine", &seeded("foreign_calls.rs.txt"));
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(owner_violations("engine", &seeded("innocent.rs.txt")).is_empty());
}

#[test]
fn seeded_unsafe_code_is_caught_but_not_in_comments_and_texts() {
    let source = "// unsafe\nfn a() { unsafe { b() } }\n#[allow(unsafe_code)]\nmod c {}\nconst D: &str = \"unsafe\"; fn unsafely() {}\n";
    assert_eq!(unsafe_lines(source), [2, 3]);
}

#[test]
fn a_seeded_undecided_name_is_caught() {
    assert_eq!(name_violations(Path::new("src/engine/utils.rs")).len(), 1);
    assert_eq!(name_violations(Path::new("src/common/page.rs")).len(), 1);
    assert!(name_violations(Path::new("src/engine/evaluate.rs")).is_empty());
}
