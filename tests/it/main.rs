//! All integration tests in one binary; folders mirror `src`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "tests stop at the first surprise"
)]

mod catalog;
mod cli;
mod engine;
mod events;
mod evidence;
mod expr;
mod connectors;
mod notify;
mod report;
mod law;
mod flows;
mod store;
mod support;
