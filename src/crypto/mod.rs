//! Hashes, sealing, signing, certificates, tokens, keys.

pub mod certificate;
pub mod hash;
pub mod keys;
pub mod seal;
pub mod stamp;
pub mod token;
