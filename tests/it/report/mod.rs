//! Reports: what they hold, and what independent tools say of them.

mod model;
pub mod sample;
