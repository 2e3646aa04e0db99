//! The development letters in six languages, short letters as people write them, and what must not be guessed.

use super::*;
use std::path::Path;

fn lexicon() -> Lexicon {
    Lexicon::embedded().unwrap()
}

/// (file stem, kind, main right)
const TEMPLATES: [(&str, Kind, Option<&str>); 6] = [
    ("access-default", Kind::Request, Some("access")),
    ("erasure-default", Kind::Request, Some("deletion")),
    ("rectification-default", Kind::Request, Some("rectification")),
    ("objection-default", Kind::Request, Some("objection")),
    ("admonition", Kind::Reminder, None),
    ("complaint", Kind::Complaint, None),
];

#[test]
fn the_development_letters_are_recognised() {
    let lexicon = lexicon();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/letters");
    let (mut right, mut all) = (0, 0);
    let mut wrong = Vec::new();
    for language in ["de", "en", "es", "fr", "it", "nl"] {
        for (stem, kind, main) in TEMPLATES {
            let letter = std::fs::read_to_string(folder.join(language).join(format!("{stem}.txt"))).unwrap();
            let got = recognise(&lexicon, &letter);
            let main_ok = main.is_none() || got.rights.first().map(|r| r.right.as_str()) == main;
            let ok = got.kind == kind
                && main_ok
                && got.language.as_deref() == Some(language)
                && got.law.as_deref() == Some("gdpr");
            all += 1;
            right += usize::from(ok);
            if !ok {
                wrong.push(format!(
                    "{language}/{stem}: {:?} {:?} {:?} {:?}",
                    got.kind, got.language, got.law, got.rights
                ));
            }
        }
    }
    println!("letters recognised in full (kind, main right, language, law): {right} of {all}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn letters_that_ask_for_several_rights_name_all_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/letters");
    for language in ["de", "en", "es", "it", "nl"] {
        let letter = std::fs::read_to_string(folder.join(language).join("erasure-default.txt")).unwrap();
        let rights: Vec<_> = recognise(&lexicon(), &letter).rights.into_iter().map(|r| r.right).collect();
        for wanted in ["deletion", "withdrawal", "objection"] {
            assert!(rights.iter().any(|r| r == wanted), "{language}: {wanted} not in {rights:?}");
        }
    }
}

#[test]
fn short_letters_as_people_write_them() {
    let cases = [
        (
            "Hi, please delete my account and all the data you have about me. Thanks, Bob",
            "en",
            Kind::Request,
            "deletion",
        ),
        (
            "Do not sell my personal information. I live in California and this is my right under the CCPA.",
            "en",
            Kind::Request,
            "opt-out",
        ),
        (
            "Hallo, welche Daten haben Sie über mich gespeichert? Ich bitte um Auskunft und eine Kopie.",
            "de",
            Kind::Request,
            "access",
        ),
        (
            "Bitte löschen Sie meine Daten und die meiner Firma, ich möchte nicht mehr in der Kartei sein.",
            "de",
            Kind::Request,
            "deletion",
        ),
        ("Bonjour, je vous demande de supprimer les données que vous avez sur moi.", "fr", Kind::Request, "deletion"),
        ("根据个人信息保护法，请贵公司删除我的手机号码和聊天记录。", "zh-CN", Kind::Request, "deletion"),
        ("本人要求查阅、复制贵公司持有的我的个人信息。", "zh-CN", Kind::Request, "access"),
        (
            "Solicito que apaguem todos os meus dados pessoais de acordo com o artigo 17 do RGPD.",
            "pt",
            Kind::Request,
            "deletion",
        ),
        (
            "Jag begär härmed tillgång till mina personuppgifter enligt artikel 15 GDPR och ber er att svara.",
            "sv",
            Kind::Request,
            "access",
        ),
        (
            "Žádám o přístup k osobním údajům, které se mě týkají, podle článku 15 GDPR, a prosím o odpověď.",
            "cs",
            Kind::Request,
            "access",
        ),
        (
            "Ezúton kérem a rám vonatkozó személyes adatok törlését a GDPR 17. cikk szerint.",
            "hu",
            Kind::Request,
            "deletion",
        ),
        (
            "Niniejszym wnoszę sprzeciw wobec przetwarzania moich danych na potrzeby marketingu bezpośredniego, zgodnie z art. 21 RODO.",
            "pl",
            Kind::Request,
            "objection",
        ),
    ];
    for (letter, language, kind, right) in cases {
        let got = recognise(&lexicon(), letter);
        let main = got.rights.first().map(|r| r.right.as_str());
        assert_eq!((got.language.as_deref(), got.kind, main), (Some(language), kind, Some(right)), "{letter}");
    }
}

#[test]
fn nothing_is_guessed_from_letters_that_ask_for_nothing() {
    for letter in [
        "",
        "Dear team, thank you for the lovely fair in Hamburg. See you next year!",
        "12345",
        "> please delete my data",
    ] {
        let got = recognise(&lexicon(), letter);
        assert_eq!(got.kind, Kind::Unrecognised, "{letter}: {:?}", got.rights);
        assert!(got.rights.is_empty(), "{letter}");
    }
}

/// What is told of the main right.
fn told(letter: &str) -> Vec<(String, Vec<String>)> {
    recognise(&lexicon(), letter).rights.into_iter().map(|r| (r.right, r.words)).collect()
}

#[test]
fn what_was_named_before_and_what_is_misspelt_is_told_as_it_was_read() {
    let one = |right: &str, words: &str| vec![(right.to_owned(), vec![words.to_owned()])];
    assert_eq!(
        told("There is my photo on the wall. I moved out in May. Please delete them."),
        one("deletion", "delet … them (my photo)")
    );
    assert_eq!(
        told("I want my old telefone and all of it deleted from my acount."),
        one("deletion", "delet … my account")
    );
    assert_eq!(told("Bitte macht die Kontolöschung für mich, und das noch heute."), one("deletion", "kontolöschung"));
}

#[test]
fn what_only_sounds_like_a_request_asks_for_nothing() {
    for letter in [
        "Thank you for deleting my account so quickly, and have a nice day.",
        "Please delete my last order, I clicked on it twice.",
        "I want to complain about the toaster that I bought from you.",
        "Thanks, that will do for me.\n\nOn 3 May 2026 at 10:12 Service wrote:\nShall we delete all your data, or is it to be kept?",
    ] {
        assert_eq!(told(letter), [], "{letter}");
    }
    let threat = "I ask you again for a copy of my data, or I will be heard. Otherwise I will make a complaint to the authority.";
    assert_eq!(recognise(&lexicon(), threat).kind, Kind::Reminder);
}

#[test]
fn a_neighbour_of_a_listed_language_is_not_taken_for_it() {
    for letter in [
        "Bon dia, voldria saber quines dades teniu sobre mi i a qui les heu passat. Gràcies, Oriol",
        "Dobar dan, hteo bih da znam šta sve znate o meni. Izbrišite sve, hvala.",
    ] {
        assert_eq!((recognise(&lexicon(), letter).language, told(letter)), (None, vec![]), "{letter}");
    }
}

#[test]
fn the_lists_refuse_a_right_that_no_clock_knows() {
    let yaml = include_str!("../../../regimes/letters.yaml").replacen("deletion:", "erasure:", 1);
    assert!(matches!(Lexicon::parse(&yaml), Err(LexiconError::UnknownRight { .. })));
}
