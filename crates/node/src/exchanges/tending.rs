//! What is done as time goes on: letters are tried and leave, promises lapse, places in line are told, what is left is
//! shown in the listing, draws are drawn, and the person is told what waits.

use catalogue::exchange::{
    Act, Counts, Party, Promise, State, clash, hold_until, next_in_line, places_to_tell,
};
use record::{Body, Decide, ExchangeId, Key, Kind, Listing, Slot, Terms, Timestamp};

use crate::error::NodeError;
use crate::service::Service;
use crate::zone::Zone;

/// What was said leaves every so many ticks of a second, together with what else was said meanwhile, so that the time
/// of a letter tells little of whose it is.
const SEND_EVERY: u32 = 5;
/// Lapsing, drawing and what waits are looked at every so many ticks.
const LOOK_EVERY: u32 = 10;
/// Letters of senders whose seal key was not known are tried again every so many ticks.
const AGAIN_EVERY: u32 = 60;
/// How many open days a thing that came back is held for whoever is next.
const HELD_DAYS: usize = 3;
/// What whoever asked is told if the same thing was promised twice.
const PROMISED_FIRST: &str =
    "By mistake this was promised to somebody else as well, and later. Your promise came first.";
const PROMISED_LATER: &str =
    "By mistake this was promised to somebody else before. You will be told whether there is another way.";

impl Service {
    /// Does what there is to do; `at_once` also what would wait for others to join it.
    pub(crate) fn tend_exchanges(&mut self, at_once: bool) {
        if self.opening {
            return;
        }
        self.try_letters();
        self.recount();
        if at_once {
            self.send_letters();
        }
    }

    /// A second has passed.
    pub(crate) fn tick_exchanges(&mut self) {
        self.exchanges.ticks = self.exchanges.ticks.wrapping_add(1);
        let ticks = self.exchanges.ticks;
        if ticks.is_multiple_of(AGAIN_EVERY) {
            let mut waiting = std::mem::take(&mut self.exchanges.waiting);
            self.exchanges.untried.append(&mut waiting);
            self.say_again();
        }
        if ticks % LOOK_EVERY == 1 {
            self.look_after();
            self.tell_what_waits();
        }
        self.tend_exchanges(ticks.is_multiple_of(SEND_EVERY));
    }

    /// Lets promises lapse, draws what is due, tells places in line, publishes receipts.
    fn look_after(&mut self) {
        let now = self.clock.now();
        let open: Vec<_> = self.exchanges.kept.iter().map(|(at, kept)| (*at, kept.me)).collect();
        for (at, me) in open {
            let done = self.look_after_one(at, me, now);
            if let Err(error) = done {
                tracing::debug!(%error, exchange = %at.0, "not looked after");
            }
        }
        if let Err(error) = self.draw_what_is_due(now) {
            tracing::debug!(%error, "nothing was drawn");
        }
    }

    fn look_after_one(
        &mut self,
        at: (ExchangeId, Party),
        me: Party,
        now: Timestamp,
    ) -> Result<(), NodeError> {
        let kept = self.kept_at(at)?;
        let exchange = &kept.exchange;
        if exchange.is_public() && exchange.receipt().is_some() {
            return self.publish_receipt(at);
        }
        let promised = matches!(
            exchange.state(),
            State::Promised | State::TimeAgreed | State::Ready | State::NotTurnedUp(_)
        );
        let until = exchange.answers().and_then(|says| says.until);
        let ran_out = promised && me == Party::Lister && until.is_some_and(|until| until < now);
        if ran_out && self.decides_here(exchange.about().circle) {
            return self.say_in(at, Act::Lapse);
        }
        Ok(())
    }

    pub(super) fn decides_here(&self, circle: record::CircleId) -> bool {
        self.decides(circle).is_ok_and(|device| device == self.identity.node.public())
    }

    /// A listing was edited of which some may be promised.
    pub(crate) fn exchanges_changed(&mut self, listing: Key) {
        self.exchanges.recount.insert(listing);
    }

