//! What every letter says beside its message: reference, dates, law, controller, authority, ways to complain.
//!
//! The person's name is kept `Personal` until the letter is written to that person.

use crate::clock::Day;
use crate::law::authority::Authority;
use crate::personal::{Personal, Purpose};
use crate::render::mail::{Letters, Which};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// The laws whose letters have sentences of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// GDPR.
    Eu,
    /// UK GDPR.
    Uk,
    /// California.
    Ccpa,
    /// China.
    Pipl,
    /// Every other law: general sentences.
    Other,
}

impl Family {
    /// The family of the regime `id`, e.g. `eu-gdpr`.
    pub fn of(id: &str) -> Self {
        match id {
            "eu-gdpr" => Self::Eu,
            "uk-gdpr" => Self::Uk,
            "ccpa" => Self::Ccpa,
            "pipl" => Self::Pipl,
            _ => Self::Other,
        }
    }

    /// Its name in the templates.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Uk => "uk",
            Self::Ccpa => "ccpa",
            Self::Pipl => "pipl",
            Self::Other => "other",
        }
    }
}

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Controller {
    /// Name as in the register.
    pub name: String,
    /// Postal address in one line.
    pub address: Option<String>,
    /// Address for answers.
    pub email: String,
}

/// The authority to which the person may complain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Competent {
    /// Its name in its own words.
    pub name: String,
    /// Postal address in one line.
    pub address: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Address of its site; only https is linked.
    pub web: Option<String>,
}

impl From<&Authority> for Competent {
    fn from(a: &Authority) -> Self {
        let address = a.address.as_ref().map(|t| t.lines().map(str::trim).collect::<Vec<_>>().join(", "));
        let web = a.web.clone().or_else(|| a.webform.clone()).filter(|w| w.starts_with("https://"));
        Self { name: a.name.clone(), address, email: a.email.clone(), web }
    }
}

/// Everything that the letters of one request share.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// Id of the regime, e.g. `eu-gdpr`.
    pub regime: String,
    /// Name of the law, for regimes without sentences of their own.
    pub law_title: String,
    /// The right exercised, as in `regimes/vocabulary.yaml`.
    pub right: String,
    /// Reference that the person may quote; holds nothing personal.
    pub case: String,
    /// Day of receipt at the place of the regime.
    pub received_on: Day,
    /// Day of this letter.
    pub written_on: Day,
    /// The name by which the person is addressed.
    pub addressee: Option<Personal<String>>,
    /// Who writes.
    pub controller: Controller,
    /// How to reach the data protection officer.
    pub dpo: Option<String>,
    /// Whom to complain to.
    pub authority: Option<Competent>,
    /// Page with the state of the request; https.
    pub status_url: Option<String>,
    /// The controller's own way of complaint; https.
    pub complaint_url: Option<String>,
    /// Where a decision can be appealed at the controller; https.
    pub appeal_url: Option<String>,
}

impl Letterhead {
    /// The regime's family of letters.
    pub fn family(&self) -> Family {
        Family::of(&self.regime)
    }

    /// The values for a letter, without characters that could pass for something else.
    pub(super) fn values(&self, letters: &Letters, which: Which<'_>, message: Json) -> Json {
        let family = self.family();
        let addressee = self.addressee.as_ref().map(|a| a.reveal_for(Purpose::AnswerToSubject));
        let mut values = as_map(json!({
            "regime": self.regime, "family": family.key(), "law_title": self.law_title, "right": self.right,
            "is_gdpr": matches!(family, Family::Eu | Family::Uk), "is_uk": family == Family::Uk,
            "is_ccpa": family == Family::Ccpa, "is_pipl": family == Family::Pipl, "is_other": family == Family::Other,
            "case": self.case, "received_on": self.received_on, "written_on": self.written_on, "addressee": addressee,
            "controller": self.controller, "dpo": self.dpo, "authority": self.authority,
            "status_url": self.status_url, "complaint_url": self.complaint_url, "appeal_url": self.appeal_url,
        }));
        let says = |key: String, values: &Map<String, Json>| {
            letters.sentence(which, &key, &Json::Object(values.clone())).unwrap_or_else(|| self.law_title.clone())
        };
        values.insert("law_name".to_owned(), says(format!("law.{}", family.key()), &values).into());
        values.insert("right_name".to_owned(), says(format!("right.{}", self.right), &values).into());
        values.extend(as_map(message));
        plain(Json::Object(values))
    }
}

fn as_map(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Values without line breaks, controls, direction marks and private characters: none can forge a line or a mark.
fn plain(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(text.chars().map(|c| if may_deceive(c) { ' ' } else { c }).collect()),
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(fields) => Json::Object(fields.into_iter().map(|(k, v)| (k, plain(v))).collect()),
        other => other,
    }
}

fn may_deceive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}' | '\u{E000}'..='\u{F8FF}')
}
