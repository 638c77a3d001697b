//! A member of the circle that sends junk letters, 1,200 a minute, amid an exchange of two others.
//!
//! `COMMONSHELF_FULL=1` makes it a minute of it, and more than the usual quota.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use node::{BundlePart, BundleReader, BundleWriter};
use record::{
    Admission, Body, Charter, CircleId, HeaderError, Key, Kind, Letter, MemberId, RecordId, RefusedBytes,
    Verified, WritePolicy,
};
use serde_json::Value;
use tests::{
    Dice, Home, Member, Node, PATIENCE, Peer, full_or_short, holding, in_state, is_full_size, message, sees,
    wait_until,
};
use tokio::runtime::Runtime;

/// Letters in each second: 1,200 a minute.
const EACH_SECOND: u64 = 20;
/// The sizes of sealed letters.
const SIZES: [usize; 3] = [304, 1_072, 4_144];
/// What the sealed part of each sort of letter begins with.
const JUNK: &[u8; 16] = b"junk, well-signd";
const FORGED: &[u8; 16] = b"junk, ill signed";
const OVERSIZE: &[u8; 16] = b"junk, much of it";
const WISH: &str = "Für unsere Zwillinge, bitte";

/// A letter that nobody can open, though it tells of being for anybody.
fn junk(dice: &mut Dice, begin: &[u8; 16], size: usize) -> Body {
    let bits = u8::try_from(dice.below(17)).unwrap();
    let hint = u32::try_from(dice.below(1 << bits)).unwrap();
    let mut sealed = begin.to_vec();
    sealed.resize_with(size, || u8::try_from(dice.below(256)).unwrap());
    Body::Letter(Letter { bits, hint, sealed })
}

fn any_key(dice: &mut Dice) -> Key {
    Key::from_bytes(std::array::from_fn(|_| u8::try_from(dice.below(256)).unwrap()))
}

/// The letters that a node holds, by whomever.
fn letters(node: &Home) -> Vec<Verified> {
    let file = node.folder().join("all.bundle");
    node.run(&["export", "--bundle", file.to_str().unwrap()]);
    let mut reader = BundleReader::default();
    reader.push(&std::fs::read(file).unwrap());
    let mut letters = Vec::new();
    while let Some(part) = reader.part().unwrap() {
        let BundlePart::Records(records) = part else { continue };
        let records = records.into_iter().map(|record| record.verify().unwrap());
        letters.extend(records.filter(|record| record.header().kind.as_str() == Kind::LETTER));
    }
    letters
}

fn of(author: MemberId, letters: &[Verified]) -> usize {
    letters.iter().filter(|letter| letter.header().author == author).count()
}

/// An exchange from the request to the receipt, and how long each step took to arrive; after each of them something
/// is looked at.
fn exchange(lister: &Node, asker: &Node, title: &str, mut look: impl FnMut()) -> Vec<Duration> {
    let key = lister.json(&["offer", title])["key"].as_str().unwrap().to_owned();
    sees(asker, &key);
    let mut times = Vec::new();
    let mut step = |from: &Node, to: &Node, words: &[&str], state: &str, id: &str| {
        let begun = Instant::now();
        let id = match from.json(words)["id"].as_str() {
            Some(new) if id.is_empty() => new.to_owned(),
            Some(_) | None => id.to_owned(),
        };
        let seen: Value = in_state(to, &id, state);
        times.push(begun.elapsed());
        look();
        (id, seen)
    };
    let (id, asked) = step(asker, lister, &["request", &key, "--message", WISH], "requested", "");
    assert_eq!(asked["messages"][0]["text"], WISH);
    let promise = ["promise", &id, "--place", "Hinterhaus", "--time", "2d"];
    step(lister, asker, &promise, "promised", &id);
    step(asker, lister, &["time", &id], "time-agreed", &id);
    step(lister, asker, &["ready", &id], "ready", &id);
    step(lister, asker, &["handover", &id], "handed-over", &id);
    let (_, done) = step(asker, lister, &["receipt", &id], "complete", &id);
    assert_eq!(done["receipt"], true);
    assert_eq!(in_state(asker, &id, "complete")["receipt"], true);
    times
}

/// A circle with a small quota for letters, and two neighbours in it; one of them is the first to hear the other member.
struct Street {
    circle: CircleId,
    founder: Member,
    junker: Member,
    records: Vec<Verified>,
    rest: usize,
}

impl Street {
    fn new() -> Self {
        let (founder, junker) = (Member::new(1), Member::new(2));
        let mut charter = Charter::founding("Gartenstraße", founder.id()).unwrap();
        if !is_full_size() {
            charter.quotas.rest = 100;
        }
        let rest = charter.quotas.rest as usize;
        assert_eq!(charter.write, WritePolicy::Open);
        let (circle, charter) = founder.found(charter);
        let admission = Body::Admission(Admission::of(junker.id()));
        let admission = founder.sign(circle, Key::derive("admission", &[]), &admission);
        let records = vec![charter, founder.grant(circle), admission, junker.grant(circle)];
        Self { circle, founder, junker, records, rest }
    }

    /// What a node imports to join it.
    fn bundle(&self) -> Vec<u8> {
        let (mut writer, mut bundle) = BundleWriter::begin(self.circle, None, None);
        for record in &self.records {
            bundle.extend(writer.add(record.to_record()).unwrap_or_default());
        }
        bundle.extend(writer.end());
        bundle
    }

