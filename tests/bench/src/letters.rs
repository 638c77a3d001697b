//! Letters: sealed, opened, and tried by a node that does not know which of them are its own.
//!
//! The floor is the bare X25519 operation, of which one is needed to try a letter.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use record::{
    About, AskerSays, Body, CircleId, Common, Content, Hash, Inside, Key, Keyring, Kind, Letter, Mailboxes,
    Map, MemberId, Message, Outer, Said, Says, SealPublic, SealSecret, SecretKey, Side, Stance, Terms,
};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::corpus::NOW;
use crate::figure::{Report, ratios};
use crate::{Outcome, Scale};

/// The members of the circle, and so how many bits of hint its letters have.
const MEMBERS: usize = 1_000;
/// How many of them one node hosts.
const HOSTED: usize = 200;
/// How many letters are sealed and opened one by one in a round.
const SINGLY: usize = 1_000;
/// Where each member has a key of its own, a node that hosts many is slow: it tries every so many letters.
const APART_ONE_IN: usize = 10;

/// A letter as it is stored: its body's bytes, and of its header what it is bound to.
struct Stored {
    outer: Outer,
    body: Vec<u8>,
}

/// Who is in the circle, and to which keys one seals.
struct Circle {
    id: CircleId,
    members: Vec<MemberId>,
    secrets: Vec<SealSecret>,
    known: BTreeMap<MemberId, SealPublic>,
}

/// Bytes that differ by what they are for and by number.
fn chance(purpose: &str, number: usize) -> [u8; 32] {
    *Hash::derive(purpose, &[&(number as u64).to_be_bytes()]).as_bytes()
}

impl Circle {
    /// A circle whose first so many members live on one node and share its key.
    fn new(on_one_node: usize) -> Self {
        let roots: Vec<SecretKey> =
            (0..MEMBERS).map(|number| SecretKey::from_seed(&chance("member", number))).collect();
        let host = SealSecret::of_host(&SecretKey::from_seed(&chance("host", 0)), 0);
        let secret = |(number, root): (usize, &SecretKey)| {
            if number < on_one_node { host.clone() } else { SealSecret::derive(root, 0) }
        };
        let secrets: Vec<SealSecret> = roots.iter().enumerate().map(secret).collect();
        let members: Vec<MemberId> = roots.iter().map(|root| root.public().into()).collect();
        let known = members.iter().copied().zip(secrets.iter().map(SealSecret::public)).collect();
        Self { id: CircleId::from_bytes(chance("circle", 0)), members, secrets, known }
    }

    /// What a letter says, and by whom to whom it is said.
    fn said(&self, number: usize) -> (usize, usize, Inside) {
        let [first, second, ..] = chance("recipient", number);
        let to = usize::from(u16::from_be_bytes([first, second])) % MEMBERS;
        let from = (to + 1) % MEMBERS;
        let about = About {
            circle: self.id,
            exchange: Key::derive("exchange", &[&number.to_be_bytes()]),
            asker: self.members[from],
            lister: self.members[to],
            listing: Key::derive("listing", &[]),
            listed: NOW,
            asked: NOW,
            side: Side::Offer,
            terms: Terms::Gift,
            title: "Kinderwagen".to_owned(),
            category: String::new(),
        };
        let stance = Stance {
            about,
            revision: NOW,
            says: Says::Asker(AskerSays { count: 1, ..AskerSays::default() }),
            common: Common::default(),
            messages: vec![Message {
                at: NOW,
                text: "Ist das noch da? Ich könnte es am Samstag abholen.".to_owned(),
            }],
            other: Map::new(),
        };
        (from, to, Content::Stance(Box::new(Said { stance, seal: None })).into())
    }

    fn outer(&self, number: usize, author: usize) -> Outer {
        let key = Key::derive("letter", &[&number.to_be_bytes()]);
        Outer { author: self.members[author], circle: self.id, key, revision: NOW }
    }

    fn seal(&self, number: usize) -> Outcome<(Outer, Letter)> {
        let (from, to, inside) = self.said(number);
        let outer = self.outer(number, from);
        let (key, secret) = (self.secrets[to].public(), &self.secrets[from]);
        let letter = Letter::seal(&inside, &key, secret, outer, MEMBERS as u64, &chance("seed", number))?;
        Ok((outer, letter))
    }

    fn stored(&self, letters: usize) -> Outcome<Vec<Stored>> {
        let store = |number| {
            let (outer, letter) = self.seal(number)?;
            Ok(Stored { outer, body: Body::Letter(letter).encode() })
        };
        (0..letters).map(store).collect()
    }

    /// The mailboxes of a node that hosts the first so many members.
    fn boxes(&self, members: usize) -> Mailboxes {
        let mut boxes = Mailboxes::new();
        for (member, secret) in self.members.iter().zip(&self.secrets).take(members) {
            boxes.add(*member, &Keyring::of(secret.clone()));
        }
        boxes
    }

    /// How long a node takes to find its letters, and how many there are.
    fn find<'a>(
        &self,
        boxes: &Mailboxes,
        stored: impl Iterator<Item = &'a Stored>,
    ) -> Outcome<(Duration, usize)> {
        let (begun, mut found) = (Instant::now(), 0_usize);
        for Stored { outer, body } in stored {
            let Body::Letter(letter) = Body::decode(&Kind::letter(), body)? else { continue };
            let opened = boxes.open(&letter, *outer, |member, _| self.known.get(&member).copied())?;
            found += usize::from(opened.is_some());
        }
        Ok((begun.elapsed(), found))
    }
}

