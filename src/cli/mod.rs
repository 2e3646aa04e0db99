//! The command line: translates words into one flow each, and its outcome into an exit code.

/// Runs the command line of this process.
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
