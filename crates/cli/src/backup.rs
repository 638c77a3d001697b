//! The root key in a file: 24 words as text, encrypted by a passphrase in the format of `age`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use age::DecryptError;
use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// How much work a passphrase is: 2¹⁸ rounds, a second and 256 MiB, which a Raspberry Pi can do as well.
const WORK: u8 = 18;
/// The most work that is done to open a file.
const MOST_WORK: u8 = 20;
/// The largest file that can hold 24 words.
const MAX_FILE: u64 = 16 * 1024;
/// The longest passphrase.
const MAX_PASSPHRASE: u64 = 1024;

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
    let written = new_passphrase().and_then(|passphrase| {
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
    let passphrase = ask("Passphrase of the file: ")?;
    decrypted(&bytes, passphrase).map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &DecryptError) -> Failure {
    use DecryptError::{DecryptionFailed, ExcessiveWork, KeyDecryptionFailed, NoMatchingKeys};
    let path = path.display();
    Failure::new(if matches!(error, NoMatchingKeys | DecryptionFailed | KeyDecryptionFailed) {
        format!("{path} does not open with this passphrase: type it again")
    } else if let ExcessiveWork { required, .. } = error {
        format!(
            "{path} asks for too much work (2^{required}): open it with the program `age`, and give the words \
             to `key restore`"
        )
    } else {
        format!("{path} is no backup of a key, or is damaged: look for another copy")
    })
}

fn encrypted(words: &str, passphrase: SecretString) -> Result<Vec<u8>, Failure> {
    let mut recipient = Recipient::new(passphrase);
    recipient.set_work_factor(WORK);
    let text = Zeroizing::new(format!("{words}\n"));
    age::encrypt(&recipient, text.as_bytes())
        .map_err(|error| Failure::new(format!("the words can not be encrypted: {error}")))
}

fn decrypted(bytes: &[u8], passphrase: SecretString) -> Result<Zeroizing<String>, DecryptError> {
    let mut identity = Identity::new(passphrase);
    identity.set_max_work_factor(MOST_WORK);
    let text = Zeroizing::new(age::decrypt(&identity, bytes)?);
    let text = std::str::from_utf8(&text).map_err(|_| DecryptError::InvalidHeader)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A passphrase for a new file: typed twice where a person types it.
fn new_passphrase() -> Result<SecretString, Failure> {
    use age::secrecy::ExposeSecret as _;
    let first = ask("A passphrase for the file: ")?;
    if first.expose_secret().is_empty() {
        return Err(Failure::new("an empty passphrase protects nothing: choose some words of your own"));
    }
    if io::stdin().is_terminal() && ask("Once more: ")?.expose_secret() != first.expose_secret() {
        return Err(Failure::new("the two passphrases differ: begin again"));
    }
    Ok(first)
}

/// A passphrase: typed unseen, or the first line of the standard input where that is no terminal.
fn ask(prompt: &str) -> Result<SecretString, Failure> {
    let failed = |error: io::Error| Failure::new(format!("no passphrase could be read: {error}"));
    let line = if io::stdin().is_terminal() {
        Zeroizing::new(rpassword::prompt_password(prompt).map_err(failed)?)
    } else {
        let mut line = Zeroizing::new(String::with_capacity(1024));
        io::BufRead::read_line(&mut io::stdin().lock().take(MAX_PASSPHRASE), &mut line).map_err(failed)?;
        line
    };
    Ok(SecretString::from(line.trim_end_matches(['\n', '\r'])))
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
