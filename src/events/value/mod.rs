//! Values of events: raw scalars, numbers, instants, case folding, and the tests that rules make of them.

pub mod fold;
pub mod hours;
pub mod network;
pub mod raw;
pub mod test;
pub mod text;
pub mod time;

pub use raw::{Number, Raw};
