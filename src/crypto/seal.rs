//! Sealing personal values: AES-256-GCM, with the place of the value as associated data.
//!
//! A box moved to another row, column, table or organisation does not open (T47). Nonces are 96 random bits; every subject
//! has a key of their own, which seals far fewer than the 2^32 values that random nonces allow.

use super::token::{NoRandomness, random};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Why a value is not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The box was changed, moved, or sealed with another key.
    #[error("a sealed value does not open: it was changed, moved, or its key is another")]
    Broken,
    /// No nonce could be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Where a sealed value lives; a box opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The organisation.
    pub organisation: &'a str,
    /// The table.
    pub table: &'a str,
    /// The row's key.
    pub row: &'a str,
    /// The column.
    pub column: &'a str,
}

impl Place<'_> {
    /// Parts behind their lengths, so that no two places have one spelling.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.organisation, self.table, self.row, self.column] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// A 256-bit key. It has no `Debug` and no way out but `wrap`.
pub struct Key(LessSafeKey);

impl Key {
    /// A key from its 32 secret bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SealError> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Broken)?)))
    }

    /// Seals `plain` for `place`: nonce, then ciphertext and tag.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = plain.to_vec();
        let aad = Aad::from(place.bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| SealError::Broken)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a box at its place.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
        let mut bytes = rest.to_vec();
        let plain = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place.bytes()), &mut bytes)
            .map_err(|_| SealError::Broken)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place { organisation: "acme", table: "sealed", row: "r1", column: "name" };

    #[test]
    fn a_box_opens_at_its_place_alone_and_no_changed_bit_of_it_does() {
        let key = Key::from_bytes(&[7; 32]).unwrap();
        let sealed = key.seal(&PLACE, b"Ann Example").unwrap();
        assert_eq!(key.open(&PLACE, &sealed).unwrap(), b"Ann Example");
        for moved in [
            Place { organisation: "globex", ..PLACE },
            Place { table: "other", ..PLACE },
            Place { row: "r2", ..PLACE },
            Place { column: "text", ..PLACE },
            Place { organisation: "acm", table: "esealed", ..PLACE },
        ] {
            assert_eq!(key.open(&moved, &sealed), Err(SealError::Broken));
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(&PLACE, &changed), Err(SealError::Broken), "bit {bit}");
        }
        assert!(Key::from_bytes(&[8; 32]).unwrap().open(&PLACE, &sealed).is_err());
        assert_ne!(key.seal(&PLACE, b"x").unwrap(), key.seal(&PLACE, b"x").unwrap());
    }
}
