//! Writing files so that a reader never sees half of one: write beside, sync, rename.
//!
//! Assumes that a file and its directory are on one file system. Must never leave a partial file under the final name.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file could not be written or read; says which and why.
#[derive(Debug, thiserror::Error)]
#[error("could not {verb} `{path}`: {source}", path = path.display())]
pub struct FileError {
    /// What was tried: `write`, `read`, `create the folder`.
    pub verb: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's own reason.
    #[source]
    pub source: io::Error,
}

impl FileError {
    /// An error about `path` while trying to `verb` it.
    pub fn new(verb: &'static str, path: &Path, source: io::Error) -> Self {
        Self { verb, path: path.to_path_buf(), source }
    }
}

/// Writes `bytes` to `path` so that either the old content or the whole new content is there, also after a power cut.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let beside = beside(path);
    let result = write_and_rename(path, &beside, bytes);
    if result.is_err() {
        // The half-written file is of no use to anybody; that it cannot be removed either adds nothing to the first error.
        let _ = fs::remove_file(&beside);
    }
    result
}

/// Writes `path` by `write`, for content that is too much for the memory: beside, then renamed, as `write_whole` does.
pub fn write_by<T, E: From<FileError>>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    let beside = beside(path);
    let failed = |e| FileError::new("write", path, e);
    let write = || {
        let mut file = File::create(&beside).map_err(failed)?;
        let made = write(&mut file)?;
        file.sync_all().map_err(failed)?;
        drop(file);
        rename(&beside, path)?;
        Ok(made)
    };
    let result = write();
    if result.is_err() {
        // As in `write_whole`.
        let _ = fs::remove_file(&beside);
    }
    result
}

fn write_and_rename(path: &Path, beside: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = File::create(beside).map_err(|e| FileError::new("write", path, e))?;
    write_at("files::write", &mut file, bytes).map_err(|e| FileError::new("write", path, e))?;
    file.sync_all().map_err(|e| FileError::new("write", path, e))?;
    drop(file);
    point("files::before-rename");
    rename(beside, path)?;
    point("files::after-rename");
    Ok(())
}

/// A named point at which the tests may end the program as a kill does; nothing in a release build.
pub fn point(name: &str) {
    fail::fail_point!(name, |_| std::process::abort());
    // Without fail points, as in every release build, the name is not used.
    let _ = name;
}

/// Writes `bytes`; the tests may end the program half way, as a kill can. A mere `write_all` in a release build.
pub fn write_at(name: &str, to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    fail::fail_point!(name, |_| {
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        let _ = to.write_all(half).and_then(|()| to.flush());
        std::process::abort()
    });
    let _ = name;
    to.write_all(bytes)
}

fn rename(beside: &Path, path: &Path) -> Result<(), FileError> {
    fs::rename(beside, path).map_err(|e| FileError::new("write", path, e))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A rename is durable only once its directory is.
    File::open(folder).and_then(|d| d.sync_all()).map_err(|e| FileError::new("write", path, e))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Creates a folder and those above it, unless they are there.
pub fn create_folder(folder: &Path) -> Result<(), FileError> {
    fs::create_dir_all(folder).map_err(|e| FileError::new("create the folder", folder, e))
}

/// Creates a folder that its owner alone can enter, and those above it, unless they are there.
pub fn create_private_folder(folder: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| FileError::new("create the folder", folder, e))
}

/// How long a lock may outlive its holder: a process that has just been ended, or one that is being started by it.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// Makes the file `path` and locks it as long as the result lives; `None` when somebody else holds it.
pub fn lock(path: &Path) -> Result<Option<File>, FileError> {
    let failed = |e| FileError::new("lock", path, e);
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) if since.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_PATIENCE / 20);
            }
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(e)) => return Err(failed(e)),
        }
    }
}

/// Reads a whole file of at most `limit_bytes`.
pub fn read_limited(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, FileError> {
    use std::io::Read;
    let file = File::open(path).map_err(|e| FileError::new("read", path, e))?;
    let mut bytes = Vec::new();
    file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| FileError::new("read", path, e))?;
    if bytes.len() as u64 > limit_bytes {
        let reason = io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit_bytes} bytes"));
        return Err(FileError::new("read", path, reason));
    }
    Ok(bytes)
}

/// Reads the first `size_bytes` bytes of a file, or all of a shorter one.
pub fn read_start(path: &Path, size_bytes: u64) -> Result<Vec<u8>, FileError> {
    use std::io::Read;
    let file = File::open(path).map_err(|e| FileError::new("read", path, e))?;
    let mut bytes = Vec::new();
    file.take(size_bytes).read_to_end(&mut bytes).map_err(|e| FileError::new("read", path, e))?;
    Ok(bytes)
}

/// Paths of the files below `folder` whose names end with one of `ends`: relative to the folder, with `/` between names, in
/// order. Links are not followed, so nothing outside the folder is read.
pub fn list_folder(folder: &Path, ends: &[&str]) -> Result<Vec<String>, FileError> {
    let mut names = Vec::new();
    gather(folder, "", ends, &mut names)?;
    names.sort();
    Ok(names)
}

fn gather(folder: &Path, prefix: &str, ends: &[&str], names: &mut Vec<String>) -> Result<(), FileError> {
    let failed = |e| FileError::new("read", folder, e);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            gather(&entry.path(), &format!("{name}/"), ends, names)?;
        } else if kind.is_file() && ends.iter().any(|end| name.ends_with(end)) {
            names.push(name);
        }
    }
    Ok(())
}

/// Reads every file that `list_folder` lists, each of at most `limit_bytes`.
pub fn read_folder(folder: &Path, ends: &[&str], limit_bytes: u64) -> Result<Vec<(String, Vec<u8>)>, FileError> {
    let read = |name: String| read_limited(&folder.join(&name), limit_bytes).map(|bytes| (name, bytes));
    list_folder(folder, ends)?.into_iter().map(read).collect()
}

/// Reads a secret of at most `limit_bytes`, and refuses one that anybody but its owner can read (mode 0400 or 0600).
pub fn read_secret(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, FileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(|e| FileError::new("read", path, e))?.permissions().mode();
    if mode & 0o077 != 0 {
        let reason = format!("others can read this secret (mode {:03o}); run `chmod 0400` on it", mode & 0o777);
        return Err(FileError::new("read", path, io::Error::new(io::ErrorKind::PermissionDenied, reason)));
    }
    read_limited(path, limit_bytes)
}

/// Writes a secret that only its owner can read (mode 0400); refuses to replace one.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(0o400).open(path).map_err(|e| FileError::new("write", path, e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| FileError::new("write", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        write_whole(&path, b"old").unwrap();
        assert!(write_whole(&dir.path().join("missing/report.json"), b"new").is_err());
        assert_eq!(read_limited(&path, 10).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_limit_is_the_last_size_that_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write_whole(&path, b"12345").unwrap();
        assert_eq!(read_limited(&path, 5).unwrap(), b"12345");
        assert!(read_limited(&path, 4).unwrap_err().to_string().contains("larger than 4 bytes"));
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        write_secret(&path, b"secret").unwrap();
        assert_eq!(read_secret(&path, 10).unwrap(), b"secret");
        assert!(write_secret(&path, b"other").is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        assert!(read_secret(&path, 10).unwrap_err().to_string().contains("chmod 0400"));
    }
}
