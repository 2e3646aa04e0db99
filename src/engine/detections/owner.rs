//! Whose rule fired.

use super::compile::Detector;

impl Detector {
    /// The control that a firing of `rule` is a finding of; `None` for rules that only serve others.
    pub fn control_of(&self, rule: usize) -> Option<&str> {
        self.checks.iter().find(|c| c.rules.contains(&rule)).map(|c| c.control.as_str())
    }
}
