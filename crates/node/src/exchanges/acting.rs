//! What a person does: asks, promises, hands over. Each act becomes the next stance of its side, which is durable
//! before the person is told so, and leaves in a letter.

use catalogue::exchange::{
    Act, ActError, Budget, Exchange, HandOver, Party, Promise, Receive, Request, State, Step, committed,
    wait_for_it,
};
use record::{
    About, Body, CircleId, Class, ExchangeId, Grant, GrantRole, Hash, Key, Kind, Listing, Map, MemberId,
    Said, Seal, SealKey, SecretKey, Side, Slot, Statement, Terms, Timestamp, Verified, WritePolicy,
    code_commitment,
};

use super::json::{ActInput, ExchangeJson, RequestInput};
use super::kept::Kept;
use crate::error::NodeError;
use crate::identity::random;
use crate::input::{filled, read_until, yes_or_no};
use crate::service::Service;
use crate::writing::GRANT_DAYS;

/// How long a promise stands unless its lister says.
const PROMISED_DAYS: u64 = 7;
/// How long a loan lasts unless its lender says.
const LOAN_DAYS: u64 = 14;
/// How many guests' exchanges a node keeps, over or not.
const MAX_GUESTS: usize = 500;
/// The word with which a person lets this node decide, in place of the member's other device.
pub(super) const TAKE_OVER: &str = "take-over";
/// The word with which a lister tells all others who asked that somebody else gets it.
pub(super) const TELL_OTHERS: &str = "tell-others";
/// The digits of a pick-up code: few enough to be said at a counter.
const CODE_DIGITS: u32 = 6;

impl Service {
    /// Asks for an offered thing, or volunteers to fill a need.
    pub(crate) fn request(
        &mut self,
        reference: &str,
        input: &RequestInput,
    ) -> Result<ExchangeJson, NodeError> {
        let now = self.clock.to_sign()?;
        let found = self.read(|view| {
            let place = view.find(reference)?;
            let entry = view.entry(&place).ok_or_else(|| NodeError::NoSuchListing(reference.to_owned()))?;
            Ok::<_, NodeError>((
                place.circle,
                entry.author,
                entry.key,
                entry.written(),
                (*entry.listing).clone(),
            ))
        });
        let (circle, lister, listing, listed, what) = found?;
        let guest = filled(&input.guest).map(str::to_owned);
        let exchange = match chosen_key(input)? {
            Some(key) => key,
            None => Key::from_bytes(random()?),
        };
        let asker = match &guest {
            Some(_) => self.guest_root(exchange).public().into(),
            None => self.identity.member(),
        };
        if asker == lister {
            return Err(NodeError::AskedYourself);
        }
        if guest.is_some() && self.exchanges.kept.values().filter(|kept| kept.guest).count() >= MAX_GUESTS {
            return Err(NodeError::TooManyExchanges);
        }
        self.may_be_asked(circle, &what, guest.is_some(), now)?;
        let about = About {
            circle,
            exchange,
            asker,
            lister,
            listing,
            listed,
            asked: now,
            side: what.side,
            terms: what.terms,
            title: what.title.clone(),
            category: what.category.clone(),
        };
        // The same form sent twice asks once.
        let sent = self.exchanges.kept.values().find(|kept| {
            let other = kept.exchange.about();
            kept.me == Party::Asker && (other.exchange, other.listing) == (exchange, listing)
        });
        if let Some(sent) = sent {
            return Ok(self.exchange_json(sent));
        }
        // A code says who may collect, so only what is handed over to the asker has one.
        let code = (what.side == Side::Offer).then(|| self.new_code(exchange));
        let request = Request {
            count: number(&input.count, "how many")?.unwrap_or(1),
            name: guest.clone(),
            commitment: code.as_deref().map(|code| code_commitment(exchange, code)),
            nonce: what.draw.is_some().then(random).transpose()?,
            message: input.message.clone().unwrap_or_default(),
        };
        if request.count > what.left.max(1) {
            return Err(NodeError::FewerLeft { left: what.left, asked: request.count });
        }
        let said = Exchange::request(about, request)?;
        let at = (said.stance.about.id(), Party::Asker);
        let mut kept = Kept::new(Exchange::of(said), Party::Asker, self.free_number()?);
        kept.guest = guest.is_some();
        kept.code = code;
        kept.draw = what.draw.map(|draw| record::Draw { result: None, ..draw });
        kept.unsent = true;
        if guest.is_some() {
            self.introduce_guest(circle, exchange, now)?;
        }
        self.put_kept(at, kept)?;
        if guest.is_some() {
            self.seals_changed();
        }
        self.leave_soon(at)?;
        self.exchange_json_at(at)
    }

