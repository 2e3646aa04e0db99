//! Reads evidence and events from real systems.

pub mod crm;
pub mod documents;
pub mod logs;
