//! Signed notes (c2sp.org/signed-note): a text with Ed25519 signatures that can be checked years later with a pinned key.
//!
//! A note comes from a stranger: a bad signature by a known key refuses the whole note, lines of unknown keys are ignored.

use super::Error;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The signature type of Ed25519 in c2sp.org/signed-note.
const ED25519: u8 = 1;
/// Most bytes of a note that are read.
const LONGEST_NOTE_BYTES: usize = 1 << 20;
/// Most signature lines that are read.
const MOST_SIGNATURES: usize = 100;

/// First four bytes of SHA-256(name || 0x0A || type || public key).
fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(public).finalize();
    let mut id = [0; 4];
    id.iter_mut().zip(hash.iter()).for_each(|(to, from)| *to = *from);
    id
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// `<name>+<hex id>+<base64 of type and key>` taken apart, with the id checked against the rest by the caller.
fn parse_key(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), Error> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::Key("it has not the three parts name+id+key"));
    };
    let mut id_bytes = [0; 4];
    if !is_name(name) || hex::decode_to_slice(id, &mut id_bytes).is_err() || id != hex::encode(id_bytes) {
        return Err(Error::Key("its name or id is malformed"));
    }
    let key = STANDARD.decode(key).map_err(|_| Error::Key("its key is not base64"))?;
    match key.split_first() {
        Some((&ED25519, bytes)) => {
            let bytes = bytes.try_into().map_err(|_| Error::Key("an Ed25519 key has 32 bytes"))?;
            Ok((name, id_bytes, bytes))
        }
        _ => Err(Error::Key("only Ed25519 keys are known")),
    }
}

/// The key that checks a note; prints as `<name>+<id>+<key>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl Verifier {
    /// Reads a key in the form `<name>+<id>+<key>`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (name, id, bytes) = parse_key(text.trim_end_matches('\n'))?;
        if id != key_id(name, &bytes) {
            return Err(Error::Key("its id does not belong to its name and key"));
        }
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Error::Key("it is no point of the curve"))?;
        Ok(Self { name: name.to_owned(), id, key })
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of `note`, once a signature by this key holds.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, Error> {
        let (text, lines) = split(note)?;
        for line in lines.lines() {
            let (name, id, signature) = parse_line(line)?;
            if name == self.name && id == self.id {
                // A failing signature of a known key refuses the whole note, whatever else it carries.
                return match Signature::from_slice(&signature) {
                    Ok(s) if self.key.verify_strict(text.as_bytes(), &s).is_ok() => Ok(text),
                    _ => Err(Error::Signature(self.name.clone())),
                };
            }
        }
        Err(Error::Signature(self.name.clone()))
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(key))
    }
}

fn split(note: &str) -> Result<(&str, &str), Error> {
    if note.len() > LONGEST_NOTE_BYTES {
        return Err(Error::Note("it is longer than 1 MiB"));
    }
    if note.contains(|c: char| c < ' ' && c != '\n') {
        return Err(Error::Note("it holds control characters"));
    }
    let at = note.rfind("\n\n").ok_or(Error::Note("there is no blank line before the signatures"))?;
    let (text, lines) = note.split_at(at + 1);
    let lines = lines.trim_start_matches('\n');
    if lines.is_empty() || !lines.ends_with('\n') {
        return Err(Error::Note("its signature lines are missing or not whole"));
    }
    if lines.lines().count() > MOST_SIGNATURES {
        return Err(Error::Note("it has more than 100 signatures"));
    }
    Ok((text, lines))
}

fn parse_line(line: &str) -> Result<(&str, [u8; 4], Vec<u8>), Error> {
    const MALFORMED: Error = Error::Note("a signature line is malformed");
    let (name, blob) = line.strip_prefix("\u{2014} ").and_then(|l| l.split_once(' ')).ok_or(MALFORMED)?;
    let blob = STANDARD.decode(blob).map_err(|_| MALFORMED)?;
    let (id, signature) = blob.split_first_chunk::<4>().ok_or(MALFORMED)?;
    if !is_name(name) || signature.is_empty() {
        return Err(MALFORMED);
    }
    Ok((name, *id, signature.to_vec()))
}

/// The key that signs notes. It has no `Debug`, and shows its secret only to be written to its file.
#[derive(Clone)]
pub struct Signer {
    name: String,
    id: [u8; 4],
    key: SigningKey,
}

