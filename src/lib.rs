//! Habeas audits a CRM against privacy law and carries data subjects' requests to a proven end.
//!
//! How an audit flows, top to bottom, is also the order of the modules:
//!
//! 1. `evidence` reads what is known about the CRM: snapshots of its configuration, documents, probes.
//! 2. `events` reads its access logs and matches Sigma rules over them.
//! 3. `catalog` reads the controls: what the law asks, as data.
//! 4. `engine` evaluates controls over evidence and events into `findings`.
//! 5. `report` lays findings out as PDF, JSON, HTML and CSV, and signs them.
//! 6. `alerts` writes firings and findings down for the systems that people watch.
//!
//! How a request flows: `requests` decides (one pure step function) under the rules of `law`; `store` keeps state, ledger
//! entry and outbox rows in one transaction; `notify` and `connectors` act; `ledger` proves it.
//!
//! A file may name only modules listed above its own in the list below; `tests/tidy.rs` holds everyone to it, so changing
//! the architecture is moving one line.

// Ground: small, pure, knows no business flow.
pub mod clock;
pub mod ids;
pub mod lang;
pub mod personal;
pub mod law;
pub mod crypto;
pub mod authority;
pub mod ledger;
// The pipeline: pure. No I/O, no async, no reading of the clock.
pub mod expr;
pub mod evidence;
pub mod findings;
pub mod events;
pub mod catalog;
pub mod engine;
pub mod report;
pub mod alerts;
pub mod requests;
// The edges: each owns exactly one thing outside the process.
pub mod files;
pub mod keyring;
pub mod render;
pub mod notify;
pub mod connectors;
pub mod store;
// Assembly.
pub mod config;
pub mod demo;
pub mod app;
pub mod flows;
// The faces: translate, call one flow, translate back.
pub mod schedule;
pub mod web;
pub mod cli;
