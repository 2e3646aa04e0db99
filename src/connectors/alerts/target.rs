//! Where alerts go, as it is written on the command line.

use super::wire::{Server, Trust};
use super::{SendError, file, post, stream};
use crate::alerts::syslog::{Host, around_cef, around_json, message};
use crate::alerts::webhook::{self, Secret};
use crate::alerts::{Alert, cef, ocsf};
use crate::clock::Clock;
use std::path::PathBuf;

/// A place that cannot be sent to as written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not one of the known kinds.
    #[error(
        "`{0}` is not a place for alerts; write e.g. syslogs://siem.example.org:6514, https://host/hook, ocsf+file:///path"
    )]
    Kind(String),
    /// The port is not a number, or the host is missing.
    #[error("`{0}` does not name a host and a port between 1 and 65535")]
    Address(String),
    /// Plain http to another machine.
    #[error("`{0}` would send alerts unencrypted to another machine; use https")]
    Plain(String),
    /// A webhook without a secret.
    #[error("`{0}` is a webhook and needs --secret FILE to sign with")]
    Secret(String),
}

/// How an alert is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 5424 with structured data.
    Syslog,
    /// Common Event Format.
    Cef,
    /// OCSF Detection Finding.
    Ocsf,
    /// Our own JSON.
    Json,
}

/// What alerts are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A syslog receiver.
    Stream(Server),
    /// A webhook: the server and the path with its query.
    Hook(Server, String),
    /// A file to append to.
    File(PathBuf),
}

/// A place and the form it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As written.
    pub text: String,
    /// The form.
    pub form: Form,
    /// The place.
    pub place: Place,
}

/// What sending needs besides the place.
#[derive(Debug)]
pub struct Sending {
    /// Our own name in syslog.
    pub host: Host,
    /// Signs webhooks.
    pub secret: Option<Secret>,
    /// Whose certificates count.
    pub trust: Trust,
    /// The time of a signature.
    pub clock: Clock,
}

impl Target {
    /// Reads e.g. `cef+syslogs://host:6514`. Credentials in the address are refused: addresses end up in logs.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let unknown = || TargetError::Kind(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(unknown)?;
        let (form, scheme) = scheme.split_once('+').map_or((None, scheme), |(form, scheme)| (Some(form), scheme));
        let named = match form {
            None => None,
            Some("cef") => Some(Form::Cef),
            Some("ocsf") => Some(Form::Ocsf),
            Some("syslog") if scheme == "file" => Some(Form::Syslog),
            Some(_) => return Err(unknown()),
        };
        let server = |tls: bool, port: u16, end: &str| -> Result<(Server, String), TargetError> {
            let (host, path) = rest.find(['/', '?', '#']).map_or((rest, end), |at| rest.split_at(at));
            let server = Server::parse(host, port, tls).ok_or_else(|| TargetError::Address(text.to_owned()))?;
            Ok((server, path.to_owned()))
        };
        let (form, place) = match scheme {
            "syslog" | "syslogs" => {
                let tls = scheme == "syslogs";
                let (server, path) = server(tls, if tls { 6514 } else { 601 }, "")?;
                if !matches!(path.as_str(), "" | "/") {
                    return Err(unknown());
                }
                (named.unwrap_or(Form::Syslog), Place::Stream(server))
            }
            "http" | "https" if named != Some(Form::Cef) => {
                let (server, path) = server(scheme == "https", if scheme == "https" { 443 } else { 80 }, "/")?;
                if !server.tls && !server.is_this_machine() {
                    return Err(TargetError::Plain(text.to_owned()));
                }
                (named.unwrap_or(Form::Json), Place::Hook(server, request_path(&path).ok_or_else(unknown)?))
            }
            "file" if rest.starts_with('/') => (named.unwrap_or(Form::Json), Place::File(PathBuf::from(rest))),
            _ => return Err(unknown()),
        };
        Ok(Self { text: text.to_owned(), form, place })
    }

    /// Whether everything is there that sending to it needs.
    pub fn check(&self, sending: &Sending) -> Result<(), TargetError> {
        match (&self.place, &sending.secret) {
            (Place::Hook(..), None) => Err(TargetError::Secret(self.text.clone())),
            _ => Ok(()),
        }
    }

    /// How many of `alerts` the place has already, although nobody noted it: a file can be asked.
    pub fn has_already(&self, alerts: &[Alert], sending: &Sending) -> Result<usize, SendError> {
        let Place::File(path) = &self.place else { return Ok(0) };
        let lines: Vec<String> = alerts.iter().map(|a| self.line(a, &sending.host)).collect();
        file::settle(path, &lines)
    }

    /// Sends `alerts` in order; says how many were taken, and why the next one was not.
    pub fn send(&self, alerts: &[Alert], sending: &Sending) -> (usize, Option<SendError>) {
        let all = |sent: Result<(), SendError>| match sent {
            Ok(()) => (alerts.len(), None),
            Err(e) => (0, Some(e)),
        };
        match &self.place {
            Place::Stream(server) => {
                let messages: Vec<String> = alerts.iter().map(|a| self.message(a, &sending.host)).collect();
                all(stream::send(server, &sending.trust, &messages))
            }
            Place::File(path) => {
                let lines: Vec<String> = alerts.iter().map(|a| self.line(a, &sending.host)).collect();
                all(file::append(path, &lines))
            }
            Place::Hook(server, path) => {
                for (taken, alert) in alerts.iter().enumerate() {
                    if let Err(e) = self.post(server, path, alert, sending) {
                        return (taken, Some(e));
                    }
                }
                (alerts.len(), None)
            }
        }
    }

    fn post(&self, server: &Server, path: &str, alert: &Alert, sending: &Sending) -> Result<(), SendError> {
        let body = if self.form == Form::Ocsf { ocsf::finding(alert).to_string() } else { webhook::body(alert) };
        let headers =
            sending.secret.as_ref().map(|s| webhook::sign(s, &alert.id, body.as_bytes(), sending.clock.now()));
        post::post(&post::Call { server, path, body: &body, headers: headers.as_ref() }, &sending.trust)
    }

    fn message(&self, alert: &Alert, host: &Host) -> String {
        match self.form {
            Form::Cef => around_cef(alert, host),
            Form::Ocsf => around_json(alert, host, &ocsf::finding(alert).to_string()),
            Form::Json => around_json(alert, host, &webhook::body(alert)),
            Form::Syslog => message(alert, host),
        }
    }

    fn line(&self, alert: &Alert, host: &Host) -> String {
        match self.form {
            Form::Cef => cef::event(alert),
            Form::Ocsf => ocsf::finding(alert).to_string(),
            Form::Json => webhook::body(alert),
            Form::Syslog => message(alert, host),
        }
    }
}

