//! Correlation types beyond Sigma: what access logs need and the specification lacks. Documented in `docs/sigma.md`.

use super::baseline::Baseline;
use super::correlation::timespan_ms;
use crate::events::value::hours::Hours;
use serde_json::{Map, Value};

/// A correlation type of our own.
#[derive(Clone, Debug, PartialEq)]
pub enum Extension {
    /// This event and the one before it are further apart than somebody can travel.
    Distance {
        /// Kilometres that have to lie between the two.
        least_km: f64,
        /// Kilometres an hour that have to be exceeded.
        fastest_kmh: f64,
    },
    /// Nothing for at least the timespan, then this event.
    Silence {
        /// The silence also has to be so many times the median interval so far; 0 for no such condition.
        factor: f64,
        /// Only these hours count.
        hours: Option<Hours>,
    },
    /// Numbers are missing between this event's and the one's before it.
    Missing,
    /// This event does not continue the hash of the one before it.
    HashChain,
    /// More sessions alive than allowed, for longer than tolerated; the timespan is how long a session lives unheard of.
    Concurrent {
        /// Sessions allowed.
        more_than: u64,
        /// Milliseconds tolerated.
        hold_ms: i64,
    },
    /// Sessions alive at the same time whose other values all differ, such as device and city.
    Overlap,
    /// The group's first event lies longer back than the timespan.
    Span,
    /// An event of the first rule, without one of the second within the timespan after it.
    NotFollowed,
    /// A value that the group did not show before, after so many others.
    FirstSeen {
        /// Different values the group has to have shown before.
        after: u64,
    },
    /// More than the group, or its peers, usually do.
    Baseline(Box<Baseline>),
}

impl Extension {
    /// How many values an event gives it: at least and at most.
    pub const fn values(&self) -> (usize, usize) {
        match self {
            Self::Distance { .. } | Self::HashChain => (2, 2),
            Self::Silence { .. } => (0, 1),
            Self::Missing | Self::Concurrent { .. } => (1, 1),
            Self::Overlap => (2, 4),
            Self::Span | Self::NotFollowed => (0, 0),
            Self::FirstSeen { .. } => (1, 4),
            // It checks its fields itself: how many depends on what is measured.
            Self::Baseline(_) => (0, 4),
        }
    }

    /// The type's word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Distance { .. } => "distance",
            Self::Silence { .. } => "silence",
            Self::Missing => "missing",
            Self::HashChain => "hash_chain",
            Self::Concurrent { .. } => "concurrent",
            Self::Overlap => "overlap",
            Self::Span => "span",
            Self::NotFollowed => "not_followed",
            Self::FirstSeen { .. } => "first_seen",
            Self::Baseline(_) => "baseline",
        }
    }

    /// Fields that make groups peers of each other.
    pub fn peers(&self) -> &[String] {
        if let Self::Baseline(b) = self { &b.peers } else { &[] }
    }

    /// Whether it fires because time has passed, at no event.
    pub fn fires_at_no_event(&self) -> bool {
        matches!(self, Self::NotFollowed) || !self.peers().is_empty()
    }
}

/// Reads the type `word` with its condition; `None` when it is none of ours.
pub(super) fn parse(word: &str, condition: &Map<String, Value>) -> Option<Result<Extension, String>> {
    let of = Condition(condition);
    let (known, made): (&[&str], _) = match word {
        "distance" => (&["least_km", "fastest_kmh"], of.distance()),
        "silence" => (&["factor", "days", "from", "to", "zone"], of.silence()),
        "missing" => (&[], Ok(Extension::Missing)),
        "hash_chain" => (&[], Ok(Extension::HashChain)),
        "concurrent" => (&["more_than", "hold"], of.concurrent()),
        "overlap" => (&[], Ok(Extension::Overlap)),
        "span" => (&[], Ok(Extension::Span)),
        "not_followed" => (&[], Ok(Extension::NotFollowed)),
        "first_seen" => (&["after"], of.number("after", 1.0).map(|n| Extension::FirstSeen { after: whole(n) })),
        "baseline" => (&Baseline::KEYS, Baseline::read(condition).map(|b| Extension::Baseline(Box::new(b)))),
        _ => return None,
    };
    let stray = condition.keys().find(|k| *k != "field" && !known.contains(&k.as_str()));
    Some(match stray {
        Some(key) => Err(format!("the condition key `{key}` is not known for `{word}`")),
        None => made,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, cut off at 0")]
fn whole(n: f64) -> u64 {
    n.max(0.0) as u64
}

struct Condition<'a>(&'a Map<String, Value>);

impl Condition<'_> {
    fn number(&self, key: &str, default: f64) -> Result<f64, String> {
        match self.0.get(key) {
            None => Ok(default),
            Some(value) => value.as_f64().ok_or_else(|| format!("`{key}` is not a number")),
        }
    }

    fn distance(&self) -> Result<Extension, String> {
        Ok(Extension::Distance {
            least_km: self.number("least_km", 500.0)?,
            fastest_kmh: self.number("fastest_kmh", 900.0)?,
        })
    }

    fn silence(&self) -> Result<Extension, String> {
        let text =
            |key: &str, default: &'static str| self.0.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
        let hours = match self.0.get("days") {
            None => None,
            Some(days) => {
                let day = |d: &Value| d.as_i64().or_else(|| d.as_str()?.parse().ok());
                let days: Option<Vec<i64>> = days.as_array().and_then(|d| d.iter().map(day).collect());
                let hours = days
                    .and_then(|d| Hours::new(&d, &text("from", "00:00"), &text("to", "24:00"), &text("zone", "UTC")));
                Some(hours.ok_or("`days`, `from`, `to` and `zone` are not hours of the week")?)
            }
        };
        Ok(Extension::Silence { factor: self.number("factor", 0.0)?, hours })
    }

    fn concurrent(&self) -> Result<Extension, String> {
        let hold = self.0.get("hold").map_or(Some("60s"), Value::as_str).and_then(timespan_ms);
        Ok(Extension::Concurrent {
            more_than: whole(self.number("more_than", 3.0)?),
            hold_ms: hold.ok_or("`hold` is not a time such as `60s`")?,
        })
    }
}
