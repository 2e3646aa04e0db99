//! Use cases, one file each: read, decide, write.