/// The path and query of a request; none when it has a fragment, spaces or anything but ASCII.
fn request_path(path: &str) -> Option<String> {
    let fits = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    fits.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        match Target::parse(text) {
            Ok(t) => match t.place {
                Place::Stream(s) => format!("{:?} {}:{} tls={}", t.form, s.host, s.port, s.tls),
                Place::Hook(s, path) => format!("{:?} {}:{}{path} tls={}", t.form, s.host, s.port, s.tls),
                Place::File(path) => format!("{:?} {}", t.form, path.display()),
            },
            Err(TargetError::Kind(_)) => "kind".into(),
            Err(TargetError::Address(_)) => "address".into(),
            Err(TargetError::Plain(_)) => "plain".into(),
            Err(TargetError::Secret(_)) => "secret".into(),
        }
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        for (text, what) in [
            ("syslog://siem", "Syslog siem:601 tls=false"),
            ("syslogs://siem.example.org", "Syslog siem.example.org:6514 tls=true"),
            ("syslogs://[2001:db8::1]:1514/", "Syslog 2001:db8::1:1514 tls=true"),
            ("cef+syslog://siem:514", "Cef siem:514 tls=false"),
            ("ocsf+syslogs://siem:514", "Ocsf siem:514 tls=true"),
            ("https://h.example/hook?a=b", "Json h.example:443/hook?a=b tls=true"),
            ("https://h.example?a=b", "Json h.example:443/?a=b tls=true"),
            ("ocsf+https://h.example:8443", "Ocsf h.example:8443/ tls=true"),
            ("http://127.0.0.1:80/x", "Json 127.0.0.1:80/x tls=false"),
            ("http://[::1]/x", "Json ::1:80/x tls=false"),
            ("http://localhost/x", "Json localhost:80/x tls=false"),
            ("file:///var/log/a", "Json /var/log/a"),
            ("ocsf+file:///a", "Ocsf /a"),
            ("syslog+file:///a", "Syslog /a"),
            ("http://h.example/", "plain"),
            ("http://127.0.0.1.example/", "plain"),
            ("http://localhost@h.example/", "address"),
            ("https://user:secret@h.example/", "address"),
            ("syslog://:514", "address"),
            ("syslog://siem:0", "address"),
            ("syslog://siem:70000", "address"),
            ("syslog://siem/path", "kind"),
            ("https://h.example/a b", "kind"),
            ("https://h.example/a\r\nX: y", "kind"),
            ("https://h.example/#a", "kind"),
            ("cef+https://h.example/", "kind"),
            ("file://relative", "kind"),
            ("ftp://siem", "kind"),
            ("siem:514", "kind"),
        ] {
            assert_eq!(parsed(text), what, "{text}");
        }
    }
}
