//! What several folders of tests need.

pub mod chance;
pub mod packed;
pub mod postgres;
pub mod server;
