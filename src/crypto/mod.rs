//! Hashes, sealing, signing, tokens, keys.

pub mod hash;