    /// Whether a listing can be asked for.
    fn may_be_asked(
        &self,
        circle: CircleId,
        listing: &Listing,
        guest: bool,
        now: Timestamp,
    ) -> Result<(), NodeError> {
        if !listing.needs.is_empty() {
            return Err(NodeError::Invalid(
                "this listing asks for something that this version does not know: use a newer one".into(),
            ));
        }
        if listing.until.is_some_and(|until| until <= now) {
            return Err(NodeError::Invalid("its date has passed".into()));
        }
        if matches!(listing.terms, Terms::Pool) {
            return Err(NodeError::Invalid("common orders can not be joined yet".into()));
        }
        if let Some(draw) = listing.draw.as_ref().filter(|draw| draw.closes <= now || draw.result.is_some()) {
            return Err(NodeError::DrawClosed(draw.closes));
        }
        if listing.left == 0 && listing.side == Side::Offer && listing.terms == Terms::Gift {
            return Err(NodeError::FewerLeft { left: 0, asked: 1 });
        }
        let catalogue = self.catalogue(circle)?;
        let open = catalogue.charter().is_some_and(|charter| charter.write == WritePolicy::Open);
        if guest && !open {
            return Err(NodeError::NotOpen);
        }
        self.must_belong(circle)
    }

    /// A guest's root key: it follows from the exchange, and signs nothing but one grant to this node.
    fn guest_root(&self, exchange: Key) -> SecretKey {
        let seed = self.identity.node.seed();
        SecretKey::from_seed(Hash::derive("commonshelf/guest/1", &[&*seed, exchange.as_bytes()]).as_bytes())
    }

    /// Gives a guest what the circle needs to know of it: that this node signs for it, and reads its letters.
    fn introduce_guest(&mut self, circle: CircleId, exchange: Key, now: Timestamp) -> Result<(), NodeError> {
        let root = self.guest_root(exchange);
        let author = MemberId::from(root.public());
        let records = vec![
            self.guest_grant(circle, &root, now)?,
            Statement { author, circle, key: SealKey::key(), revision: now }.sign(
                &Body::SealKey(SealKey {
                    key: self.seals.host.public(),
                    epoch: self.seals.host.epoch(),
                    decides: self.identity.node.public(),
                    other: Map::new(),
                }),
                &self.identity.node,
            )?,
        ];
        self.write(circle, records)
    }

    fn guest_grant(&self, circle: CircleId, root: &SecretKey, now: Timestamp) -> Result<Verified, NodeError> {
        let signer = self.identity.node.public();
        let grant =
            Grant { signer, role: GrantRole::Host, until: now.plus_days(GRANT_DAYS), other: Map::new() };
        let (author, key) = (MemberId::from(root.public()), Grant::key(&signer));
        Ok(Statement { author, circle, key, revision: now }.sign(&Body::Grant(grant), root)?)
    }

    /// A pick-up code that follows from the member's seal key, so that 24 words bring it back.
    pub(super) fn new_code(&self, exchange: Key) -> String {
        let digest = self.seals.of_member("commonshelf/pick-up-code/1", exchange.as_bytes());
        let number = u32::from_be_bytes(digest.first()) % 10_u32.pow(CODE_DIGITS);
        format!("{number:0width$}", width = CODE_DIGITS as usize)
    }

