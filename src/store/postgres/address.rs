//! Where a PostgreSQL server is: a URL without secrets, the password in a file, and who has to vouch for the server.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};

/// Longest wait for a connection.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// A server silent for this long is asked whether it is still there, and given up when it does not answer as long.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL of PostgreSQL.
    #[error("the database address is not of the form `postgres://role@host:5432/database`: {0}")]
    Form(String),
    /// A secret in the URL.
    #[error(
        "the database address holds a password; put it into a file of mode 0400 and name that file, as `password_file` in the settings or with `--requests-password`"
    )]
    Secret,
    /// TLS that does not say who is at the other end, or none across a network.
    #[error(
        "`sslmode={mode}` is not offered for the host `{host}`; use `verify-full`, which knows the server by its certificate, or reach it on this machine"
    )]
    Tls {
        /// What was asked for.
        mode: String,
        /// The server.
        host: String,
    },
}

/// A database on a PostgreSQL server, as one role sees it.
#[derive(Clone, Debug)]
pub struct Role {
    /// For [`Address::parse`]; names the role.
    pub url: String,
    /// File of the role's password, mode 0400, where the server wants one.
    pub password_file: Option<PathBuf>,
}

/// What a URL says.
#[derive(Clone, Debug)]
pub struct Address {
    config: tokio_postgres::Config,
    verified_by: Option<Option<PathBuf>>,
}

impl Address {
    /// Reads `postgres://role@host:port/database?sslmode=verify-full&sslrootcert=/path/ca.pem`.
    ///
    /// `sslmode` is `verify-full`, or `disable` for a server on this machine, which is the default there. Without `sslrootcert`
    /// the server's certificate must come from a public authority.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authority, mut rest) = (None, None, Vec::new());
        for part in query.split('&').filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => authority = Some(PathBuf::from(value)),
                Some(("host", _)) => rest.push(part),
                _ => return Err(AddressError::Form(format!("`{part}` is not a setting that is known here"))),
            }
        }
        if !base.starts_with("postgres://") && !base.starts_with("postgresql://") {
            return Err(AddressError::Form("it does not begin with `postgres://`".to_owned()));
        }
        let joined = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        // The parser's own words may repeat a password, so they are not passed on.
        let mut config: tokio_postgres::Config =
            joined.parse().map_err(|_| AddressError::Form("it cannot be read".to_owned()))?;
        if config.get_password().is_some() {
            return Err(AddressError::Secret);
        }
        if config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(AddressError::Form("it names no role or no database".to_owned()));
        }
        let [host] = config.get_hosts() else {
            return Err(AddressError::Form("it must name one host".to_owned()));
        };
        let verified = verified(host, mode)?;
        config
            .ssl_mode(if verified { SslMode::Require } else { SslMode::Disable })
            .application_name("habeas")
            .connect_timeout(LONGEST_CONNECT)
            .keepalives_idle(LONGEST_SILENCE)
            .tcp_user_timeout(LONGEST_SILENCE);
        Ok(Self { config, verified_by: verified.then_some(authority) })
    }

    /// What the driver needs, still without the password.
    pub(super) const fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    /// `None` without TLS; else the file of the authority that vouches for the server, or the public ones.
    pub(super) const fn verified_by(&self) -> Option<&Option<PathBuf>> {
        self.verified_by.as_ref()
    }
}

/// Whether TLS is to be used: always across a network.
fn verified(host: &Host, mode: Option<&str>) -> Result<bool, AddressError> {
    let (name, local) = match host {
        Host::Tcp(name) => {
            let ip: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
            (name.clone(), name == "localhost" || ip.is_some_and(|ip| ip.is_loopback()))
        }
        Host::Unix(path) => (path.display().to_string(), true),
    };
    match mode {
        Some("verify-full") => Ok(true),
        Some("disable") | None if local => Ok(false),
        None => Ok(true),
        Some(other) => Err(AddressError::Tls { mode: other.to_owned(), host: name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_full_across_a_network_and_by_choice_on_this_machine() {
        let verified = |url: &str| Address::parse(url).map(|a| a.verified_by().is_some());
        for (url, expected) in [
            ("postgres://app@db.example.org/habeas", true),
            ("postgres://app@db.example.org:5433/habeas?sslmode=verify-full&sslrootcert=/etc/ca.pem", true),
            ("postgres://app@192.0.2.7/habeas", true),
            ("postgresql://app@localhost/habeas", false),
            ("postgres://app@127.0.0.1:5432/habeas?sslmode=disable", false),
            ("postgres://app@[::1]/habeas", false),
            ("postgres://app@localhost/habeas?sslmode=verify-full", true),
            ("postgres://app@%2Fvar%2Frun%2Fpostgresql/habeas", false),
        ] {
            assert_eq!(verified(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_is_unsafe_or_unclear_is_refused_by_name() {
        for (url, says) in [
            ("postgres://app@db.example.org/habeas?sslmode=disable", "`sslmode=disable` is not offered"),
            ("postgres://app@db.example.org/habeas?sslmode=require", "`sslmode=require` is not offered"),
            ("postgres://app@db.example.org/habeas?sslmode=prefer", "`sslmode=prefer` is not offered"),
            ("postgres://app@localhost/habeas?sslmode=verify-ca", "`sslmode=verify-ca` is not offered"),
            ("postgres://app:hunter2@localhost/habeas", "holds a password"),
            ("postgres://localhost/habeas", "no role"),
            ("postgres://app@localhost", "no database"),
            ("postgres://app@one,two/habeas", "one host"),
            ("postgres://app@localhost/habeas?options=-c%20x", "`options=-c%20x`"),
            ("mysql://app@localhost/habeas", "postgres://"),
        ] {
            let refused = Address::parse(url).unwrap_err().to_string();
            assert!(refused.contains(says) && !refused.contains("hunter2"), "{url}: {refused}");
        }
    }
}
