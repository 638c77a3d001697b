//! Bytes that are meant to cost a reader much: refused, for little memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use peak_alloc::PeakAlloc;
use record::limits::{MAX_BODY, MAX_DEPTH, MAX_ENVELOPE};
use record::{Body, Header, Kind, Record, Signed, Stance, Value};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Tests take turns: the heap that is measured is everybody's.
static TURN: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;

/// What a call gives, the most memory that it held, and the seconds it took.
fn measured<T>(call: impl FnOnce() -> T) -> (T, usize, f64) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    // Why: the time is told to whoever reads the test's output; nothing depends on it.
    #[allow(clippy::disallowed_methods)]
    let start = std::time::Instant::now();
    let given = black_box(call());
    let seconds = start.elapsed().as_secs_f64();
    (given, HEAP.peak_usage().saturating_sub(before), seconds)
}

/// A MiB of these bytes behind the first ones.
fn filled(first: &[u8], rest: &[u8]) -> Vec<u8> {
    first.iter().copied().chain(rest.iter().copied().cycle()).take(MIB).collect()
}

/// Bytes that no reader takes, by what they are.
fn refused() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("open lists", filled(&[], &[0x9f])),
        ("open maps", filled(&[], &[0xbf])),
        ("open bytes", filled(&[], &[0x5f])),
        ("lists within lists", filled(&[], &[0x81])),
        ("maps within maps", filled(&[], &[0xa1, 0x60])),
        ("tags", filled(&[], &[0xc1])),
        ("a map of 2^32 fields", filled(&[0xbb, 0, 0, 0, 1, 0, 0, 0, 0], &[0x60, 0])),
        (
            "a map of as many fields as there is room for, all of one name",
            filled(&[0xba, 0, 7, 0xff, 0xfd], &[0x60, 0]),
        ),
        ("a list of 2^64-1 items", filled(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255], &[0])),
        ("bytes of a length of 2^64-1", filled(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255], &[0])),
        ("a text that is none", filled(&[0x7a, 0, 0x0f, 0xff, 0xfb], &[0xff])),
        ("a large number", filled(&[0xc2, 0x5a, 0, 0x0f, 0xff, 0xfa], &[0xff])),
        ("not a number", filled(&[], &[0xf9, 0x7e, 0x00])),
        ("numbers that are not shortest", filled(&[0x9a, 0, 0x07, 0xff, 0xfd], &[0x18, 0x00])),
        ("one value and a MiB behind it", filled(&[0x00], &[0x00])),
    ]
}

#[test]
fn hostile_bytes_are_refused_for_less_than_twice_their_size() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, bytes) in refused() {
        let (read, most, seconds) = measured(|| Value::decode(&bytes));
        assert!(read.is_err(), "{name}");
        assert!(most <= 2 * bytes.len(), "{name}: {most} bytes held for {}", bytes.len());
        println!("{name}: at most {most} bytes held, {:.3} ms", seconds * 1e3);
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, bytes) in refused() {
        let (_, most, _) = measured(|| {
            assert!(Signed::parse(&bytes).is_err(), "{name}");
            assert!(Body::decode(&Kind::listing(), &bytes).is_err(), "{name}");
            assert!(Stance::decode(&bytes).is_err(), "{name}");
        });
        assert!(most <= 16 * 1024, "{name}: {most} bytes held");
    }
}

#[test]
fn the_costliest_frame_costs_little() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    const FRAME: usize = 64 * 1024;
    let list = |item: &[u8]| {
        let count = (FRAME - 3) / item.len();
        [&[0x99][..], &u16::try_from(count).unwrap().to_be_bytes(), &item.repeat(count)].concat()
    };
    for (name, item) in
        [("lists", &[0x80][..]), ("numbers", &[0x00]), ("texts", &[0x61, b'x']), ("maps", &[0xa0])]
    {
        let frame = list(item);
        let (read, most, seconds) = measured(|| Value::decode_without_maps(&frame));
        assert_eq!(read.is_ok(), name != "maps");
        assert!(most <= 6 * MIB, "{name}: {most} bytes held");
        println!("a frame of {name}: at most {most} bytes held, {:.3} ms", seconds * 1e3);
    }
}

#[test]
fn the_costliest_bytes_within_the_limits_cost_little() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // Many small maps: each costs a node of the tree for its three bytes.
    let maps = |size: usize| {
        let count = (size - 8) / 3;
        let items = [0xa1, 0x60, 0x00].repeat(count);
        let count = u16::try_from(count).unwrap().to_be_bytes();
        [&[0xa1, 0x61, b'x', 0x99][..], &count, &items].concat()
    };
    let body = maps(MAX_BODY);
    let (read, most, seconds) = measured(|| Body::decode(&Kind::listing(), &body).err());
    assert!(read.is_some());
    assert!(most <= 3 * MIB, "{most} bytes held for a body");
    println!("a body of many maps: at most {most} bytes held, {:.3} ms", seconds * 1e3);

    let header = maps(MAX_ENVELOPE - 80);
    let (read, most, _) = measured(|| Header::decode(&header).err());
    assert!(read.is_some());
    assert!(most <= MIB / 2, "{most} bytes held for a header");

    let envelope = [&[0x84][..], &[0x80; MAX_ENVELOPE - 1]].concat();
    let (read, most, _) = measured(|| Record { envelope, body: None }.verify().err());
    assert!(read.is_some() && most <= MIB / 2, "{most} bytes held for an envelope");
}

#[test]
fn depth_ends_where_it_is_said_to_end() {
    for opener in [&[0x81_u8][..], &[0xa1, 0x60]] {
        let nested = |levels: usize| [opener.repeat(levels), vec![0]].concat();
        assert!(Value::decode(&nested(MAX_DEPTH)).is_ok());
        assert!(Value::decode(&nested(MAX_DEPTH + 1)).is_err());
    }
}
