//! Tasks for people: whether somebody still has to do one, derived from where its claim stands.

use super::command::Effect;
use super::request::{Claim, Request, Stage};

/// Tasks that end with what they ask for; the others a person calls done.
const END_BY_THEMSELVES: [&str; 7] =
    ["triage", "appeal", "overdue", "unconfirmed", "call-failed", "extension-lapsed", "due-soon"];

fn kind(what: &str) -> &str {
    what.split(':').next().unwrap_or(what)
}

/// Whether a task ends with what it asks for.
pub fn ends_by_itself(what: &str) -> bool {
    END_BY_THEMSELVES.contains(&kind(what))
}

/// Whether somebody still has to carry `effect` out.
pub fn is_wanted(request: &Request, effect: &Effect) -> bool {
    let claim = |at: &usize| request.claims.get(*at);
    match effect {
        Effect::Send { .. } => true,
        Effect::Collect { claim: at } => claim(at).is_some_and(|c| c.stage == Stage::Collecting),
        Effect::CarryOut { claim: at, plan, .. } => claim(at)
            .is_some_and(|c| matches!(c.stage, Stage::Approved { .. }) && c.plan().is_some_and(|p| p.digest == *plan)),
        Effect::ReadBack { claim: at, plan, .. } => claim(at).is_some_and(|c| {
            matches!(c.stage, Stage::Acting { .. } | Stage::Unconfirmed { .. })
                && c.plan().is_some_and(|p| p.digest == *plan)
        }),
        Effect::Task { claim: at, what } => claim(at).is_none_or(|c| is_task_wanted(c, what.as_str())),
    }
}

fn is_task_wanted(claim: &Claim, what: &str) -> bool {
    match kind(what) {
        "triage" => claim.stage == Stage::Triage,
        "appeal" => matches!(claim.stage, Stage::Appealed { .. }),
        "unconfirmed" | "call-failed" => matches!(claim.stage, Stage::Acting { .. } | Stage::Unconfirmed { .. }),
        "overdue" => !claim.is_closed() && claim.overdue.iter().any(|clock| !claim.met.contains(clock)),
        "extension-lapsed" => !claim.is_closed(),
        "due-soon" => {
            let mut parts = what.splitn(3, ':').skip(1);
            let (clock, on) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let stands = |d: &super::rules::Due| d.on.to_string() == on && !claim.met.contains(&d.clock);
            !claim.is_closed() && claim.due(clock).is_some_and(stands)
        }
        // A letter that failed, a complaint, an answer that came: somebody says when it is done.
        _ => true,
    }
}
