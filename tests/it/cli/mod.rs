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

use std::path::Path;
use std::process::{Command, Output};

/// Runs `habeas` with `args`.
pub fn habeas(args: &[&str]) -> Output {
    // A home of its own: tests must not find or leave keys in the home of who runs them.
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_habeas")).args(args).env("HOME", home.path()).output().unwrap()
}

/// Runs `habeas events` with paths below `dir` where an argument begins with `@`; gives exit code, output and complaint.
pub fn events(dir: &Path, arguments: &str) -> (Option<i32>, String, String) {
    let path = |a: &str| a.strip_prefix('@').map_or_else(|| a.to_owned(), |p| dir.join(p).to_str().unwrap().to_owned());
    let all: Vec<String> = ["events"].into_iter().chain(arguments.split(' ')).map(path).collect();
    let out = habeas(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}
