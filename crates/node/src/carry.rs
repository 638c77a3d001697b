//! Bundles: a circle that leaves in a file, and one that comes in one.

use protocol::limits::WINDOW;
use protocol::{BundleError, BundlePart, BundleReader, BundleWriter, Carried, CarryError};
use record::{Body, CircleId, Hash, ReadPolicy, ReadSecret, Record, RecordId, Signed, Timestamp};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::input::read_since;
use crate::json::{BundleJson, ImportJson, RejectedJson};
use crate::service::Service;

/// How many rejected records a report names; it counts the others.
const MAX_REJECTED: usize = 1_000;

/// A bundle that is being made.
pub struct Outgoing {
    handle: Handle,
    circle: CircleId,
    ids: std::vec::IntoIter<RecordId>,
    /// Bytes that are ready.
    ready: Vec<u8>,
    /// None once it ended.
    writer: Option<BundleWriter>,
}

/// A bundle that is being taken in.
pub struct Incoming {
    handle: Handle,
    /// Which circle the person asked for.
    wanted: Option<String>,
    reader: BundleReader,
    circle: Option<CircleId>,
    /// What opens it, if it is sealed.
    secret: Option<ReadSecret>,
    broken: Option<BundleError>,
    report: ImportJson,
    rejected: u64,
    /// How many records were looked at.
    seen: u64,
    joined: bool,
}

impl Handle {
    /// Begins a bundle: of the circle with this id or name, or of the node's first one; with all its records, or of
    /// all but control records only those since a date, such as `2026-11-01` or `30d`. That of a circle of members is
    /// sealed with its read secret.
    ///
    /// # Errors
    /// If there is no such circle, or its charter has not arrived, or the date can not be read.
    pub async fn bundle(&self, circle: Option<String>, since: Option<String>) -> Result<Outgoing, NodeError> {
        let since = since.map(|text| read_since(&text, Timestamp::from_millis(self.now()))).transpose()?;
        let handle = self.clone();
        self.on_node(move |service| {
            let circle = service.read(|view| view.circle(circle.as_deref()))?;
            service.catalogue(circle)?.charter().ok_or(NodeError::NoCharterYet)?;
            let ids = service.protocol.to_carry(circle, since).into_iter();
            let (writer, ready) = BundleWriter::begin(circle, since, service.read_secret(circle));
            Ok(Outgoing { handle, circle, ids, ready, writer: Some(writer) })
        })
        .await
    }

    /// Begins to take in a bundle; of this circle alone, if one is named. If the node does not keep its circle yet, it
    /// joins it.
    #[must_use]
    pub fn carry(&self, circle: Option<String>) -> Incoming {
        Incoming {
            handle: self.clone(),
            wanted: circle,
            reader: BundleReader::new(),
            circle: None,
            secret: None,
            broken: None,
            report: ImportJson::default(),
            rejected: 0,
            seen: 0,
            joined: false,
        }
    }
}

impl Outgoing {
    /// The next bytes; none after the last ones.
    ///
    /// # Errors
    /// If the store can not be read; the bundle is not whole then.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, NodeError> {
        while self.ready.is_empty() {
            let Some(writer) = &mut self.writer else { return Ok(None) };
            let ids: Vec<_> = self.ids.by_ref().take(WINDOW).collect();
            if ids.is_empty() {
                self.ready = self.writer.take().map(BundleWriter::end).unwrap_or_default();
                continue;
            }
            let circle = self.circle;
            let records = self.handle.on_node(move |service| service.records(circle, &ids)).await?;
            for record in records {
                self.ready.extend(writer.add(record).unwrap_or_default());
            }
        }
        Ok(Some(std::mem::take(&mut self.ready)))
    }
}

