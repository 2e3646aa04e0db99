//! Return paths that name their notice, so that a bounce is recognised whatever it says (variable envelope return paths).
//!
//! A short keyed tag keeps strangers from reporting bounces of notices that they never saw. Holds nothing personal.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Hexadecimal digits of the tag.
const TAG_DIGITS: usize = 16;

/// Makes and reads return paths.
#[derive(Clone)]
pub struct ReturnPaths {
    mailbox: String,
    domain: String,
    key: [u8; 32],
}

impl ReturnPaths {
    /// Return paths `mailbox+notice-tag@domain`.
    pub fn new(mailbox: &str, domain: &str, key: [u8; 32]) -> Self {
        Self { mailbox: mailbox.to_ascii_lowercase(), domain: domain.to_ascii_lowercase(), key }
    }

    /// The return path of a notice.
    pub fn of(&self, notice: &str) -> String {
        format!("{}+{notice}-{}@{}", self.mailbox, self.tag(notice), self.domain)
    }

    /// The notice that an address is the return path of; `None` when it is not one of ours.
    pub fn notice(&self, address: &str) -> Option<String> {
        // Mail systems may change the case on the way; ids are lower case.
        let address = address.trim().trim_matches(['<', '>']).to_ascii_lowercase();
        let (local, domain) = address.rsplit_once('@')?;
        let (notice, tag) = local.strip_prefix(&self.mailbox)?.strip_prefix('+')?.rsplit_once('-')?;
        (domain == self.domain && tag == self.tag(notice)).then(|| notice.to_owned())
    }

    fn tag(&self, notice: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).map(|mut mac| {
            mac.update(b"habeas return path v1\0");
            mac.update(notice.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        });
        mac.unwrap_or_default().chars().take(TAG_DIGITS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_return_paths_are_read() {
        let paths = ReturnPaths::new("bounces", "musterfirma.example", [7; 32]);
        let address = paths.of("7c2a90-b1");
        assert_eq!(paths.notice(&address).as_deref(), Some("7c2a90-b1"));
        assert_eq!(paths.notice(&format!("<{}>", address.to_ascii_uppercase())).as_deref(), Some("7c2a90-b1"));
        let other = ReturnPaths::new("bounces", "musterfirma.example", [8; 32]);
        assert_eq!(other.notice(&address), None);
        for wrong in
            ["bounces+7c2a90-b1@musterfirma.example", "x@musterfirma.example", "", &address.replace("7c2a90", "7c2a91")]
        {
            assert_eq!(paths.notice(wrong), None, "{wrong}");
        }
    }
}
