//! `[organisation]`: the controller that answers requests, as its letters name it.

use super::{ConfigError, value};
use crate::notify::mail::Party;
use serde::{Deserialize, Serialize};

/// The controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    /// Short id, used in the database and the ledger: `a-z`, `0-9`, `-`.
    pub id: String,
    /// Name as in the register.
    pub name: String,
    /// Postal address in one line.
    pub address: String,
    /// Address for answers.
    pub email: String,
    /// Place of establishment, as in `habeas clock list`: DE, DE-NW, GB-ENG, US-CA, CN, ...
    pub place: String,
    /// The data protection officer's address.
    pub dpo: String,
    /// Languages in which it writes, the first by default.
    pub languages: Vec<String>,
    /// Page with the state of a request; https.
    pub status_url: String,
    /// The controller's own way of complaint (UK: DPA 2018 s. 164A); https.
    pub complaint_url: String,
    /// Where a decision can be appealed; https.
    pub appeal_url: String,
    /// Page to opt out of sale and sharing (11 CCR 7026); https.
    pub opt_out_url: String,
    /// The privacy policy; https.
    pub policy_url: String,
    /// Whether this installation is for practice: its clock may be set by `--now`, and `doctor` says so.
    pub rehearsal: bool,
}

impl Default for Organisation {
    fn default() -> Self {
        let none = String::new;
        Self {
            id: "organisation".to_owned(),
            name: none(),
            address: none(),
            email: none(),
            place: none(),
            dpo: none(),
            languages: vec!["en".to_owned()],
            status_url: none(),
            complaint_url: none(),
            appeal_url: none(),
            opt_out_url: none(),
            policy_url: none(),
            rehearsal: false,
        }
    }
}

impl Organisation {
    /// For tests.
    pub fn for_tests() -> Self {
        Self {
            id: "acme".to_owned(),
            name: "Acme GmbH".to_owned(),
            address: "Beispielstraße 1, 50667 Köln".to_owned(),
            email: "privacy@acme.example".to_owned(),
            place: "DE".to_owned(),
            dpo: "dpo@acme.example".to_owned(),
            ..Self::default()
        }
    }

    /// The language for those who said none.
    pub fn first_language(&self) -> &str {
        self.languages.first().map_or("en", String::as_str)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key, reason: String| Err(value("organisation", key, reason));
        if let Err(e) = self.id.parse::<crate::ids::OrganisationId>() {
            return wrong("id", e.to_string());
        }
        for (key, text) in [("name", &self.name), ("place", &self.place)] {
            if text.trim().is_empty() {
                return wrong(key, "is missing; letters and due dates need it".to_owned());
            }
        }
        for (key, text) in [("email", &self.email), ("dpo", &self.dpo)] {
            if Party::new(None, text, key).is_err() {
                return wrong(key, format!("`{text}` is not a mail address; letters must say how to reach you"));
            }
        }
        if self.languages.is_empty() {
            return wrong("languages", "at least one is needed, e.g. [\"en\"]".to_owned());
        }
        for (key, url) in [
            ("status_url", &self.status_url),
            ("complaint_url", &self.complaint_url),
            ("appeal_url", &self.appeal_url),
            ("opt_out_url", &self.opt_out_url),
            ("policy_url", &self.policy_url),
        ] {
            if !url.is_empty() && (!url.starts_with("https://") || url.contains(char::is_whitespace)) {
                return wrong(key, format!("`{url}` does not begin with https://"));
            }
        }
        Ok(())
    }
}
