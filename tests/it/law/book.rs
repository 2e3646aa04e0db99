//! The law book that is built in is the folder, fits its schemas, and a book with a fault in it is refused with the place of
//! the fault.

use habeas::law::book::Lawbook;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regimes")
}

fn folder() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for below in ["", "calendars"] {
        for entry in fs::read_dir(root().join(below)).unwrap() {
            let path = entry.unwrap().path();
            // `letters.yaml` belongs to the recogniser of letters.
            if path.extension().is_some_and(|e| e == "yaml") && !path.ends_with("letters.yaml") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
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

/// The folder with one piece of text replaced in one file, which must be there.
fn with(file: &str, old: &str, new: &str) -> BTreeMap<String, String> {
    let mut files = folder();
    assert!(files[file].contains(old), "{file} has no `{old}`");
    let text = files[file].replacen(old, new, 1);
    files.insert(file.to_owned(), text);
    files
}

#[test]
fn the_built_in_book_is_the_folder() {
    let (built_in, read) = (Lawbook::built_in().unwrap(), load(&folder()).unwrap());
    assert_eq!(format!("{built_in:?}"), format!("{read:?}"));
    assert_eq!(built_in.authorities.authorities.len(), 60);
}

#[test]
fn every_file_fits_its_schema() {
    for (name, text) in folder() {
        let kind = match name.as_str() {
            "places.yaml" | "vocabulary.yaml" | "phrases.yaml" | "authorities.yaml" | "us-states.yaml" => {
                name.trim_end_matches(".yaml")
            }
            _ if name.starts_with("calendars/") => "calendar",
            _ => "regime",
        };
        let schema: Value =
            serde_json::from_str(&fs::read_to_string(root().join(format!("schema/{kind}.json"))).unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let file: Value = serde_saphyr::from_str(&text).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&file).map(|e| format!("{name} {}: {e}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn a_fault_is_named_with_its_file_and_place() {
    for (file, old, new, expected) in [
        ("ccpa.yaml", "law: CCPA", "law: CCPA\nlaws: CCPA", "`regimes/ccpa.yaml` line 5: unknown field `laws`"),
        ("ccpa.yaml", "law: CCPA", "law: CCPA\nlaw: CCPA", "line 5: duplicate mapping key"),
        ("ccpa.yaml", "id: ccpa", "id: cpa", "field `id`: `cpa` is not the name of the file"),
        ("eu-gdpr.yaml", "unit: months}", "unit: moons}", "unknown variant `moons`"),
        ("eu-gdpr.yaml", "from: received", "from: recieved", "`recieved` is not known; there are: accuracy_contested"),
        (
            "eu-gdpr.yaml",
            "pauses: [identity, scope]",
            "pauses: [identity, skope]",
            "field `clocks.answer.pauses`: `skope`",
        ),
        ("eu-gdpr.yaml", "default: suspend", "default: maybe", "field `policies.eu_id.default`: `maybe` is not among"),
        ("eu-gdpr.yaml", "at_once: true", "at_once: true\n    unknown: true", "exactly one of `within`"),
        ("eu-gdpr.yaml", "    holidays: place\n", "", "field `counting.months`: working days need `holidays`"),
        (
            "eu-gdpr.yaml",
            "clocks: [answer, answer_extended,",
            "clocks: [answer_extended, answer,",
            "must stand before it",
        ),
        ("eu-gdpr.yaml", "places: [AT", "places: [ATL", "`ATL` is not known"),
        ("eu-gdpr.yaml", "title: {en: answer, zh-CN: 答复}", "title: {en: answer}", "the text in `zh-CN` is missing"),
        (
            "pipl.yaml",
            "de: \"Geschäftsgeheimnisse.\", ",
            "",
            "field `contents.refusals.trade-secret`: the text in `de` is missing",
        ),
        ("places.yaml", "Europe/Vienna", "Europe/Wien", "field `AT.zone`: `Europe/Wien` is no IANA zone"),
        ("places.yaml", "calendar: AT", "calendar: AU", "field `AT.calendar`: `AU` is not known"),
        ("vocabulary.yaml", "aliases: [know, copy]", "aliases: [deletion]", "the word `deletion` is used twice"),
        ("authorities.yaml", "AT: [atdsb]", "AT: [atdsc]", "field `competent.AT`: `atdsc` is not known"),
        ("us-states.yaml", "days: {answer: 45", "days: {anser: 45", "names the clock `anser`"),
        ("calendars/DE.yaml", "2026-04-06", "2026-04-05, 2026-04-05", "`2026-04-05` is listed twice"),
        ("calendars/DE.yaml", "2026-04-06", "2046-04-06", "lies outside the years 2020 to 2035"),
        (
            "calendars/CN.yaml",
            "2026-09-20, 2026-10-10]",
            "2026-09-20, 2026-10-12]",
            "`2026-10-12` cannot be a make-up working day",
        ),
    ] {
        let error = load(&with(file, old, new)).err().unwrap_or_else(|| panic!("{file} with `{new}` was accepted"));
        assert!(error.contains(expected), "{file} `{new}`: {error}");
        assert!(error.contains(&format!("regimes/{file}")), "{error}");
    }
    let mut files = folder();
    files.remove("phrases.yaml");
    assert!(load(&files).err().unwrap().contains("`regimes/phrases.yaml` is missing"));
}

#[test]
fn every_sentence_that_the_program_says_is_there_and_every_other_is_gone() {
    let source: String = fs::read_dir(root().join("../src/law/clocks"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let spoken: BTreeSet<&str> = source.split('"').skip(1).step_by(2).collect();
    let book = Lawbook::built_in().unwrap();
    let unspoken: Vec<&str> = book.phrases.all().map(|(key, _)| key).filter(|key| !spoken.contains(key)).collect();
    assert!(unspoken.is_empty(), "no code says: {unspoken:?}");
    for call in [".step(\"", ".find(\"", "Note { code: \"", "Verdict::Nothing(\""] {
        for rest in source.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(book.phrases.all().any(|(known, _)| known == key), "regimes/phrases.yaml lacks `{key}`");
        }
    }
}