    /// Says something in an exchange.
    pub(crate) fn act_in(&mut self, reference: &str, input: &ActInput) -> Result<ExchangeJson, NodeError> {
        let at = self.find_exchange(reference)?;
        let kept = self.kept_at(at)?;
        let circle = kept.exchange.about().circle;
        if !kept.guest {
            if input.take_over || input.act == TAKE_OVER {
                self.take_over(circle)?;
            }
            // One device decides: whatever another one would say at the same time, one of the two would be lost.
            if self.decides(circle)? != self.identity.node.public() {
                return self.pass_on(at, input);
            }
            self.forget_passed(at)?;
            if input.act == TAKE_OVER {
                return self.exchange_json_at(at);
            }
        }
        self.act_at(at, input)
    }

    /// Says something in an exchange, by the device that decides.
    pub(super) fn act_at(
        &mut self,
        at: (ExchangeId, Party),
        input: &ActInput,
    ) -> Result<ExchangeJson, NodeError> {
        let now = self.clock.to_sign()?;
        let kept = self.kept_at(at)?;
        self.must_have_heard(kept.exchange.about().circle)?;
        if input.act == TELL_OTHERS {
            self.tell_others(at, input.words.as_deref().unwrap_or_default())?;
            return self.exchange_json_at(at);
        }
        let act = self.read_act(kept, input, now)?;
        self.say_in(at, act)?;
        self.exchange_json_at(at)
    }

    /// The others who asked for the same thing, if none of it is left for them: who is promised it has it.
    pub(super) fn others_who_wait(&self, kept: &Kept) -> Vec<ExchangeId> {
        let (key, id) = (kept.exchange.about().listing, kept.exchange.id());
        // A loan comes back: who waits for it stays in line.
        if kept.me != Party::Lister || kept.exchange.is_loan() {
            return Vec::new();
        }
        let others = self.of_listing(key).filter(|other| other.id() != id);
        let others = others.filter(|other| other.state() == State::Requested).map(Exchange::id);
        let others: Vec<_> = others.collect();
        // Why last: what is left is read from the store.
        if others.is_empty() || self.left_of(key) > 0 { Vec::new() } else { others }
    }

    /// One message to all who did not get it.
    fn tell_others(&mut self, at: (ExchangeId, Party), words: &str) -> Result<(), NodeError> {
        let others = self.others_who_wait(self.kept_at(at)?);
        if others.is_empty() {
            return Err(NodeError::Invalid("nobody else waits for it in vain".into()));
        }
        for id in others {
            self.say_in((id, Party::Lister), Act::Elsewhere(words.to_owned()))?;
        }
        Ok(())
    }

    /// Takes the next stance of a side on this node: durable when this returns, and leaves soon.
    pub(super) fn say_in(&mut self, at: (ExchangeId, Party), act: Act) -> Result<(), NodeError> {
        let now = self.clock.to_sign()?;
        let kept = self.kept_at(at)?;
        let circle = kept.exchange.about().circle;
        let budget = if at.1 == Party::Lister { self.budget(&kept.exchange)? } else { Budget::ANY };
        let signer = self.signer(kept, now)?;
        let sign = |purpose: &str, bytes: &[u8]| Seal::sign(purpose, bytes, &signer, &self.identity.node);
        let step = act.step();
        let said = kept.exchange.next(at.1, act, now, budget, &sign)?;
        tracing::debug!(exchange = %at.0, step = step.word(), %circle, "said");
        self.keep_said(at, said)
    }

    fn keep_said(&mut self, at: (ExchangeId, Party), said: Said) -> Result<(), NodeError> {
        let mut kept = self.kept_at(at)?.clone();
        kept.exchange.hold(said).map_err(|refusal| NodeError::Invalid(refusal.to_string()))?;
        kept.unsent = true;
        self.put_kept(at, kept)?;
        self.leave_soon(at)
    }

