//! The command line as people call it: the built program, its output and its exit codes.

mod alert;
mod audit;
mod canary;
mod backtest;
mod bad_input;
mod clock;
mod desk;
mod export;
pub mod ledger;
mod follow;
mod follow_cut;
mod explain;
mod map;
mod pipe;
mod record;
pub mod requests;
mod slices;
mod verify;

use std::process::{Command, Output};

/// Runs `habeas` with `args`.
pub fn habeas(args: &[&str]) -> Output {
    // A home of its own: tests must not find or leave keys in the home of who runs them.
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_habeas")).args(args).env("HOME", home.path()).output().unwrap()
}
