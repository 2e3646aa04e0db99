//! What staff write for a letter: a file of the fields that its message has, sealed with the request.

use crate::cli::exit::Failed;
use crate::flows::send_notice::words_field;
use crate::personal::Personal;
use crate::requests::command::Letter;
use crate::store::Personals;
use anyhow::anyhow;
use serde_json::Value;
use std::path::{Path, PathBuf};

const LARGEST_WORDS_BYTES: u64 = 1 << 20;

/// Words for the answer.
#[derive(clap::Args)]
pub(super) struct Words {
    /// TOML file with what the answer says, or `-`: the fields of `habeas messages preview`, e.g. erased = ["contact"].
    #[arg(long = "words", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Words {
    /// Reads the file, if one is named.
    pub(super) fn read(&self) -> Result<Option<Value>, Failed> {
        self.file.as_deref().map(read).transpose()
    }
}

fn read(path: &Path) -> Result<Value, Failed> {
    let bytes = super::add::read_input(path, LARGEST_WORDS_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let table: toml::Table = toml::from_str(&text).map_err(|e| {
        let before = e.span().and_then(|s| text.get(..s.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Failed::bad_input(anyhow!(
            "`{}`, line {line}: expected lines such as erased = [\"contact\", \"notes\"]",
            path.display()
        ))
    })?;
    serde_json::to_value(table).map_err(Failed::internal)
}

/// The words of a letter, to be sealed.
pub(super) fn sealed(claim: usize, letter: Letter, words: &Value) -> Personals {
    Personals::from([(words_field(claim, letter), Personal::new(words.to_string()))])
}
