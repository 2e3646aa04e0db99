//! `[mail]`: how letters leave, and where bounces come back.

use super::{Config, ConfigError, value};
use crate::files;
use crate::notify::mail::Party;
use crate::notify::transport::{Line, Login, SmtpSettings, Transport};
use crate::notify::verp::ReturnPaths;
use serde::{Deserialize, Serialize};

const LARGEST_SECRET_BYTES: u64 = 4096;
const LARGEST_AUTHORITY_BYTES: u64 = 1 << 20;

/// How letters leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Into a folder, in the manner of a maildir; nobody is written to.
    Folder,
    /// By SMTP.
    Smtp,
}

/// How letters leave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `folder` or `smtp`.
    pub way: Way,
    /// The folder of `folder`.
    pub folder: String,
    /// The SMTP server; with TLS, its certificate must bear this name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `starttls`, `tls`, or `plain` to this machine only.
    pub line: String,
    /// Login name, where the server wants one.
    pub login: String,
    /// File with the password, readable by its owner alone.
    pub password_file: String,
    /// File with an authority of its own in PEM, beside the public ones.
    pub authority_file: String,
    /// Address that letters come from; the organisation's own when empty.
    pub from: String,
    /// Domain of Message-IDs and return paths; that of `from` when empty.
    pub domain: String,
    /// Mailbox to which bounces come, as `mailbox+notice-tag@domain`.
    pub bounces: String,
}

impl Default for Mail {
    fn default() -> Self {
        let none = String::new;
        Self {
            way: Way::Folder,
            folder: "mail-out".to_owned(),
            host: "localhost".to_owned(),
            port: 587,
            line: "starttls".to_owned(),
            login: none(),
            password_file: none(),
            authority_file: none(),
            from: none(),
            domain: none(),
            bounces: "bounces".to_owned(),
        }
    }
}

fn wrong(key: &'static str, reason: impl Into<String>) -> ConfigError {
    value("mail", key, reason)
}

impl Mail {
    /// For tests: into a folder.
    pub fn for_tests() -> Self {
        Self::default()
    }

    /// Protection of the line.
    pub fn line(&self) -> Result<Line, ConfigError> {
        match self.line.as_str() {
            "starttls" => Ok(Line::StartTls),
            "tls" => Ok(Line::Tls),
            "plain" => Ok(Line::Plain),
            other => Err(wrong("line", format!("`{other}` is none of starttls, tls, plain"))),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.line()?;
        if !self.from.is_empty() && Party::new(None, &self.from, "from").is_err() {
            return Err(wrong("from", format!("`{}` is not a mail address", self.from)));
        }
        if self.login.is_empty() != self.password_file.is_empty() {
            return Err(wrong("password_file", "a login needs its password_file, and a password_file its login"));
        }
        Ok(())
    }
}

impl Config {
    /// The way out for letters.
    pub fn transport(&self) -> Result<Transport, ConfigError> {
        let mail = &self.mail;
        if mail.way == Way::Folder {
            return Transport::folder(&self.path(&mail.folder)).map_err(|e| wrong("folder", e.to_string()));
        }
        let login = match mail.login.as_str() {
            "" => None,
            name => {
                let bytes = files::read_secret(&self.path(&mail.password_file), LARGEST_SECRET_BYTES)?;
                let password = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
                Some(Login { name: name.to_owned(), password })
            }
        };
        let authority_pem = match mail.authority_file.as_str() {
            "" => None,
            file => Some(files::read_limited(&self.path(file), LARGEST_AUTHORITY_BYTES)?),
        };
        let settings =
            SmtpSettings { host: mail.host.clone(), port: mail.port, line: mail.line()?, login, authority_pem };
        Transport::smtp(&settings).map_err(|e| wrong("host", e.to_string()))
    }

    /// The address that letters come from.
    pub fn mail_from(&self) -> &str {
        if self.mail.from.is_empty() { &self.organisation.email } else { &self.mail.from }
    }

    /// The domain of Message-IDs and return paths.
    pub fn mail_domain(&self) -> &str {
        let of_sender = || self.mail_from().rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        if self.mail.domain.is_empty() { of_sender() } else { &self.mail.domain }
    }

    /// Return paths, marked with the key of the installation.
    pub fn return_paths(&self) -> Result<ReturnPaths, ConfigError> {
        let bytes = files::read_secret(&self.path(&self.keys.bounces), LARGEST_SECRET_BYTES)?;
        let mut key = [0; 32];
        hex::decode_to_slice(String::from_utf8_lossy(&bytes).trim(), &mut key)
            .map_err(|_| value("keys", "bounces", "the file does not hold 64 hexadecimal digits"))?;
        Ok(ReturnPaths::new(&self.mail.bounces, self.mail_domain(), key))
    }
}
