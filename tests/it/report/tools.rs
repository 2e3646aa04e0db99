//! Independent tools as judges. Where one is missing its test is left out, except where `HABEAS_CHECK_TOOLS=1` demands it.

use std::process::{Command, Output};

/// Runs `program`, or says `None` when it is not installed and nobody demands it.
pub fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").env("TZ", "UTC").output() {
        Ok(output) => Some(output),
        Err(e) => {
            let demanded = std::env::var("HABEAS_CHECK_TOOLS").is_ok_and(|v| v == "1");
            assert!(!demanded, "`{program}` is needed to check reports: {e}");
            None
        }
    }
}

/// What it printed, both ways.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