    /// What a node mends by itself once the other side has said something.
    pub(super) fn heal(&mut self, at: (ExchangeId, Party)) -> Result<(), NodeError> {
        let kept = self.kept_at(at)?;
        let decides =
            kept.guest || self.decides(kept.exchange.about().circle)? == self.identity.node.public();
        if decides && kept.exchange.heals(at.1) { self.say_in(at, Act::Heal) } else { Ok(()) }
    }

    /// The grant under which this node signs for a side.
    fn signer(&self, kept: &Kept, now: Timestamp) -> Result<Verified, NodeError> {
        let about = kept.exchange.about();
        if kept.guest {
            return self.guest_grant(about.circle, &self.guest_root(about.exchange), now);
        }
        let (author, signer) = (self.identity.member(), self.identity.node.public());
        let slot = Slot { author, kind: Kind::grant(), key: Grant::key(&signer) };
        let held = self.catalogue(about.circle)?.in_slot(&slot);
        let held = held.filter(|held| !held.header().is_withdrawal()).map(|held| held.id());
        let record = held.map(|id| self.protocol.record(about.circle, &id)).transpose()?.flatten();
        match (record, &self.identity.root) {
            (Some(record), _) => Ok(record),
            // It goes along with the letter.
            (None, Some(root)) => {
                let until = now.plus_days(GRANT_DAYS);
                let grant = Grant { signer, role: GrantRole::Device, until, other: Map::new() };
                self.sign_grant(about.circle, grant, root)
            }
            (None, None) => Err(NodeError::NoGrant(self.identity.signer())),
        }
    }

    /// What is there of an exchange's listing for it.
    fn budget(&self, exchange: &Exchange) -> Result<Budget, NodeError> {
        let listing = exchange.about().listing;
        let count = self.own_listing(listing).map_or(0, |(_, listing)| listing.count);
        let others = || self.of_listing(listing).filter(|other| other.id() != exchange.id());
        let elsewhere = others().fold(0_u32, |sum, other| sum.saturating_add(committed(other)));
        Ok(Budget { count, elsewhere, waiting: wait_for_it(others(), exchange.id()) })
    }

    /// The exchanges about one of the member's own listings.
    pub(super) fn of_listing(&self, listing: Key) -> impl Iterator<Item = &Exchange> + Clone {
        let kept = self
            .exchanges
            .kept
            .values()
            .filter(move |kept| kept.me == Party::Lister && kept.exchange.about().listing == listing);
        kept.map(|kept| &kept.exchange)
    }

    /// One of the member's own listings that stands, in the first circle that has it.
    pub(super) fn own_listing(&self, key: Key) -> Option<(CircleId, Listing)> {
        let slot = Slot { author: self.identity.member(), kind: Kind::listing(), key };
        let order = self.read(|view| view.order.clone());
        order.into_iter().find_map(|circle| Some((circle, self.listing_in(circle, &slot)?)))
    }

    pub(super) fn listing_in(&self, circle: CircleId, slot: &Slot) -> Option<Listing> {
        let body = self.body_in(circle, slot).ok().flatten();
        if let Some(Body::Listing(listing)) = body { Some(listing) } else { None }
    }

    pub(super) fn kept_at(&self, at: (ExchangeId, Party)) -> Result<&Kept, NodeError> {
        self.exchanges.kept.get(&at).ok_or_else(|| NodeError::NoSuchExchange(at.0.to_string()))
    }

