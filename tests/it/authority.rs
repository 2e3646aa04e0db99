//! Authority is granted where somebody signed in or a job was started, and nowhere else.

use std::fs;
use std::path::Path;

/// Whether the module above declares this file for tests only.
fn is_for_tests(path: &Path) -> bool {
    let above = fs::read_to_string(path.with_file_name("mod.rs")).unwrap_or_default();
    above.contains(&format!("#[cfg(test)]\nmod {};", path.file_stem().unwrap().to_string_lossy()))
}

fn named_in(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named_in(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !is_for_tests(&path) {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            if code.contains("authority::grant") || code.contains("grant::{") || code.contains("grant::system(") {
                found.push(path.display().to_string());
            }
        }
    }
}

#[test]
fn only_the_faces_grant_authority() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    named_in(&source, &mut found);
    let faces = ["src/cli/", "src/web/", "src/schedule/", "src/demo/"];
    found.retain(|path| !faces.iter().any(|face| path.contains(face)));
    assert!(found.is_empty(), "only faces may grant authority: {found:?}");
}
