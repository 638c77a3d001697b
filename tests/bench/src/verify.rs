//! From bytes on the wire to admitted records, and how many bytes those are.
//!
//! The floor is the bare check of the very same signatures: key from bytes, then `verify_strict`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use catalogue::Catalogue;
use ed25519_dalek::{Signature, VerifyingKey};
use record::{KnownKeys, Listing, Signed, Value, Verified};

use crate::corpus::{Corpus, NOW, from_wire, to_wire};
use crate::figure::{Report, ratios};
use crate::{Outcome, Scale};

/// How many records are verified before they are admitted together.
const BATCH: usize = 256;
/// How many batches two cores share at once: enough that the last one, when a core waits, is a small part.
const BATCHES_OF_A_TURN: usize = 64;
const CORES: usize = 2;

/// What the floor needs of a record.
pub(crate) struct Message {
    key: [u8; 32],
    bytes: Vec<u8>,
    signature: [u8; 64],
}

/// How long the steps of the way on one core took.
#[derive(Debug, Default)]
struct Stages {
    parse: Duration,
    verify: Duration,
    admit: Duration,
}

/// The samples of one figure for each way.
#[derive(Debug, Default)]
struct Rates {
    floor: Vec<f64>,
    ours: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let corpus = Corpus::new(scale.records, NOW)?;
    let wire: Vec<Vec<u8>> =
        corpus.records(scale.records).map(|record| Ok(to_wire(&record?))).collect::<Outcome<_>>()?;
    let messages: Vec<Message> = wire.iter().map(|bytes| message(bytes)).collect::<Outcome<_>>()?;
    let (mut one, mut two, mut stages) = (Rates::default(), Rates::default(), Vec::new());
    for _ in 0..scale.rounds {
        stages.push(round(&corpus.catalogue()?, &wire, &messages, &mut one, &mut two)?);
    }
    let mut report = scale.report("verify");
    report.add("floor, one core", "records/s", one.floor.clone());
    report.add("ours, one core", "records/s", one.ours.clone());
    report.add_with_aim("ours to floor, one core", "", ratios(&one.ours, &one.floor), "0.9 or more");
    report.add("floor, two cores", "records/s", two.floor.clone());
    report.add("ours, two cores", "records/s", two.ours.clone());
    report.add("ours to floor, two cores", "", ratios(&two.ours, &two.floor));
    report.add("two cores to one, floor", "", ratios(&two.floor, &one.floor));
    report.add_with_aim("two cores to one, ours", "", ratios(&two.ours, &one.ours), "1.8 or more");
    let each = |stage: fn(&Stages) -> Duration| {
        stages.iter().map(|stages| stage(stages).as_secs_f64() * 1e6 / wire.len() as f64).collect()
    };
    report.add("one core: frame and parse", "µs/record", each(|stages| stages.parse));
    report.add("one core: body and signature", "µs/record", each(|stages| stages.verify));
    report.add("one core: admit", "µs/record", each(|stages| stages.admit));
    sizes(&corpus, &mut report)?;
    Ok(report)
}

/// Lets the four ways take turns until each has seen all records: on one core batch by batch, so that
/// whatever else the machine does meets both alike.
fn round(
    empty: &Catalogue,
    wire: &[Vec<u8>],
    messages: &[Message],
    one: &mut Rates,
    two: &mut Rates,
) -> Outcome<Stages> {
    let mut stages = Stages::default();
    let (mut alone, mut shared) = (empty.clone(), empty.clone());
    let (mut known, mut known_to_each) = (KnownKeys::default(), <[KnownKeys; CORES]>::default());
    let mut times = [Duration::ZERO; 4];
    let turn = BATCH * BATCHES_OF_A_TURN;
    for (wire, messages) in wire.chunks(turn).zip(messages.chunks(turn)) {
        for (wire, messages) in wire.chunks(BATCH).zip(messages.chunks(BATCH)) {
            times[0] += timed(|| check_all(messages))?;
            times[1] += timed(|| take(wire, &mut known, &mut alone, &mut stages))?;
        }
        times[2] += timed(|| check_all_on(CORES, messages))?;
        times[3] += timed(|| take_on_two_cores(wire, &mut known_to_each, &mut shared))?;
    }
    let admitted = [&alone, &shared].map(|catalogue| catalogue.len() - empty.len());
    if admitted != [wire.len(); 2] {
        return Err(format!("{admitted:?} of {} are admitted", wire.len()).into());
    }
    let [floor_one, ours_one, floor_two, ours_two] = times.map(|time| wire.len() as f64 / time.as_secs_f64());
    one.floor.push(floor_one);
    one.ours.push(ours_one);
    two.floor.push(floor_two);
    two.ours.push(ours_two);
    Ok(stages)
}

pub(crate) fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

fn take(
    batch: &[Vec<u8>],
    known: &mut KnownKeys,
    catalogue: &mut Catalogue,
    stages: &mut Stages,
) -> Outcome<()> {
    let begun = Instant::now();
    let parsed = parse(batch)?;
    let at_parsed = Instant::now();
    let verified = verify(parsed, known)?;
    let at_verified = Instant::now();
    admit(&verified, catalogue)?;
    stages.parse += at_parsed - begun;
    stages.verify += at_verified - at_parsed;
    stages.admit += at_verified.elapsed();
    Ok(())
}

