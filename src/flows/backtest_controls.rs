//! How often controls over logs would have fired on old logs, as they are and with other parameters.

use crate::alerts::staff::PseudonymKey;
use crate::catalog::{Control, Overrides};
use crate::clock::{Day, Timestamp};
use crate::connectors::logs::{Input, LogError, Options, scan};
use crate::connectors::mapping::{Hints, Mapping, MappingError};
use crate::engine::detections::{DetectError, Detector};
use crate::events::batch::Firing;
use crate::events::coverage::Sight;
use crate::events::hash::Seed;
use crate::events::memory::LATENESS_MS;
use crate::events::output::key_object;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What is to be run.
pub struct Request<'a> {
    /// The controls, all of them over events.
    pub controls: Vec<&'a Control>,
    /// Parameters to compare with the controls' own; empty to run them as they are.
    pub overrides: Overrides,
    /// Logs.
    pub events: Vec<PathBuf>,
    /// The product whose mapping reads them; `None` for canonical events.
    pub connector: Option<String>,
    /// Tables that rules look rows up in, by evidence kind.
    pub tables: BTreeMap<String, Json>,
    /// First day that counts. Events before it are read all the same, so that windows are full.
    pub from: Option<Day>,
    /// Last day that counts.
    pub to: Option<Day>,
    /// Makes the pseudonyms of whoever the firings are about.
    pub key: PseudonymKey,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// A log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The mapping cannot be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The rules, with these parameters, are not accepted.
    #[error(transparent)]
    Rules(#[from] DetectError),
    /// There is no mapping for the product.
    #[error("no mapping of logs is known for `{0}`; `habeas events map --help` tells which are")]
    NoConnector(String),
}

/// Firings, and whom they were about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Firings.
    pub firings: u64,
    /// Pseudonyms of the groups that fired.
    pub who: BTreeSet<String>,
}

/// One control on the logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Its id.
    pub control: String,
    /// Parameters that differ: name, own value, value given.
    pub changed: Vec<(String, String, String)>,
    /// By day: as it is, and with the parameters given.
    pub days: BTreeMap<Day, (Count, Count)>,
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    /// The controls, in order of their ids.
    pub controls: Vec<Tested>,
    /// Whether other parameters were given.
    pub compared: bool,
    /// What the logs hold.
    pub sight: Sight,
    /// Tables that rules wanted and that were not given: those rules cannot match.
    pub absent: BTreeSet<String>,
}

/// Runs the controls over the logs, once as they are and, when parameters are given, once with those.
pub fn backtest_controls(request: &Request<'_>) -> Result<Outcome, BacktestError> {
    let compared = !request.overrides.is_empty();
    let mut controls: BTreeMap<String, Tested> =
        request.controls.iter().map(|c| (c.id.clone(), tested(c, &request.overrides))).collect();
    let (sight, absent) = run(request, &Overrides::new(), &mut |control, day, who| {
        count(&mut controls, control, day, who, false);
    })?;
    if compared {
        run(request, &request.overrides, &mut |control, day, who| count(&mut controls, control, day, who, true))?;
    }
    Ok(Outcome { controls: controls.into_values().collect(), compared, sight, absent })
}

fn tested(control: &Control, overrides: &Overrides) -> Tested {
    let given = overrides.get(&control.id);
    let own = |name: &String| control.params.get(name).map_or_else(String::new, |p| p.default.to_string());
    let changed = given.into_iter().flatten().map(|(name, value)| (name.clone(), own(name), value.to_string()));
    Tested { control: control.id.clone(), changed: changed.collect(), days: BTreeMap::new() }
}

fn count(controls: &mut BTreeMap<String, Tested>, control: &str, day: Day, who: String, changed: bool) {
    let Some(tested) = controls.get_mut(control) else { return };
    let (own, given) = tested.days.entry(day).or_default();
    let count = if changed { given } else { own };
    count.firings += 1;
    count.who.insert(who);
}

fn run(
    request: &Request<'_>,
    overrides: &Overrides,
    fired: &mut (dyn FnMut(&str, Day, String) + Send),
) -> Result<(Sight, BTreeSet<String>), BacktestError> {
    let detector = Detector::compile(&request.controls, overrides)?;
    let context = detector.context(&|kind| request.tables.get(kind).cloned());
    let wanted = detector.plan().set.vocabulary.enrichments.iter().map(|e| e.table.clone());
    let absent = wanted.filter(|t| !context.has(t)).collect();
    let mapping = match &request.connector {
        None => None,
        Some(product) => Some(Mapping::of(product)?.ok_or_else(|| BacktestError::NoConnector(product.clone()))?),
    };
    let mapping = mapping.as_ref().map(|m| (m, Hints::default()));
    let inputs = request.events.iter().map(|p| Input::open(p)).collect::<Result<Vec<Input>, _>>()?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let options = Options { threads, lateness_ms: LATENESS_MS, seed: Seed::default() };
    let coverage = scan((detector.plan(), &context), inputs, mapping, options, &mut |firing| {
        let day = Timestamp::from_millis(firing.at_ms).map(Timestamp::day_utc);
        let counts = |d: &Day| request.from.is_none_or(|f| f <= *d) && request.to.is_none_or(|t| *d <= t);
        if let (Some(day), Some(control)) = (day.filter(counts), detector.control_of(firing.rule)) {
            fired(control, day, who(&detector, &firing, &request.key));
        }
    })?;
    let mut sight = Sight::default();
    coverage.sources.iter().for_each(|(_, s)| sight.join(s));
    Ok((sight, absent))
}

/// The group that fired, as a pseudonym: the same group has the same one.
fn who(detector: &Detector, firing: &Firing, key: &PseudonymKey) -> String {
    let correlation = detector.plan().correlations.iter().find(|c| c.rule == firing.rule);
    key.pseudonym(&key_object(correlation.map_or(&[][..], |c| &c.group_by), &firing.key))
}
