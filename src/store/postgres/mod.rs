//! PostgreSQL: the address and its TLS, and the connection that diesel drives.
//!
//! `tokio-postgres` speaks the protocol and rustls the TLS, so that building needs neither libpq nor OpenSSL; each connection
//! has a small reactor of its own and is used by one thread at a time.

mod address;
mod connection;
mod tls;

pub use address::{Address, AddressError, Role};
pub(super) use connection::PgConnection;