    /// The exchange with this id, or the only one whose id begins so. Of one that has both its sides here the member's
    /// own is meant.
    pub(super) fn find_exchange(&self, reference: &str) -> Result<(ExchangeId, Party), NodeError> {
        let reference = reference.trim();
        let shown = || reference.chars().take(80).collect::<String>();
        let (id, side) = match reference.split_once('/') {
            Some((id, "asker")) => (id, Some(Party::Asker)),
            Some((id, "lister")) => (id, Some(Party::Lister)),
            Some(_) | None => (reference, None),
        };
        let fits = |(at, kept): &(&(ExchangeId, Party), &Kept)| {
            at.0.to_string().starts_with(id) && side.map_or(!kept.guest, |side| side == at.1)
        };
        let mut found: Vec<_> =
            self.exchanges.kept.iter().filter(fits).filter(|_| !id.is_empty()).map(|(at, _)| *at).collect();
        if found.is_empty() && side.is_none() {
            let guests = self.exchanges.kept.keys().filter(|at| at.0.to_string() == id);
            found = guests.copied().collect();
        }
        match found.as_slice() {
            [] => Err(NodeError::NoSuchExchange(shown())),
            [at] => Ok(*at),
            several => Err(NodeError::SeveralExchanges { reference: shown(), count: several.len() }),
        }
    }

    /// What an act's words say, as people write them.
    fn read_act(&self, kept: &Kept, input: &ActInput, now: Timestamp) -> Result<Act, NodeError> {
        let time = |text: &Option<String>| filled(text).map(|text| read_until(text, now)).transpose();
        let words = || input.words.clone().unwrap_or_default();
        let condition = || filled(&input.condition).map(str::to_owned);
        let minutes = || number(&input.minutes, "how many minutes");
        let grams = || number(&input.grams, "how many grams");
        let count = || number(&input.count, "how many");
        let exchange = &kept.exchange;
        let lister = kept.me == Party::Lister;
        let yes = || yes_or_no(&input.answer).map(|answer| answer.unwrap_or(true));
        Ok(match input.act.as_str() {
            "promise" => Act::Promise(Promise {
                count: count()?,
                until: Some(time(&input.until)?.unwrap_or_else(|| now.plus_days(PROMISED_DAYS))),
                place: filled(&input.place).map(str::to_owned),
                time: time(&input.time)?,
                due: due(exchange, time(&input.due)?, now),
                hold: false,
                message: words(),
            }),
            "time" if lister => Act::Promise(Promise {
                time: Some(time(&input.time)?.ok_or_else(|| missing("time", "when"))?),
                place: filled(&input.place).map(str::to_owned),
                message: words(),
                ..Promise::default()
            }),
            "time" | "accept" => {
                let proposed = exchange.answers().and_then(|says| says.time);
                Act::Accept(time(&input.time)?.or(proposed).ok_or_else(|| missing("time", "when"))?)
            }
            "ready" => Act::Ready,
            "decline" => Act::Decline(words()),
            "elsewhere" => Act::Elsewhere(words()),
            "message" => Act::Message(words()),
            "withdraw" => Act::Withdraw(words()),
            "cancel" if exchange.steps(kept.me, now).contains(&Step::Withdraw) => Act::Withdraw(words()),
            "cancel" => Act::Cancel(words()),
            "lapse" => Act::Lapse,
            "handover" => Act::HandOver(HandOver {
                count: count()?,
                code: filled(&input.code).map(plain_code),
                condition: condition(),
                at: None,
                minutes: minutes()?,
                grams: grams()?.or_else(|| self.weight(exchange)),
                due: due(exchange, time(&input.due)?, now),
            }),
            "receipt" => Act::Receive(Receive {
                count: count()?,
                minutes: minutes()?,
                grams: grams()?,
                condition: condition(),
                at: None,
            }),
            "return" if exchange.giver() == kept.me => Act::TakeBack(condition()),
            "return" => Act::Return(condition()),
            "back" => Act::TakeBack(condition()),
            "renew" if exchange.giver() == kept.me => {
                let wants = exchange.common(kept.me.other()).and_then(|says| says.wants_until);
                let due = time(&input.due)?.or(time(&input.until)?).or(wants);
                Act::Renew(due.ok_or_else(|| missing("due", "until when"))?)
            }
            "renew" | "ask-renewal" => {
                let until = time(&input.until)?.or(time(&input.due)?);
                Act::AskRenewal(until.ok_or_else(|| missing("until", "until when"))?)
            }
            "missed" => Act::Missed,
            "own-up" => Act::OwnUp(yes()?),
            "thanks" => Act::Thank(match words().trim() {
                "" => "Thank you!".to_owned(),
                words => words.to_owned(),
            }),
            "public" => Act::Public(yes()?),
            other => return Err(NodeError::NoSuchAct(other.chars().take(40).collect())),
        })
    }