    /// What of the member's listings is left follows from what is promised and given.
    fn recount(&mut self) {
        for key in std::mem::take(&mut self.exchanges.recount) {
            if let Err(error) = self.recount_one(key) {
                tracing::debug!(%error, "what is left was not told");
            }
        }
    }

    fn recount_one(&mut self, key: Key) -> Result<(), NodeError> {
        let slot = Slot { author: self.identity.member(), kind: Kind::listing(), key };
        for circle in self.read(|view| view.order.clone()) {
            let Some(listing) = self.listing_in(circle, &slot) else { continue };
            if !self.decides_here(circle) {
                continue;
            }
            let counts = Counts::of(listing.count, self.of_listing(key));
            if counts.left != listing.left && self.of_listing(key).next().is_some() {
                let body = Body::Listing(Listing { left: counts.left, ..listing.clone() });
                let record = self.sign(circle, &slot, &body, self.clock.to_sign()?)?;
                self.write(circle, vec![record])?;
            }
            self.tell_of_clashes(key, &listing)?;
            self.hold_for_next(key, &listing)?;
            self.tell_places(key, &listing)?;
        }
        Ok(())
    }

    /// More was promised than there are: the person is told, with both, and so is whoever asked.
    fn tell_of_clashes(&mut self, key: Key, listing: &Listing) -> Result<(), NodeError> {
        let clash = clash(listing.count, self.of_listing(key));
        let text = clash.as_ref().map(|clash| {
            let short = |id: &ExchangeId| id.to_string().chars().take(8).collect::<String>();
            let list = |ids: &[ExchangeId]| ids.iter().map(short).collect::<Vec<_>>().join(", ");
            format!(
                "\"{}\" is promised more often than there are ({}): {} can be kept, {} came later. Cancel one of \
                 them, or find another.",
                listing.title,
                listing.count,
                list(&clash.kept),
                list(&clash.lost)
            )
        });
        self.change(|view| match text {
            Some(text) => drop(view.clashes.insert(key, text)),
            None => drop(view.clashes.remove(&key)),
        });
        let Some(clash) = clash else { return Ok(()) };
        let told = [(clash.kept, PROMISED_FIRST), (clash.lost, PROMISED_LATER)];
        for (id, words) in
            told.into_iter().flat_map(|(ids, words)| ids.into_iter().map(move |id| (id, words)))
        {
            let at = (id, Party::Lister);
            let knows =
                |(from, message): &(Party, record::Message)| *from == Party::Lister && message.text == words;
            if !self.kept_at(at)?.thread.iter().any(knows) {
                self.say_in(at, Act::Message(words.to_owned()))?;
            }
        }
        Ok(())
    }

    /// Who waits in line is told its place.
    fn tell_places(&mut self, key: Key, listing: &Listing) -> Result<(), NodeError> {
        if listing.decide != Decide::Queue && listing.terms != Terms::Loan {
            return Ok(());
        }
        for (id, place) in places_to_tell(self.of_listing(key)) {
            self.say_in((id, Party::Lister), Act::TellPlace(place))?;
        }
        Ok(())
    }

    /// A loan that is back is held for whoever is next in line.
    fn hold_for_next(&mut self, key: Key, listing: &Listing) -> Result<(), NodeError> {
        let came_back = listing.terms == Terms::Loan
            && self.of_listing(key).any(|exchange| exchange.state() == State::Back);
        let counts = Counts::of(listing.count, self.of_listing(key));
        if !came_back || counts.left == 0 {
            return Ok(());
        }
        let Some(next) = next_in_line(self.of_listing(key)).map(|next| next.id()) else { return Ok(()) };
        let now = self.clock.to_sign()?;
        let hours = self.own_hours()?;
        let closings = Zone::system().closings(hours.as_ref(), now, HELD_DAYS);
        let days = u32::try_from(HELD_DAYS).unwrap_or(u32::MAX);
        let promise = Promise { hold: true, until: hold_until(now, &closings, days), ..Promise::default() };
        self.say_in((next, Party::Lister), Act::Promise(promise))?;
        self.say_in((next, Party::Lister), Act::Ready)
    }
}
