//! Hashes, sealing, signing, tokens, keys.

pub mod hash;
pub mod keys;
pub mod seal;
pub mod stamp;
pub mod token;
