//! Standard output and standard error: the one place where results and complaints leave.
//!
//! A reader that goes away (`habeas ... | head`) ends the printing quietly, not the work: what a command set out to enter or
//! to send, it still does. What cannot be written for another reason, such as a full disk, is told, and the command fails.

use super::exit::Exit;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU8, Ordering};

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const FAILED: u8 = 2;

/// What became of standard output so far.
static STATE: AtomicU8 = AtomicU8::new(OPEN);

/// Prints a result and ends its line.
pub(super) fn say(text: &str) {
    written(|out| writeln!(out, "{text}"));
}

/// Prints a result as it is, at once.
pub(super) fn print(text: &str) {
    written(|out| out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Tells on standard error. Nobody is left to tell when that cannot be written to.
pub(super) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether nobody reads any more; a command that would go on for ever ends then.
pub(super) fn is_closed() -> bool {
    STATE.load(Ordering::Relaxed) != OPEN
}

/// The exit code of a command that ends with `exit`: a result that could not be written was not given.
pub(super) fn settled(exit: Exit) -> Exit {
    if STATE.load(Ordering::Relaxed) == FAILED && matches!(exit, Exit::Done | Exit::Findings) {
        return Exit::Unreadable;
    }
    exit
}

fn written(write: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>) {
    if is_closed() {
        return;
    }
    let Err(error) = write(&mut io::stdout().lock()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        STATE.store(CLOSED, Ordering::Relaxed);
    } else {
        STATE.store(FAILED, Ordering::Relaxed);
        tell(&format!("habeas: standard output could not be written: {error}"));
    }
}
