//! The SMTP server of `tests/fixtures/smtp/server.py` as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server; it ends when dropped.
pub(crate) struct Server {
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the server can be run here; where every tool must be there, it must.
pub(crate) fn is_available() -> bool {
    let found = Command::new("python3").args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|s| s.success());
    assert!(
        found || std::env::var_os("HABEAS_CHECK_TOOLS").is_none(),
        "aiosmtpd is missing: see scripts/requirements.txt"
    );
    found
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts the server on `port`, keeping mails in `folder`; with TLS when given a certificate and its key.
pub(crate) fn start(port: u16, folder: &Path, tls: Option<(&Path, &Path)>) -> Server {
    fs::create_dir_all(folder).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/smtp/server.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(port.to_string()).arg(folder);
    if let Some((cert, key)) = tls {
        command.arg(cert).arg(key);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready");
    Server { child }
}

/// What the server kept, by the beginning of the file name.
pub(crate) fn kept(folder: &Path, kind: &str) -> Vec<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let named = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with(kind);
    files.into_iter().filter(named).map(|p| fs::read_to_string(p).unwrap()).collect()
}
