//! A whole node into a file, and out of one: for when a card or a machine dies.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Read, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use node::{BackupReader, KeyJson, RestoredJson, Timestamp};
use serde_json::json;

use crate::client::{Ask, Client};
use crate::commands::{Done, Printed, parsed};
use crate::failure::Failure;
use crate::passphrase;

/// How often a person is told how far it is.
const TELL: Duration = Duration::from_millis(200);

/// Writes all that a node has into a new file, under a passphrase. The file is there once it is whole, readable by its
/// owner alone.
pub(crate) fn export(client: &Client, path: &Path) -> Done {
    let failed = |error: io::Error| {
        Failure::new(if error.kind() == io::ErrorKind::AlreadyExists {
            format!("{} is there already: choose another name", path.display())
        } else {
            format!("{} can not be written: {error}", path.display())
        })
    };
    if path.exists() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let recipient = passphrase::recipient(passphrase::new()?);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as _))
        .map_err(|error| Failure::new(format!("the backup can not be encrypted: {error}")))?;
    let mut out = encryptor.wrap_output(BufWriter::new(file)).map_err(failed)?;
    let (mut reader, mut progress, mut bytes) = (BackupReader::default(), Progress::new(), 0_u64);
    client.fetch(&Ask::new("POST", "/backup"), |piece| {
        reader.see(piece).map_err(|_| cut_off())?;
        bytes = bytes.saturating_add(piece.len() as u64);
        progress.tell(&reader, bytes, None);
        out.write_all(piece).map_err(failed)
    })?;
    progress.end();
    // Why: an answer that was cut off looks like one that ended.
    reader.finish().map_err(|_| cut_off())?;
    let file = out.finish().map_err(failed)?.into_inner().map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    // The root key, if it is here, is in the file now.
    let key: KeyJson = parsed(&client.text(Ask::get("/key"))?)?;
    if key.root_here {
        client.text(Ask::new("POST", "/key/written-down"))?;
    }
    let (records, photos) = (reader.records(), reader.photos());
    let json = json!({ "file": path, "member": key.member, "records": records, "photos": photos });
    let text = format!(
        "{records} records, {photos} photos and thumbnails and your keys are in {}. Keep it on another disk, and its \
         passphrase elsewhere: `commonshelf restore` makes your node of it again, on any machine.\n",
        path.display()
    );
    Ok(Printed { json: format!("{json}\n"), text, problem: None })
}

fn cut_off() -> Failure {
    Failure::new("the node's answer was cut off: try again")
}

/// Makes a node out of a file, in a folder that holds none.
pub(crate) fn restore(folder: &Path, path: &Path, alone: bool) -> Done {
    let failed = |error: io::Error| Failure::new(format!("{} can not be read: {error}", path.display()));
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let file = Counted { file, read: 0.into() };
    let refused = |error: &age::DecryptError| passphrase::refused(path, "a node", error);
    let decryptor = age::Decryptor::new_buffered(BufReader::new(&file)).map_err(|error| refused(&error))?;
    let identity = passphrase::identity(passphrase::of_file()?);
    let stream = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|error| refused(&error))?;
    let mut progress = Progress::new();
    let tell = |reader: &BackupReader| progress.tell(reader, file.read.get(), Some(length));
    let restored = node::restore(folder, stream, alone, tell);
    progress.end();
    let restored = restored.map_err(|error| Failure::from(error).about(path))?;
    let json = serde_json::to_string(&restored).map_err(|error| Failure::new(error.to_string()))?;
    let problem = restored.problem.clone();
    Ok(Printed { json: format!("{json}\n"), text: shown(&restored, alone), problem })
}

fn shown(restored: &RestoredJson, alone: bool) -> String {
    let RestoredJson { member, made, circles, records, rejected, photos, problem: _ } = restored;
    let date = Timestamp::from_millis(*made).date();
    let refused = match rejected {
        0 => String::new(),
        rejected => format!("{rejected} records were refused: they are not as they were signed.\n"),
    };
    let then = if alone {
        "`commonshelf up` starts it."
    } else {
        "`commonshelf up` starts it. What you wrote before can be changed once it has heard from another node of the \
         circle; if there is none, restore with --alone."
    };
    format!(
        "The node of {member}, as it was on {date}: {circles} circles, {records} records, {photos} photos and \
         thumbnails.\n{refused}{then}\nNever start the old one again: both would write as one.\n"
    )
}

/// A file, and how much of it was read.
struct Counted {
    file: File,
    read: std::cell::Cell<u64>,
}

impl Read for &Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = (&self.file).read(into)?;
        self.read.set(self.read.get().saturating_add(read as u64));
        Ok(read)
    }
}

/// How far it is: told on the standard error, if that is a terminal.
struct Progress {
    told: Option<Instant>,
}

impl Progress {
    fn new() -> Self {
        Self { told: io::stderr().is_terminal().then(Instant::now) }
    }

    fn tell(&mut self, reader: &BackupReader, bytes: u64, of: Option<u64>) {
        if self.told.is_some_and(|told| told.elapsed() >= TELL) {
            self.told = Some(Instant::now());
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let of = of.map(|of| format!(" of {:.1}", mib(of))).unwrap_or_default();
            // Why: if that fails, there is nowhere left to say so.
            let _ = write!(
                io::stderr().lock(),
                "\r\x1b[K{} records, {} photos, {:.1}{of} MiB",
                reader.records(),
                reader.photos(),
                mib(bytes)
            );
        }
    }

    fn end(&mut self) {
        if self.told.take().is_some() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}
