//! Notices over a real SMTP server: refusals, greylisting, TLS, and days without a server.

mod server;
mod smtp;
