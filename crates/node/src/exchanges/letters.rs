//! Letters: what was said leaves in them, a few at a time, and what others said comes out of them.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::exchange::{Delivered, Exchange, Party, Taken};
use record::{
    Body, CircleId, Class, Content, Copied, ExchangeId, Header, Inside, Key, Keyring, Kind, Letter, MemberId,
    Opened, Outer, RecordId, Said, SealPublic, SealSecret, Slot, Verified,
};

use super::Exchanges;
use super::kept::{Kept, MAX_EXCHANGES};
use crate::error::NodeError;
use crate::identity::random;
use crate::service::Service;

/// How many letters are tried at a time, so that whoever asks something meanwhile waits for little.
const TRIED_AT_ONCE: usize = 100;
/// How many letters of unknown senders wait for their seal keys.
const MAX_WAITING: usize = 1_000;
/// How many exchanges that are not over one asker may have with the members of this node.
const MAX_OF_ASKER: usize = 40;
/// How many exchanges that are not over may be about one listing.
const MAX_OF_LISTING: usize = 300;
/// What is not over is said again after so many days, before its letter ends.
const AGAIN_DAYS: u64 = 30;
/// The letters of what is over may go after so many days.
const KEPT_DAYS: u64 = 30;

/// A letter that is to be written.
struct Outgoing {
    at: (ExchangeId, Party),
    purpose: Purpose,
    content: Content,
    to: SealPublic,
    from: SealSecret,
}

/// What a letter is for: each replaces what an exchange said before for the same purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    /// What this side says.
    Said,
    /// What the member's other devices are told.
    Passed,
}

impl Service {
    /// Which secrets letters are tried with.
    pub(crate) fn seals_changed(&mut self) {
        let mut boxes = record::Mailboxes::new();
        boxes.add(self.identity.member(), &self.seals.own);
        let host = Keyring::of(self.seals.host.clone());
        for kept in self.exchanges.kept.values().filter(|kept| kept.guest) {
            boxes.add(kept.exchange.member(kept.me), &host);
        }
        self.exchanges.mailboxes = boxes;
        // What was sealed with a key that is known only now, or is to be sealed with a new one.
        let circles = self.read(|view| view.order.clone());
        for circle in circles {
            self.look_for_letters(circle);
        }
        for kept in self.exchanges.kept.values_mut().filter(|kept| !kept.exchange.state().is_over()) {
            kept.unsent |= kept.exchange.said(kept.me).is_some();
        }
    }

    /// All letters of a circle are tried, in time.
    pub(crate) fn look_for_letters(&mut self, circle: CircleId) {
        let Ok(catalogue) = self.catalogue(circle) else { return };
        let letters = catalogue.iter().filter(|held| is_letter(held.header()));
        let letters: Vec<_> = letters.map(|held| (circle, held.id())).collect();
        self.exchanges.untried.extend(letters);
    }

    /// Follows what came: letters to be tried, seal keys that explain letters.
    pub(crate) fn note_letters(&mut self, circle: CircleId, admitted: &[Verified]) {
        let me = self.identity.member();
        for record in admitted {
            let header = record.header();
            self.exchanges.tallies.follow(circle, header);
            if is_letter(header) && record.is_whole() {
                self.exchanges.untried.push_back((circle, record.id()));
            } else if header.kind.as_str() == Kind::SEAL_KEY {
                self.exchanges.untried.append(&mut self.exchanges.waiting);
                if header.author == me {
                    self.exchanges.turned.insert(circle);
                }
            }
        }
    }

    /// Tries letters, and takes in what they say.
    pub(crate) fn try_letters(&mut self) {
        for circle in std::mem::take(&mut self.exchanges.turned) {
            if let Err(error) = self.follow_seal_key(circle) {
                tracing::warn!(%error, "the seal key was not followed");
            }
        }
        for _ in 0..TRIED_AT_ONCE {
            let Some((circle, id)) = self.exchanges.untried.pop_front() else { break };
            match self.try_letter(circle, id) {
                Ok(None) => {}
                Ok(Some(opened)) => match self.take_letter(circle, opened) {
                    Ok(true) => {}
                    Ok(false) => self.wait_for_more(circle, id),
                    Err(error) => tracing::debug!(%error, "a letter was not taken"),
                },
                Err(true) => self.wait_for_more(circle, id),
                Err(false) => {}
            }
        }
        self.do_all_passed();
    }

