//! One session: frames on a stream, each with its length (32 bits, big-endian) before it.
//!
//! Each session has a task of its own, so that one that stands still holds up nobody else: reading waits
//! when the user is slow to take frames, writing waits when the peer is.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use protocol::limits::MAX_FRAME;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use crate::config::{DRAIN_AFTER, FRAME_COST, RECEIVE_WINDOW};
use crate::outbox::Gate;

const LENGTH: usize = size_of::<u32>();
const READ_BUFFER: usize = 16 * 1024;
/// Frames that wait together are written together, up to about this many bytes.
const BATCH: usize = 64 * 1024;

/// How long a session may stand still.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Without a byte read or written.
    pub(crate) idle: Duration,
    /// From the command to close until all is written.
    pub(crate) closing: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60), closing: Duration::from_secs(10) }
    }
}

/// When something was last read or written.
#[derive(Debug)]
pub(crate) struct Pulse {
    start: Instant,
    /// Milliseconds after `start`.
    last: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0) }
    }

    pub(crate) fn beat(&self) {
        self.last.store(self.millis(), Ordering::Relaxed);
    }

    /// How long ago that was.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(self.last.load(Ordering::Relaxed)))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// What the swarm's task and the session's own task share.
pub(crate) struct Shared {
    /// Where its events go.
    pub(crate) gate: Gate,
    /// Bytes that wait to be sent.
    pub(crate) waiting: AtomicUsize,
    /// The command to close was given.
    pub(crate) closing: Notify,
}

/// Why a session ended; for the log.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the peer closed it")]
    Peer,
    #[error("this node closed it")]
    Here,
    #[error("this node closed it, before all could be written")]
    Unfinished,
    #[error("it stood still")]
    Idle,
    #[error("the peer announced a frame of {0} bytes")]
    TooLong(u32),
    #[error("it broke: {0}")]
    Broken(#[from] io::Error),
}

/// Runs a session to its end. `frames` are what is to be sent; that no more comes means to close. Each
/// step of progress is a beat of the connection's `pulse`.
pub(crate) async fn run(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    frames: mpsc::UnboundedReceiver<Vec<u8>>,
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    patience: Patience,
) {
    let progress = Progress { here: Pulse::new(), connection: pulse, held: AtomicBool::new(false) };
    let (reader, writer) = stream.split();
    let end = {
        let write = write(writer, frames, &shared, &progress);
        tokio::pin!(write);
        tokio::select! {
            end = read(reader, &shared, &progress) => end,
            end = &mut write => end,
            () = progress.idle(patience.idle) => End::Idle,
            () = shared.closing.notified() => {
                timeout(patience.closing, &mut write).await.unwrap_or(End::Unfinished)
            }
        }
    };
    tracing::debug!(session = shared.gate.session().0, %end, "session ended");
    shared.gate.close();
}

async fn read(reader: impl AsyncRead + Unpin, shared: &Shared, progress: &Progress) -> End {
    let mut reader = BufReader::with_capacity(READ_BUFFER, reader);
    let window = Arc::new(Semaphore::new(RECEIVE_WINDOW as usize));
    loop {
        match read_frame(&mut reader, &window, shared, progress).await {
            Ok(()) => {}
            Err(end) => return end,
        }
    }
}

async fn read_frame(
    reader: &mut (impl AsyncRead + Unpin),
    window: &Arc<Semaphore>,
    shared: &Shared,
    progress: &Progress,
) -> Result<(), End> {
    let mut length = [0; LENGTH];
    fill(reader, &mut length, progress).await?;
    let length = u32::from_be_bytes(length);
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if size > MAX_FRAME {
        return Err(End::TooLong(length));
    }
    // Room first, then memory. That the user is slow is not the peer's standing still.
    progress.held.store(true, Ordering::Relaxed);
    let room = Arc::clone(window).acquire_many_owned(length.saturating_add(FRAME_COST)).await;
    progress.held.store(false, Ordering::Relaxed);
    progress.beat();
    let Ok(room) = room else { return Err(End::Here) };
    let mut frame = vec![0; size];
    fill(reader, &mut frame, progress).await?;
    shared.gate.frame(frame, room);
    Ok(())
}

/// Like `read_exact`, but each part counts as progress, or a slow link would look dead.
async fn fill(
    reader: &mut (impl AsyncRead + Unpin),
    mut buffer: &mut [u8],
    progress: &Progress,
) -> Result<(), End> {
    while !buffer.is_empty() {
        let count = reader.read(buffer).await?;
        if count == 0 {
            return Err(End::Peer);
        }
        progress.beat();
        buffer = buffer.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut frames: mpsc::UnboundedReceiver<Vec<u8>>,
    shared: &Shared,
    progress: &Progress,
) -> End {
    let mut batch = Vec::new();
    let mut since_drained = 0;
    while let Some(first) = frames.recv().await {
        let mut next = Some(first);
        let mut size = 0;
        while let Some(frame) = next {
            size += frame.len();
            append(&mut batch, &frame);
            next = if batch.len() < BATCH { frames.try_recv().ok() } else { None };
        }
        if let Err(error) = empty(&mut writer, &mut batch, progress).await {
            return End::Broken(error);
        }
        shared.waiting.fetch_sub(size, Ordering::Relaxed);
        since_drained += size;
        if frames.is_empty() {
            if let Err(error) = writer.flush().await {
                return End::Broken(error);
            }
            if since_drained >= DRAIN_AFTER {
                since_drained = 0;
                shared.gate.drained();
            }
        }
    }
    match writer.close().await {
        Ok(()) => End::Here,
        Err(error) => End::Broken(error),
    }
}

fn append(batch: &mut Vec<u8>, frame: &[u8]) {
    // Frames above MAX_FRAME never get here, so the length always fits.
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    batch.extend_from_slice(&length.to_be_bytes());
    batch.extend_from_slice(frame);
}

/// Like `write_all`, but each part counts as progress.
async fn empty(
    writer: &mut (impl AsyncWrite + Unpin),
    batch: &mut Vec<u8>,
    progress: &Progress,
) -> io::Result<()> {
    let mut rest = batch.as_slice();
    while !rest.is_empty() {
        let count = writer.write(rest).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        progress.beat();
        rest = rest.get(count..).unwrap_or_default();
    }
    batch.clear();
    Ok(())
}

/// Whether the session moves.
struct Progress {
    here: Pulse,
    connection: Arc<Pulse>,
    /// Reading waits for the user.
    held: AtomicBool,
}

impl Progress {
    fn beat(&self) {
        self.here.beat();
        self.connection.beat();
    }

    /// Waits until nothing was read or written for so long.
    async fn idle(&self, limit: Duration) {
        loop {
            let age = self.here.age();
            if self.held.load(Ordering::Relaxed) {
                sleep(limit).await;
            } else if age >= limit {
                return;
            } else {
                sleep(limit.saturating_sub(age)).await;
            }
        }
    }
}
