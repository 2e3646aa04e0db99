//! Exit codes: the one place that knows them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, nothing to complain of.
    Done,
    /// Done, and something was found that the caller asked to be told of.
    Findings,
    /// The input or the command line is wrong.
    BadInput,
    /// Evidence, a file or a database could not be read.
    Unreadable,
    /// A defect of this program.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::BadInput => Self::from(2),
            Exit::Unreadable => Self::from(3),
            Exit::Internal => Self::from(4),
        }
    }
}

/// A command that could not do its work: which code to leave with, and what to tell.
#[derive(Debug)]
pub struct Failed {
    /// The exit code.
    pub exit: Exit,
    /// What to tell the person at the terminal.
    pub source: anyhow::Error,
}

impl Failed {
    /// The caller's input is wrong.
    pub fn bad_input(source: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::BadInput, source: source.into() }
    }

    /// Something could not be read or written.
    pub fn unreadable(source: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Unreadable, source: source.into() }
    }

    /// A defect of this program.
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Internal, source: source.into() }
    }
}

/// An error and its causes in one line, each told once: many a message names its cause itself.
pub fn explained(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(if told.is_empty() { "" } else { ": " });
            told.push_str(&cause);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::explained;
    use anyhow::anyhow;

    #[test]
    fn every_cause_is_told_once() {
        assert_eq!(explained(&anyhow!("gone")), "gone");
        assert_eq!(
            explained(&anyhow!("gone").context("reading `a`").context("the audit")),
            "the audit: reading `a`: gone"
        );
        assert_eq!(
            explained(&anyhow!("gone").context("could not read `a`: gone; look")),
            "could not read `a`: gone; look"
        );
    }
}