    /// Keeps a letter in mind that may be good once something else is known.
    fn wait_for_more(&mut self, circle: CircleId, id: RecordId) {
        if self.exchanges.waiting.len() < MAX_WAITING {
            self.exchanges.waiting.push_back((circle, id));
        }
    }

    /// Opens a letter if it is for somebody here; else says whether it may be good later.
    fn try_letter(&self, circle: CircleId, id: RecordId) -> Result<Option<Opened>, bool> {
        let record = self.protocol.record(circle, &id).map_err(|_| false)?;
        let Some(record) = record else { return Ok(None) };
        let Some(Body::Letter(letter)) = record.body() else { return Ok(None) };
        if !self.exchanges.mailboxes.may_be_for_us(&letter) {
            return Ok(None);
        }
        let known = |member: MemberId, epoch: u32| {
            // A guest of this node has a key that only this node knows.
            if self.is_guest(member) {
                return Some(self.seals.host.public());
            }
            let own = self.seals.own.secrets().find(|secret| secret.epoch() == epoch);
            let own = own.filter(|_| member == self.identity.member()).map(SealSecret::public);
            own.or_else(|| self.seal_public(circle, member, epoch))
        };
        self.exchanges.mailboxes.open(&letter, Outer::of(record.header()), known).map_err(|error| {
            tracing::debug!(%error, "a letter was refused");
            error.may_pass()
        })
    }

    pub(crate) fn is_guest(&self, member: MemberId) -> bool {
        self.exchanges.kept.values().any(|kept| kept.guest && kept.exchange.member(kept.me) == member)
    }

    /// Takes in what a letter says. False: it is about something that is not known here yet.
    fn take_letter(&mut self, circle: CircleId, opened: Opened) -> Result<bool, NodeError> {
        let Opened { from, to, inside, .. } = opened;
        match inside.content {
            Content::Stance(said) => {
                self.take_said(*said, &Delivered { circle, from, reader: to }).map(|()| true)
            }
            // Whoever it was that said it, a member believes its own copy.
            Content::Copy(said, Copied::Sent | Copied::Received) => {
                let from = said.stance.from();
                self.take_said(*said, &Delivered { circle, from, reader: to }).map(|()| true)
            }
            Content::Pass { member, bytes } if member == self.identity.member() => {
                self.take_passed(circle, &bytes)
            }
            Content::Pass { .. } | Content::Other { .. } => Ok(true),
        }
    }

    /// Takes in what a side of an exchange said.
    pub(crate) fn take_said(&mut self, said: Said, delivered: &Delivered) -> Result<(), NodeError> {
        let now = self.clock.now();
        self.is_signed_still(&said)?;
        let about = &said.stance.about;
        let me = if delivered.reader == about.lister { Party::Lister } else { Party::Asker };
        let at = (about.id(), me);
        let refused = |refusal: catalogue::exchange::Refusal| NodeError::Invalid(refusal.to_string());
        let kept = match self.exchanges.kept.get(&at) {
            Some(kept) => {
                let mut kept = kept.clone();
                if kept.exchange.take(said, delivered, now).map_err(refused)? != Taken::Newer {
                    return Ok(());
                }
                kept
            }
            None => {
                let exchange = Exchange::begin(said, delivered, now).map_err(refused)?;
                if exchange.party_of(delivered.reader) != Some(me) {
                    return Err(NodeError::Invalid("a letter for somebody else".into()));
                }
                self.is_about_ours(&exchange, me)?;
                self.has_room_for(&exchange)?;
                Kept::new(exchange, me, self.free_number()?)
            }
        };
        self.put_kept(at, kept)?;
        self.heal(at)
    }

