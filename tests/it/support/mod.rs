//! What several folders of tests need.

pub mod postgres;
pub mod server;