/// The samples of each figure.
#[derive(Debug, Default)]
struct Samples {
    floor: Vec<f64>,
    seal: Vec<f64>,
    open: Vec<f64>,
    refuse: Vec<f64>,
    one: Vec<f64>,
    one_per_try: Vec<f64>,
    one_per_own: Vec<f64>,
    host_per_own: Vec<f64>,
    apart_per_own: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let (apart, hosted) = (Circle::new(0), Circle::new(HOSTED));
    let (stored, stored_hosted) = (apart.stored(scale.records)?, hosted.stored(scale.records)?);
    let mut samples = Samples::default();
    for _ in 0..scale.rounds {
        singly(&apart, &mut samples)?;
        many(&apart, &stored, &hosted, &stored_hosted, &mut samples)?;
    }
    let mut report = scale.report("letters");
    let Samples { floor, seal, open, refuse, one, one_per_try, one_per_own, host_per_own, apart_per_own } =
        samples;
    report.add("floor, one X25519", "µs", floor.clone());
    report.add("seal", "µs", seal.clone());
    report.add("seal to floor", "", ratios(&seal, &floor));
    report.add("open, with its proof and stance", "µs", open.clone());
    report.add("open to floor", "", ratios(&open, &floor));
    report.add("try another's, same hint", "µs", refuse.clone());
    report.add("try another's to floor", "", ratios(&refuse, &floor));
    report.add("all letters for one member", "ms", one);
    report.add("the same to the floor of its tries", "", one_per_try);
    report.add("per own letter, node of one", "µs", one_per_own.clone());
    report.add("per own letter, node of 200", "µs", host_per_own.clone());
    let to_one = ratios(&host_per_own, &one_per_own);
    report.add_with_aim("node of 200 to node of one", "", to_one, "2 or less");
    report.add("per own letter, 200 with a key each", "µs", apart_per_own.clone());
    report.add("200 with a key each to node of one", "", ratios(&apart_per_own, &one_per_own));
    Ok(report)
}

fn micros(time: Duration, many: usize) -> f64 {
    time.as_secs_f64() * 1e6 / many as f64
}

/// One letter after the other.
fn singly(circle: &Circle, samples: &mut Samples) -> Outcome<()> {
    let (secret, mut public) =
        (StaticSecret::from(chance("x", 0)), PublicKey::from(&StaticSecret::from(chance("x", 1))));
    let begun = Instant::now();
    for _ in 0..SINGLY {
        public = PublicKey::from(black_box(&secret).diffie_hellman(&public).to_bytes());
    }
    black_box(public);
    samples.floor.push(micros(begun.elapsed(), SINGLY));

    let begun = Instant::now();
    let letters: Vec<(Outer, Letter)> =
        (0..SINGLY).map(|number| circle.seal(number)).collect::<Outcome<_>>()?;
    samples.seal.push(micros(begun.elapsed(), SINGLY));

    let whose = |number: usize| circle.said(number).1;
    let boxes_of = |member: usize, keyring: &SealSecret| {
        let mut boxes = Mailboxes::new();
        boxes.add(circle.members[member], &Keyring::of(keyring.clone()));
        boxes
    };
    let own: Vec<Mailboxes> =
        (0..SINGLY).map(|number| boxes_of(whose(number), &circle.secrets[whose(number)])).collect();
    let begun = Instant::now();
    for (boxes, (outer, letter)) in own.iter().zip(&letters) {
        boxes
            .open(letter, *outer, |member, _| circle.known.get(&member).copied())?
            .ok_or("a letter does not open")?;
    }
    samples.open.push(micros(begun.elapsed(), SINGLY));

    // Without hints every letter is tried.
    let boxes = boxes_of(0, &SealSecret::derive(&SecretKey::from_seed(&chance("other", 0)), 0));
    let bare: Vec<Letter> =
        letters.iter().map(|(_, letter)| Letter { bits: 0, hint: 0, ..letter.clone() }).collect();
    let begun = Instant::now();
    for (letter, (outer, _)) in bare.iter().zip(&letters) {
        if boxes.open(letter, *outer, |_, _| None)?.is_some() {
            return Err("another's letter opens".into());
        }
    }
    samples.refuse.push(micros(begun.elapsed(), SINGLY));
    Ok(())
}

/// All that is stored.
fn many(
    apart: &Circle,
    stored: &[Stored],
    hosted: &Circle,
    stored_hosted: &[Stored],
    samples: &mut Samples,
) -> Outcome<()> {
    let one = apart.boxes(1);
    let (time, own) = apart.find(&one, stored.iter())?;
    let mut tries = 0_usize;
    for Stored { body, .. } in stored {
        if let Body::Letter(letter) = Body::decode(&Kind::letter(), body)? {
            tries += usize::from(one.may_be_for_us(&letter));
        }
    }
    let floor = samples.floor.last().copied().unwrap_or(f64::NAN) * tries as f64;
    samples.one.push(time.as_secs_f64() * 1e3);
    samples.one_per_try.push(time.as_secs_f64() * 1e6 / floor);
    samples.one_per_own.push(micros(time, own));
    let (time, own) = hosted.find(&hosted.boxes(HOSTED), stored_hosted.iter())?;
    samples.host_per_own.push(micros(time, own));
    let (time, own) = apart.find(&apart.boxes(HOSTED), stored.iter().step_by(APART_ONE_IN))?;
    samples.apart_per_own.push(micros(time, own));
    Ok(())
}