    /// A key that its member has revoked binds nobody.
    fn is_signed_still(&self, said: &Said) -> Result<(), NodeError> {
        let (about, from) = (&said.stance.about, said.stance.from());
        let Some(seal) = &said.seal else { return Ok(()) };
        let (purpose, bytes) = (record::STANCE_PURPOSE, said.stance.signed_bytes());
        let checked = seal.check(purpose, &bytes, from, about.circle, said.stance.revision);
        let (signer, _) = checked.map_err(|error| NodeError::Invalid(error.to_string()))?;
        if self.catalogue(about.circle)?.is_revoked(from, &signer) {
            return Err(NodeError::Invalid("the key that signed it was revoked".into()));
        }
        Ok(())
    }

    /// What is new here is about a listing that is there, and says of it what it says.
    fn is_about_ours(&self, exchange: &Exchange, me: Party) -> Result<(), NodeError> {
        let about = exchange.about();
        let slot = Slot { author: about.lister, kind: Kind::listing(), key: about.listing };
        let held = self.catalogue(about.circle)?.in_slot(&slot).map(|held| held.header().revision);
        let gone = || NodeError::NoSuchListing(about.listing.to_string());
        // What was asked for may be gone by now; after a restore what is said of it counts still.
        let revision = match me {
            Party::Lister => held.ok_or_else(gone)?,
            Party::Asker => return Ok(()),
        };
        let listing = self.listing_in(about.circle, &slot).filter(|_| revision == about.listed);
        if listing.is_some_and(|listing| !about.fits(&listing)) {
            return Err(NodeError::Invalid("the request says of the listing what it does not say".into()));
        }
        Ok(())
    }

    /// What one asker, and all of them, may make this node keep.
    fn has_room_for(&self, exchange: &Exchange) -> Result<(), NodeError> {
        let about = exchange.about();
        let open = self.exchanges.kept.values().filter(|kept| !kept.exchange.state().is_over());
        let (mut of_asker, mut of_listing) = (0_usize, 0_usize);
        for kept in open {
            let other = kept.exchange.about();
            of_asker = of_asker.saturating_add(usize::from(other.asker == about.asker));
            let same = (other.lister, other.listing) == (about.lister, about.listing);
            of_listing = of_listing.saturating_add(usize::from(same));
        }
        // What this node's own member asks is its own business.
        let own = about.asker == self.identity.member();
        if (of_asker >= MAX_OF_ASKER && !own) || of_listing >= MAX_OF_LISTING {
            return Err(NodeError::TooManyExchanges);
        }
        Ok(())
    }

    /// The number of a note that is free, or becomes so.
    pub(crate) fn free_number(&mut self) -> Result<usize, NodeError> {
        let taken: BTreeSet<usize> = self.exchanges.kept.values().map(|kept| kept.number).collect();
        if let Some(free) = (0..MAX_EXCHANGES).find(|number| !taken.contains(number)) {
            return Ok(free);
        }
        let over = self.exchanges.kept.iter().filter(|(_, kept)| kept.exchange.state().is_over());
        let oldest =
            over.min_by_key(|(_, kept)| kept.exchange.changed()).map(|(at, kept)| (*at, kept.number));
        let (at, number) = oldest.ok_or(NodeError::TooManyExchanges)?;
        self.exchanges.kept.remove(&at);
        Ok(number)
    }

    /// Keeps an exchange as it is now. It is durable when this returns.
    pub(crate) fn put_kept(&mut self, at: (ExchangeId, Party), mut kept: Kept) -> Result<(), NodeError> {
        kept.follow_thread();
        let note = kept.write().ok_or_else(|| NodeError::Invalid("it can not be written".into()))?;
        self.protocol.store().set_meta(&super::kept::note(kept.number), &note)?;
        if kept.me == Party::Lister {
            self.exchanges.recount.insert(kept.exchange.about().listing);
        }
        self.exchanges.kept.insert(at, kept);
        Ok(())
    }

    /// Sends what was said and has not left.
    pub(crate) fn send_letters(&mut self) {
        if let Err(error) = self.send_all() {
            tracing::debug!(%error, "letters wait");
        }
    }

