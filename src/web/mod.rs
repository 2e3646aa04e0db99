//! The web faces; sole user of actix-web.

pub mod exhibit;
