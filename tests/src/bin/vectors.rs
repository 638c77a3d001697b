//! Writes the test cases and what fuzzing begins with: `cargo run --release -p tests --bin vectors`.

use std::fs;

use record::Hash;
use tests::{root, targets, vectors};

fn main() -> std::io::Result<()> {
    let folder = root().join("tests/vectors");
    fs::create_dir_all(&folder)?;
    for (name, cases) in vectors::cases() {
        fs::write(folder.join(format!("{name}.json")), vectors::written(&cases))?;
    }
    for (target, bytes) in targets::seeds() {
        let folder = root().join("tests/fuzz/corpus").join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(&Hash::of(&bytes).to_string()[..16]), bytes)?;
    }
    Ok(())
}
