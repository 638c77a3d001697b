//! The messages of mDNS, as far as they are about one name and its addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::{A, AAAA, NULL};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::lan::HostName;

/// The largest message that is looked at or sent (RFC 6762, section 17).
pub(crate) const LARGEST: usize = 9_000;
/// How long others may remember an address, in seconds (section 10), and how long who asked in the old way may
/// (section 6.7).
pub(crate) const LIFE: u32 = 120;
const LEGACY_LIFE: u32 = 10;

/// What a record says, as it is compared when two ask for one name at once (section 8.2): the type and the bytes.
pub(crate) type Datum = (u16, Vec<u8>);

/// What somebody said about our name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Somebody asks.
    Question(Question),
    /// Somebody says what the name stands for; never empty.
    Claim(BTreeSet<Datum>),
}

/// A question about our name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    id: u16,
    /// What is asked about the name.
    asked: Vec<Query>,
    /// Whether the answer may go to who asked alone.
    pub(crate) alone: bool,
    /// The addresses that who asks knows, and will for a while.
    known: BTreeSet<IpAddr>,
    /// What who asks wants the name to stand for: then it is about to take the name.
    pub(crate) wanted: BTreeSet<Datum>,
}

/// A name that others may ask for, as the messages have it.
#[derive(Debug, Clone)]
pub(crate) struct Subject(Name);

impl Subject {
    /// None never happens: a [`HostName`] is one label of a name.
    pub(crate) fn new(name: &HostName) -> Option<Self> {
        Name::from_ascii(format!("{}.local.", name.as_str())).ok().map(Self)
    }

    /// What a message says about this name, if it says anything.
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<Heard> {
        let message = message(bytes)?;
        if message.metadata.message_type == MessageType::Response {
            let claim: BTreeSet<Datum> = message
                .answers
                .iter()
                .chain(&message.additionals)
                .filter_map(|record| self.datum(record))
                .collect();
            return if claim.is_empty() { None } else { Some(Heard::Claim(claim)) };
        }
        let about = |query: &&Query| {
            query.name() == &self.0 && matches!(query.query_class(), DNSClass::IN | DNSClass::ANY)
        };
        let asked: Vec<Query> = message.queries.iter().filter(about).take(8).cloned().collect();
        if asked.is_empty() {
            return None;
        }
        let fresh = message.answers.iter().filter(|record| record.name == self.0 && record.ttl >= LIFE / 2);
        Some(Heard::Question(Question {
            id: message.metadata.id,
            alone: asked.iter().all(Query::mdns_unicast_response),
            known: fresh.filter_map(|record| address(&record.data)).collect(),
            wanted: message.authorities.iter().filter_map(|record| self.datum(record)).collect(),
            asked,
        }))
    }

    /// The addresses that an answer gives this name.
    pub(crate) fn addresses(&self, bytes: &[u8]) -> Vec<IpAddr> {
        let Some(message) = message(bytes) else { return Vec::new() };
        let ours = |record: &&Record| record.name == self.0 && record.ttl > 0;
        let records = message.answers.iter().chain(&message.additionals).filter(ours);
        records.filter_map(|record| address(&record.data)).collect()
    }

    /// What a record says about this name. One that takes back what was said (a life of 0) says nothing, and that
    /// something does not exist (NSEC) gives the name to nobody.
    fn datum(&self, record: &Record) -> Option<Datum> {
        let kind = record.record_type();
        if record.name != self.0 || record.ttl == 0 || kind == RecordType::NSEC {
            return None;
        }
        let bytes = match address(&record.data) {
            Some(IpAddr::V4(ip)) => ip.octets().to_vec(),
            Some(IpAddr::V6(ip)) => ip.octets().to_vec(),
            None => Vec::new(),
        };
        Some((u16::from(kind), bytes))
    }

