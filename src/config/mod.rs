//! Settings: defaults, file, environment.
