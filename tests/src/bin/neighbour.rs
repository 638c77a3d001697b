//! A neighbour's device: does what it is told on its standard input, in the network namespace in which it runs, and
//! tells what came of it. It shares no code with the program.
//!
//! Its input is a JSON array of `{"resolve": NAME, "from": PORT}` (asks by multicast for the addresses of a name of the
//! network, from this port; 0: any) and `{"to": "IP:PORT", "send": TEXT}` (sends this and reads until the end). Its
//! output is the array of the answers: an array of addresses, or a text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How many things it does at the same time.
const HANDS: usize = 6;
/// How long somebody may be silent.
const SILENCE: Duration = Duration::from_secs(10);
/// How long it waits for answers to one question.
const ANSWERS: Duration = Duration::from_secs(3);
/// And how long until it asks once more: an answer to everybody is given once a second.
const AGAIN: Duration = Duration::from_millis(600);
/// Where questions for names go.
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

fn main() {
    let jobs: Vec<Value> = serde_json::from_reader(std::io::stdin()).expect("an array of jobs");
    let answers = Mutex::new(vec![Value::Null; jobs.len()]);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some((at, job)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(at).map(|job| (at, job))
                } {
                    let answer = done(job);
                    answers.lock().unwrap()[at] = answer;
                }
            });
        }
    });
    println!("{}", Value::Array(answers.into_inner().unwrap()));
}

fn done(job: &Value) -> Value {
    match job["resolve"].as_str() {
        Some(name) => json!(resolved(name, u16::try_from(job["from"].as_u64().unwrap_or(0)).unwrap())),
        None => json!(exchange(job["to"].as_str().unwrap(), job["send"].as_str().unwrap())),
    }
}

fn exchange(to: &str, text: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(to) else { return String::new() };
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let _ = stream.write_all(text.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks for A and AAAA until somebody answers, or long enough.
fn resolved(name: &str, from: u16) -> BTreeSet<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, from)).expect("a port");
    socket.set_multicast_ttl_v4(255).unwrap();
    if from == 5353 {
        socket.join_multicast_v4(&GROUP, &Ipv4Addr::UNSPECIFIED).expect("a network");
    }
    let mut question = vec![0x12, 0x34, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0];
    for kind in [1, 28] {
        for label in name.split('.') {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend(label.as_bytes());
        }
        question.extend([0, 0, kind, 0, 1]);
    }
    let mut found = BTreeSet::new();
    let end = Instant::now() + ANSWERS;
    let mut buffer = [0; 9000];
    socket.set_read_timeout(Some(AGAIN)).unwrap();
    while found.is_empty() && Instant::now() < end {
        socket.send_to(&question, (GROUP, 5353)).expect("a way to everybody");
        // Its own question comes back to it as well.
        while found.is_empty()
            && let Ok((length, _)) = socket.recv_from(&mut buffer)
        {
            found = answered(&buffer[..length], name).unwrap_or_default();
        }
    }
    found
}

/// The addresses of a name in an answer.
fn answered(bytes: &[u8], name: &str) -> Option<BTreeSet<IpAddr>> {
    let number = |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    if number(2)? & 0x8000 == 0 {
        return None;
    }
    let mut at = 12;
    for _ in 0..number(4)? {
        at = label(bytes, at)?.1 + 4;
    }
    let mut found = BTreeSet::new();
    for _ in 0..number(6)? + number(8)? + number(10)? {
        let (owner, after) = label(bytes, at)?;
        let (kind, length) = (number(after)?, number(after + 8)?);
        let data = bytes.get(after + 10..after + 10 + length)?;
        if owner.eq_ignore_ascii_case(name) && kind == 1 {
            found.insert(IpAddr::from(<[u8; 4]>::try_from(data).ok()?));
        } else if owner.eq_ignore_ascii_case(name) && kind == 28 {
            found.insert(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?)));
        }
        at = after + 10 + length;
    }
    Some(found)
}

/// A name at a place of a message, and where what follows it begins.
fn label(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut name, mut end) = (Vec::new(), None);
    for _ in 0..64 {
        let length = usize::from(*bytes.get(at)?);
        if length == 0 {
            return Some((name.join("."), end.unwrap_or(at + 1)));
        }
        if length >= 0xc0 {
            end.get_or_insert(at + 2);
            at = (length & 0x3f) << 8 | usize::from(*bytes.get(at + 1)?);
            continue;
        }
        name.push(String::from_utf8_lossy(bytes.get(at + 1..at + 1 + length)?).into_owned());
        at += 1 + length;
    }
    None
}
