//! What lies in a node's data folder.

use std::fs;
use std::path::Path;

use crate::files_below;

/// The files below a folder that hold these bytes. What is being written may go while it is looked at.
#[must_use]
pub fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let holds = |content: Vec<u8>| content.windows(bytes.len()).any(|part| part == bytes);
    let files = files_below(folder, &[""]).into_iter();
    files.filter(|file| fs::read(file).is_ok_and(holds)).map(|file| file.display().to_string()).collect()
}

/// Copies a folder with all that is in it.
///
/// # Panics
/// If that can not be done.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in files_below(from, &[""]) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}
