//! Notices over a real SMTP server: refusals, greylisting, TLS, and days without a server.

pub(crate) mod server;
mod smtp;
