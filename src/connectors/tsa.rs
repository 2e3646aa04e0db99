//! Asks a time-stamping authority over HTTP (RFC 3161, 3.4): the digest goes out, nothing else.
//!
//! One POST, no redirects, TLS or this machine only, 64 KiB of answer at most, the time limits of every connection.

use super::alerts::wire::{Server, Wire};
use super::alerts::{SendError, Trust};
use crate::crypto::hash::Digest;
use crate::crypto::stamp::{self, Stamp, StampError, Wanted};
use x509_cert::Certificate;

/// Longest answer that is read, head included.
const LONGEST_ANSWER_BYTES: usize = 64 << 10;

/// A time-stamping authority.
pub struct Authority {
    server: Server,
    path: String,
    trust: Trust,
    anchors: Option<Vec<Certificate>>,
    policy: Option<String>,
}

/// No stamp; the reason is for whoever asked for one.
#[derive(Debug, thiserror::Error)]
pub enum TsaError {
    /// Not an address that is asked.
    #[error(
        "`{0}` is not the address of a time-stamping authority; it must be https://host/path, or http:// on this machine"
    )]
    Address(String),
    /// It could not be reached.
    #[error("the time-stamping authority could not be reached: {0}")]
    Send(#[from] SendError),
    /// It answered something else.
    #[error("the time-stamping authority answered {0}")]
    Answer(String),
    /// Its stamp does not hold.
    #[error(transparent)]
    Stamp(#[from] StampError),
}

impl Authority {
    /// The authority at `url`. `anchors` are what its certificates must lead to; `trust` is for TLS.
    pub fn at(
        url: &str,
        trust: Trust,
        anchors: Option<Vec<Certificate>>,
        policy: Option<String>,
    ) -> Result<Self, TsaError> {
        let wrong = || TsaError::Address(url.to_owned());
        let (tls, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let server = Server::parse(host, if tls { 443 } else { 80 }, tls).ok_or_else(wrong)?;
        let fits = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        if !fits || !(tls || server.is_this_machine()) {
            return Err(wrong());
        }
        Ok(Self { server, path: path.to_owned(), trust, anchors, policy })
    }

    /// A stamp for `digest`, checked: the token, and what it says. `nonce` must not have been used before.
    pub fn stamp(&self, digest: &Digest, nonce: u64) -> Result<(Vec<u8>, Stamp), TsaError> {
        let request = stamp::request(digest, nonce, self.policy.as_deref())?;
        let token = stamp::granted(&self.ask(&request)?)?;
        let (policy, anchors) = (self.policy.as_deref(), self.anchors.as_deref());
        let checked = stamp::check(&token, &Wanted { digest, nonce: Some(nonce), policy, anchors })?;
        Ok((token, checked))
    }

    /// The body of the answer to `query`.
    fn ask(&self, query: &[u8]) -> Result<Vec<u8>, TsaError> {
        let mut wire = self.server.connect(&self.trust)?;
        // HTTP/1.0: the answer ends with the connection or by its length, never in chunks.
        let host =
            if self.server.host.contains(':') { format!("[{}]", self.server.host) } else { self.server.host.clone() };
        let head = format!(
            "POST {} HTTP/1.0\r\nHost: {host}:{}\r\nUser-Agent: habeas/{}\r\nContent-Type: application/timestamp-query\r\nAccept: application/timestamp-reply\r\nContent-Length: {}\r\n\r\n",
            self.path,
            self.server.port,
            env!("CARGO_PKG_VERSION"),
            query.len()
        );
        wire.say(&[head.as_bytes(), query].concat()).map_err(SendError::io("sending"))?;
        body(&heard(&mut wire)?)
    }
}

/// The whole answer.
fn heard(wire: &mut Wire) -> Result<Vec<u8>, TsaError> {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = wire.hear(&mut piece).map_err(SendError::io("waiting for the answer"))?;
        if count == 0 || is_whole(&read) {
            return Ok(read);
        }
        read.extend_from_slice(piece.get(..count).unwrap_or_default());
        if read.len() > LONGEST_ANSWER_BYTES {
            return Err(TsaError::Answer(format!("more than {LONGEST_ANSWER_BYTES} bytes")));
        }
        if is_whole(&read) {
            return Ok(read);
        }
    }
}

/// Head and body of an answer, as far as it is there.
fn parts(answer: &[u8]) -> Option<(String, &[u8])> {
    let at = memchr::memmem::find(answer, b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(answer.get(..at)?).into_owned(), answer.get(at + 4..)?))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let named =
        |line: &'h str| line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
    head.lines().skip(1).find_map(named)
}

fn is_whole(answer: &[u8]) -> bool {
    let length =
        parts(answer).and_then(|(head, body)| Some((header(&head, "content-length")?.parse().ok()?, body.len())));
    length.is_some_and(|(length, got): (usize, usize)| got >= length)
}

fn body(answer: &[u8]) -> Result<Vec<u8>, TsaError> {
    let (head, body) = parts(answer).ok_or_else(|| TsaError::Answer("something that is not HTTP".to_owned()))?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(TsaError::Answer(format!("`{}`", status.chars().take(60).collect::<String>())));
    }
    let kind = header(&head, "content-type").unwrap_or("no type");
    if !kind.eq_ignore_ascii_case("application/timestamp-reply") {
        return Err(TsaError::Answer(format!(
            "`{}` instead of a time stamp",
            kind.chars().take(60).collect::<String>()
        )));
    }
    match header(&head, "content-length").map(str::parse::<usize>) {
        Some(Ok(length)) if body.len() >= length => Ok(body.get(..length).unwrap_or_default().to_vec()),
        Some(_) => Err(TsaError::Answer("less than it announced".to_owned())),
        None => Ok(body.to_vec()),
    }
}
