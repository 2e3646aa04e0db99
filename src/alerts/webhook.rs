//! The signed body of a webhook, and how a receiver verifies it.
//!
//! The header scheme is that of the Standard Webhooks specification, for which libraries exist in many languages:
//! `webhook-id` (the alert's id), `webhook-timestamp` (seconds since 1970), and `webhook-signature`: `v1,` and the base64 of
//! HMAC-SHA-256 over `id.timestamp.body`. A receiver refuses what is older or newer than five minutes (threats T58) and drops
//! ids that it has seen.

use super::{Alert, VERSION};
use crate::clock::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// How far the time of a message may be from the receiver's, in seconds.
pub const WINDOW_S: i64 = 5 * 60;
/// What a secret's text form begins with.
const PREFIX: &str = "whsec_";
/// Shortest and longest secret, in bytes (the specification's bounds).
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Version of the signature scheme.
const SCHEME: &str = "v1";

/// Why a message or a secret is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Not a secret.
    #[error("the webhook secret is not `whsec_` and the base64 of 24 to 64 random bytes")]
    Secret,
    /// The time header is not a number of seconds.
    #[error("the header webhook-timestamp is not a number of seconds")]
    Time,
    /// Too old or too new.
    #[error("the message is more than five minutes from the receiver's clock")]
    Window,
    /// Nobody with the secret signed it.
    #[error("no signature of the message is right")]
    Signature,
}

/// The secret that sender and receiver share; never printed.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([secret])")
    }
}

impl Secret {
    /// Reads `whsec_` and base64.
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        let coded = text.trim().strip_prefix(PREFIX).ok_or(WebhookError::Secret)?;
        let bytes = STANDARD.decode(coded).map_err(|_| WebhookError::Secret)?;
        if SECRET_BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(WebhookError::Secret) }
    }

    /// The text form of a secret made of `bytes`.
    pub fn text_of(bytes: &[u8]) -> String {
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    fn mac(&self, id: &str, time_s: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        for part in [id.as_bytes(), b".", time_s.as_bytes(), b".", body] {
            mac.update(part);
        }
        Some(mac)
    }
}

/// What goes with the body of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
}

/// The body: the alert as JSON.
pub fn body(alert: &Alert) -> String {
    serde_json::json!({"type": "habeas.alert", "version": 1, "sender": VERSION, "alert": alert}).to_string()
}

/// Signs `body` of the message `id`, sent at `now`.
pub fn sign(secret: &Secret, id: &str, body: &[u8], now: Timestamp) -> Headers {
    let timestamp = now.millis().div_euclid(1000).to_string();
    let code = secret.mac(id, &timestamp, body).map(|m| STANDARD.encode(m.finalize().into_bytes())).unwrap_or_default();
    Headers { id: id.to_owned(), timestamp, signature: format!("{SCHEME},{code}") }
}

/// Whether a message is from somebody with the secret and not older or newer than five minutes. `webhook-signature` may hold
/// several signatures, separated by spaces, while a secret is being replaced. Comparison takes the same time for any
/// signature. The receiver still has to drop ids that it has seen within the window.
pub fn verify(secret: &Secret, headers: &Headers, body: &[u8], now: Timestamp) -> Result<(), WebhookError> {
    let time_s: i64 = headers.timestamp.parse().map_err(|_| WebhookError::Time)?;
    let apart_s = now.millis().div_euclid(1000).checked_sub(time_s).ok_or(WebhookError::Time)?;
    if apart_s.checked_abs().is_none_or(|s| s > WINDOW_S) {
        return Err(WebhookError::Window);
    }
    let right = |signature: &str| -> Option<()> {
        let code = signature.strip_prefix(SCHEME)?.strip_prefix(',')?;
        let code = STANDARD.decode(code).ok()?;
        secret.mac(&headers.id, &headers.timestamp, body)?.verify_slice(&code).ok()
    };
    if headers.signature.split(' ').any(|s| right(s).is_some()) { Ok(()) } else { Err(WebhookError::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(s * 1000).unwrap()
    }

    /// Computed with Python's hmac and base64: secret = bytes 0..24, id `m1`, time 1700000000, body `{"a":1}`.
    #[test]
    fn the_signature_is_the_one_that_the_scheme_asks_for() {
        let secret = Secret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX").unwrap();
        let headers = sign(&secret, "m1", b"{\"a\":1}", at(1_700_000_000));
        assert_eq!(headers.signature, "v1,s3wEZvtIo4ejhz0LsY6O4Br7TH8EY58ZOj3TUE1Jk3A=");
        assert_eq!(Secret::text_of(&secret.0), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    }

    #[test]
    fn every_change_is_refused_and_the_window_is_five_minutes_both_ways() {
        let secret = Secret::parse(&Secret::text_of(&[9; 32])).unwrap();
        let good = sign(&secret, "m1", b"body", at(1000));
        for now in [1000, 700, 1300] {
            assert_eq!(verify(&secret, &good, b"body", at(now)), Ok(()), "{now}");
        }
        for now in [699, 1301] {
            assert_eq!(verify(&secret, &good, b"body", at(now)), Err(WebhookError::Window), "{now}");
        }
        let refused = |headers: Headers, body: &[u8]| verify(&secret, &headers, body, at(1000)).unwrap_err();
        assert_eq!(refused(good.clone(), b"bodY"), WebhookError::Signature);
        assert_eq!(refused(Headers { id: "m2".into(), ..good.clone() }, b"body"), WebhookError::Signature);
        assert_eq!(refused(Headers { timestamp: "1001".into(), ..good.clone() }, b"body"), WebhookError::Signature);
        assert_eq!(refused(Headers { timestamp: i64::MIN.to_string(), ..good.clone() }, b"body"), WebhookError::Time);
        assert_eq!(refused(Headers { timestamp: "soon".into(), ..good.clone() }, b"body"), WebhookError::Time);
        for signature in ["", "v1,", "v1", "v2,AAAA", "v1,####"] {
            assert_eq!(
                refused(Headers { signature: signature.into(), ..good.clone() }, b"body"),
                WebhookError::Signature
            );
        }
        let bits = good.signature.len() - "v1,=".len();
        for n in 0..bits {
            let mut bytes = good.signature.clone().into_bytes();
            bytes[3 + n] = if bytes[3 + n] == b'A' { b'B' } else { b'A' };
            let signature = String::from_utf8(bytes).unwrap();
            assert_eq!(refused(Headers { signature, ..good.clone() }, b"body"), WebhookError::Signature, "{n}");
        }
        let two = Headers { signature: format!("v1,AAAA {}", good.signature), ..good };
        assert_eq!(verify(&secret, &two, b"body", at(1000)), Ok(()));
        let other = Secret::parse(&Secret::text_of(&[8; 32])).unwrap();
        assert_eq!(verify(&other, &two, b"body", at(1000)), Err(WebhookError::Signature));
    }

    #[test]
    fn weak_secrets_are_refused() {
        for bad in
            ["", "whsec_", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", &Secret::text_of(&[1; 23]), &Secret::text_of(&[1; 65])]
        {
            assert_eq!(Secret::parse(bad).unwrap_err(), WebhookError::Secret, "{bad}");
        }
    }
}
