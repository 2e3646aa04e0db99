//! The law book that is built in is the folder, and a book with a fault in it is refused with the place of the fault.

use habeas::law::book::Lawbook;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub fn folder() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("regimes");
    let mut files = BTreeMap::new();
    for below in ["", "calendars"] {
        for entry in fs::read_dir(root.join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "yaml") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    files
}

fn load(files: &BTreeMap<String, String>) -> Result<Lawbook, String> {
    let sources: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Lawbook::load(&sources).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_built_in_book_is_the_folder() {
    let (built_in, read) = (Lawbook::built_in().unwrap(), load(&folder()).unwrap());
    assert_eq!(format!("{built_in:?}"), format!("{read:?}"));
}

#[test]
fn a_fault_is_named_with_its_file_and_line() {
    let mut files = folder();
    let text = files["ccpa.yaml"].replace("law: CCPA", "law: CCPA\nlaws: CCPA");
    files.insert("ccpa.yaml".to_owned(), text);
    let error = load(&files).unwrap_err();
    assert!(error.contains("`regimes/ccpa.yaml` line 5") && error.contains("laws"), "{error}");
}
