//! A small law for tests: 30 days to answer, 60 when extended, 10 to acknowledge; asking for identity pauses.
//!
//! Not a law of the world; the real ones are data under `regimes`.

use super::right::{Level, Regime, Right, Sensitivity};
use super::rules::{Basis, Due, Grounds, Happening, Past, Rules};
use crate::clock::Timestamp;
use crate::ledger::entry::word;
use chrono::TimeDelta;

/// The small law.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExampleLaw;

/// Time spent waiting for proof of identity.
fn paused(history: &[Past]) -> TimeDelta {
    let mut total = TimeDelta::zero();
    let mut asked: Option<Timestamp> = None;
    for (what, at) in history {
        match what {
            Happening::IdentityAsked => asked = Some(*at),
            Happening::IdentityProven => {
                if let Some(since) = asked.take() {
                    total += at.utc() - since.utc();
                }
            }
            _ => {}
        }
    }
    total
}

impl Rules for ExampleLaw {
    fn dues(&self, basis: &Basis, history: &[Past]) -> Result<Vec<Due>, String> {
        let extended = history.iter().any(|(h, _)| *h == Happening::Extended);
        let days = if extended { 60 } else { 30 };
        let due = |clock: &str, length: TimeDelta| -> Result<Due, String> {
            let before = basis.received_at.plus(length).ok_or("out of range")?;
            Ok(Due { clock: word(clock), on: before.day_utc(), before })
        };
        let mut dues = vec![due("answer", TimeDelta::days(days) + paused(history))?];
        if basis.regime.as_str() == "ccpa" {
            dues.insert(0, due("acknowledgement", TimeDelta::days(10))?);
        }
        Ok(dues)
    }

    fn level_needed(&self, right: Right, _: &Regime, sensitivity: Sensitivity) -> Level {
        match right {
            Right::OptOut | Right::Limit | Right::Complaint => Level::None,
            Right::Deletion => Level::High,
            Right::Access if sensitivity == Sensitivity::Sensitive => Level::High,
            _ => Level::Reasonable,
        }
    }

    fn may_extend(&self, right: Right, _: &Regime) -> bool {
        !matches!(right, Right::OptOut | Right::Limit)
    }

    fn may_ask_clarification(&self, right: Right, regime: &Regime) -> bool {
        right == Right::Access && regime.as_str() == "uk-gdpr"
    }

    fn grounds(&self, right: Right, regime: &Regime) -> Grounds {
        match right {
            _ if regime.as_str() == "elsewhere" => Grounds::Unknown,
            Right::MarketingObjection => Grounds::Listed(vec![]),
            Right::OptOut => Grounds::Listed(vec![word("fraud")]),
            _ => Grounds::Listed(vec![word("fraud"), word("legal-claims")]),
        }
    }

    fn cite(&self, right: Right, regime: &Regime) -> String {
        format!("{} on {}", regime.as_str(), right.word())
    }
}
