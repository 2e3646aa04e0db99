//! SQLite: its version, its settings, and the disk it lies on.

use super::refused;
use crate::store::Error;
use crate::store::connection::Db;
use std::path::Path;

/// File systems on which SQLite's WAL mode loses data: shared memory does not reach other machines.
const NETWORK_FILE_SYSTEMS: [&str; 9] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs"];
/// Refuses a database on a network file system.
pub(in crate::store) fn check_place(database: &Path) -> Result<(), Error> {
    let folder = database.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|e| refused(format!("the folder `{}`: {e}", folder.display())))?;
    // Without a list of mounts (other systems) there is nothing to compare with.
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    match file_system(&mounts, &folder) {
        Some(kind) if NETWORK_FILE_SYSTEMS.contains(&kind) => Err(refused(format!(
            "the database lies on `{kind}`, a network file system, where SQLite can lose data; use a local disk or PostgreSQL"
        ))),
        _ => Ok(()),
    }
}

/// The kind of file system that holds `folder`: that of the longest mount point above it.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let parts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    parts.filter(|(point, _)| folder.starts_with(point)).max_by_key(|(point, _)| point.len()).map(|(_, kind)| kind)
}

/// Refuses an SQLite that can corrupt or lose, and settings that did not take.
pub(super) fn check_settings(connection: &mut Db) -> Result<(), Error> {
    let version = connection.text("SELECT sqlite_version() AS answer", "ask the version")?;
    if !is_good_sqlite(&version) {
        return Err(refused(format!(
            "SQLite {version} is too old or known bad; 3.51.3 or later, but not 3.52.0, is needed"
        )));
    }
    let ask = |pragma: &str| format!("SELECT CAST({pragma} AS TEXT) AS answer FROM pragma_{pragma}");
    for (pragma, needed) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("secure_delete", "1"),
        ("trusted_schema", "0"),
    ] {
        let found = connection.text(&ask(pragma), "read a setting")?;
        if found != needed {
            return Err(refused(format!("the database's `{pragma}` is `{found}` and must be `{needed}`")));
        }
    }
    Ok(())
}

fn is_good_sqlite(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').filter_map(|p| p.parse().ok()).collect();
    parts >= vec![3, 51, 3] && parts != vec![3, 52, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_bad_versions_of_sqlite_are_refused() {
        for bad in ["3.46.1", "3.51.2", "3.52.0", "unknown"] {
            assert!(!is_good_sqlite(bad), "{bad}");
        }
        for good in ["3.51.3", "3.52.1", "3.53.2", "4.0.0"] {
            assert!(is_good_sqlite(good), "{good}");
        }
    }

    #[test]
    fn the_longest_mount_point_tells_the_file_system() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb1 /srv/local xfs rw 0 0\n";
        let kind = |path: &str| file_system(mounts, Path::new(path));
        assert_eq!(
            (kind("/var/db"), kind("/srv/db"), kind("/srv/local/db")),
            (Some("ext4"), Some("nfs4"), Some("xfs"))
        );
    }
}
