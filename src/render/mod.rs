//! The handlebars registry and the pages it knows; sole user of handlebars.
