//! Mail that came back: wanted is an empty folder. What was read moves to `done`, what is nothing of ours to `unknown`.

use super::Pass;
use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::files;
use crate::flows::send_notice::Post;
use crate::flows::take_in_mail::{Came, LARGEST_MAIL_BYTES, take_in_mail};
use std::path::{Path, PathBuf};

/// Reads every mail of the folder, or of its `new` if it is a maildir.
pub fn take_in(app: &App, by: &System, (post, folder): (&Post, &Path), now: Timestamp, done: &mut Pass) {
    let inbox = if folder.join("new").is_dir() { folder.join("new") } else { folder.to_path_buf() };
    let mails = match mails(&inbox) {
        Ok(mails) => mails,
        Err(e) => return done.problem(e),
    };
    for mail in mails {
        let came = files::read_limited(&mail, LARGEST_MAIL_BYTES)
            .map_err(|e| e.to_string())
            .and_then(|bytes| take_in_mail(app, by, &post.paths, &bytes, now).map_err(|e| e.to_string()));
        let aside = match came {
            Ok(Came::Bounced(_)) => {
                done.bounced += 1;
                "done"
            }
            Ok(Came::Answer(_)) => {
                done.answers += 1;
                "done"
            }
            Ok(Came::Confirmed(_) | Came::Nothing) => "done",
            Ok(Came::Unknown) => {
                done.unknown += 1;
                "unknown"
            }
            // It stays where it is, and the next pass tries again.
            Err(e) => {
                done.problem(e);
                continue;
            }
        };
        if let Err(e) = set_aside(&mail, &folder.join(aside)) {
            done.problem(e);
        }
    }
}

fn mails(inbox: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e: std::io::Error| format!("the folder of bounces `{}` cannot be read: {e}", inbox.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(inbox).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn set_aside(mail: &Path, folder: &Path) -> Result<(), String> {
    let failed = |e: &dyn std::fmt::Display| format!("a mail could not be moved to `{}`: {e}", folder.display());
    files::create_folder(folder).map_err(|e| failed(&e))?;
    let name = mail.file_name().unwrap_or_default();
    std::fs::rename(mail, folder.join(name)).map_err(|e| failed(&e))
}
