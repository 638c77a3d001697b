//! Files under a passphrase, in the format of `age`.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use age::DecryptError;
use age::scrypt::{Identity, Recipient};
use age::secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// How much work a passphrase is: 2¹⁸ rounds, a second and 256 MiB, which a Raspberry Pi can do as well.
const WORK: u8 = 18;
/// The most work that is done to open a file.
const MOST_WORK: u8 = 20;
/// The longest passphrase.
const MAX_PASSPHRASE: u64 = 1024;

/// What a new file is encrypted for.
pub(crate) fn recipient(passphrase: SecretString) -> Recipient {
    let mut recipient = Recipient::new(passphrase);
    recipient.set_work_factor(WORK);
    recipient
}

/// What opens a file.
pub(crate) fn identity(passphrase: SecretString) -> Identity {
    let mut identity = Identity::new(passphrase);
    identity.set_max_work_factor(MOST_WORK);
    identity
}

/// Why a file does not open, which should be `what`.
pub(crate) fn refused(path: &Path, what: &str, error: &DecryptError) -> Failure {
    use DecryptError::{DecryptionFailed, ExcessiveWork, KeyDecryptionFailed, NoMatchingKeys};
    let path = path.display();
    Failure::new(if matches!(error, NoMatchingKeys | DecryptionFailed | KeyDecryptionFailed) {
        format!("{path} does not open with this passphrase: type it again")
    } else if let ExcessiveWork { required, .. } = error {
        format!("{path} asks for too much work (2^{required}): no program of ours has made it")
    } else {
        format!("{path} is no backup of {what}, or is damaged: look for another copy")
    })
}

/// A passphrase for a new file: typed twice where a person types it.
pub(crate) fn new() -> Result<SecretString, Failure> {
    let first = ask("A passphrase for the file: ")?;
    if first.expose_secret().is_empty() {
        return Err(Failure::new("an empty passphrase protects nothing: choose some words of your own"));
    }
    if io::stdin().is_terminal() && ask("Once more: ")?.expose_secret() != first.expose_secret() {
        return Err(Failure::new("the two passphrases differ: begin again"));
    }
    Ok(first)
}

/// The passphrase of a file.
pub(crate) fn of_file() -> Result<SecretString, Failure> {
    ask("Passphrase of the file: ")
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
