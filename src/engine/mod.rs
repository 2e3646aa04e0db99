//! Evaluates controls over evidence and events.
