//! Rebuilds when a file is added to or removed from an embedded folder; the compiler itself only watches known files.
fn main() {
    println!("cargo:rerun-if-changed=controls");
    println!("cargo:rerun-if-changed=templates");
    println!("cargo:rerun-if-changed=connectors");
    println!("cargo:rerun-if-changed=build.rs");
}
