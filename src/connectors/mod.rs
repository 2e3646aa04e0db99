//! Reads evidence and events from real systems.
