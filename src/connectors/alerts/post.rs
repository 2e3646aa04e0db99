//! One POST over HTTP/1.1: one connection per call, no redirects, no more of the answer than its head.

use super::SendError;
use super::wire::{Server, Trust, Wire};
use crate::alerts::webhook::Headers;

/// Longest head of an answer that is read.
const LONGEST_HEAD_BYTES: usize = 32 << 10;
/// Longest wait that a receiver may ask for.
const LONGEST_WAIT_S: u64 = 3600;

/// What is posted where.
pub(super) struct Call<'a> {
    pub(super) server: &'a Server,
    /// Path and query.
    pub(super) path: &'a str,
    pub(super) body: &'a str,
    pub(super) headers: Option<&'a Headers>,
}

/// Posts, and is content with a 2xx.
pub(super) fn post(call: &Call<'_>, trust: &Trust) -> Result<(), SendError> {
    let mut wire = call.server.connect(trust)?;
    wire.say(&request(call)).map_err(SendError::io("sending"))?;
    let head = head(&mut wire)?;
    let status = status(&head).ok_or(SendError::Answer)?;
    if (200..300).contains(&status) {
        return Ok(());
    }
    Err(SendError::Refused { status, retry_after_s: retry_after_s(&head) })
}

fn request(call: &Call<'_>) -> Vec<u8> {
    let host =
        if call.server.host.contains(':') { format!("[{}]", call.server.host) } else { call.server.host.clone() };
    let mut head = format!("POST {} HTTP/1.1\r\nHost: {host}:{}\r\n", call.path, call.server.port);
    head.push_str(concat!("User-Agent: habeas/", env!("CARGO_PKG_VERSION"), "\r\n"));
    if let Some(h) = call.headers {
        head.push_str(&format!(
            "webhook-id: {}\r\nwebhook-timestamp: {}\r\nwebhook-signature: {}\r\n",
            h.id, h.timestamp, h.signature
        ));
    }
    head.push_str(&format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        call.body.len(),
        call.body
    ));
    head.into_bytes()
}

/// The head of the final answer; interim ones (1xx) are skipped.
fn head(wire: &mut Wire) -> Result<String, SendError> {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            if status(head).is_some_and(|s| (100..200).contains(&s)) {
                read = rest.as_bytes().to_vec();
                continue;
            }
            return Ok(head.to_owned());
        }
        let count = wire.hear(&mut piece).map_err(SendError::io("waiting for the answer"))?;
        if count == 0 || read.len() > LONGEST_HEAD_BYTES {
            return Err(SendError::Answer);
        }
        read.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
}

/// `HTTP/1.1 204 No Content` has 204.
fn status(head: &str) -> Option<u16> {
    let mut words = head.lines().next()?.split(' ');
    words.next().filter(|v| v.starts_with("HTTP/1."))?;
    words.next()?.parse().ok().filter(|s| (100..600).contains(s))
}

/// The seconds of `Retry-After`; the form with a date is left aside, our own waiting covers it.
fn retry_after_s(head: &str) -> Option<u64> {
    let named = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("retry-after").then(|| value.trim().parse::<u64>().ok()).flatten()
    };
    head.lines().skip(1).find_map(named).map(|s| s.min(LONGEST_WAIT_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_the_standard_says() {
        for (head, expected) in [
            ("HTTP/1.1 204 No Content", Some(204)),
            ("HTTP/1.0 500", Some(500)),
            ("HTTP/2 200", None),
            ("HTTP/1.1 abc", None),
            ("HTTP/1.1 999 x", None),
            ("", None),
        ] {
            assert_eq!(status(head), expected, "{head}");
        }
        assert_eq!(retry_after_s("HTTP/1.1 503 x\r\nretry-AFTER: 7"), Some(7));
        assert_eq!(retry_after_s("HTTP/1.1 503 x\r\nRetry-After: 99999999"), Some(3600));
        assert_eq!(retry_after_s("HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT"), None);
    }
}