impl Incoming {
    /// Takes in some bytes of it. What comes after its end, or after damage, is not looked at.
    ///
    /// # Errors
    /// If it is no bundle, or of another circle than was asked for, or of one that this node can not join, or if the
    /// store fails.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), NodeError> {
        if self.broken.is_some() {
            return Ok(());
        }
        self.reader.push(bytes);
        loop {
            match self.reader.part() {
                Ok(None) => return Ok(()),
                Ok(Some(BundlePart::Head { circle, secret, .. })) => {
                    if let Some(wanted) = &self.wanted
                        && self.handle.circle_of(wanted)? != circle
                    {
                        return Err(NodeError::Invalid(format!(
                            "this is a bundle of another circle, {circle}"
                        )));
                    }
                    if let Some(name) = secret {
                        let opening = self.handle.on_node(move |service| service.opening(circle, &name));
                        self.secret = Some(opening.await?);
                    }
                    self.circle = Some(circle);
                }
                Ok(Some(BundlePart::Sealed(sealed))) => {
                    match self
                        .secret
                        .as_ref()
                        .ok_or(BundleError::Unopened)
                        .and_then(|secret| sealed.open(secret))
                    {
                        Ok(records) => self.take(records).await?,
                        Err(error) => {
                            self.broken = Some(error);
                            return Ok(());
                        }
                    }
                }
                Ok(Some(BundlePart::Records(records))) => self.take(records).await?,
                Ok(Some(BundlePart::End)) => {}
                Err(error @ (BundleError::Other | BundleError::Version(_))) => return Err(foreign(&error)),
                Err(error) => {
                    self.broken = Some(error);
                    return Ok(());
                }
            }
        }
    }

    /// Says what became of it. What was taken is durable then.
    ///
    /// # Errors
    /// If there was not even the beginning of a bundle, or the store fails.
    pub async fn finish(mut self) -> Result<ImportJson, NodeError> {
        let end = self.broken.take().map_or_else(|| self.reader.finish(), Err);
        let (circle, problem) = match (self.circle, end) {
            (Some(circle), Ok(())) => (circle, None),
            (Some(circle), Err(error)) => (circle, Some(error)),
            (None, Ok(())) => return Err(foreign(&BundleError::Other)),
            (None, Err(error)) => return Err(foreign(&error)),
        };
        self.handle.on_node(|service| Ok(protocol::Store::sync(service.protocol.store())?)).await?;
        let circles = self.handle.circles().into_iter();
        let name = circles.filter(|kept| kept.id == circle.to_string()).map(|kept| kept.name).next();
        let bundle = BundleJson {
            circle: circle.to_string(),
            name: name.unwrap_or_default(),
            joined: self.joined,
            records: self.seen,
            rejected: self.rejected,
            problem: problem.map(|error| error.to_string()),
        };
        Ok(ImportJson { bundle: Some(bundle), ..self.report })
    }

    async fn take(&mut self, records: Vec<Record>) -> Result<(), NodeError> {
        let Some(circle) = self.circle else { return Ok(()) };
        let (joined, carried) = self.handle.on_node(move |service| service.carry(circle, records)).await?;
        self.joined |= joined;
        for carried in carried {
            self.seen = self.seen.saturating_add(1);
            match carried {
                Carried::Added => self.report.added = self.report.added.saturating_add(1),
                Carried::Unchanged => self.report.unchanged = self.report.unchanged.saturating_add(1),
                Carried::Rejected(why) => {
                    self.rejected = self.rejected.saturating_add(1);
                    if self.report.rejected.len() < MAX_REJECTED {
                        self.report.rejected.push(RejectedJson { line: self.seen, reason: why.to_string() });
                    }
                }
            }
        }
        Ok(())
    }
}

impl Service {
    /// Records with their bodies. What was withdrawn or expired meanwhile is left out.
    fn records(&self, circle: CircleId, ids: &[RecordId]) -> Result<Vec<Record>, NodeError> {
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            let record = self.protocol.record(circle, id)?.filter(record::Verified::is_whole);
            records.extend(record.map(|record| record.to_record()));
        }
        Ok(records)
    }

    /// What opens a bundle that is sealed with the read secret of this name.
    fn opening(&self, circle: CircleId, name: &Hash) -> Result<ReadSecret, NodeError> {
        if self.protocol.catalogue(circle).is_none() {
            return Err(NodeError::MembersRead);
        }
        self.protocol.to_open(circle, name).cloned().ok_or(NodeError::OtherSecret)
    }

    /// Takes in records of a bundle, and says whether the node joined the circle for it.
    fn carry(&mut self, circle: CircleId, records: Vec<Record>) -> Result<(bool, Vec<Carried>), NodeError> {
        let joins = self.protocol.catalogue(circle).is_none();
        if joins {
            match records.first().and_then(|record| founding(circle, record)) {
                Some(ReadPolicy::Anyone) => self.keep(circle, None)?,
                Some(ReadPolicy::Members) => return Err(NodeError::MembersRead),
                None => {
                    return Err(NodeError::Invalid(
                        "the bundle does not begin with its circle's charter, and this node does not keep the \
                         circle: join it first with an invitation, or ask for a bundle that a node has made"
                            .into(),
                    ));
                }
            }
        }
        let now = self.time();
        let (outputs, carried) = self.protocol.carry(circle, records, now).map_err(|error| match error {
            CarryError::Store(error) => NodeError::Store(error),
            CarryError::UnknownCircle => NodeError::NoCircle,
        })?;
        self.act(outputs);
        Ok((joins, carried))
    }
}

/// Who may read the circle that this record founds, if it does found it.
fn founding(circle: CircleId, record: &Record) -> Option<ReadPolicy> {
    let record = Signed::parse(&record.envelope).ok()?.verify(record.body.clone()).ok()?;
    let founds = CircleId::founded_by(record.id()) == circle;
    let Body::Charter(charter) = record.body().filter(|_| founds)? else { return None };
    Some(charter.read)
}

/// A file that is no bundle of ours.
fn foreign(error: &BundleError) -> NodeError {
    NodeError::Invalid(error.to_string())
}
