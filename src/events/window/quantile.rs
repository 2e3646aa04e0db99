//! Percentiles of sorted numbers.

use crate::events::rule::Percentile;

/// The percentile of `count` numbers that `at` gives in ascending order; `None` when there are none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank within a window"
)]
pub(super) fn quantile(rank: Percentile, count: usize, at: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    match rank {
        Percentile::Median if count.is_multiple_of(2) => {
            Some(f64::midpoint(at((count / 2).checked_sub(1)?)?, at(count / 2)?))
        }
        Percentile::Median => at(count / 2),
        Percentile::Rank(p) => at(((p / 100.0 * count as f64).ceil() as usize).saturating_sub(1)),
    }
}
