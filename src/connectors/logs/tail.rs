//! Follows a log as it is written, through rotation: renamed and made anew, copied and truncated, the old part compressed.
//!
//! Parts are told apart by inode and by the digest of their first bytes, so the place reached is found again after a restart,
//! wherever the part has been moved to. What a part held is read to its end before the next one; nothing is read twice.

use super::Input;
use crate::crypto::hash::Digest;
use crate::events::keep::keep;
use crate::events::matching::LONGEST_LINE_BYTES;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much is read at a time.
const CHUNK_BYTES: usize = LONGEST_LINE_BYTES + (1 << 16);
/// First bytes of a part by which it is known again.
const HEAD_BYTES: u64 = 4096;
/// Parts read to their end that are remembered, so that a compressed copy of one is not taken for a new part.
const MOST_READ: usize = 64;
/// How long a writer may go on with the old part after the new one is there.
pub const GRACE: Duration = Duration::from_millis(400);

/// The first bytes of a part: how many, and their digest.
pub type Head = (u64, String);

/// Where following has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Device and inode of the part.
    pub inode: (u64, u64),
    /// Its first bytes.
    pub head: Head,
    /// The next byte of its content: the start of a line, unless `skipping`.
    pub offset: u64,
    /// Whether that byte lies in a line that is too long.
    pub skipping: bool,
    /// Parts that were read to their end.
    pub read: Vec<Head>,
}

keep!(Position { inode, head, offset, skipping, read });

/// What following brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Whole lines; a part's last one may lack its end.
    Lines(Vec<u8>, Position),
    /// So many bytes of a line that is too long; whether they are its first.
    Skipped(u64, bool, Position),
    /// Nothing has come.
    Nothing,
}

enum Content {
    Plain(File),
    /// Decompressed, and what was read of it and not yet handed over.
    Packed(Box<dyn Read + Send>, Vec<u8>),
}

struct Current {
    content: Content,
    position: Position,
}

/// A log that is followed.
pub struct Tail {
    path: PathBuf,
    current: Option<Current>,
    read: Vec<Head>,
    /// Since when the part after the current one is there.
    noticed: Option<Instant>,
    lost: Vec<String>,
}

impl Tail {
    /// Follows `path` from its start. Parts rotated away before are not read.
    pub fn new(path: &Path) -> io::Result<Self> {
        let mut tail =
            Self { path: path.to_path_buf(), current: None, read: Vec::new(), noticed: None, lost: Vec::new() };
        for old in tail.parts()?.iter().filter(|p| *p != path) {
            let head = head_of(old, HEAD_BYTES).unwrap_or_default();
            tail.remember(head);
        }
        Ok(tail)
    }

    /// Follows `path` on from `position`.
    pub fn resume(path: &Path, position: &Position) -> io::Result<Self> {
        let read = position.read.clone();
        let mut tail = Self { path: path.to_path_buf(), current: None, read, noticed: None, lost: Vec::new() };
        if *position == Position::default() {
            return Ok(tail);
        }
        if position.head.0 == 0 {
            return Ok(tail);
        }
        let parts = tail.parts()?;
        let same = |p: &&PathBuf| fs::metadata(p).is_ok_and(|m| (m.dev(), m.ino()) == position.inode);
        let by_inode = parts.iter().filter(same);
        let found = by_inode.chain(&parts).find_map(|p| open_at(p, position).ok().flatten());
        if found.is_none() {
            let shown = path.display();
            tail.lost.push(format!(
                "the part of `{shown}` read last, up to byte {}, is gone: what was written to it since is not read",
                position.offset
            ));
            tail.remember(position.head.clone());
        }
        tail.current = found;
        Ok(tail)
    }

    /// Where following begins, to be kept before anything is read.
    pub fn position(&self) -> Position {
        let inode = fs::metadata(&self.path).map_or((0, 0), |m| (m.dev(), m.ino()));
        Position { inode, read: self.read.clone(), ..Position::default() }
    }

    /// Whether a part holds something that was not read: not when it cannot be read, as while it is being compressed.
    fn is_news(&self, part: &Path) -> bool {
        let was_read = |head: &Head| head.0 > 0 && head_of(part, head.0).is_ok_and(|own| own == *head);
        let holds = head_of(part, HEAD_BYTES).is_ok_and(|head| head.0 > 0);
        (holds || part == self.path) && !self.read.iter().any(was_read)
    }

    /// Opens the first part of which nothing was read. Until something was, the log itself may be copied and truncated, or
    /// renamed, without a trace but the part that is there then.
    fn open_first(&mut self) -> io::Result<()> {
        let first = self.parts()?.into_iter().find(|p| self.is_news(p));
        let fresh = Position { read: self.read.clone(), ..Position::default() };
        self.current = match first.map(|path| open_at(&path, &fresh)) {
            None => None,
            Some(Err(e)) if e.kind() == io::ErrorKind::NotFound => None,
            Some(opened) => opened?,
        };
        Ok(())
    }