    /// What the listing says that the things weigh together.
    fn weight(&self, exchange: &Exchange) -> Option<u32> {
        let (_, listing) = self.own_listing(exchange.about().listing)?;
        let count = exchange.promised().or_else(|| exchange.asks().map(|says| says.count)).unwrap_or(1);
        Some(listing.weight_of(count)).filter(|grams| *grams > 0)
    }

    /// What was said leaves within seconds; at once, if the other side is on this node, or the node runs for one command
    /// alone.
    pub(super) fn leave_soon(&mut self, at: (ExchangeId, Party)) -> Result<(), NodeError> {
        let kept = self.kept_at(at)?.clone();
        if !self.deliver_here(at, &kept)? && self.net.is_none() {
            self.tend_exchanges(true);
        }
        Ok(())
    }

    /// Writes a record of this node's own that two sides made.
    pub(super) fn publish_receipt(&mut self, at: (ExchangeId, Party)) -> Result<(), NodeError> {
        let kept = self.kept_at(at)?;
        let Some(receipt) = kept.exchange.receipt().filter(|_| kept.exchange.is_public()) else {
            return Ok(());
        };
        let about = kept.exchange.about().clone();
        let author = self.identity.member();
        let gives = about.giver() == author;
        // The giver publishes; the receiver, if the giver is a guest.
        if kept.guest || !(gives || about.receiver() == author) {
            return Ok(());
        }
        let slot = Slot { author, kind: Kind::receipt(), key: receipt.receipt.key() };
        if self.catalogue(about.circle)?.in_slot(&slot).is_some() {
            return Ok(());
        }
        let record =
            self.sign(about.circle, &slot, &Body::Receipt(Box::new(receipt)), self.clock.to_sign()?)?;
        debug_assert_eq!(record.header().class, Class::Proof);
        self.write(about.circle, vec![record])
    }
}

impl From<ActError> for NodeError {
    fn from(error: ActError) -> Self {
        Self::Act(error)
    }
}

/// When a loan is due: as was said, as stands, or in two weeks.
fn due(exchange: &Exchange, said: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let lent = exchange.is_loan();
    lent.then(|| said.or_else(|| exchange.due()).unwrap_or_else(|| now.plus_days(LOAN_DAYS)))
}

fn missing(field: &str, what: &str) -> NodeError {
    NodeError::Invalid(format!("{what}? Give a {field}"))
}

fn number(text: &Option<String>, what: &str) -> Result<Option<u32>, NodeError> {
    let Some(text) = filled(text) else { return Ok(None) };
    let wrong = || {
        let shown: String = text.chars().take(40).collect();
        NodeError::Invalid(format!("\"{shown}\" does not say {what}: write a whole number"))
    };
    text.parse().map(Some).map_err(|_| wrong())
}

/// A code as it was said at a counter: `123 456` is `123456`.
fn plain_code(code: &str) -> String {
    code.chars().filter(|character| !character.is_whitespace() && *character != '-').collect()
}

fn chosen_key(input: &RequestInput) -> Result<Option<Key>, NodeError> {
    let input = crate::input::ListingInput { key: input.key.clone(), ..Default::default() };
    input.chosen_key()
}
