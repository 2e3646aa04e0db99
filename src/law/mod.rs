//! The law as data: citations, periods, calendars, regimes.
