//! Reports: what they hold, and what independent tools say of them.

mod model;
mod pdf;
pub mod sample;
mod seal;
mod tools;
pub mod tsa;
