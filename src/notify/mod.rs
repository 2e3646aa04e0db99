//! Messages out: what letters say, how they are sent, and what became of them. Sole user of lettre.
//!
//! `messages` holds the typed messages, `letterhead` what they share, `contents` checks them against the law. `mail` makes
//! a letter a mail, `transport` hands it over, `delivery` decides what follows, `bounce` reads what comes back.

pub mod bounce;
pub mod compose;
pub mod contents;
pub mod delivery;
pub mod letterhead;
pub mod mail;
pub mod messages;
pub mod transport;
pub mod verp;
