//! The numbers that a law asks to be published of requests (11 CCR 7102(a)(1)): how many, how they ended, how long they took.

use serde::{Deserialize, Serialize};

/// The numbers of one right under one law.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Claims received in the period.
    pub received: u64,
    /// Of these, complied with in whole.
    pub complied: u64,
    /// Complied with in part.
    pub complied_in_part: u64,
    /// Denied.
    pub denied: u64,
    /// Taken back by the person.
    pub withdrawn: u64,
    /// Not yet answered.
    pub open: u64,
    /// Median number of days within which they were answered, begun days counted whole; absent when none was.
    pub median_days: Option<f64>,
    /// Mean number of the same.
    pub mean_days: Option<f64>,
}
