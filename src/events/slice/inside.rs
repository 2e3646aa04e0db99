//! Where a slice's own firings are those of the whole.
//!
//! A firing at t of a correlation with a bound depends on records in (t - W, t], W being the longest chain of windows, and
//! on which of them were late. So, for one slice, firings at A <= t < B are those of the whole if no record of another
//! slice lies in (A - W, B), and no record of the slice from A - W on was late for what came before it in its file. Records
//! at A <= t < B - W then change nothing outside, and are left out.

use super::Index;
use super::join::Source;
use crate::events::plan::Plan;

/// Where one slice's own firings are taken over: from the first instant up to, and without, the second.
pub type Inside = Option<(i64, i64)>;

/// How far back a firing of a correlation with a bound looks, with those it refers to.
pub fn look_back_ms(plan: &Plan, folded: &[bool]) -> i64 {
    let of_level = |level| {
        let bounded = plan.correlations.iter().zip(folded).filter(|(c, folded)| c.level == level && !**folded);
        bounded.map(|(c, _)| c.timespan_ms).max().unwrap_or(0)
    };
    (1..=plan.levels).map(of_level).fold(0, i64::saturating_add)
}

/// For each slice, where its own firings are taken over. The stretches between whose records are left out are those that
/// `is_left_out` names.
pub fn inside(slices: &[&Index], sources: &[Source], lateness_ms: i64, look_back_ms: i64) -> Vec<Inside> {
    let mut settled: Vec<i64> = vec![i64::MIN; slices.len()];
    for source in sources {
        let mut high = i64::MIN;
        for (slice, piece) in &source.parts {
            if let Some(settled) = settled.get_mut(*slice) {
                *settled = (*settled).max(high.saturating_sub(lateness_ms));
            }
            let stretches = slices.get(*slice).map_or(&[][..], |s| &s.stretches);
            let own = stretches.iter().filter(|s| s.piece == *piece).filter_map(|s| s.high_ms).max();
            high = high.max(own.unwrap_or(i64::MIN));
        }
    }
    slices.iter().enumerate().zip(settled).map(|((n, s), settled)| one(slices, n, s, settled, look_back_ms)).collect()
}

fn one(slices: &[&Index], number: usize, slice: &Index, settled_ms: i64, look_back_ms: i64) -> Inside {
    let (first, last) = slice.span_ms?;
    let others = slices.iter().enumerate().filter(|(n, _)| *n != number);
    let mut taken: Vec<(i64, i64)> = others.filter_map(|(_, s)| s.span_ms).collect();
    taken.sort_unstable();
    // Between what others hold, in order of time, the stay that holds most of the slice.
    let (mut best, mut most) = (None, 0);
    let mut stay = |after: i64, before: i64| {
        let from = after.max(settled_ms).saturating_add(look_back_ms).saturating_add(1);
        let to = before.min(slice.high_ms.unwrap_or(last).saturating_add(1));
        let held = to.saturating_sub(look_back_ms).min(last).saturating_sub(from.max(first));
        if held > most {
            (best, most) = (Some((from, to)), held);
        }
    };
    let mut after = i64::MIN;
    for (a, b) in taken {
        stay(after, a);
        after = after.max(b);
    }
    stay(after, i64::MAX);
    best
}

/// Whether a stretch with records in `span_ms` can do without them.
pub const fn is_left_out(inside: Inside, span_ms: (i64, i64), look_back_ms: i64) -> bool {
    match inside {
        Some((from, to)) => span_ms.0 >= from && span_ms.1 < to.saturating_sub(look_back_ms),
        None => false,
    }
}
