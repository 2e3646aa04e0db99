//! How letters read: dates in words, no personal data in subjects, nothing that data could smuggle in.

use super::*;
use crate::law::book::Lawbook;
use crate::notify::contents::places;
use crate::personal::Personal;

fn written(message: &str, regime: &str, right: &str, lang: &str) -> Letter {
    let book = Lawbook::built_in().unwrap();
    let scene = Scene::new(regime, right, lang);
    let kind = Kind::named(message).unwrap();
    let sample = kind.samples(&scene).unwrap().remove(0).1;
    kind.write(letters().unwrap(), &scene.letterhead(&book, regime), sample, lang).unwrap()
}

#[test]
fn dates_are_written_out_in_the_language() {
    for (lang, regime, date) in [
        ("en", "eu-gdpr", "7 April 2026"),
        ("en", "ccpa", "April 7, 2026"),
        ("de", "eu-gdpr", "7. April 2026"),
        ("fr", "eu-gdpr", "7 avril 2026"),
        ("zh-CN", "pipl", "2026年4月7日"),
    ] {
        let letter = written("acknowledgement", regime, "access", lang);
        let flat = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(date) && letter.html.contains(date), "{lang}: {flat}");
    }
}

#[test]
fn subjects_hold_the_reference_and_nothing_personal() {
    let book = Lawbook::built_in().unwrap();
    for place in places(letters().unwrap(), &book).into_iter().filter(|p| ["eu-gdpr", "ccpa"].contains(&p.regime)) {
        let scene = Scene::new(place.regime, place.right, place.lang);
        let head = scene.letterhead(&book, place.regime);
        for (_, message) in place.kind.samples(&scene).unwrap() {
            let letter = place.kind.write(letters().unwrap(), &head, message, place.lang).unwrap();
            assert!(letter.subject.starts_with(&head.case), "{}", letter.subject);
            let name = scene.one("addressee");
            assert!(
                !letter.subject.contains(&name) && !letter.subject.contains('@') && letter.subject.chars().count() < 78
            );
        }
    }
}

#[test]
fn what_comes_from_data_is_text_and_forges_no_line() {
    let book = Lawbook::built_in().unwrap();
    let scene = Scene::new("eu-gdpr", "access", "en");
    let mut head = scene.letterhead(&book, "eu-gdpr");
    let attack =
        "<img src=x onerror=alert(1)>\r\nPay here: x\u{202E}\u{E000}case-id\u{E001} {{case}} \" onmouseover='x'";
    head.addressee = Some(Personal::new(attack.to_owned()));
    head.case = attack.to_owned();
    head.controller.name = attack.to_owned();
    let (_, mut message) = Kind::of::<AccessAnswer>().samples(&scene).unwrap().remove(0);
    message["purposes"] = serde_json::json!([attack]);
    let letter = Kind::of::<AccessAnswer>().write(letters().unwrap(), &head, message, "en").unwrap();
    assert!(!letter.html.contains("<img") && !letter.html.contains("' onmouseover") && letter.html.contains("&lt;img"));
    assert!(
        !letter.text.contains("\nPay here") && !letter.text.contains('\u{202E}') && !letter.text.contains('\u{E000}')
    );
    assert!(!letter.subject.contains(['\r', '\n']) && letter.text.contains("{{case}}"));
    head.status_url = Some("javascript:alert(1)".to_owned());
    assert!(write(&head, &NoData { searched: vec![], identifiers: vec![] }, "en").is_err());
}

#[test]
fn both_forms_are_whole_and_load_nothing() {
    for kind in KINDS.into_iter().chain([STAFF]) {
        let book = Lawbook::built_in().unwrap();
        let right = kind.rights.first().copied().unwrap_or("access");
        let regime = if kind.name == "opt-out-confirmation" { "ccpa" } else { "uk-gdpr" };
        let scene = Scene::new(regime, right, "en");
        let head = scene.letterhead(&book, regime);
        let samples = kind.samples(&scene).unwrap();
        assert!(!samples.is_empty(), "{} has no samples", kind.name);
        for (_, message) in samples {
            let letter = kind.write(letters().unwrap(), &head, message, "en").unwrap();
            assert!(letter.html.starts_with("<!doctype html>") && letter.html.trim_end().ends_with("</html>"));
            assert!(!letter.html.contains(" src=") && !letter.html.contains("<script"), "{}", kind.name);
            for tag in ["p", "ul", "li", "table", "h2", "main"] {
                let open =
                    letter.html.matches(&format!("<{tag}>")).count() + letter.html.matches(&format!("<{tag} ")).count();
                assert_eq!(open, letter.html.matches(&format!("</{tag}>")).count(), "{}: {tag}", kind.name);
            }
            assert!(letter.text.lines().all(|l| l.chars().count() <= 76 || l.contains("https://")), "{}", letter.text);
        }
    }
}

#[test]
fn the_language_is_the_nearest_there_is() {
    for (asked, written) in
        [("de-AT", "de"), ("zh", "zh-CN"), ("ZH_hans", "zh-CN"), ("fr", "fr"), ("nl", "en"), ("", "en")]
    {
        assert_eq!(language(asked), written, "{asked}");
    }
}

#[test]
fn staff_are_told_nothing_about_the_person() {
    let letter = written("staff-task", "eu-gdpr", "deletion", "de");
    for secret in ["Alex", "Löschung personenbezogener", "@", "Auskunft"] {
        assert!(!letter.text.contains(secret), "{secret}: {}", letter.text);
    }
    let told = written("recipient-notice", "eu-gdpr", "deletion", "en");
    assert!(!told.text.contains("Alex") && !told.text.contains("Your request"));
}
