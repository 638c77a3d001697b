//! What went wrong, for the person at the command line.

use std::fmt;
use std::path::Path;

use node::{ErrorKind, NodeError};

/// What went wrong, in one sentence, and the exit code that says so to a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

/// It could not be done.
pub(crate) const FAILED: u8 = 1;
/// It was asked for in a wrong way.
pub(crate) const USAGE: u8 = 2;
/// There is no such thing.
pub(crate) const NOT_FOUND: u8 = 3;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { code: FAILED, message: message.into() }
    }

    /// The same, and which file it is about.
    pub(crate) fn about(self, path: &Path) -> Self {
        Self { message: format!("{}: {}", path.display(), self.message), ..self }
    }

    /// From what clap says in several lines.
    pub(crate) fn usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let before_usage = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
        let mut message = String::new();
        for line in before_usage.filter(|line| !line.is_empty() && !line.starts_with("For more")) {
            let line = line.strip_prefix("error: ").unwrap_or(line);
            if !message.is_empty() {
                message.push_str(if message.ends_with(':') { " " } else { "; " });
            }
            message.push_str(line);
        }
        message.push_str(" (--help shows what there is)");
        Self { code: USAGE, message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { FAILED };
        Self { code, message: error.to_string() }
    }
}
