//! Bundles: a circle into a file, and out of one.

use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use node::{BundlePart, BundleReader, ImportJson};
use serde_json::json;

use crate::args::Import;
use crate::client::{Ask, Client};
use crate::commands::{Done, Printed, parsed};
use crate::failure::Failure;
use crate::show;

/// How often a person is told how far it is.
const TELL: Duration = Duration::from_millis(200);

/// Writes a circle into a file. The file is there once it is whole, and not before.
pub(crate) fn export(client: &Client, path: &Path, circle: Option<&str>, since: Option<&str>) -> Done {
    let failed = |error: io::Error| Failure::new(format!("{} can not be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut progress = Progress::new(None);
    let ask = Ask::get("/bundle").query(&json!({ "circle": circle, "since": since }));
    client.fetch(&ask, |piece| {
        progress.see(piece);
        file.write_all(piece).map_err(failed)
    })?;
    progress.end();
    // Why: an answer that was cut off looks like one that ended.
    progress.reader.finish().map_err(|_| Failure::new("the node's answer was cut off: try again"))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    let (records, bytes) = (progress.reader.records(), progress.bytes);
    let json = json!({ "file": path, "circle": progress.circle, "records": records, "bytes": bytes });
    let text = format!(
        "{records} records in {}: `commonshelf import` takes them in on another node.\n",
        path.display()
    );
    Ok(Printed { json: format!("{json}\n"), text, problem: None })
}

/// Takes a bundle in.
pub(crate) fn import(
    client: &Client,
    import: &Import,
    source: impl Read + Send + 'static,
    length: Option<u64>,
) -> Done {
    if import.is_about_tables() {
        return Err(Failure::new(
            "this file is a bundle, which is taken as it is: --map, --side, --terms, --language, --category and \
             --dry-run go with tables alone",
        ));
    }
    let ask = Ask::new("POST", "/bundle").query(&json!({ "circle": import.circle }));
    let ask = Ask { kind: "application/octet-stream", ..ask };
    let told = Told { source, progress: Progress::new(length) };
    let json = client.send(&ask, told)?;
    let report: ImportJson = parsed(&json)?;
    let bundle = report.bundle.as_ref();
    let problem = bundle.and_then(|bundle| Some((bundle.records, bundle.problem.as_ref()?)));
    let problem = problem.map(|(records, problem)| {
        format!(
            "{problem}. The {records} records before that were looked at; get the file again for the rest"
        )
    });
    Ok(Printed { json: format!("{}\n", json.trim_end()), text: show::import(&report), problem })
}

/// How far it is: told on the standard error, if that is a terminal.
struct Progress {
    bytes: u64,
    length: Option<u64>,
    reader: BundleReader,
    circle: Option<String>,
    /// It has ended, or is damaged.
    broken: bool,
    told: Option<Instant>,
}

impl Progress {
    fn new(length: Option<u64>) -> Self {
        let told = io::stderr().is_terminal().then(Instant::now);
        Self { bytes: 0, length, reader: BundleReader::new(), circle: None, broken: false, told }
    }

    fn see(&mut self, piece: &[u8]) {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if !self.broken {
            self.reader.push(piece);
        }
        // What is wrong with it, the node says; nothing behind it is looked at, here or there.
        while !self.broken {
            match self.reader.part() {
                Ok(Some(BundlePart::Head { circle, .. })) => self.circle = Some(circle.to_string()),
                Ok(Some(BundlePart::End)) | Err(_) => self.broken = true,
                Ok(Some(BundlePart::Records(_) | BundlePart::Sealed(_))) => {}
                Ok(None) => break,
            }
        }
        if self.told.is_some_and(|told| told.elapsed() >= TELL) {
            self.told = Some(Instant::now());
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let of = self.length.map(|length| format!(" of {:.1}", mib(length))).unwrap_or_default();
            // Why: if that fails, there is nowhere left to say so.
            let _ = write!(
                io::stderr().lock(),
                "\r\x1b[K{} records, {:.1}{of} MiB",
                self.reader.records(),
                mib(self.bytes)
            );
        }
    }

    fn end(&mut self) {
        if self.told.take().is_some() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// A reader whose bytes are counted on their way.
struct Told<R> {
    source: R,
    progress: Progress,
}

impl<R: Read> Read for Told<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        match read {
            0 => self.progress.end(),
            read => self.progress.see(&into[..read]),
        }
        Ok(read)
    }
}
