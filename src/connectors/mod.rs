//! Reads evidence and events from real systems, and takes alerts to them.

pub mod alerts;
pub mod crm;
pub mod documents;
pub mod logs;
pub mod mapping;
pub mod tsa;