    /// Whether another part is there, and only the time that its writer may still take for the current one has to pass.
    pub const fn is_turning(&self) -> bool {
        self.noticed.is_some()
    }

    /// What could not be read and never will be, once.
    pub fn lost(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lost)
    }

    /// The next lines, if there are any.
    pub fn news(&mut self) -> io::Result<News> {
        loop {
            if self.current.as_ref().is_none_or(|c| c.position.offset == 0) {
                self.open_first()?;
            }
            // Asked before reading, so that nothing can come between the last bytes and the turn to the next part.
            let next = self.successor()?;
            let Some(current) = &mut self.current else {
                self.noticed = None;
                return Ok(News::Nothing);
            };
            let before = current.position.clone();
            let news = current.read(false)?;
            // Asked after reading, so that what was read is not of what came after a truncation.
            if current.was_truncated(&before)? {
                current.position = before;
                self.find_copy()?;
                continue;
            }
            if news != News::Nothing {
                return Ok(news);
            }
            let Some((path, at_once)) = next else {
                self.noticed = None;
                return Ok(News::Nothing);
            };
            if !at_once && self.noticed.get_or_insert_with(Instant::now).elapsed() < GRACE {
                return Ok(News::Nothing);
            }
            match current.read(true)? {
                News::Nothing => {}
                news => return Ok(news),
            }
            let done = current.position.head.clone();
            self.remember(done);
            self.noticed = None;
            self.current = open_at(&path, &Position { read: self.read.clone(), ..Position::default() })?;
        }
    }

    fn remember(&mut self, head: Head) {
        if head.0 > 0 {
            self.read.push(head);
            let over = self.read.len().saturating_sub(MOST_READ);
            self.read.drain(..over);
        }
    }

    /// All parts there are: the log itself last, the others by the time they were written last.
    fn parts(&self) -> io::Result<Vec<PathBuf>> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut parts = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let Some(ending) = own.strip_prefix(&name).filter(|e| e.is_empty() || e.starts_with(['.', '-', '_']))
            else {
                continue;
            };
            // A file may be renamed or removed while we look.
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_file() {
                let number = ending.split('.').find_map(|w| w.parse::<u64>().ok()).unwrap_or(0);
                let written = (meta.mtime(), meta.mtime_nsec());
                parts.push((ending.is_empty(), written, std::cmp::Reverse(number), folder.join(&own)));
            }
        }
        parts.sort();
        let live = |own: PathBuf, is_live: bool| if is_live { self.path.clone() } else { own };
        Ok(parts.into_iter().map(|(is_live, _, _, own)| live(own, is_live)).collect())
    }

    /// The part after the current one, when there is one, and whether the current one can grow no more.
    fn successor(&self) -> io::Result<Option<(PathBuf, bool)>> {
        let Some(current) = &self.current else { return Ok(None) };
        let live = fs::metadata(&self.path).ok();
        if live.as_ref().is_some_and(|m| (m.dev(), m.ino()) == current.position.inode) {
            return Ok(None);
        }
        let written = current.written()?;
        let mut later = Vec::new();
        for part in self.parts()? {
            let Ok(meta) = fs::metadata(&part) else { continue };
            let is_live = part == self.path;
            let is_current = (meta.dev(), meta.ino()) == current.position.inode;
            if is_current || (!is_live && (meta.mtime(), meta.mtime_nsec()) < written) {
                continue;
            }
            let own = &current.position.head;
            let is_copy = own.0 > 0 && head_of(&part, own.0).is_ok_and(|head| head == *own);
            if !is_copy && self.is_news(&part) {
                later.push(part);
            }
        }
        let packed = matches!(current.content, Content::Packed(..));
        let several = later.len() > 1;
        Ok(later.into_iter().next().map(|part| (part, packed || several)))
    }

    /// After the log was truncated: goes on with the copy of what it held, then with the log from its start.
    fn find_copy(&mut self) -> io::Result<()> {
        let Some(old) = self.current.take() else { return Ok(()) };
        let parts = self.parts()?;
        let copies = parts.iter().filter(|p| **p != self.path);
        let copy = copies.filter_map(|p| open_at(p, &old.position).ok().flatten()).next();
        if copy.is_none() && old.position.head.0 > 0 {
            let shown = self.path.display();
            let offset = old.position.offset;
            self.lost.push(format!(
                "`{shown}` was truncated and there is no copy: what it held after byte {offset} is not read"
            ));
            self.remember(old.position.head);
        }
        self.current = copy;
        Ok(())
    }
}

