//! The root key in a file: 24 words as text, encrypted by a passphrase in the format of `age`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use age::DecryptError;
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::passphrase;

/// The largest file that can hold 24 words.
const MAX_FILE: u64 = 16 * 1024;
/// Writes the words into a new file, under a passphrase that is asked for.
pub(crate) fn write(path: &Path, words: &str) -> Result<(), Failure> {
    let failed = |error: &io::Error| {
        Failure::new(if error.kind() == io::ErrorKind::AlreadyExists {
            format!("{} is there already: choose another name", path.display())
        } else {
            format!("{} can not be written: {error}", path.display())
        })
    };
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| failed(&error))?;
    let written = passphrase::new().and_then(|passphrase| {
        let bytes = encrypted(words, passphrase)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|error| failed(&error))
    });
    if written.is_err() {
        // Why: half a backup must not look like one. If that fails too, the first failure tells more.
        let _ = fs::remove_file(path);
    }
    written
}

/// The words out of a file, with the passphrase that is asked for.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: &io::Error| Failure::new(format!("{} can not be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    let passphrase = passphrase::of_file()?;
    decrypted(&bytes, passphrase).map_err(|error| passphrase::refused(path, "a key", &error))
}

fn encrypted(words: &str, passphrase: SecretString) -> Result<Vec<u8>, Failure> {
    let text = Zeroizing::new(format!("{words}\n"));
    age::encrypt(&passphrase::recipient(passphrase), text.as_bytes())
        .map_err(|error| Failure::new(format!("the words can not be encrypted: {error}")))
}

fn decrypted(bytes: &[u8], passphrase: SecretString) -> Result<Zeroizing<String>, DecryptError> {
    let text = Zeroizing::new(age::decrypt(&passphrase::identity(passphrase), bytes)?);
    let text = std::str::from_utf8(&text).map_err(|_| DecryptError::InvalidHeader)?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_out_of_the_file_with_its_passphrase_alone() {
        let bytes = encrypted("zoo zoo vote", "right".into()).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        assert_eq!(decrypted(&bytes, "right".into()).unwrap().as_str(), "zoo zoo vote\n");
        assert!(decrypted(&bytes, "wrong".into()).is_err());
        assert!(decrypted(&bytes[..bytes.len() - 1], "right".into()).is_err());
        assert!(decrypted(b"zoo zoo vote", "right".into()).is_err());
    }
}
