//! Syslog over TCP and TLS.
//!
//! Syslog has no receipts. What a sender can know is whether the receiver read to the end: we close our half, and a receiver
//! that has read everything closes its own; one that broke off with bytes unread resets. So each batch has its connection.

use super::SendError;
use super::wire::{Server, Trust};
use crate::alerts::syslog::frame;
use std::io::ErrorKind;
use std::time::Duration;

/// How long a receiver may take to close, in words.
pub const HOW_TO_TAKE: &str = "10 s";
const CLOSE: Duration = Duration::from_secs(10);

/// Sends `messages` and waits until the receiver has closed.
pub(super) fn send(server: &Server, trust: &Trust, messages: &[String]) -> Result<(), SendError> {
    let mut wire = server.connect(trust)?;
    for message in messages {
        wire.say(&frame(message)).map_err(SendError::io("sending"))?;
    }
    wire.finish(CLOSE).map_err(SendError::io("closing"))?;
    let mut ignored = [0; 512];
    loop {
        match wire.hear(&mut ignored) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(SendError::Unconfirmed);
            }
            Err(e) => return Err(SendError::io("waiting for the receiver to close")(e)),
        }
    }
}