/// Opens a part at `position`; `None` when it is not the part that `position` is about.
fn open_at(path: &Path, position: &Position) -> io::Result<Option<Current>> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic)?;
    let packed = magic.starts_with(&[0x1f, 0x8b]) || magic == [0x28, 0xb5, 0x2f, 0xfd];
    if position.head.0 > 0 && head_of(path, position.head.0)? != position.head {
        return Ok(None);
    }
    let content = if packed {
        let mut reader = Input::open(path).map_err(io::Error::other)?.into_reader();
        let skipped = io::copy(&mut reader.by_ref().take(position.offset), &mut io::sink())?;
        if skipped < position.offset {
            return Ok(None);
        }
        Content::Packed(reader, Vec::new())
    } else if meta.len() < position.offset {
        return Ok(None);
    } else {
        Content::Plain(file)
    };
    let position = Position { inode: (meta.dev(), meta.ino()), ..position.clone() };
    Ok(Some(Current { content, position }))
}

/// The first bytes of a part's content, at most `count`.
fn head_of(path: &Path, count: u64) -> io::Result<Head> {
    let mut bytes = Vec::new();
    let mut reader = Input::open(path).map_err(io::Error::other)?.into_reader();
    reader.by_ref().take(count).read_to_end(&mut bytes)?;
    Ok(head(&bytes))
}

fn head(bytes: &[u8]) -> Head {
    (bytes.len() as u64, Digest::of(bytes).short(32))
}

impl Current {
    /// When the part was written last.
    fn written(&self) -> io::Result<(i64, i64)> {
        match &self.content {
            Content::Plain(file) => file.metadata().map(|m| (m.mtime(), m.mtime_nsec())),
            // Whoever compressed it may have done so later than the parts after it were written.
            Content::Packed(..) => Ok((i64::MIN, 0)),
        }
    }

    /// Whether the part holds something else than what was read of it up to `before`.
    fn was_truncated(&mut self, before: &Position) -> io::Result<bool> {
        let Content::Plain(file) = &mut self.content else { return Ok(false) };
        let size = file.metadata()?.len();
        if size < self.position.offset {
            return Ok(true);
        }
        if size == before.offset || before.head.0 == 0 {
            return Ok(false);
        }
        Ok(first_bytes(file, before.head.0)? != before.head)
    }

    /// What can be read: whole lines, or with `all` also a last one without an end.
    fn read(&mut self, all: bool) -> io::Result<News> {
        let mut bytes = Vec::new();
        match &mut self.content {
            Content::Plain(file) => {
                file.seek(SeekFrom::Start(self.position.offset))?;
                file.take(CHUNK_BYTES as u64).read_to_end(&mut bytes)?;
            }
            Content::Packed(reader, carry) => {
                let room = CHUNK_BYTES.saturating_sub(carry.len());
                reader.take(room as u64).read_to_end(carry)?;
                bytes.clone_from(carry);
            }
        }
        let end = memchr::memchr(b'\n', &bytes).map(|at| at + 1);
        if self.position.skipping || (end.is_none() && bytes.len() > LONGEST_LINE_BYTES) {
            return self.skip(&bytes, end);
        }
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        let count = if whole == 0 && all { bytes.len() } else { whole };
        if count == 0 {
            return Ok(News::Nothing);
        }
        bytes.truncate(count);
        self.advance(&bytes)?;
        Ok(News::Lines(bytes, self.position.clone()))
    }

    /// Passes over a line that is too long, as far as it is there.
    fn skip(&mut self, bytes: &[u8], end: Option<usize>) -> io::Result<News> {
        let first = !self.position.skipping;
        let passed = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        if passed.is_empty() {
            return Ok(News::Nothing);
        }
        self.position.skipping = end.is_none();
        self.advance(passed)?;
        Ok(News::Skipped(passed.len() as u64, first, self.position.clone()))
    }

    fn advance(&mut self, passed: &[u8]) -> io::Result<()> {
        let before = self.position.offset;
        self.position.offset += passed.len() as u64;
        if let Content::Packed(_, carry) = &mut self.content {
            carry.drain(..passed.len());
        }
        if self.position.head.0 < HEAD_BYTES {
            let wanted = self.position.offset.min(HEAD_BYTES);
            self.position.head = match &mut self.content {
                Content::Plain(file) => first_bytes(file, wanted)?,
                // The first chunk of a compressed part is longer than its head, or all of it.
                Content::Packed(..) if before == 0 => {
                    head(passed.get(..usize::try_from(wanted).unwrap_or(0)).unwrap_or_default())
                }
                Content::Packed(..) => return Ok(()),
            };
        }
        Ok(())
    }
}

fn first_bytes(file: &mut File, count: u64) -> io::Result<Head> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(count).read_to_end(&mut bytes)?;
    Ok(head(&bytes))
}
