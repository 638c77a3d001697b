//! Writes the test cases: `cargo run --release -p tests --bin vectors`.

use std::fs;

use tests::{root, vectors};

fn main() -> std::io::Result<()> {
    let folder = root().join("tests/vectors");
    fs::create_dir_all(&folder)?;
    for (name, cases) in vectors::cases() {
        fs::write(folder.join(format!("{name}.json")), vectors::written(&cases))?;
    }
    Ok(())
}
