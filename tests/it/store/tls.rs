//! TLS to PostgreSQL, against a real server: the right certificate for the right name passes, everything else is refused.

use super::*;
use crate::support::postgres::{TestDatabase, number};
use crate::support::server::TestServer;
use diesel::connection::SimpleConnection;
use habeas::store::{Database, Role, Server};
use std::os::unix::fs::PermissionsExt;

const PASSWORD: &str = "canary-password-7Qx9";

/// Only the working role has to come by TLS and with a password.
const WHO_MAY_COME: &str = "
host all habeas 127.0.0.1/32 trust
host all habeas_owner 127.0.0.1/32 trust
hostssl all habeas_app 127.0.0.1/32 scram-sha-256
";

/// An authority's certificate, and the certificate and key it made for a server of this name.
fn certified(name: &str) -> (String, String, String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test");
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (root, leaf.pem(), key.serialize_pem())
}

struct Guarded {
    // Before the server: it is dropped while the server still runs.
    database: TestDatabase,
    server: TestServer,
    place: Place,
}

impl Guarded {
    fn start(&self, address: &str) -> Result<Store, String> {
        let password_file = Some(self.place.dir.path().join("password"));
        let app = Role { url: address.replace("PORT", &self.server.port.to_string()), password_file };
        let owner = Role { url: self.database.url("habeas_owner"), password_file: None };
        let database = Database::Postgres(Server { app, owner: Some(owner) });
        let opened = Store::open(&Settings { database, ..self.place.settings() }, at(NOW));
        opened.map_err(|e| e.to_string())
    }

    fn address(&self, host: &str, settings: &str) -> String {
        let (_, name) = self.database.url("x").rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        format!("postgres://habeas_app@{host}:PORT/{name}?{settings}")
    }
}

fn guarded() -> Option<Guarded> {
    let server = TestServer::new()?;
    let place = Place::sqlite();
    let (root, certificate, key) = certified("localhost");
    let (stranger, ..) = certified("localhost");
    server.put("server.crt", &certificate);
    server.put("server.key", &key);
    server.put("pg_hba.conf", WHO_MAY_COME);
    for (name, text) in [("root.pem", root), ("stranger.pem", stranger), ("password", format!("{PASSWORD}\n"))] {
        let path = place.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    }
    server.start(&["ssl=on"]);
    let database = TestDatabase::on(server.url());
    database.superuser().batch_execute(&format!("ALTER ROLE habeas_app PASSWORD '{PASSWORD}'")).unwrap();
    Some(Guarded { server, database, place })
}

#[test]
fn the_right_host_passes_and_a_wrong_host_authority_or_line_is_refused() {
    let Some(guarded) = guarded() else { return };
    let dir = guarded.place.dir.path().display().to_string();
    let right = guarded.address("localhost", &format!("sslmode=verify-full&sslrootcert={dir}/root.pem"));
    let store = guarded.start(&right).unwrap();
    let by_tls = "SELECT count(*) AS answer FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
        WHERE a.usename = 'habeas_app' AND s.ssl AND s.version IN ('TLSv1.2', 'TLSv1.3')";
    assert_eq!(number(&mut guarded.database.superuser(), by_tls), 2, "one writes, one reads, both by TLS");
    drop(store);

    let wrong = [
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={dir}/root.pem"), "not valid for name"),
        ("localhost", format!("sslmode=verify-full&sslrootcert={dir}/stranger.pem"), "certificate"),
        ("localhost", "sslmode=verify-full".to_owned(), "UnknownIssuer"),
        ("localhost", "sslmode=disable".to_owned(), "no pg_hba.conf entry"),
        ("localhost", format!("sslmode=require&sslrootcert={dir}/root.pem"), "not offered"),
        ("localhost", format!("sslmode=verify-full&sslrootcert={dir}/password"), "there are none"),
    ];
    for (host, settings, says) in wrong {
        let refused = guarded.start(&guarded.address(host, &settings)).err().unwrap_or_default();
        assert!(refused.contains(says) && !refused.contains(PASSWORD), "{host} {settings}: {refused}");
    }

    let password = guarded.place.dir.path().join("password");
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).unwrap();
    let readable = guarded.start(&right).err().unwrap();
    assert!(readable.contains("chmod 0400"), "{readable}");
    std::fs::write(&password, "another").unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o400)).unwrap();
    let unknown = guarded.start(&right).err().unwrap();
    assert!(unknown.contains("password authentication failed"), "{unknown}");
    std::fs::remove_file(&password).unwrap();
    std::fs::write(&password, PASSWORD).unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o400)).unwrap();

    guarded.server.stop("fast");
    guarded.server.start(&["ssl=off"]);
    let bare = guarded.start(&right).err().unwrap();
    assert!(bare.contains("TLS"), "{bare}");
    guarded.server.stop("fast");
    guarded.server.start(&["ssl=on", "fsync=off"]);
    let forgetful = guarded.start(&right).err().unwrap();
    assert!(forgetful.contains("`fsync` is `off`"), "{forgetful}");
}