    fn send_all(&mut self) -> Result<(), NodeError> {
        let unsent = self.exchanges.kept.iter().filter(|(_, kept)| kept.unsent || kept.unpassed);
        let unsent: Vec<_> = unsent.map(|(at, _)| *at).collect();
        let mut by_circle: BTreeMap<CircleId, Vec<Outgoing>> = BTreeMap::new();
        for at in unsent {
            let kept = self.kept_at(at)?.clone();
            if let Err(error) = self.deliver_here(at, &kept) {
                tracing::debug!(%error, exchange = %at.0, "not taken by the other side here");
            }
            let kept = self.kept_at(at)?;
            let circle = kept.exchange.about().circle;
            let outgoing = self.outgoing(at, kept)?;
            by_circle.entry(circle).or_default().extend(outgoing);
        }
        for (circle, outgoing) in by_circle {
            self.send(circle, outgoing)?;
        }
        Ok(())
    }

    /// If the other side is on this node as well, no letter is needed.
    pub(super) fn deliver_here(&mut self, at: (ExchangeId, Party), kept: &Kept) -> Result<bool, NodeError> {
        let other = kept.exchange.member(at.1.other());
        let here = other == self.identity.member() || self.is_guest(other);
        let Some(said) = kept.exchange.said(at.1).filter(|_| here && kept.unsent) else { return Ok(false) };
        let delivered = Delivered {
            circle: kept.exchange.about().circle,
            from: kept.exchange.member(at.1),
            reader: other,
        };
        let taken = self.take_said(said.clone(), &delivered);
        let sent = Some(self.clock.now());
        // Why looked up again: the other side may have answered at once.
        let answered = self.kept_at(at)?.clone();
        let unsent = answered.exchange.said(at.1) != Some(said);
        self.put_kept(at, Kept { unsent, sent, ..answered })?;
        taken.map(|()| true)
    }

    /// The letters that an exchange needs now; none while the other side's seal key is not known.
    fn outgoing(&self, at: (ExchangeId, Party), kept: &Kept) -> Result<Vec<Outgoing>, NodeError> {
        let circle = kept.exchange.about().circle;
        let own = self.seals.own.current();
        let mut outgoing = Vec::new();
        if kept.unpassed {
            let content = Content::Pass { member: self.identity.member(), bytes: self.passed(at, kept)? };
            let (to, from) = (own.public(), own.clone());
            outgoing.push(Outgoing { at, purpose: Purpose::Passed, content, to, from });
        }
        let Some(said) = kept.exchange.said(kept.me).filter(|_| kept.unsent) else { return Ok(outgoing) };
        let Some(to) = self.seal_key_of(circle, kept.exchange.member(kept.me.other()))? else {
            return Ok(outgoing);
        };
        let from = if kept.guest { self.seals.host.clone() } else { own.clone() };
        let content = Content::Stance(Box::new(said.clone()));
        let purpose = Purpose::Said;
        outgoing.push(Outgoing { at, purpose, content, to: to.key, from });
        if !kept.guest {
            let content = Content::Copy(Box::new(said.clone()), Copied::Sent);
            outgoing.push(Outgoing { at, purpose, content, to: own.public(), from: own.clone() });
        }
        Ok(outgoing)
    }