/// Two threads verify, one batch each at a time, and this one admits what they are done with.
fn take_on_two_cores(
    wire: &[Vec<u8>],
    known: &mut [KnownKeys; CORES],
    catalogue: &mut Catalogue,
) -> Outcome<()> {
    let next = AtomicUsize::new(0);
    let (done, batches) = sync_channel(CORES);
    thread::scope(|scope| {
        for known in known {
            let (done, next) = (done.clone(), &next);
            scope.spawn(move || {
                while let Some(batch) = wire.chunks(BATCH).nth(next.fetch_add(1, Ordering::Relaxed)) {
                    if done.send(parse(batch).and_then(|parsed| verify(parsed, known))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        // Why: by value, so that after a failure nobody waits for room in it.
        batches.into_iter().try_for_each(|batch| admit(&batch?, catalogue))
    })
}

fn parse(batch: &[Vec<u8>]) -> Outcome<Vec<(Signed, Option<Vec<u8>>)>> {
    let parse = |bytes: &Vec<u8>| {
        let record = from_wire(bytes)?;
        Ok((Signed::parse(&record.envelope)?, record.body))
    };
    batch.iter().map(parse).collect()
}

fn verify(parsed: Vec<(Signed, Option<Vec<u8>>)>, known: &mut KnownKeys) -> Outcome<Vec<Verified>> {
    parsed.into_iter().map(|(signed, body)| Ok(signed.verify_with(body, known)?)).collect()
}

fn admit(batch: &[Verified], catalogue: &mut Catalogue) -> Outcome<()> {
    for record in batch {
        catalogue.insert(record, NOW)?;
    }
    Ok(())
}

/// The floor.
fn check_all(messages: &[Message]) -> Outcome<()> {
    for message in messages {
        let key = VerifyingKey::from_bytes(&message.key)?;
        key.verify_strict(&message.bytes, &Signature::from_bytes(&message.signature))?;
    }
    Ok(())
}

/// The same shared among so many threads.
pub(crate) fn check_all_on(cores: usize, messages: &[Message]) -> Outcome<()> {
    let part = messages.len().div_ceil(cores);
    thread::scope(|scope| {
        let threads: Vec<_> =
            messages.chunks(part).map(|part| scope.spawn(move || check_all(part))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread ended early")?)
    })
}

/// The parts of an envelope: the protected header, the header, the signature.
fn parts(envelope: &[u8]) -> Outcome<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let Value::List(parts) = Value::decode(envelope)? else { return Err("no envelope".into()) };
    match <[Value; 4]>::try_from(parts) {
        Ok([Value::Bytes(protected), Value::Map(_), Value::Bytes(payload), Value::Bytes(signature)]) => {
            Ok((protected, payload, signature))
        }
        Ok(_) | Err(_) => Err("no envelope".into()),
    }
}

/// What was signed, by docs/protocol.md.
pub(crate) fn message(wire: &[u8]) -> Outcome<Message> {
    let record = from_wire(wire)?;
    let key = *Signed::parse(&record.envelope)?.header().signer.as_bytes();
    let (protected, payload, signature) = parts(&record.envelope)?;
    let bytes = Value::List(vec![
        Value::Text("Signature1".to_owned()),
        Value::Bytes(protected),
        Value::Bytes(b"commonshelf/record/1".to_vec()),
        Value::Bytes(payload),
    ])
    .encode();
    Ok(Message { key, bytes, signature: signature.try_into().map_err(|_| "no signature")? })
}

/// Where the bytes of a listing go: of the one that is in the middle by its size.
fn sizes(corpus: &Corpus, report: &mut Report) -> Outcome<()> {
    let mut all: Vec<(usize, Verified)> = Vec::new();
    for record in corpus.of_each_line() {
        let record = record?;
        all.push((to_wire(&record).len(), record));
    }
    all.sort_by_key(|(size, _)| *size);
    let (total, record) = &all[all.len() / 2];
    let (_, header, signature) = parts(record.envelope())?;
    let body = record.body_bytes().unwrap_or_default();
    let bare = match record.body() {
        Some(record::Body::Listing(Listing { title, text, category, .. })) => {
            title.len() + text.len() + category.len()
        }
        Some(_) | None => 0,
    };
    let frame = total - header.len() - signature.len() - body.len();
    let mut add = |name: &str, bytes: usize| report.add(name, "bytes", vec![bytes as f64]);
    add("a listing: its words", bare);
    add("a listing: the body's other fields", body.len() - bare);
    add("a listing: names of the header's fields", names(&header)?);
    add("a listing: values of the header's fields", header.len() - names(&header)?);
    add("a listing: signature", signature.len());
    add("a listing: envelope and frame", frame);
    let totals = all.iter().map(|(size, _)| *size as f64).collect();
    report.add_with_aim("a listing: total", "bytes", totals, "under 520");
    Ok(())
}

/// The bytes that the names of a map's fields take.
fn names(map: &[u8]) -> Outcome<usize> {
    let Value::Map(fields) = Value::decode(map)? else { return Err("no map".into()) };
    Ok(fields.keys().map(|name| Value::Text(name.0.clone()).encode().len()).sum())
}
