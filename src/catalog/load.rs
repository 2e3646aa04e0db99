//! The whole catalog, from the embedded files or from a folder's files.

use super::cases::{Case, cases};
use super::control::Control;
use super::parse::control;
use super::yaml::Problem;
use crate::evidence::Kinds;
use crate::law::citation::Framework;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;

static CONTROLS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/controls");

/// End of the name of a cases file.
const CASES: &str = ".cases.yaml";

/// A file of the catalog: its path relative to the folder, with `/`, and its bytes.
pub type CatalogFile = (String, Vec<u8>);

/// Controls by id, and their cases.
#[derive(Debug, Default)]
pub struct Catalog {
    controls: BTreeMap<String, Control>,
    cases: BTreeMap<String, Vec<Case>>,
}

/// The embedded catalog's files, in order of their paths.
pub fn embedded_files() -> Vec<CatalogFile> {
    let mut files = Vec::new();
    collect(&CONTROLS, &mut files);
    files.retain(|(path, _)| is_catalog_file(path));
    files.sort();
    files
}

fn collect(dir: &Dir<'_>, files: &mut Vec<CatalogFile>) {
    files.extend(dir.files().map(|f| (f.path().to_string_lossy().replace('\\', "/"), f.contents().to_vec())));
    dir.dirs().for_each(|d| collect(d, files));
}

fn is_catalog_file(path: &str) -> bool {
    path.ends_with(".yaml") && !path.starts_with("schema/")
}

impl Catalog {
    /// Reads a catalog. Files that cannot be used are left out and reported; the rest is loaded.
    pub fn read(kinds: &Kinds, files: &[CatalogFile]) -> (Self, Vec<Problem>) {
        let mut catalog = Self::default();
        let mut problems = Vec::new();
        for (path, bytes) in files.iter().filter(|(path, _)| is_catalog_file(path)) {
            if path.ends_with(CASES) {
                match cases(path, bytes) {
                    Ok(read) => drop(catalog.cases.insert(path.trim_end_matches(CASES).to_owned(), read)),
                    Err(problem) => problems.push(problem),
                }
                continue;
            }
            match control(kinds, path, bytes) {
                Ok(read) => match catalog.controls.get(&read.id) {
                    Some(first) => problems.push(Problem::new(
                        path,
                        "id",
                        format!("`{}` is already the id of `{}`", read.id, first.file),
                    )),
                    None => drop(catalog.controls.insert(read.id.clone(), read)),
                },
                Err(found) => problems.extend(found),
            }
        }
        problems.sort();
        (catalog, problems)
    }

    /// The controls, in order of their ids.
    pub fn controls(&self) -> impl Iterator<Item = &Control> {
        self.controls.values()
    }

    /// The control with this id.
    pub fn get(&self, id: &str) -> Option<&Control> {
        self.controls.get(id)
    }

    /// The cases of a control; empty when it has none.
    pub fn cases(&self, control: &Control) -> &[Case] {
        self.cases.get(control.file.trim_end_matches(".yaml")).map_or(&[], Vec::as_slice)
    }

    /// Stems of the cases files without a control of that name.
    pub(super) fn orphans(&self) -> impl Iterator<Item = &str> {
        let known = |stem: &str| self.controls.values().any(|c| c.file.trim_end_matches(".yaml") == stem);
        self.cases.keys().map(String::as_str).filter(move |stem| !known(stem))
    }

    /// Which controls answer which provision: by framework, by citation, the ids in order.
    pub fn article_index(&self) -> BTreeMap<Framework, BTreeMap<&str, Vec<&str>>> {
        let mut index: BTreeMap<Framework, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        for control in self.controls.values() {
            for (framework, citations) in &control.answers {
                for citation in citations {
                    index.entry(*framework).or_default().entry(citation).or_default().push(&control.id);
                }
            }
        }
        index
    }
}