    fn peer(&self, name: u8, node: &Node) -> Peer {
        let peer = Peer::start([name; 32], node.address(), self.circle, self.records.clone());
        wait_until("the peer meets the node", PATIENCE, || {
            if peer.met() > 0 { Ok(()) } else { Err("it has met nobody".to_owned()) }
        });
        peer
    }
}

#[test]
fn a_thousand_junk_letters_a_minute_stay_within_their_authors_quota_and_hold_no_exchange_up() {
    let street = Arc::new(Street::new());
    let home = Home::new();
    home.run(&["import", &home.file("circle", street.bundle())]);
    let lister = home.up(&["--member", "Ada"]);
    let asker = Home::new().up(&["--peer", lister.address(), "--join", &lister.link(), "--member", "Bo"]);
    asker.wait_for_charter();
    let calm = exchange(&lister, &asker, "Regal", || {});
    let real = letters(&lister);
    assert!(real.len() >= 4 && of(street.junker.id(), &real) == 0, "{} letters", real.len());

    // What is too large is too large, and nothing else is wrong with it.
    let mut dice = Dice::cast();
    let mut insisted = |size| {
        let body = junk(&mut dice, OVERSIZE, size);
        street.junker.insist(street.circle, Key::derive("large", &[]), &body).verify()
    };
    assert!(insisted(SIZES[0]).is_ok());
    assert!(matches!(insisted(8_000), Err(RefusedBytes::Header(HeaderError::BodyTooLarge(_)))));

    let runtime = Runtime::new().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let loud = street.peer(101, &lister);
    // What is bad on the face of it costs its peer the connection, so others say it.
    let (forger, giant) = (street.peer(102, &lister), street.peer(103, &lister));
    let flood = runtime.spawn({
        let (street, over) = (Arc::clone(&street), Arc::clone(&over));
        async move {
            let mut sent = Vec::new();
            let mut beats = tokio::time::interval(Duration::from_secs(1));
            while !over.load(Ordering::Relaxed) {
                beats.tick().await;
                let real = &real[sent.len() / EACH_SECOND as usize % real.len()];
                let (author, circle) = (&street.junker, street.circle);
                let good = (0..EACH_SECOND).map(|number| {
                    let stolen = (number == 0).then_some(real);
                    let key = stolen.map_or_else(|| any_key(&mut dice), |letter| letter.header().key);
                    let body = stolen.and_then(Verified::body);
                    let size = SIZES[number as usize % SIZES.len()];
                    author.sign(circle, key, &body.unwrap_or_else(|| junk(&mut dice, JUNK, size)))
                });
                let good: Vec<Verified> = good.collect();
                sent.extend(good.iter().map(Verified::id));
                good.iter().for_each(|letter| loud.shout(message(letter.to_record())));
                loud.write(good);
                // Somebody's real letter is told again as it is, too.
                loud.shout(message(real.to_record()));
                for size in SIZES {
                    let key = any_key(&mut dice);
                    // In the name of somebody who is quiet.
                    let letter = street.founder.sign(circle, key, &junk(&mut dice, FORGED, size));
                    let mut record = letter.to_record();
                    let last = record.envelope.last_mut().unwrap();
                    *last ^= 1;
                    forger.shout(message(record));
                    let large = junk(&mut dice, OVERSIZE, 8_000);
                    giant.shout(message(author.insist(circle, key, &large)));
                }
            }
            (sent, loud, [forger.cut(), giant.cut()])
        }
    });
    let begun = Instant::now();
    let (mut most, mut amid) = (0, Vec::new());
    while begun.elapsed() < full_or_short(75, 20) {
        amid.push(exchange(&lister, &asker, "Sessel", || {
            let held = of(street.junker.id(), &letters(&lister));
            assert!(held <= street.rest, "{held} of one member are held, and {} may be", street.rest);
            most = most.max(held);
        }));
    }
    over.store(true, Ordering::Relaxed);
    let (sent, _loud, cut) =
        runtime.block_on(async { tokio::time::timeout(PATIENCE * 3, flood).await.unwrap().unwrap() });
    let took = begun.elapsed();
    // What it said last is there, so all that came before was as well.
    let held = wait_until("the last junk letters", PATIENCE, || {
        let held = letters(&lister);
        let ids: BTreeSet<RecordId> = held.iter().map(Verified::id).collect();
        if sent.iter().rev().take(10).all(|id| ids.contains(id)) {
            Ok(held)
        } else {
            Err("they lack".to_owned())
        }
    });
    let of_one = of(street.junker.id(), &held);
    eprintln!(
        "{} junk letters in {took:.1?}: {of_one} of {} are held, at most {most} were at a step; forger and giant \
         were cut off {cut:?} times\nsteps without junk {calm:.1?}, amid it {amid:.1?}",
        sent.len(),
        street.rest,
    );
    assert!(sent.len() > street.rest && of_one == street.rest && most == street.rest, "its quota was full");
    assert!(held.iter().all(|letter| letter.header().author != street.founder.id()));
    // What was forged or too large lies nowhere; what was well signed does, as this search would tell.
    assert_eq!(holding(&lister.data(), FORGED), Vec::<String>::new());
    assert_eq!(holding(&lister.data(), OVERSIZE), Vec::<String>::new());
    assert!(!holding(&lister.data(), JUNK).is_empty());
    assert!(lister.said().contains("banned for what it sent"), "{}", lister.said());
    // Nobody's letter under another name became an exchange, or a word in one.
    let all = lister.json(&["exchanges", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 1 + amid.len(), "{all}");
    for exchange in all.as_array().unwrap() {
        assert_eq!(exchange["messages"].as_array().unwrap().len(), 1, "{exchange}");
    }
}
