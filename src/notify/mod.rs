//! Messages out: what letters say, how they are sent, and what became of them. Sole user of lettre.
//!
//! `messages` holds one typed message per file; `letterhead` what they share; `contents` checks them against the law.

pub mod contents;
pub mod letterhead;
pub mod messages;
