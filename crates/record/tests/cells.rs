//! A cell is what the protocol's text says, bit for bit: a second client needs no library for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use record::Cell;

const PENTAGONS: [u64; 12] = [4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117];

/// The rule of docs/protocol.md, 3.3.
fn fits(index: u64) -> bool {
    let bits = |at: u64, width: u64| index >> at & ((1 << width) - 1);
    let (resolution, base) = (bits(52, 4), bits(45, 7));
    let direction = |number: u64| bits(45 - 3 * number, 3);
    let first = (1..=resolution).map(direction).find(|direction| *direction != 0);
    bits(63, 1) == 0
        && bits(59, 4) == 1
        && bits(56, 3) == 0
        && resolution <= 7
        && base < 122
        && (1..=resolution).all(|number| direction(number) < 7)
        && (resolution + 1..=15).all(|number| direction(number) == 7)
        && !(PENTAGONS.contains(&base) && first == Some(1))
}

/// Indices that are cells, or nearly.
fn nearly() -> impl Strategy<Value = u64> {
    let base = prop_oneof![0_u64..128, prop::sample::select(PENTAGONS.to_vec())];
    let directions = proptest::collection::vec(prop_oneof![4 => 0_u64..7, 1 => Just(0)], 15);
    let flip = prop_oneof![3 => Just(0_u64), 1 => (0_u64..64).prop_map(|bit| 1 << bit)];
    (0_u64..10, base, directions, flip).prop_map(|(resolution, base, directions, flip)| {
        let directions = (1..).zip(directions).fold(0, |index, (number, direction)| {
            index << 3 | if number <= resolution { direction } else { 7 }
        });
        (1 << 59 | resolution << 52 | base << 45 | directions) ^ flip
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_cell_is_what_the_text_says(index in nearly()) {
        prop_assert_eq!(Cell::from_index(index).is_ok(), fits(index), "{:x}", index);
    }

    #[test]
    fn any_number_is_a_cell_as_the_text_says(index in any::<u64>()) {
        prop_assert_eq!(Cell::from_index(index).is_ok(), fits(index), "{:x}", index);
    }
}
