//! Invented values, so that every letter can be read and checked before one is sent.

use crate::clock::Day;
use crate::lang::Tag;
use crate::law::book::Lawbook;
use crate::notify::letterhead::{Competent, Controller, Family, Letterhead};
use crate::personal::Personal;
use crate::render::mail;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static VALUES: LazyLock<BTreeMap<String, Json>> = LazyLock::new(values);

/// What a sample is for.
pub struct Scene<'a> {
    /// The regime's family of letters.
    pub family: Family,
    /// The right exercised.
    pub right: &'a str,
    values: Option<&'static Json>,
}

impl<'a> Scene<'a> {
    /// A scene under the regime `regime`, with values in the language `lang`.
    pub fn new(regime: &str, right: &'a str, lang: &Tag) -> Self {
        Self { family: Family::of(regime), right, values: VALUES.get(lang).or_else(|| VALUES.get("en")) }
    }

    /// The sample value `key`; the key itself when there is none.
    pub fn one(&self, key: &str) -> String {
        self.values.and_then(|v| v.get(key)).and_then(Json::as_str).unwrap_or(key).to_owned()
    }

    /// The sample list `key`.
    pub fn list(&self, key: &str) -> Vec<String> {
        let items = self.values.and_then(|v| v.get(key)).and_then(Json::as_array).into_iter().flatten();
        items.filter_map(Json::as_str).map(str::to_owned).collect()
    }

    /// A letterhead for this scene.
    pub fn letterhead(&self, book: &Lawbook, regime: &str) -> Letterhead {
        let place = match self.family {
            Family::Eu => "DE-NW",
            Family::Uk => "GB-ENG",
            Family::Ccpa => "US-CA",
            Family::Pipl => "CN",
            Family::Other => book.regimes.get(regime).and_then(|r| r.places.first()).map_or("", String::as_str),
        };
        let law = book.regimes.get(regime);
        let link = |path: &str| Some(format!("https://privacy.musterfirma.example/{path}"));
        Letterhead {
            regime: regime.to_owned(),
            law_title: law.map(|r| r.title.get("en").to_owned()).unwrap_or_default(),
            right: self.right.to_owned(),
            case: "HB-2026-0417".to_owned(),
            received_on: day(2026, 3, 5),
            written_on: day(2026, 3, 9),
            addressee: Some(Personal::new(self.one("addressee"))),
            controller: Controller {
                name: "Musterfirma GmbH".to_owned(),
                address: Some("Beispielstraße 1, 50667 Köln".to_owned()),
                email: "privacy@musterfirma.example".to_owned(),
            },
            dpo: Some("dpo@musterfirma.example".to_owned()),
            authority: book.authorities.at(place).first().map(|(_, a)| Competent::from(*a)),
            status_url: link("s/4f7c2a90b1"),
            complaint_url: link("complaint"),
            appeal_url: link("appeal/4f7c2a90b1"),
        }
    }
}

fn values() -> BTreeMap<String, Json> {
    let lang = |path: &str| Some(path.strip_prefix("samples/")?.strip_suffix(".yaml")?.to_owned());
    let files = mail::embedded().into_iter();
    files.filter_map(|(path, text)| Some((lang(&path)?, serde_saphyr::from_str(&text).ok()?))).collect()
}

/// A day of which the caller knows that it exists.
pub(super) fn day(year: i32, month: u32, day: u32) -> Day {
    #[expect(
        clippy::expect_used,
        reason = "the callers name days of 2026 and 2027 that exist; a test writes every sample"
    )]
    Day::new(year, month, day).expect("the samples name days that exist")
}
