//! Whole exchanges, as people have them.

use record::{Confirmation, Side, Terms};

use super::super::*;
use super::*;

const ASKER: Party = Party::Asker;
const LISTER: Party = Party::Lister;

#[test]
fn a_gift_goes_from_a_request_to_thanks_and_a_receipt_that_both_signed() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    assert_eq!(pair.lister.state(), State::Requested);
    assert_eq!(pair.lister.messages()[0].1.text, "Darf ich?");
    let time = after(DAY);
    let words = Promise {
        until: Some(after(3 * DAY)),
        place: Some("Hinterhof, grüne Tür".to_owned()),
        time: Some(time),
        message: "Gern!".to_owned(),
        ..Promise::default()
    };
    assert_eq!(pair.act(LISTER, Act::Promise(words), after(HOUR)), Ok(State::Promised));
    assert_eq!(pair.asker.steps(ASKER, after(HOUR))[0], Step::Accept);
    assert_eq!(pair.act(ASKER, Act::Accept(time), after(2 * HOUR)), Ok(State::TimeAgreed));
    assert_eq!(pair.lister.agreed_time(), Some(time));
    assert_eq!(pair.lister.steps(LISTER, after(2 * HOUR))[0], Step::Ready);
    assert_eq!(pair.act(LISTER, Act::Ready, after(3 * HOUR)), Ok(State::Ready));
    let handover = HandOver { condition: Some("gut".to_owned()), ..HandOver::default() };
    assert_eq!(pair.act(LISTER, Act::HandOver(handover), after(DAY)), Ok(State::HandedOver));
    assert_eq!(pair.asker.receipt(), None);
    assert_eq!(pair.act(ASKER, Act::Receive(Receive::default()), after(DAY + HOUR)), Ok(State::Complete));
    let receipt = pair.asker.receipt().unwrap();
    assert!(receipt.check().is_ok());
    assert_eq!(pair.lister.receipt(), Some(receipt.clone()));
    assert_eq!((receipt.receipt.count, receipt.receipt.at), (1, after(DAY)));
    assert_eq!(pair.act(ASKER, Act::Thank("Danke!".to_owned()), after(2 * DAY)), Ok(State::Complete));
    assert_eq!(pair.act(ASKER, Act::Public(true), after(2 * DAY)), Ok(State::Complete));
    assert!(!pair.lister.is_public());
    assert_eq!(pair.act(LISTER, Act::Public(true), after(2 * DAY)), Ok(State::Complete));
    assert!(pair.asker.is_public());
    let texts: Vec<_> =
        pair.asker.messages().into_iter().map(|(by, said)| (by, said.text.as_str())).collect();
    assert_eq!(texts, [(ASKER, "Darf ich?"), (LISTER, "Gern!")]);
}

#[test]
fn a_loan_comes_back_when_the_lender_says_so() {
    let mut pair = Pair::of(Side::Offer, Terms::Loan, 1);
    let due = after(7 * DAY);
    let lends = Promise { due: Some(due), ..Promise::default() };
    pair.act(LISTER, Act::Promise(lends), after(HOUR)).unwrap();
    pair.act(LISTER, Act::HandOver(HandOver::default()), after(DAY)).unwrap();
    assert_eq!(pair.act(ASKER, Act::Receive(Receive::default()), after(DAY)), Ok(State::Lent));
    assert_eq!(pair.asker.due(), Some(due));
    assert_eq!(pair.act(ASKER, Act::AskRenewal(after(14 * DAY)), after(5 * DAY)), Ok(State::Lent));
    let busy = Budget { waiting: 1, ..PLENTY };
    let renewed = pair.lister.next(LISTER, Act::Renew(after(14 * DAY)), after(5 * DAY), busy, &signer(1));
    assert_eq!(renewed, Err(ActError::OthersWait(1)));
    assert_eq!(pair.act(LISTER, Act::Renew(after(14 * DAY)), after(5 * DAY)), Ok(State::Lent));
    assert_eq!(pair.asker.due(), Some(after(14 * DAY)));
    assert_eq!(overdue_since(&pair.asker, after(14 * DAY)), None);
    assert_eq!(overdue_since(&pair.asker, after(15 * DAY)), Some(after(14 * DAY)));
    assert_eq!(pair.act(ASKER, Act::Return(Some("sauber".to_owned())), after(15 * DAY)), Ok(State::Returned));
    assert_eq!(committed(&pair.lister), 1);
    assert_eq!(
        pair.act(LISTER, Act::TakeBack(Some("ein Kratzer".to_owned())), after(15 * DAY)),
        Ok(State::Back)
    );
    assert_eq!(committed(&pair.lister), 0);
    assert!(pair.lister.receipt().unwrap().check().is_ok());
}

