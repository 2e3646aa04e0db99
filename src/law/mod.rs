//! The law as data: citations, periods, calendars, regimes.

pub mod citation;
