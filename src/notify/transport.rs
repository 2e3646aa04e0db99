//! Ways out: an SMTP server, a folder of files, or memory. Sending is all it does; what follows is `delivery`.
//!
//! Over the network only with TLS; without it only to this machine. Never falls back from TLS. Tells refusal from doubt: a
//! mail whose fate is unknown may be sent again once, with the same Message-ID.

use super::mail::Ready;
use crate::crypto::hash::Digest;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport as _};
use std::fs;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Longest wait for one command (facts: outbound 30 s in all).
const WAIT_SECONDS: u64 = 30;

/// How the line to the SMTP server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// TLS after STARTTLS; no mail without it.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: only to this machine.
    Plain,
}

/// Name and password for the SMTP server. Prints nothing.
#[derive(Clone)]
pub struct Login {
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// Where and how to hand mail over.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Name or address of the server; with TLS, its certificate must bear it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the line.
    pub line: Line,
    /// Login, where the server wants one; never sent without TLS.
    pub login: Option<Login>,
    /// An authority of its own in PEM, beside the public ones.
    pub authority_pem: Option<Vec<u8>>,
}

/// A transport that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Without TLS mail may only go to this machine.
    #[error("`{0}` is not this machine: mail leaves it only with `starttls` or `tls`")]
    PlainAbroad(String),
    /// A login would travel in the clear.
    #[error("a login is only sent with `starttls` or `tls`")]
    PlainLogin,
    /// TLS could not be set up.
    #[error("tls for `{host}` could not be set up")]
    Tls {
        /// The server.
        host: String,
        /// What is wrong.
        source: lettre::transport::smtp::Error,
    },
    /// The folder for mails is not there.
    #[error("`{0}` is not a folder")]
    NoFolder(PathBuf),
}

/// A mail that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Not now; the mail was certainly not taken over.
    #[error("not now ({0})")]
    Later(Code),
    /// Not at all (RFC 5321 4.2.1: 5yz).
    #[error("refused for good ({0})")]
    Never(Code),
    /// The line broke while the mail was handed over: it may have been taken over.
    #[error("handed over in doubt")]
    InDoubt,
}

/// The reply code of a server, 0 when it did not reply. Its words may hold addresses and are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == 0 { f.write_str("no reply") } else { write!(f, "reply {}", self.0) }
    }
}

/// What a reply code means: taken over, not now, never.
pub fn classify(code: u16) -> Result<(), NotSent> {
    match code {
        200..=299 => Ok(()),
        // 552 means "storage exceeded" at some servers and is still theirs to call final (RFC 5321 4.2.2).
        500..=599 => Err(NotSent::Never(Code(code))),
        _ => Err(NotSent::Later(Code(code))),
    }
}

/// A way out.
pub enum Transport {
    /// An SMTP server.
    Smtp(Box<SmtpTransport>),
    /// A folder in the manner of a maildir: `tmp`, then moved to `new` under the Message-ID's hash.
    Folder(PathBuf),
    /// Memory, for tests and previews.
    Memory(Mutex<Vec<Ready>>),
}

impl Transport {
    /// Over SMTP.
    pub fn smtp(settings: &SmtpSettings) -> Result<Self, TransportError> {
        if settings.line == Line::Plain {
            if !is_this_machine(&settings.host) {
                return Err(TransportError::PlainAbroad(settings.host.clone()));
            }
            if settings.login.is_some() {
                return Err(TransportError::PlainLogin);
            }
        }
        let tls = |source| TransportError::Tls { host: settings.host.clone(), source };
        let parameters = || -> Result<TlsParameters, TransportError> {
            let mut builder = TlsParameters::builder(settings.host.clone());
            if let Some(pem) = &settings.authority_pem {
                builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(tls)?);
            }
            builder.build_rustls().map_err(tls)
        };
        let mut builder = SmtpTransport::builder_dangerous(settings.host.clone())
            .port(settings.port)
            .timeout(Some(Duration::from_secs(WAIT_SECONDS)))
            .tls(match settings.line {
                Line::StartTls => Tls::Required(parameters()?),
                Line::Tls => Tls::Wrapper(parameters()?),
                Line::Plain => Tls::None,
            });
        if let Some(login) = &settings.login {
            builder = builder.credentials(Credentials::new(login.name.clone(), login.password.clone()));
        }
        Ok(Self::Smtp(Box::new(builder.build())))
    }

    /// Into a folder.
    pub fn folder(folder: &Path) -> Result<Self, TransportError> {
        let ready = ["tmp", "new"].iter().all(|part| fs::create_dir_all(folder.join(part)).is_ok());
        if ready { Ok(Self::Folder(folder.to_owned())) } else { Err(TransportError::NoFolder(folder.to_owned())) }
    }

    /// Into memory.
    pub fn memory() -> Self {
        Self::Memory(Mutex::new(Vec::new()))
    }

    /// Hands a mail over.
    pub fn send(&self, mail: &Ready) -> Result<(), NotSent> {
        match self {
            // A panic in the library must not take the worker with it (T29); whether the mail went out is then unknown.
            Self::Smtp(server) => {
                catch_unwind(AssertUnwindSafe(|| send_smtp(server, mail))).unwrap_or(Err(NotSent::InDoubt))
            }
            Self::Folder(folder) => send_folder(folder, mail),
            Self::Memory(sent) => {
                sent.lock().map_err(|_| NotSent::Later(Code(0)))?.push(mail.clone());
                Ok(())
            }
        }
    }

    /// What was sent into memory.
    pub fn sent(&self) -> Vec<Ready> {
        match self {
            Self::Memory(sent) => sent.lock().map(|s| s.clone()).unwrap_or_default(),
            _ => vec![],
        }
    }
}