#[test]
fn who_brings_a_loan_back_or_takes_it_back_need_not_have_said_anything_before() {
    let mut pair = Pair::of(Side::Offer, Terms::Loan, 1);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    pair.act(LISTER, Act::HandOver(HandOver::default()), after(DAY)).unwrap();
    assert_eq!(pair.act(ASKER, Act::Return(None), after(2 * DAY)), Ok(State::Returned));
    assert!(pair.lister.receipt().unwrap().check().is_ok());
    let mut pair = Pair::of(Side::Offer, Terms::Loan, 1);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    assert_eq!(pair.act(ASKER, Act::Receive(Receive::default()), after(DAY)), Ok(State::Received));
    assert_eq!(pair.act(LISTER, Act::TakeBack(None), after(2 * DAY)), Ok(State::Back));
    assert!(pair.asker.receipt().unwrap().check().is_ok());
}

#[test]
fn a_pick_up_code_stands_for_the_receivers_word() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 2);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    let with = |code: &str, count| HandOver { code: Some(code.to_owned()), count, ..HandOver::default() };
    assert_eq!(pair.act(LISTER, Act::HandOver(with("0815", None)), after(DAY)), Err(ActError::WrongCode));
    assert_eq!(pair.act(LISTER, Act::HandOver(with(CODE, Some(3))), after(DAY)), Err(ActError::TooMany(2)));
    assert_eq!(pair.act(LISTER, Act::HandOver(with(CODE, Some(1))), after(DAY)), Ok(State::Complete));
    let receipt = pair.asker.receipt().unwrap();
    assert!(receipt.check().is_ok());
    assert!(matches!(receipt.receiver, Confirmation::Code { .. }));
    let mut hours = Pair::of(Side::Offer, Terms::Hours, 1);
    hours.act(LISTER, promise(), after(HOUR)).unwrap();
    let by_code = HandOver { minutes: Some(60), ..with(CODE, None) };
    assert_eq!(hours.act(LISTER, Act::HandOver(by_code), after(DAY)), Err(ActError::HoursByCode));
}

#[test]
fn a_need_is_filled_by_the_volunteer_who_asked() {
    let mut pair = Pair::of(Side::Need, Terms::Hours, 1);
    assert_eq!((pair.lister.giver(), pair.lister.receiver()), (ASKER, LISTER));
    let early = pair.act(ASKER, Act::HandOver(HandOver::default()), after(MINUTE));
    assert_eq!(early, Err(ActError::NotNow(Step::HandOver, State::Requested)));
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    assert_eq!(pair.act(LISTER, Act::Ready, after(HOUR)), Err(ActError::OnlyGiver(Step::Ready)));
    let hand = |minutes| Act::HandOver(HandOver { minutes, ..HandOver::default() });
    assert_eq!(pair.act(LISTER, hand(Some(45)), after(DAY)), Err(ActError::OnlyGiver(Step::HandOver)));
    assert_eq!(pair.act(ASKER, hand(None), after(DAY)), Err(ActError::NoMinutes));
    assert_eq!(pair.act(ASKER, hand(Some(45)), after(DAY)), Ok(State::HandedOver));
    assert_eq!(pair.act(LISTER, Act::Receive(Receive::default()), after(2 * DAY)), Ok(State::Complete));
    let receipt = pair.lister.receipt().unwrap();
    assert!(receipt.check().is_ok());
    assert_eq!((receipt.receipt.giver, receipt.receipt.minutes), (member(2), 45));
}

#[test]
fn words_said_apart_become_one_receipt_if_the_giver_says_no_more() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 3);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    let hand = |count| Act::HandOver(HandOver { count: Some(count), ..HandOver::default() });
    for (gave, heals) in [(2, true), (3, false)] {
        // Both say it, before either hears of the other.
        let mut pair = Pair { asker: pair.asker.clone(), lister: pair.lister.clone() };
        let one = pair.say(LISTER, hand(gave), after(DAY)).unwrap();
        let took = Receive { count: Some(2), ..Receive::default() };
        let other = pair.say(ASKER, Act::Receive(took), after(DAY + MINUTE)).unwrap();
        for view in [&mut pair.asker, &mut pair.lister] {
            view.hold(one.clone()).unwrap();
            view.hold(other.clone()).unwrap();
        }
        assert_eq!((pair.asker.state(), pair.asker.receipt()), (State::Complete, None));
        assert!(pair.asker.differs());
        assert_eq!((pair.asker.heals(ASKER), pair.lister.heals(LISTER)), (heals, false));
        if heals {
            pair.act(ASKER, Act::Heal, after(2 * DAY)).unwrap();
        } else {
            assert_eq!(pair.act(ASKER, Act::Heal, after(2 * DAY)), Err(ActError::NothingToHeal));
            assert_eq!(pair.asker.steps(ASKER, after(2 * DAY))[0], Step::Receive);
            pair.act(ASKER, Act::Receive(Receive::default()), after(2 * DAY)).unwrap();
        }
        let receipt = pair.lister.receipt().unwrap();
        assert!(receipt.check().is_ok());
        assert_eq!((receipt.receipt.count, receipt.receipt.at), (gave, after(DAY)));
    }
}

