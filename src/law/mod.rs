//! The law as data: citations, periods, calendars, regimes, and the clocks they set running.
//!
//! Everything legal is in `regimes/`: rights, numbers of days, rules of counting, holidays, sentences. This module reads
//! it strictly and computes with it. It does no I/O and is never told the present.

pub mod authority;
pub mod book;
mod built_in;
pub mod calendar;
pub mod citation;
pub mod clocks;
pub mod contents;
pub mod figures;
mod lint;
pub mod period;
pub mod phrases;
pub mod place;
pub mod regime;
mod states;
