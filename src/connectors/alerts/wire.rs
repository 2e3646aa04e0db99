//! A connection to one server: the checked address, the time limits, and TLS.
//!
//! No proxies and no settings from the environment. The address that was checked is the one connected to.

use super::SendError;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one reading or writing may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A host and port, with or without TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

impl Server {
    /// Reads `host`, `host:port` or `[v6]:port`; `None` when it is none of these.
    pub(in crate::connectors) fn parse(text: &str, default_port: u16, tls: bool) -> Option<Self> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("")))
        } else {
            let (host, port) = text.split_once(':').map_or((text, ""), |(h, p)| (h, p));
            (host, Some(port))
        };
        let port = match port? {
            "" => default_port,
            digits => digits.parse().ok().filter(|p| *p != 0)?,
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
        (!host.is_empty() && host.bytes().all(fits)).then(|| Self { host: host.to_owned(), port, tls })
    }

    /// Whether it can only be this machine.
    pub(in crate::connectors) fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
    }

    /// Connects, to the first address that may be connected to and answers.
    pub(in crate::connectors) fn connect(&self, trust: &Trust) -> Result<Wire, SendError> {
        let addresses =
            (self.host.as_str(), self.port).to_socket_addrs().map_err(SendError::io("looking up the host"))?;
        let mut last = SendError::Address { host: self.host.clone() };
        for address in addresses.filter(|a| may_connect(a, self.is_this_machine())) {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(tcp) => return self.dress(tcp, trust),
                Err(e) => last = SendError::io("connecting")(e),
            }
        }
        Err(last)
    }

    fn dress(&self, tcp: TcpStream, trust: &Trust) -> Result<Wire, SendError> {
        let ready = |tcp: &TcpStream| {
            tcp.set_read_timeout(Some(PATIENCE))?;
            tcp.set_write_timeout(Some(PATIENCE))?;
            tcp.set_nodelay(true)
        };
        ready(&tcp).map_err(SendError::io("connecting"))?;
        if !self.tls {
            return Ok(Wire::Plain(tcp));
        }
        let name = ServerName::try_from(self.host.clone()).map_err(|_| SendError::Name(self.host.clone()))?;
        let tls = |e: rustls::Error| SendError::Io { doing: "starting TLS", source: std::io::Error::other(e) };
        let session = ClientConnection::new(Arc::clone(&trust.0), name).map_err(tls)?;
        Ok(Wire::Tls(Box::new(StreamOwned::new(session, tcp))))
    }
}

/// Never to link-local, unspecified or multicast addresses: clouds hand out credentials there, and nobody collects alerts
/// there (threats T41). Private addresses are allowed: that is where a SIEM lives. A public name that suddenly points to this
/// machine is refused; `localhost` may.
fn may_connect(address: &SocketAddr, this_machine: bool) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(a) => {
            let never = a.is_link_local() || a.is_unspecified() || a.is_multicast() || a.is_broadcast();
            !never && (this_machine || !a.is_loopback())
        }
        IpAddr::V6(a) => {
            // fd00:ec2::254 is the metadata service of one large cloud, though not link-local.
            let metadata = a == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
            let never = metadata || a.is_unicast_link_local() || a.is_unspecified() || a.is_multicast();
            !never && (this_machine || !a.is_loopback())
        }
    }
}

/// Whose certificates count.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

/// Certificates of authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not PEM.
    #[error("the file of certificate authorities is not PEM: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// No certificate in it, or one that is not an authority's.
    #[error("the file of certificate authorities holds no certificate that can be used")]
    Empty,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl Trust {
    /// The public roots, or only those of `pem` when it is given.
    pub fn new(pem: Option<&[u8]>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        match pem {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                let certificates: Vec<CertificateDer<'static>> =
                    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
                if roots.add_parsable_certificates(certificates).0 == 0 {
                    return Err(TrustError::Empty);
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Self(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
    }
}

/// A connection, plain or with TLS.
pub(in crate::connectors) enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    /// Writes everything out.
    pub(in crate::connectors) fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }

    /// Tells the other side that nothing more will come, and goes on listening for at most `wait`.
    pub(super) fn finish(&mut self, wait: Duration) -> std::io::Result<()> {
        if let Self::Tls(tls) = self {
            tls.conn.send_close_notify();
            tls.flush()?;
        }
        let tcp = match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.sock,
        };
        tcp.shutdown(Shutdown::Write)?;
        tcp.set_read_timeout(Some(wait))
    }

    /// Reads some bytes; 0 at the end.
    pub(in crate::connectors) fn hear(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(into),
            Self::Tls(tls) => match tls.read(into) {
                // A close without notice: the bytes were ours to send, so nothing of theirs can have been cut off.
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(0),
                other => other,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_where_secrets_are_handed_out_are_never_connected_to() {
        for (address, this_machine, allowed) in [
            ("169.254.169.254:80", false, false),
            ("[::ffff:169.254.169.254]:80", false, false),
            ("[fd00:ec2::254]:80", false, false),
            ("[fe80::1]:80", false, false),
            ("0.0.0.0:80", true, false),
            ("[::]:80", true, false),
            ("224.0.0.1:80", false, false),
            ("127.0.0.1:80", false, false),
            ("[::1]:80", false, false),
            ("[::ffff:127.0.0.1]:80", false, false),
            ("127.0.0.1:80", true, true),
            ("[::1]:80", true, true),
            ("10.0.0.5:601", false, true),
            ("93.184.216.34:443", false, true),
        ] {
            assert_eq!(may_connect(&address.parse().unwrap(), this_machine), allowed, "{address}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        assert!(matches!(Trust::new(Some(b"")), Err(TrustError::Empty)));
        assert!(Trust::new(None).is_ok());
    }
}
