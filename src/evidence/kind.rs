//! The kinds of evidence: one JSON Schema each, in `controls/schema/evidence`. Adding a kind is adding that file.

use super::schema::{SchemaError, shape_of};
use crate::expr::Shape;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::sync::OnceLock;

static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/controls/schema/evidence");

/// One kind of evidence.
#[derive(Debug)]
pub struct Kind {
    /// Its name, e.g. `users`.
    pub name: String,
    /// What it describes, one sentence.
    pub description: String,
    /// What its data look like.
    pub shape: Shape,
    /// Its JSON Schema as written.
    pub schema: String,
}

/// All kinds there are.
#[derive(Debug)]
pub struct Kinds {
    by_name: BTreeMap<String, Kind>,
}

impl Kinds {
    /// The kinds of the embedded schemas.
    pub fn embedded() -> Result<&'static Self, SchemaError> {
        static KINDS: OnceLock<Result<Kinds, SchemaError>> = OnceLock::new();
        let files = || SCHEMAS.files().map(|f| (f.path().to_string_lossy().into_owned(), f.contents()));
        KINDS.get_or_init(|| Self::read(files())).as_ref().map_err(Clone::clone)
    }

    /// Kinds from schema files: names such as `users.json`, and their bytes.
    pub fn read<'a>(files: impl Iterator<Item = (String, &'a [u8])>) -> Result<Self, SchemaError> {
        let mut by_name = BTreeMap::new();
        for (file, bytes) in files {
            let name = file.trim_end_matches(".json").to_owned();
            let schema: serde_json::Value = serde_json::from_slice(bytes).map_err(|e| SchemaError {
                kind: name.clone(),
                pointer: String::new(),
                reason: format!("it is not JSON: {e}"),
            })?;
            let shape = shape_of(&name, &schema)?;
            let schema = String::from_utf8_lossy(bytes).into_owned();
            by_name.insert(name.clone(), Kind { description: shape.description.clone(), name, shape, schema });
        }
        Ok(Self { by_name })
    }

    /// The kind called `name`.
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.by_name.get(name)
    }

    /// All kinds, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.by_name.values()
    }
}
