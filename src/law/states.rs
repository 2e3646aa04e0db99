//! The privacy laws of the United States' states, which share one model: a table of their numbers beside the model.
//!
//! A number that nobody told us stays unknown; asking for such a clock says so.

use super::period::Unit;
use super::regime::{Regime, Reviewed, Validity};
use crate::lang::Localised;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file `us-states.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    model: Regime,
    states: Vec<State>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    id: String,
    title: Localised,
    law: String,
    valid: Validity,
    place: String,
    /// Days of each clock of the model; a clock that is not named is unknown.
    days: BTreeMap<String, u32>,
    /// Clocks of the model that the law does not have.
    #[serde(default)]
    without_clocks: Vec<String>,
    /// Rights of the model that the law does not have.
    #[serde(default)]
    without_rights: Vec<String>,
    /// First day of single rights, where it differs from that of the law.
    #[serde(default)]
    rights_from: BTreeMap<String, Validity>,
    /// Free copies in twelve months.
    #[serde(default)]
    free_copies: Option<u32>,
    /// Where the numbers are known from, or that they are not.
    #[serde(default)]
    sources: Vec<String>,
}

impl Table {
    /// One regime for each state.
    pub(super) fn regimes(self) -> Result<Vec<Regime>, String> {
        let model = self.model;
        self.states.into_iter().map(|state| state.regime(model.clone())).collect()
    }
}

impl State {
    fn regime(self, mut regime: Regime) -> Result<Regime, String> {
        for (name, rule) in &mut regime.clocks {
            rule.cite = rule.cite.replace("{law}", &self.law);
            match self.days.get(name) {
                Some(days) => {
                    for span in rule.within.iter_mut().filter(|s| s.unit == Unit::Days) {
                        span.count = *days;
                    }
                }
                None if rule.kind == super::regime::Kind::Deadline => {
                    rule.within.clear();
                    rule.unknown = true;
                    rule.alternatives.clear();
                }
                None => {}
            }
        }
        for name in self.days.keys().chain(&self.without_clocks) {
            if !regime.clocks.contains_key(name) {
                return Err(format!("`{}` names the clock `{name}`, which the model does not have", self.id));
            }
        }
        for name in &self.without_clocks {
            regime.clocks.remove(name);
            for right in regime.rights.values_mut() {
                right.clocks.retain(|c| c != name);
            }
        }
        regime.rights.retain(|name, right| !self.without_rights.contains(name) && !right.clocks.is_empty());
        let rights = &regime.rights;
        regime.contents.keep_rights(|right| rights.contains_key(right));
        for (name, valid) in self.rights_from {
            let right = regime.rights.get_mut(&name);
            right
                .ok_or_else(|| format!("`{}` names the right `{name}`, which the model does not have", self.id))?
                .valid = valid;
        }
        for counting in regime.counting.values_mut() {
            if let Some(first_day) = &mut counting.first_day {
                first_day.cite = first_day.cite.replace("{law}", &self.law);
            }
        }
        match (regime.clocks.get_mut("free_requests"), self.free_copies) {
            (Some(rule), Some(times)) => rule.times = Some(times),
            (Some(rule), None) => (rule.unknown, rule.within) = (true, Vec::new()),
            (None, _) => {}
        }
        regime.receipt.cite = regime.receipt.cite.replace("{law}", &self.law);
        for right in regime.rights.values_mut() {
            right.articles = vec![self.law.clone()];
        }
        let reviewed = Reviewed { on: regime.reviewed.on, sources: self.sources };
        let places = vec![self.place];
        Ok(Regime { id: self.id, title: self.title, law: self.law, valid: self.valid, reviewed, places, ..regime })
    }
}