    /// Asks whether somebody has this name, and says what it shall stand for (section 8.1).
    pub(crate) fn probe(&self, addresses: &[IpAddr]) -> Option<Vec<u8>> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        let mut query = Query::query(self.0.clone(), RecordType::ANY);
        query.set_mdns_unicast_response(true);
        message.add_query(query);
        message.add_authorities(addresses.iter().map(|ip| self.record(*ip, LIFE)));
        written(&message)
    }

    /// Asks for the name's addresses, as programs do that know only the old way (section 5.1).
    pub(crate) fn question(&self, id: u16) -> Option<Vec<u8>> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(self.0.clone(), RecordType::A));
        message.add_query(Query::query(self.0.clone(), RecordType::AAAA));
        written(&message)
    }

    /// Says what the name stands for; with a life of 0 that it does no longer.
    pub(crate) fn announcement(&self, addresses: &[IpAddr], life: u32) -> Option<Vec<u8>> {
        let mut message = answering(0);
        message.add_answers(addresses.iter().map(|ip| self.unique(*ip, life)));
        if life > 0 {
            message.add_additional(self.nothing_else(addresses)?);
        }
        written(&message)
    }

    /// The answer to a question; none if who asks knows all of it.
    pub(crate) fn answer(&self, question: &Question, addresses: &[IpAddr]) -> Option<Vec<u8>> {
        let mut message = answering(0);
        let asked = |ip: &&IpAddr| question.asked.iter().any(|query| fits(query.query_type(), **ip));
        let (wanted, others): (Vec<IpAddr>, Vec<IpAddr>) = addresses.iter().partition(asked);
        let known = |ip: &&IpAddr| question.known.contains(*ip);
        if !wanted.is_empty() && wanted.iter().all(|ip| known(&ip)) {
            return None;
        }
        message.add_answers(wanted.iter().filter(|ip| !known(ip)).map(|ip| self.unique(*ip, LIFE)));
        message.add_additionals(others.iter().map(|ip| self.unique(*ip, LIFE)));
        let nothing = self.nothing_else(addresses)?;
        // Somebody asks for what is not there, and need not wait for it.
        if message.answers.is_empty() {
            message.add_answer(nothing)
        } else {
            message.add_additional(nothing)
        };
        written(&message)
    }

    /// The same as programs expect it that know only the old way: with the question in it, and soon forgotten.
    pub(crate) fn legacy_answer(&self, question: &Question, addresses: &[IpAddr]) -> Option<Vec<u8>> {
        let mut message = answering(question.id);
        let mut echoes = question.asked.clone();
        echoes.iter_mut().for_each(|query| query.mdns_unicast_response = false);
        message.add_queries(echoes);
        let asked = |ip: &&IpAddr| question.asked.iter().any(|query| fits(query.query_type(), **ip));
        message.add_answers(addresses.iter().filter(asked).map(|ip| self.record(*ip, LEGACY_LIFE)));
        written(&message)
    }

    fn record(&self, ip: IpAddr, life: u32) -> Record {
        let data = match ip {
            IpAddr::V4(ip) => RData::A(A(ip)),
            IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
        };
        Record::from_rdata(self.0.clone(), life, data)
    }

    /// A record that replaces what others remember.
    fn unique(&self, ip: IpAddr, life: u32) -> Record {
        let mut record = self.record(ip, life);
        record.mdns_cache_flush = true;
        record
    }

    /// Says which kinds of records the name has, so that nobody waits for others (section 6.1).
    fn nothing_else(&self, addresses: &[IpAddr]) -> Option<Record> {
        let (four, six) = (addresses.iter().any(IpAddr::is_ipv4), addresses.iter().any(IpAddr::is_ipv6));
        // A bit for each type from 0 on: A is 1, AAAA is 28 (RFC 4034, section 4.1.2).
        let mut bits = vec![if four { 0b0100_0000 } else { 0 }];
        if six {
            bits.extend([0, 0, 0b0000_1000]);
        }
        let mut bytes = Vec::new();
        for label in self.0.iter() {
            bytes.push(u8::try_from(label.len()).ok()?);
            bytes.extend(label);
        }
        bytes.extend([0, 0, u8::try_from(bits.len()).ok()?]);
        bytes.extend(bits);
        let data = RData::Unknown { code: RecordType::NSEC, rdata: NULL::with(bytes) };
        let mut record = Record::from_rdata(self.0.clone(), LIFE, data);
        record.mdns_cache_flush = true;
        Some(record)
    }
}

/// What this machine says when it takes the name, for comparing.
pub(crate) fn data(addresses: &[IpAddr]) -> BTreeSet<Datum> {
    let datum = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => (u16::from(RecordType::A), ip.octets().to_vec()),
        IpAddr::V6(ip) => (u16::from(RecordType::AAAA), ip.octets().to_vec()),
    };
    addresses.iter().map(datum).collect()
}

/// A message that may be looked at: of a size that is allowed, and of the only kind that mDNS knows (section 18).
fn message(bytes: &[u8]) -> Option<Message> {
    let message = bytes.get(..bytes.len().min(LARGEST + 1)).filter(|bytes| bytes.len() <= LARGEST)?;
    Message::from_vec(message).ok().filter(|message| message.metadata.op_code == OpCode::Query)
}

fn answering(id: u16) -> Message {
    let mut message = Message::new(id, MessageType::Response, OpCode::Query);
    message.metadata.authoritative = true;
    message
}

fn written(message: &Message) -> Option<Vec<u8>> {
    message.to_vec().ok().filter(|bytes| bytes.len() <= LARGEST)
}

fn address(data: &RData) -> Option<IpAddr> {
    if let RData::A(A(ip)) = data {
        Some(IpAddr::V4(*ip))
    } else if let RData::AAAA(AAAA(ip)) = data {
        Some(IpAddr::V6(*ip))
    } else {
        None
    }
}

/// Whether an address is of the kind that is asked for.
fn fits(asked: RecordType, ip: IpAddr) -> bool {
    asked == RecordType::ANY || asked == if ip.is_ipv4() { RecordType::A } else { RecordType::AAAA }
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod tests;