    /// Writes letters into a circle, all of one moment and in no telling order.
    fn send(&mut self, circle: CircleId, outgoing: Vec<Outgoing>) -> Result<(), NodeError> {
        if outgoing.is_empty() || self.catalogue(circle)?.charter().is_none() {
            return Ok(());
        }
        self.must_have_heard(circle)?;
        let now = self.clock.to_sign()?;
        let author = self.identity.member();
        let members = self.catalogue(circle)?.authors() as u64;
        let sending: BTreeSet<_> = outgoing.iter().map(|letter| (letter.at, letter.purpose)).collect();
        let mut free = self.free_slots(circle, &sending)?;
        let (mut records, mut slots) = (Vec::new(), BTreeMap::<_, Vec<Key>>::new());
        let mut unsealed = BTreeSet::new();
        for Outgoing { at, purpose, content, to, from } in outgoing {
            // Why: what nobody was told has not left, though there is a copy of it for oneself.
            if unsealed.contains(&(at, purpose)) {
                continue;
            }
            let key = match free.pop() {
                Some(key) => key,
                None => Key::from_bytes(random()?),
            };
            let slot = Slot { author, kind: Kind::letter(), key };
            let statement = self.statement(circle, &slot, now)?;
            let outer = Outer { author, circle, key, revision: statement.revision };
            // Why it goes on: nobody keeps others' letters back by a seal key that is none.
            let letter = match Letter::seal(&Inside::from(content), &to, &from, outer, members, &random()?) {
                Ok(letter) => letter,
                Err(error) => {
                    tracing::debug!(%error, exchange = %at.0, "a letter can not be sealed");
                    unsealed.insert((at, purpose));
                    continue;
                }
            };
            records.push(statement.sign(&Body::Letter(letter), &self.identity.node)?);
            slots.entry((at, purpose)).or_default().push(key);
        }
        records.sort_by_key(Verified::id);
        self.write(circle, records)?;
        for ((at, purpose), slots) in slots {
            let kept = self.kept_at(at)?.clone();
            let kept = match purpose {
                Purpose::Said => Kept { unsent: false, sent: Some(now), slots, ..kept },
                Purpose::Passed => Kept { unpassed: false, sent: Some(now), pass_slots: slots, ..kept },
            };
            self.put_kept(at, kept)?;
        }
        Ok(())
    }

    /// The keys of this member's letters that hold nothing of worth any more, in no telling order: the next letters take
    /// their places, so that what a member writes does not add up.
    fn free_slots(
        &self,
        circle: CircleId,
        sending: &BTreeSet<((ExchangeId, Party), Purpose)>,
    ) -> Result<Vec<Key>, NodeError> {
        let author = self.identity.member();
        let kept = self
            .exchanges
            .kept
            .iter()
            .filter(|(_, kept)| kept.exchange.about().circle == circle && !self.is_past(kept));
        let needed = |at, purpose, slots: &[Key]| {
            if sending.contains(&(at, purpose)) { Vec::new() } else { slots.to_vec() }
        };
        let used: BTreeSet<Key> = kept
            .flat_map(|(at, kept)| {
                let said = needed(*at, Purpose::Said, &kept.slots);
                // What nobody has to be told any more.
                let waits = !(kept.pass.is_empty() && kept.done.is_empty());
                let passed = if waits { kept.pass_slots.as_slice() } else { &[] };
                said.into_iter().chain(needed(*at, Purpose::Passed, passed))
            })
            .collect();
        let signer = self.identity.node.public();
        // Those that another device of the member wrote are its own matter.
        let letters = self.catalogue(circle)?.iter().filter(|held| {
            let header = held.header();
            is_letter(header) && header.author == author && header.signer == signer
        });
        let mut free: Vec<Key> =
            letters.map(|held| held.header().key).filter(|key| !used.contains(key)).collect();
        let chance: [u8; 16] = random()?;
        free.sort_by_key(|key| Key::derive("commonshelf/letter-slot/1", &[&chance, key.as_bytes()]));
        Ok(free)
    }

    /// Whether an exchange has been over for so long that nobody waits for its letters.
    fn is_past(&self, kept: &Kept) -> bool {
        kept.exchange.state().is_over() && kept.exchange.changed().plus_days(KEPT_DAYS) < self.clock.now()
    }

    /// What is not over is said again before its letter ends.
    pub(crate) fn say_again(&mut self) {
        let now = self.clock.now();
        let old = |kept: &Kept| kept.sent.is_some_and(|sent| sent.plus_days(AGAIN_DAYS) < now);
        for kept in self.exchanges.kept.values_mut() {
            if !kept.exchange.state().is_over() && old(kept) {
                kept.unsent |= kept.exchange.said(kept.me).is_some();
                kept.unpassed |= !kept.pass.is_empty();
            }
        }
    }
}

impl Exchanges {
    /// Whether there is something to do that needs no time to pass.
    pub(crate) fn has_work(&self) -> bool {
        !self.untried.is_empty() || !self.recount.is_empty() || !self.turned.is_empty()
    }
}

fn is_letter(header: &Header) -> bool {
    header.class == Class::Letter && header.kind.as_str() == Kind::LETTER && !header.is_withdrawal()
}
