//! The master key, and the data key of each subject that it wraps.
//!
//! Only wrapped data keys are stored. Destroying a subject's wrapped key makes everything sealed with it unreadable, also in
//! backups taken before: the second erasure. The master key lives in a file of mode 0400, never in the database.

use super::seal::{Key, Place, SealError};
use super::token::random;

/// Why a master key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hexadecimal digits.
    #[error("a master key has 64 hexadecimal digits; make one with `habeas keys create`")]
    Malformed,
    /// A key that stands in documentation or is all one digit.
    #[error("this master key is a sample that everybody knows; make one with `habeas keys create`")]
    Sample,
}

/// The key that wraps data keys.
pub struct MasterKey(Key);

/// Text of a new master key, for its file: 64 hexadecimal digits and a newline.
pub fn new_master_text() -> Result<String, SealError> {
    Ok(format!("{}\n", hex::encode(random::<32>()?)))
}

impl MasterKey {
    /// Reads the text of a key file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim_end(), &mut bytes).map_err(|_| KeyError::Malformed)?;
        let counts_up = bytes.iter().zip(0_u8..).all(|(b, n)| *b == n);
        if bytes.iter().all(|b| Some(b) == bytes.first()) || counts_up {
            return Err(KeyError::Sample);
        }
        Ok(Self(Key::from_bytes(&bytes).map_err(|_| KeyError::Malformed)?))
    }

    /// A new data key for the subject at `place`: the key, and its wrapped form to be stored.
    pub fn new_data_key(&self, place: &Place<'_>) -> Result<(Key, Vec<u8>), SealError> {
        let bytes = random::<32>()?;
        Ok((Key::from_bytes(&bytes)?, self.0.seal(place, &bytes)?))
    }

    /// The data key in its wrapped form at `place`.
    pub fn unwrap(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<Key, SealError> {
        let bytes: [u8; 32] = self.0.open(place, wrapped)?.try_into().map_err(|_| SealError::Broken)?;
        Key::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_malformed_keys_are_refused() {
        assert_eq!(MasterKey::parse(&"00".repeat(32)).err(), Some(KeyError::Sample));
        assert_eq!(MasterKey::parse(&hex::encode((0..32).collect::<Vec<u8>>())).err(), Some(KeyError::Sample));
        assert_eq!(MasterKey::parse("secret").err(), Some(KeyError::Malformed));
        assert!(MasterKey::parse(&new_master_text().unwrap()).is_ok());
    }

    #[test]
    fn a_data_key_is_wrapped_for_one_subject() {
        let master = MasterKey::parse(&new_master_text().unwrap()).unwrap();
        let place = Place { organisation: "acme", table: "subject_keys", row: "s1", column: "wrapped" };
        let (key, wrapped) = master.new_data_key(&place).unwrap();
        let sealed = key.seal(&place, b"x").unwrap();
        assert_eq!(master.unwrap(&place, &wrapped).unwrap().open(&place, &sealed).unwrap(), b"x");
        assert!(master.unwrap(&Place { row: "s2", ..place }, &wrapped).is_err());
    }
}
