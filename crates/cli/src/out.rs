//! Printing. A reader that went away (`commonshelf list | head`) is no failure.

use std::io::{self, ErrorKind, Write as _};

use crate::failure::Failure;

/// Prints to the standard output, at once.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("the output can not be written: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a sentence to the standard error.
pub(crate) fn error(sentence: &str) {
    // Why: if that fails, there is nowhere left to say so.
    let _ = writeln!(io::stderr().lock(), "{sentence}");
}
