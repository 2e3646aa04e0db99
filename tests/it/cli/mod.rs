//! The command line as people call it: the built program, its output and its exit codes.

mod audit;
mod clock;
mod ledger;

use std::process::{Command, Output};

/// Runs `habeas` with `args`.
pub fn habeas(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_habeas")).args(args).output().unwrap()
}
