//! The files of `regimes/` that are built into the program.

use include_dir::{Dir, include_dir};

static REGIMES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/regimes");

/// Every YAML file of `regimes/` and of its calendars: path there, and text.
pub(super) fn files() -> Vec<(String, &'static str)> {
    let calendars = REGIMES.get_dir("calendars").into_iter().flat_map(Dir::files);
    let named =
        |file: &'static include_dir::File<'static>| Some((file.path().to_str()?.to_owned(), file.contents_utf8()?));
    let yaml = |file: &&include_dir::File<'static>| file.path().extension().is_some_and(|e| e == "yaml");
    REGIMES.files().chain(calendars).filter(yaml).filter_map(named).collect()
}