impl Signer {
    /// A signer called `name` from 32 secret random bytes.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, Error> {
        if !is_name(name) {
            return Err(Error::Key("its name is empty or holds blanks or `+`"));
        }
        let key = SigningKey::from_bytes(&seed);
        Ok(Self { name: name.to_owned(), id: key_id(name, key.verifying_key().as_bytes()), key })
    }

    /// Reads a key in the form `PRIVATE+KEY+<name>+<id>+<seed>`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rest = text.trim_end_matches('\n').strip_prefix("PRIVATE+KEY+");
        let (name, id, seed) = parse_key(rest.ok_or(Error::Key("it does not start with PRIVATE+KEY+"))?)?;
        let signer = Self::from_seed(name, seed)?;
        if signer.id == id { Ok(signer) } else { Err(Error::Key("its id does not belong to its name and key")) }
    }

    /// The secret in the form `PRIVATE+KEY+<name>+<id>+<seed>`, for its own file and nowhere else.
    pub fn secret_text(&self) -> String {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        format!("PRIVATE+KEY+{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(key))
    }

    /// The key that checks what this one signs.
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), id: self.id, key: self.key.verifying_key() }
    }

    /// Signs `text`, which must end with a newline and hold no control characters.
    pub fn sign(&self, text: &str) -> Result<String, Error> {
        if !text.ends_with('\n') || text.contains(|c: char| c < ' ' && c != '\n') {
            return Err(Error::Note("a text to be signed ends with a newline and holds no control characters"));
        }
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let blob = STANDARD.encode([self.id.as_slice(), &signature].concat());
        Ok(format!("{text}\n\u{2014} {} {blob}\n", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // golang.org/x/mod/sumdb/note, note_test.go; also the example of c2sp.org/signed-note.
    const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_note_is_signed_to_the_byte_and_opens() {
        let note = Signer::parse(SIGNER).unwrap().sign(TEXT).unwrap();
        assert_eq!(note, format!("{TEXT}\n{LINE}"));
        let verifier = Verifier::parse(VERIFIER).unwrap();
        assert_eq!(verifier.open(&note).unwrap(), TEXT);
        assert_eq!(verifier.to_string(), VERIFIER);
        assert_eq!(Signer::parse(SIGNER).unwrap().secret_text(), SIGNER);
    }

    #[test]
    fn the_example_of_the_specification_opens() {
        let key = Verifier::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").unwrap();
        let note = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        assert_eq!(key.open(note).unwrap(), "This is an example message.\n");
    }

    #[test]
    fn no_substring_and_no_changed_byte_of_a_key_is_a_key() {
        for i in 0..=VERIFIER.len() {
            for j in i..=VERIFIER.len() {
                assert_eq!(Verifier::parse(&VERIFIER[i..j]).is_ok(), i == 0 && j == VERIFIER.len());
            }
        }
        for i in 0..VERIFIER.len() {
            let mut bytes = VERIFIER.as_bytes().to_vec();
            bytes[i] += 1;
            assert!(Verifier::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "byte {i}");
        }
        // note_test.go: a key of the wrong length and one of an unknown algorithm, ids adjusted.
        assert!(Verifier::parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==").is_err());
        assert!(Verifier::parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").is_err());
    }

    #[test]
    fn a_changed_or_malformed_note_is_refused() {
        let verifier = Verifier::parse(VERIFIER).unwrap();
        let good = format!("{TEXT}\n{LINE}");
        let other = "\u{2014} Other x08go/ZJkuBS\n";
        assert!(verifier.open(&format!("{TEXT}\n{other}{LINE}")).is_ok(), "unknown keys are ignored");
        let flipped = good.replace("x08go/Z", "x08go/Y");
        let bad = [
            TEXT.to_owned(),
            good.trim_end().to_owned(),
            good.replace("cryptography", "cryptographY"),
            good.replace("\n\n", "\n"),
            good.replace('\u{2014}', "-"),
            format!("{TEXT}\n"),
            format!("{TEXT}\n{other}"),
            format!("{}{LINE}", flipped),
            format!("\t{good}"),
            format!("{TEXT}\n{}{LINE}", other.repeat(100)),
        ];
        for note in bad {
            assert!(verifier.open(&note).is_err(), "{note}");
        }
    }
}
