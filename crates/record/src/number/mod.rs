//! The short number of a thing: what stands on its label, and is read aloud on the telephone.
//!
//! Seven digits follow from whose thing it is and from its key, so every node finds the same ones without asking
//! anybody; the eighth is a check digit (`damm`). Ten million are few: two things may share a number, and whoever
//! reads one must be ready to be shown both. People and scanners write a number in many ways: `reading` takes them.

mod damm;
mod reading;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::header::Key;
use crate::id::Hash;
use crate::keys::MemberId;

/// How many digits a number has, the check digit included.
pub(crate) const DIGITS: usize = 8;

/// The smallest number before its check digit: the first digit is never 0, so that no spreadsheet loses it.
const FIRST: u64 = 1_000_000;
/// How many there are before the check digit is added.
const MANY: u64 = 9_000_000;

/// The short number of a thing: eight decimal digits, the first not 0, the last a check digit. It is shown as it is
/// read aloud: `1234 5671`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThingNumber(u32);

/// Why some text is no thing's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is something else.
    #[error("a thing's number is eight digits, such as those on its label")]
    NoDigits,
    /// Digits are missing, or too many.
    #[error("a thing's number has eight digits, and these are {0}: compare them with the label")]
    Length(usize),
    /// Nothing has this number.
    #[error("no thing can have this number: a digit is wrong, or two are swapped; compare it with the label")]
    Check,
    /// What a keyboard made of it can be read as two numbers.
    #[error("the keyboard has garbled the number: type its eight digits")]
    Unclear,
}

impl ThingNumber {
    /// The number of an author's thing.
    #[must_use]
    pub fn of(author: &MemberId, key: &Key) -> Self {
        let hash = Hash::derive("commonshelf/number/1", &[author.as_bytes(), key.as_bytes()]);
        let head = FIRST + u64::from_be_bytes(hash.first()) % MANY;
        // Why it fits: it is below 10,000,000.
        let head = u32::try_from(head).unwrap_or_default();
        Self(head * 10 + u32::from(damm::check_digit(&digits(head)[1..])))
    }

    /// The number of these digits, from left to right.
    ///
    /// # Errors
    /// [`NumberError::Check`] if no thing can have it.
    pub fn from_digits(digits: [u8; DIGITS]) -> Result<Self, NumberError> {
        let decimal = digits.iter().all(|digit| *digit <= 9) && digits[0] != 0;
        if decimal && damm::is_right(&digits) {
            Ok(Self(digits.iter().fold(0, |number, digit| number * 10 + u32::from(*digit))))
        } else {
            Err(NumberError::Check)
        }
    }

    /// Its digits from left to right, each from 0 to 9.
    #[must_use]
    pub fn digits(self) -> [u8; DIGITS] {
        digits(self.0)
    }

    /// As addresses and programs write it, without a gap: `12345671`.
    #[must_use]
    pub fn plain(self) -> String {
        self.0.to_string()
    }
}

/// The last eight decimal digits of a number.
fn digits(number: u32) -> [u8; DIGITS] {
    let mut rest = number;
    let mut digits = [0; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    digits
}

impl fmt::Display for ThingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

impl fmt::Debug for ThingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
