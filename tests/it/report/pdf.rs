//! The report on paper, before it is signed: the same bytes every time, and what other people's programs read in it.

use super::{sample, tools};
use habeas::lang::words;
use habeas::report::pdf::{Fonts, render};
use habeas::report::{Input, Report, build};
use std::path::Path;

fn paper(report: &Report, lang: &str) -> Vec<u8> {
    render(report, words::of(lang).unwrap(), Fonts::embedded().unwrap()).unwrap().bytes
}

fn text_of(bytes: &[u8]) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), bytes);
    let output = tools::run("pdftotext", &["-raw", &path, "-"])?;
    assert!(output.status.success(), "{}", tools::said(&output));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn written(dir: &Path, bytes: &[u8]) -> String {
    let path = dir.join("report.pdf");
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn the_same_report_gives_the_same_bytes_also_in_another_process() {
    let report = sample::report();
    for lang in words::tags() {
        let first = paper(&report, lang);
        assert_eq!(first, paper(&report, lang), "{lang}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("again.pdf");
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "report::pdf::writes_a_report_where_another_test_asks", "--nocapture"])
            .env("HABEAS_TEST_WRITE_TO", &path)
            .env("HABEAS_TEST_LANGUAGE", lang)
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", tools::said(&status));
        assert!(std::fs::read(&path).unwrap() == first, "{lang}: another process wrote other bytes");
    }
}

#[test]
fn writes_a_report_where_another_test_asks() {
    let (Ok(path), Ok(lang)) = (std::env::var("HABEAS_TEST_WRITE_TO"), std::env::var("HABEAS_TEST_LANGUAGE")) else {
        return;
    };
    std::fs::write(path, paper(&sample::report(), &lang)).unwrap();
}

#[test]
fn every_font_is_embedded_subset_and_readable() {
    for lang in words::tags() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), &paper(&sample::report(), lang));
        let Some(output) = tools::run("pdffonts", &[&path]) else { return };
        let table = String::from_utf8(output.stdout).unwrap();
        let fonts: Vec<_> = table.lines().skip(2).collect();
        assert!(fonts.len() >= 2, "{table}");
        for font in fonts {
            let flags: Vec<_> = font.split_whitespace().rev().skip(2).take(3).collect();
            assert_eq!(flags, ["yes", "yes", "yes"], "{font}");
        }
    }
}

#[test]
fn the_file_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), &paper(&sample::report(), "zh-CN"));
    let Some(output) = tools::run("qpdf", &["--check", &path]) else { return };
    assert!(output.status.success() && !tools::said(&output).contains("WARNING"), "{}", tools::said(&output));
}

#[test]
fn the_titles_and_conditions_of_findings_come_back_as_text() {
    let report = sample::report();
    for lang in words::tags() {
        let Some(text) = text_of(&paper(&report, lang)) else { return };
        let text = squeezed(&text);
        for control in &report.controls {
            let title = squeezed(control.title.get(lang));
            assert!(text.contains(&title), "{lang}: {title}");
        }
        for finding in &report.findings {
            let condition = squeezed(finding.says.get(lang));
            assert!(text.contains(&condition) && text.contains(&finding.id), "{lang}: {condition}");
        }
    }
}

#[test]
fn deceiving_and_missing_characters_are_shown_as_their_codes() {
    let mut input = sample::input();
    input.parties.controller = "Evil\u{202e}fdp.exe \u{1f600} 喆镕 \u{2f47}本".to_owned();
    let Some(text) = text_of(&paper(&build(input), "en")) else { return };
    let text = squeezed(&text);
    assert!(text.contains("Evil[U+202E]fdp.exe[U+1F600]喆镕日本"), "{}", text.chars().take(300).collect::<String>());
}

#[test]
fn nothing_active_is_in_the_file_and_only_our_own_attachment() {
    let bytes = paper(&sample::report(), "en");
    let document = lopdf::Document::load_mem(&bytes).unwrap();
    let mut attached = 0;
    for object in document.objects.values() {
        let dict = match object {
            lopdf::Object::Dictionary(d) => d,
            lopdf::Object::Stream(s) => &s.dict,
            _ => continue,
        };
        for key in
            [b"JS".as_slice(), b"JavaScript", b"OpenAction", b"AA", b"Launch", b"XFA", b"RichMedia", b"URI", b"A"]
        {
            let structure = key == b"A" && dict.has_type(b"StructElem");
            assert!(structure || !dict.has(key), "{} in {dict:?}", String::from_utf8_lossy(key));
        }
        attached += usize::from(dict.has_type(b"EmbeddedFile"));
    }
    assert_eq!(attached, 1);
}

#[test]
fn thousands_of_findings_fill_pages_without_losing_one() {
    let mut input: Input = sample::input();
    let findings = &mut input.controls[0].result.findings;
    let first = findings[0].clone();
    for n in 0..1500 {
        findings.push(habeas::findings::Finding { id: format!("HAB-AUT-01-x{n:07}"), ..first.clone() });
    }
    let report = build(input);
    let Some(text) = text_of(&paper(&report, "en")) else { return };
    for finding in &report.findings {
        assert!(text.contains(&finding.id), "{}", finding.id);
    }
}
