//! Supervisory authorities: whom a person may complain to, by place.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One authority, as it publishes itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Its name, in its own words.
    pub name: String,
    /// Its postal address, several lines.
    #[serde(default)]
    pub address: Option<String>,
    /// Telephone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Fax.
    #[serde(default)]
    pub fax: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Address of its complaint form.
    #[serde(default)]
    pub webform: Option<String>,
    /// Address of its site.
    #[serde(default)]
    pub web: Option<String>,
    /// Language complaints are written in, where it names one.
    #[serde(default)]
    pub language: Option<String>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<String>,
    /// Where all this was read.
    pub sources: Vec<String>,
}

/// All authorities, and which is competent where.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorities {
    /// By id.
    pub authorities: BTreeMap<String, Authority>,
    /// For a private company established at a place: the ids, the one to name first.
    pub competent: BTreeMap<String, Vec<String>>,
}

impl Authorities {
    /// The authorities to name for a company at `place`, the first being the one to write to.
    ///
    /// A part of a country without an entry of its own is answered for by the whole country.
    pub fn at(&self, place: &str) -> Vec<(&str, &Authority)> {
        let whole = place.split('-').next().unwrap_or(place);
        let ids = self.competent.get(place).or_else(|| self.competent.get(whole));
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.authorities.get_key_value(id))
            .map(|(k, a)| (k.as_str(), a))
            .collect()
    }
}
