//! Answers that give the person something: data, an explanation, or the word that there is none.

use super::Message;
use super::sample::{Scene, day};
use crate::clock::Day;
use crate::notify::letterhead::Family;
use serde::Serialize;

/// A sealed package that the person fetches.
#[derive(Clone, Debug, Serialize)]
pub struct Package {
    /// One-time page; https.
    pub url: String,
    /// Last day for fetching it.
    pub until: Day,
    /// Formats in it, for people.
    pub formats: String,
}

/// A category of data and those to whom it went (11 CCR 7024(k)).
#[derive(Clone, Debug, Serialize)]
pub struct Passed {
    /// Category of data.
    pub category: String,
    /// Categories of third parties or recipients.
    pub to: String,
}

/// How much an access answer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// The data itself.
    Specific,
    /// Categories only.
    Categories,
}

/// The answer to a request for access (GDPR 15; 11 CCR 7024; PIPL 45).
#[derive(Clone, Debug, Serialize)]
pub struct AccessAnswer {
    /// How much is given.
    pub scope: Extent,
    /// The copy; `None` where only categories were asked for.
    pub package: Option<Package>,
    /// Purposes with their legal basis.
    pub purposes: Vec<String>,
    /// Categories of data.
    pub categories: Vec<String>,
    /// Recipients by name, with their country.
    pub recipients: Vec<String>,
    /// How long each is kept.
    pub retention: Vec<String>,
    /// Where the data comes from.
    pub sources: Vec<String>,
    /// Logic and consequences of automated decisions, where there are some.
    pub automated: Option<String>,
    /// Transfers to other countries with their safeguards.
    pub transfers: Vec<String>,
    /// Whether something was blacked out for other people.
    pub redacted: bool,
    /// Whether the copy holds the log of consultations.
    pub log_extract: bool,
    /// California: the period covered, for people.
    pub period: String,
    /// California: categories of third parties.
    pub third_parties: Vec<String>,
    /// California: what was sold or shared, to whom.
    pub sold: Vec<Passed>,
    /// California: what was disclosed for a business purpose, to whom.
    pub disclosed: Vec<Passed>,
    /// California: held, never shown (11 CCR 7024(d)).
    pub withheld: Vec<String>,
    /// California: categories of records that were not searched (11 CCR 7024(c)).
    pub not_searched: Vec<String>,
}

impl AccessAnswer {
    fn sample(scene: &Scene<'_>) -> Self {
        let passed = |to: &str| vec![Passed { category: scene.one("sold_category"), to: scene.one(to) }];
        Self {
            scope: Extent::Specific,
            package: Some(package(scene)),
            purposes: scene.list("purposes"),
            categories: scene.list("categories"),
            recipients: scene.list("recipients"),
            retention: scene.list("retention"),
            sources: scene.list("sources"),
            automated: Some(scene.one("automated")),
            transfers: scene.list("transfers"),
            redacted: true,
            log_extract: true,
            period: scene.one("period"),
            third_parties: scene.list("third_parties"),
            sold: passed("sold_to"),
            disclosed: passed("disclosed_to"),
            withheld: scene.list("withheld"),
            not_searched: scene.list("not_searched"),
        }
    }
}

fn package(scene: &Scene<'_>) -> Package {
    Package {
        url: "https://privacy.musterfirma.example/p/0c41d9".to_owned(),
        until: day(2026, 3, 16),
        formats: scene.one("formats"),
    }
}

impl Message for AccessAnswer {
    const NAME: &'static str = "access-answer";
    const RIGHTS: &'static [&'static str] = &["access", "deceased", "confirmation"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let full = Self::sample(scene);
        let plain = Self {
            recipients: vec![],
            automated: None,
            transfers: vec![],
            redacted: false,
            log_extract: false,
            sold: vec![],
            disclosed: vec![],
            withheld: vec![],
            not_searched: vec![],
            ..full.clone()
        };
        let mut samples = vec![("full", full.clone()), ("plain", plain)];
        if scene.family == Family::Ccpa {
            samples.push(("categories", Self { scope: Extent::Categories, package: None, ..full }));
        }
        samples
    }
}

/// There is no data about the person. Only ever sent to somebody whose identity is verified (T11).
#[derive(Clone, Debug, Serialize)]
pub struct NoData {
    /// Where was searched.
    pub searched: Vec<String>,
    /// By what was searched, in kinds, never in values.
    pub identifiers: Vec<String>,
}

impl Message for NoData {
    const NAME: &'static str = "no-data";
    const RIGHTS: &'static [&'static str] = &[
        "access",
        "deletion",
        "rectification",
        "restriction",
        "portability",
        "cancellation",
        "deceased",
        "confirmation",
    ];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        vec![("none", Self { searched: scene.list("searched"), identifiers: scene.list("identifiers") })]
    }
}

/// The answer to a request for portability (GDPR 20; PIPL 45(3)).
#[derive(Clone, Debug, Serialize)]
pub struct PortabilityAnswer {
    /// The file; `None` when it only went to the other provider.
    pub package: Option<Package>,
    /// Formats, for people.
    pub formats: String,
    /// What it contains.
    pub categories: Vec<String>,
    /// The other provider, where the data was sent directly.
    pub sent_to: Option<String>,
    /// When it was sent.
    pub sent_on: Option<Day>,
}

impl Message for PortabilityAnswer {
    const NAME: &'static str = "portability-answer";
    const RIGHTS: &'static [&'static str] = &["portability"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let fetched = Self {
            package: Some(package(scene)),
            formats: "JSON, CSV".to_owned(),
            categories: scene.list("categories"),
            sent_to: None,
            sent_on: None,
        };
        let sent = Self {
            package: None,
            sent_to: Some(scene.one("sent_to")),
            sent_on: Some(day(2026, 3, 9)),
            ..fetched.clone()
        };
        vec![("fetched", fetched), ("sent", sent)]
    }
}

/// How something works is explained (GDPR 15(1)(h), C-203/22; 11 CCR 7222; PIPL 24(3), 48).
#[derive(Clone, Debug, Serialize)]
pub struct ExplanationAnswer {
    /// What it is for.
    pub purpose: String,
    /// How it works, and what counted for this person.
    pub logic: String,
    /// What came of it.
    pub consequence: String,
    /// What people do in it.
    pub human: String,
}

impl Message for ExplanationAnswer {
    const NAME: &'static str = "explanation-answer";
    const RIGHTS: &'static [&'static str] = &["adm-access", "explanation"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let [purpose, logic, consequence, human] =
            ["purpose", "logic", "consequence", "human"].map(|key| scene.one(key));
        vec![("explained", Self { purpose, logic, consequence, human })]
    }
}