fn send_smtp(server: &SmtpTransport, mail: &Ready) -> Result<(), NotSent> {
    let address = |text: &str| text.parse().map_err(|_| NotSent::Never(Code(0)));
    let envelope = Envelope::new(Some(address(&mail.return_path)?), vec![address(&mail.to)?]);
    let envelope = envelope.map_err(|_| NotSent::Never(Code(0)))?;
    // A server that cannot be reached is no doubt: nothing was handed over.
    match server.test_connection() {
        Ok(true) => {}
        Ok(false) => return Err(NotSent::Later(Code(0))),
        Err(e) => return Err(e.status().map_or(NotSent::Later(Code(0)), |c| NotSent::Later(Code(c.into())))),
    }
    match server.send_raw(&envelope, &mail.bytes) {
        Ok(reply) => classify(reply.code().into()),
        Err(e) => match e.status() {
            Some(code) => Err(classify(code.into()).err().unwrap_or(NotSent::InDoubt)),
            None if e.is_client() || e.is_tls() => Err(NotSent::Later(Code(0))),
            None => Err(NotSent::InDoubt),
        },
    }
}

fn send_folder(folder: &Path, mail: &Ready) -> Result<(), NotSent> {
    // The same notice has the same name, so that sending it twice leaves one file.
    let name = format!("{}.eml", Digest::of(mail.message_id.as_bytes()).short(32));
    let head = format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", mail.return_path, mail.to);
    let written = fs::write(folder.join("tmp").join(&name), [head.as_bytes(), &mail.bytes].concat());
    let moved = written.and_then(|()| fs::rename(folder.join("tmp").join(&name), folder.join("new").join(&name)));
    moved.map_err(|_| NotSent::Later(Code(0)))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, line: Line, login: bool) -> SmtpSettings {
        let login = login.then(|| Login { name: "u".to_owned(), password: "p".to_owned() });
        SmtpSettings { host: host.to_owned(), port: 2525, line, login, authority_pem: None }
    }

    #[test]
    fn mail_leaves_the_machine_only_with_tls() {
        for host in ["mail.example.com", "10.0.0.1", "localhost.evil.example", "0.0.0.0"] {
            assert!(matches!(
                Transport::smtp(&settings(host, Line::Plain, false)),
                Err(TransportError::PlainAbroad(_))
            ));
        }
        assert!(matches!(Transport::smtp(&settings("127.0.0.1", Line::Plain, true)), Err(TransportError::PlainLogin)));
        for (host, line) in [
            ("127.0.0.1", Line::Plain),
            ("::1", Line::Plain),
            ("mail.example.com", Line::StartTls),
            ("mail.example.com", Line::Tls),
        ] {
            assert!(Transport::smtp(&settings(host, line, false)).is_ok(), "{host}");
        }
    }

    #[test]
    fn replies_mean_what_the_standard_says() {
        assert_eq!(classify(250), Ok(()));
        for code in [421, 450, 451, 452, 454, 354, 0, 199] {
            assert_eq!(classify(code), Err(NotSent::Later(Code(code))));
        }
        for code in [500, 535, 550, 551, 552, 553, 554, 571] {
            assert_eq!(classify(code), Err(NotSent::Never(Code(code))));
        }
        assert_eq!(NotSent::Never(Code(550)).to_string(), "refused for good (reply 550)");
    }

    #[test]
    fn a_folder_holds_one_file_for_a_mail_sent_twice() {
        let dir = tempfile::tempdir().unwrap();
        let transport = Transport::folder(dir.path()).unwrap();
        let [message_id, return_path, to] = ["<a@b.example>", "r@b.example", "t@c.example"].map(str::to_owned);
        let mail = Ready { message_id, return_path, to, bytes: b"Subject: x\r\n\r\ny\r\n".to_vec() };
        transport.send(&mail).unwrap();
        transport.send(&mail).unwrap();
        let files: Vec<_> = fs::read_dir(dir.path().join("new")).unwrap().map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        assert!(
            fs::read_to_string(&files[0])
                .unwrap()
                .starts_with("Return-Path: <r@b.example>\r\nDelivered-To: t@c.example\r\nSubject")
        );
        assert!(fs::read_dir(dir.path().join("tmp")).unwrap().next().is_none());
    }
}
