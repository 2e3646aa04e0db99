//! What holds for all templates and files of sentences.

use super::*;

#[test]
fn every_language_has_the_same_files_keys_and_values() {
    let files = embedded();
    let letters = letters().unwrap();
    let langs: Vec<&str> = letters.langs().collect();
    assert_eq!(langs, ["de", "en", "fr", "zh-CN"]);
    let folders: BTreeSet<_> = files.keys().filter_map(|p| p.split_once('/')).map(|(folder, _)| folder).collect();
    let values = |text: &str| {
        let parts = text.split("{{").skip(1).filter_map(|p| p.split("}}").next());
        parts.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let read = |folder: &str, lang: &str| {
        let source =
            files.get(&format!("{folder}/{lang}.yaml")).unwrap_or_else(|| panic!("{folder} lacks {lang}.yaml"));
        let mut texts = BTreeMap::new();
        crate::lang::words::flatten("", &serde_saphyr::from_str(source).unwrap(), &mut texts);
        texts
    };
    for folder in folders.into_iter().filter(|f| *f != "frame") {
        let english = read(folder, "en");
        for lang in &langs {
            let other = read(folder, lang);
            let keys = |t: &BTreeMap<String, String>| t.keys().cloned().collect::<BTreeSet<_>>();
            let differing: Vec<_> = keys(&english).symmetric_difference(&keys(&other)).cloned().collect();
            assert!(differing.is_empty(), "{folder}: en and {lang} differ in {differing:?}");
            for (key, text) in &english {
                assert_eq!(values(text), values(&other[key]), "{folder}/{lang}.yaml: {key}");
                let plain = !other[key].contains(['<', '>', '&']) && !other[key].trim().is_empty();
                assert!(plain, "{folder}/{lang}.yaml: {key} is empty or holds markup");
            }
        }
    }
}

#[test]
fn templates_print_escaped_link_only_by_tag_and_form_no_circle() {
    let files = embedded();
    let calls = |text: &str| {
        let parts = text.split("{{>").skip(1).filter_map(|p| p.split([' ', '}']).find(|w| !w.is_empty()));
        parts.map(|p| format!("{}.hbs", p.trim_end_matches(".hbs"))).collect::<BTreeSet<_>>()
    };
    let graph: BTreeMap<_, _> = files.iter().map(|(path, text)| (path.clone(), calls(text))).collect();
    for (path, text) in &files {
        assert!(!text.contains("{{{") && !text.contains("{{&"), "{path} prints unescaped");
        for raw in ["href", "src=", "<script", "onclick", "javascript:", "url(", "@import"] {
            assert!(!text.contains(raw), "{path} holds {raw}");
        }
        let mut seen = BTreeSet::new();
        let mut next: Vec<_> = graph[path].iter().cloned().collect();
        while let Some(name) = next.pop() {
            assert_ne!(&name, path, "{path} includes itself");
            if seen.insert(name.clone()) {
                next.extend(graph.get(&name).into_iter().flatten().cloned());
            }
        }
    }
}

#[test]
fn a_missing_value_or_sentence_is_an_error() {
    let letters = letters().unwrap();
    let which = Which { message: "no-data", lang: "en" };
    assert!(letters.write(which, &serde_json::json!({})).unwrap_err().to_string().contains("no-data"));
    assert!(letters.with("no-data/letter.hbs", "{{{case}}}").is_err());
    for wrong in
        ["{{nothing}}", "{{p \"nothing\"}}", "{{#if nothing}}x{{/if}}", "{{day case}}", "{{link \"title\" to=case}}"]
    {
        let broken = letters.with("no-data/letter.hbs", wrong).unwrap();
        let context = serde_json::json!({"case": "x", "controller": {"name": "n", "address": null}});
        assert!(broken.write(which, &context).is_err(), "{wrong}");
    }
}

#[test]
fn a_letter_without_end_is_stopped() {
    let letters = letters()
        .unwrap()
        .with(
            "no-data/letter.hbs",
            "{{#each list}}{{#each @root.list}}{{#each @root.list}}{{p \"title\"}}{{/each}}{{/each}}{{/each}}",
        )
        .unwrap();
    let list: Vec<u8> = vec![0; 200];
    let context = serde_json::json!({"case": "x", "controller": {"name": "n", "address": null}, "list": list});
    let stopped = letters.write(Which { message: "no-data", lang: "en" }, &context);
    assert_eq!(stopped, Err(LetterError::TooLong { message: "no-data".to_owned() }));
}