#[test]
fn what_was_handed_over_by_mistake_or_never_received_can_be_said() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    pair.act(LISTER, Act::HandOver(HandOver::default()), after(DAY)).unwrap();
    let no = Act::Cancel("Ich habe nichts bekommen".to_owned());
    assert_eq!(pair.act(ASKER, no, after(2 * DAY)), Ok(State::Denied(ASKER)));
    assert_eq!(committed(&pair.lister), 1);
    let sorry = Act::Cancel("Mein Fehler".to_owned());
    assert_eq!(pair.act(LISTER, sorry, after(3 * DAY)), Ok(State::Cancelled(ASKER)));
    assert_eq!(committed(&pair.lister), 0);
    let after_all = Act::HandOver(HandOver::default());
    assert!(pair.act(LISTER, after_all, after(3 * DAY)).is_err());
}

#[test]
fn who_did_not_turn_up_answers_and_another_time_may_be_found() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    let time = after(DAY);
    let offered = |time| Act::Promise(Promise { time: Some(time), ..Promise::default() });
    pair.act(LISTER, offered(time), after(HOUR)).unwrap();
    assert_eq!(pair.act(LISTER, Act::Missed, after(2 * HOUR)), Err(ActError::NotDue));
    pair.act(ASKER, Act::Accept(time), after(2 * HOUR)).unwrap();
    let missed = |answer| State::NotTurnedUp(Missed { says: LISTER, answer });
    assert_eq!(pair.act(LISTER, Act::Missed, after(2 * DAY)), Ok(missed(None)));
    assert_eq!(pair.asker.steps(ASKER, after(2 * DAY))[0], Step::OwnUp);
    assert_eq!(pair.act(ASKER, Act::OwnUp(true), after(2 * DAY)), Ok(missed(Some(true))));
    assert_eq!(pair.act(LISTER, offered(after(4 * DAY)), after(3 * DAY)), Ok(State::Promised));
    assert_eq!(pair.asker.missed(), None);
    pair.act(ASKER, Act::Accept(after(4 * DAY)), after(3 * DAY)).unwrap();
    assert_eq!(
        pair.act(ASKER, Act::Missed, after(5 * DAY)),
        Ok(State::NotTurnedUp(Missed { says: ASKER, answer: None }))
    );
    // If each says it of the other, neither owns up.
    assert_eq!(pair.act(LISTER, Act::Missed, after(5 * DAY)), Ok(missed(Some(false))));
}

#[test]
fn a_promise_lapses_when_the_lister_says_so_and_who_comes_late_may_still_get_it() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    let until = Promise { until: Some(after(2 * DAY)), ..Promise::default() };
    pair.act(LISTER, Act::Promise(until), after(HOUR)).unwrap();
    assert_eq!(pair.act(LISTER, Act::Lapse, after(DAY)), Err(ActError::NotLapsed));
    assert_eq!(pair.lister.state(), State::Promised);
    assert_eq!(pair.act(LISTER, Act::Lapse, after(3 * DAY)), Ok(State::Lapsed));
    assert_eq!(committed(&pair.lister), 0);
    assert_eq!(pair.act(LISTER, Act::HandOver(HandOver::default()), after(3 * DAY)), Ok(State::HandedOver));
}

