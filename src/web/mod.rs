//! The web faces; sole user of actix-web.
