//! The whole engine over lines in memory, on one thread: for cases, tests and small logs.

use super::batch::{Batch, Firing};
use super::context::Context;
use super::correlator::{Correlator, one_by_one};
use super::coverage::Sight;
use super::doubles::Doubles;
use super::hash::Seed;
use super::matching::Matcher;
use super::plan::Plan;

/// How far events may lie behind the latest one, unless told otherwise.
pub const LATENESS_MS: i64 = 300_000;

/// Runs `plan` over `lines`, one JSON object each; gives the firings in order and what was seen.
pub fn run(plan: &Plan, context: &Context, lines: &[u8]) -> (Vec<Firing>, Sight) {
    run_in_stretches(plan, context, &[lines])
}

/// The same over a log cut into stretches of whole lines; the result does not depend on the cuts.
pub fn run_in_stretches(plan: &Plan, context: &Context, stretches: &[&[u8]]) -> (Vec<Firing>, Sight) {
    let mut matcher = Matcher::new(plan, context, Seed::default());
    let mut correlator = Correlator::new(plan, 1, LATENESS_MS);
    let mut firings = Vec::new();
    let mut sight = Sight::default();
    let mut offset = 0;
    let mut doubles = Doubles::default();
    correlator.open(0);
    for stretch in stretches {
        let mut batch = Batch::default();
        matcher.stretch(stretch, 0, offset, &mut batch);
        offset += stretch.len() as u64;
        doubles.drop_from(&mut batch);
        sight.add(&batch);
        correlator.add(0, batch);
        correlator.settle(&one_by_one, &mut |f| firings.push(f));
    }
    correlator.close(0);
    correlator.settle(&one_by_one, &mut |f| firings.push(f));
    sight.late = correlator.late();
    (firings, sight)
}