#[test]
fn a_request_is_declined_or_taken_back_and_a_promise_is_cancelled_whatever_word_is_used() {
    let cases = [
        (ASKER, false, Act::Withdraw(String::new()), State::Withdrawn),
        (ASKER, false, Act::Cancel("Hat sich erledigt".to_owned()), State::Withdrawn),
        (LISTER, false, Act::Decline("Leider nicht".to_owned()), State::Declined),
        (LISTER, false, Act::Cancel(String::new()), State::Declined),
        (LISTER, false, Act::Elsewhere(String::new()), State::Elsewhere),
        (ASKER, true, Act::Withdraw(String::new()), State::Cancelled(ASKER)),
        (ASKER, true, Act::Cancel(String::new()), State::Cancelled(ASKER)),
        (LISTER, true, Act::Decline(String::new()), State::Cancelled(LISTER)),
        (LISTER, true, Act::Cancel("Kaputt".to_owned()), State::Cancelled(LISTER)),
        (LISTER, true, Act::Elsewhere(String::new()), State::Elsewhere),
    ];
    for (who, promised, act, state) in cases {
        let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
        if promised {
            pair.act(LISTER, promise(), after(HOUR)).unwrap();
        }
        assert_eq!(pair.act(who, act, after(DAY)), Ok(state));
        assert!(state.is_over());
        assert!(pair.act(who, Act::Heal, after(DAY)).is_err());
    }
}

#[test]
fn refusals_say_in_plain_words_what_is_wrong() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 3);
    let none_left = Budget { count: 2, elsewhere: 2, waiting: 0 };
    let told = |error: ActError| error.to_string();
    let refused = pair.lister.next(LISTER, promise(), after(HOUR), none_left, &signer(1)).unwrap_err();
    assert_eq!(told(refused), "promised already: 2 of 2");
    let more = Act::Promise(Promise { count: Some(4), ..Promise::default() });
    assert_eq!(
        told(pair.act(LISTER, more, after(HOUR)).unwrap_err()),
        "that is more than was asked for or promised: at most 3"
    );
    let late = Act::Promise(Promise { until: Some(START), ..Promise::default() });
    assert_eq!(pair.act(LISTER, late, after(HOUR)), Err(ActError::InPast));
    let tomorrow = Act::HandOver(HandOver { at: Some(after(DAY)), ..HandOver::default() });
    assert_eq!(pair.act(LISTER, tomorrow, after(HOUR)), Err(ActError::InFuture));
    assert_eq!(
        told(pair.act(ASKER, promise(), after(HOUR)).unwrap_err()),
        "only whose listing it is can promise it"
    );
    let handed = Act::HandOver(HandOver::default());
    assert_eq!(told(pair.act(ASKER, handed, after(HOUR)).unwrap_err()), "only who gives can hand it over");
    assert_eq!(
        told(pair.act(ASKER, Act::Return(None), after(HOUR)).unwrap_err()),
        "can't bring it back: this is no loan"
    );
    assert_eq!(
        told(pair.act(ASKER, Act::Thank("Danke".to_owned()), after(HOUR)).unwrap_err()),
        "can't say thanks now: the exchange is requested"
    );
    assert!(pair.act(ASKER, Act::Message("  ".to_owned()), after(HOUR)).is_err());
    assert!(pair.act(ASKER, Act::Message("m".repeat(2_001)), after(HOUR)).is_err());
    assert!(pair.act(LISTER, Act::TellPlace(0), after(HOUR)).is_err());
    assert!(Exchange::request(about(2, Side::Offer, Terms::Gift), request(0)).is_err());
}

#[test]
fn old_messages_give_way_to_new_ones_and_a_stance_always_fits_into_a_letter() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    for day in 1..40 {
        // Each is as long as three letters of four bytes each.
        let text = format!("{day} {}", "𝄞".repeat(90));
        pair.act(LISTER, Act::Message(text), after(day * DAY)).unwrap();
        let said = pair.asker.said(LISTER).unwrap();
        assert!(said.stance.encode().len() <= record::limits::MAX_STANCE);
        assert!(said.encode().len() <= 3_900, "{}", said.encode().len());
        assert!(said.stance.messages.last().unwrap().text.starts_with(&day.to_string()));
    }
    assert!(pair.asker.messages().len() > 4);
}

#[test]
fn an_answer_to_a_request_that_was_lost_here_can_be_answered() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 2);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    let mut restored = Exchange::of(pair.lister.said(LISTER).unwrap().clone());
    assert_eq!(restored.state(), State::Promised);
    let taken =
        restored.next(ASKER, Act::Receive(Receive::default()), after(DAY), PLENTY, &signer(2)).unwrap();
    assert_eq!(restored.hold(taken.clone()), Ok(Taken::Newer));
    assert_eq!(pair.lister.take(taken.clone(), &delivered(&taken), after(DAY)), Ok(Taken::Newer));
    assert_eq!((restored.state(), pair.lister.state()), (State::Received, State::Received));
}
