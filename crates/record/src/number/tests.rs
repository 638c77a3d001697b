//! What a number finds, and how it is read.

use proptest::prelude::*;

use super::damm::{QUASIGROUP, check_digit};
use super::{DIGITS, NumberError, ThingNumber};
use crate::header::Key;
use crate::keys::{MemberId, SecretKey};

fn member(seed: u8) -> MemberId {
    SecretKey::from_seed(&[seed; 32]).public().into()
}

fn any_number() -> impl Strategy<Value = ThingNumber> {
    any::<[u8; 16]>().prop_map(|key| ThingNumber::of(&member(1), &Key::from_bytes(key)))
}

fn text(digits: [u8; DIGITS]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// The digits, each as the key of its row types it.
fn typed(number: ThingNumber, row: &str) -> String {
    let keys: Vec<char> = row.chars().collect();
    number.digits().iter().map(|digit| keys[(usize::from(*digit) + 9) % 10]).collect()
}

#[test]
fn the_table_is_a_quasigroup_that_is_weakly_totally_anti_symmetric() {
    let step = |row: u8, column: u8| QUASIGROUP[usize::from(row)][usize::from(column)];
    for one in 0..10 {
        assert_eq!(step(one, one), 0);
        let mut row: Vec<u8> = (0..10).map(|other| step(one, other)).collect();
        let mut column: Vec<u8> = (0..10).map(|other| step(other, one)).collect();
        row.sort_unstable();
        column.sort_unstable();
        assert_eq!((row, column), ((0..10).collect(), (0..10).collect()));
        for (two, three) in (0..10).flat_map(|two| (0..10).map(move |three| (two, three))) {
            let same = step(step(one, two), three) == step(step(one, three), two);
            assert!(!same || two == three, "{two} and {three} after {one}");
        }
    }
    // The example that is told of it everywhere.
    assert_eq!(check_digit(&[5, 7, 2]), 4);
}

#[test]
fn the_number_of_a_thing_is_the_same_for_all_time() {
    let key = Key::from_bytes([7; 16]);
    let number = ThingNumber::of(&member(1), &key);
    assert_eq!(number.to_string(), "3739 7973");
    assert_ne!(number, ThingNumber::of(&member(2), &key));
    assert_ne!(number, ThingNumber::of(&member(1), &Key::from_bytes([8; 16])));
}

#[test]
fn numbers_spread_over_all_that_there_are() {
    let numbers =
        (0..9_000_u32).map(|at| ThingNumber::of(&member(1), &Key::derive("x", &[&at.to_be_bytes()])));
    let mut counts = [0; 10];
    numbers.for_each(|number| counts[usize::from(number.digits()[0])] += 1);
    assert_eq!(counts[0], 0);
    assert!(counts[1..].iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
}

#[test]
fn what_is_no_number_is_told_in_plain_words() {
    let number = ThingNumber::of(&member(1), &Key::from_bytes([7; 16])).plain();
    let read = |text: &str| text.parse::<ThingNumber>();
    assert_eq!(read(&number[1..]), Err(NumberError::Length(7)));
    assert_eq!(read(&format!("{number}0")), Err(NumberError::Length(9)));
    assert_eq!(read("12345678"), Err(NumberError::Check));
    // Its check digit is right, but a first digit is never 0.
    assert_eq!(read("00000000"), Err(NumberError::Check));
    for other in
        ["", " ", "ladder", "8 cups", "1234567x", "3fa29b01", "--------------", "http://", "€", "Ünï"]
    {
        assert_eq!(read(other), Err(NumberError::NoDigits), "{other}");
    }
    assert_eq!(read(&"1".repeat(400)), Err(NumberError::Length(400)));
    assert!(NumberError::Check.to_string().contains("two are swapped"));
    assert!(NumberError::Length(7).to_string().contains("these are 7"));
}

proptest! {
    #[test]
    fn every_single_wrong_digit_is_found(number in any_number(), at in 0..DIGITS, by in 1_u8..10) {
        let mut digits = number.digits();
        digits[at] = (digits[at] + by) % 10;
        prop_assert_eq!(text(digits).parse::<ThingNumber>(), Err(NumberError::Check));
    }

    #[test]
    fn every_swap_of_neighbours_is_found(number in any_number(), at in 0..DIGITS - 1) {
        let mut digits = number.digits();
        prop_assume!(digits[at] != digits[at + 1]);
        digits.swap(at, at + 1);
        prop_assert_eq!(text(digits).parse::<ThingNumber>(), Err(NumberError::Check));
    }

    #[test]
    fn a_number_is_read_however_it_is_grouped(
        number in any_number(),
        gaps in prop::collection::vec("[ .,/_-]{0,2}", DIGITS + 1),
    ) {
        let mut grouped = String::new();
        for (gap, digit) in gaps.iter().zip(number.digits()) {
            grouped.push_str(gap);
            grouped.push(char::from(b'0' + digit));
        }
        grouped.push_str(&gaps[DIGITS]);
        prop_assert_eq!(grouped.parse(), Ok(number));
        prop_assert_eq!(number.to_string().parse(), Ok(number));
        prop_assert_eq!(ThingNumber::from_digits(number.digits()), Ok(number));
        prop_assert_eq!(text(number.digits()), number.plain());
    }

    #[test]
    fn a_scanner_is_read_at_a_german_french_and_british_computer(number in any_number()) {
        for row in [
            "1234567890",
            "&é\"'(-è_çà", "&É\"'(-È_ÇÀ", "&é\"'(§è!çà",
            "!\"§$%&/()=", "!\"£$%^&*()", "!@#$%^&*()",
            "١٢٣٤٥٦٧٨٩٠", "۱۲۳۴۵۶۷۸۹۰",
        ] {
            let typed = typed(number, row);
            match typed.parse::<ThingNumber>() {
                Ok(read) => prop_assert_eq!(read, number, "{}", typed),
                // Rare: the keys are those of two layouts, and both have a right check digit.
                Err(error) => prop_assert_eq!(error, NumberError::Unclear, "{}", typed),
            }
        }
    }

    #[test]
    fn the_address_on_a_label_is_read_as_its_number(number in any_number()) {
        let plain = number.plain();
        let french = typed(number, "&é\"'(-è_çà");
        for address in [
            format!("http://gartenstrasse.local/n/{plain}"),
            format!("HTTP://192.168.1.20:7377/n/{plain}"),
            // An American scanner at a German and at a French computer.
            format!("httpÖ--gartenstrasse.local-n-{plain}"),
            format!("httpM!!gqrtenstrqsse:locql!n!{french}"),
        ] {
            prop_assert_eq!(address.parse(), Ok(number), "{}", address);
        }
    }

    #[test]
    fn any_text_is_a_number_or_none(text in ".{0,40}") {
        if let Ok(number) = text.parse::<ThingNumber>() {
            prop_assert_eq!(number.plain().parse(), Ok(number));
        }
    }
}
