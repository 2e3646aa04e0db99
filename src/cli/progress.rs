//! Progress on the terminal: a bar where somebody watches, one plain line a step elsewhere.

use crate::flows::run_audit::Progress;
use crate::lang::words::Words;
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::Cell;
use std::io::IsTerminal;

/// Shows how far an audit is, on standard error.
pub(super) struct Bars {
    bar: ProgressBar,
    watched: bool,
    step: Cell<u8>,
}

impl Bars {
    /// A bar when standard error is a terminal, else plain lines.
    pub(super) fn new() -> Self {
        let watched = std::io::stderr().is_terminal();
        let bar = if watched { ProgressBar::new(100) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg:24} [{bar:40}] {percent:>3} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, watched, step: Cell::new(0) }
    }

    /// Shows a step.
    pub(super) fn show(&self, progress: Progress, words: &Words) {
        let (step, key, percent) = match progress {
            Progress::Evidence => (1, "progress.evidence", 0),
            Progress::Events { done, of } => {
                (2, "progress.events", done.saturating_mul(100).checked_div(of).unwrap_or(0))
            }
            Progress::Controls { done, of } => {
                (3, "progress.controls", (done * 100).checked_div(of).unwrap_or(0) as u64)
            }
            Progress::Report => (4, "progress.report", 100),
        };
        if self.watched {
            self.bar.set_message(words.get(key).to_owned());
            self.bar.set_position(percent);
        } else if self.step.replace(step) != step {
            plain(words.get(key));
        }
    }

    /// Takes the bar away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

fn plain(line: &str) {
    super::out::tell(&format!("{line} ..."));
}
