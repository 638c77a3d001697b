//! Sizes and quantities with their units, as features of their own.
//!
//! As a word "38" tells nothing; as the size of shoes it decides. Numbers without a unit and without a word
//! such as "size" are left alone: they may be a model, a year or a price.

use std::fmt;

use crate::text::fold::{fold, lower};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quantity {
    /// In millimetres.
    Length,
    /// In square metres.
    Area,
    /// In millilitres.
    Volume,
    /// In grams.
    Mass,
    /// In watts.
    Power,
    /// In volts.
    Voltage,
    /// For how many.
    People,
    /// Of whoever it is for, in months.
    Age,
    /// Of clothes and shoes, as a number.
    Size,
    /// Of clothes, as letters: 0 for XS, 1 for S, 2 for M and so on.
    LetterSize,
}

/// A size that a listing names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measure {
    /// What is measured.
    pub(crate) quantity: Quantity,
    /// From and to, in the quantity's unit: one pair, or one for each side of a thing ("90 x 200 cm").
    spans: Vec<(f32, f32)>,
}

/// So many are read from one text.
const MOST_MEASURES: usize = 8;
/// So much of a text is read, in characters.
const MOST_CHARACTERS: usize = 2_500;

/// Units: the folded words, what they count and how many of the quantity's unit they are.
const UNITS: &[(&str, Quantity, f32)] = &[
    ("mm", Quantity::Length, 1.0),
    ("cm", Quantity::Length, 10.0),
    ("m meter metre meters metres metros metri metrow", Quantity::Length, 1_000.0),
    ("zoll inch inches pouces pulgadas", Quantity::Length, 25.4),
    ("m2 qm sqm", Quantity::Area, 1.0),
    ("ml", Quantity::Volume, 1.0),
    ("cl", Quantity::Volume, 10.0),
    ("l liter litre liters litres litro litros litri ltr", Quantity::Volume, 1_000.0),
    ("g gr gramm gram grams grammes gramos", Quantity::Mass, 1.0),
    ("kg kilo kilos kilogramm", Quantity::Mass, 1_000.0),
    ("w watt watts", Quantity::Power, 1.0),
    ("kw", Quantity::Power, 1_000.0),
    ("v volt volts", Quantity::Voltage, 1.0),
    (
        "person personen persons people leute personas personnes persone personer osob pessoas",
        Quantity::People,
        1.0,
    ),
    ("jahr jahre jahren year years yrs ans annees anos anni jaar lat ar yas", Quantity::Age, 12.0),
    ("monat monate monaten month months mois meses mesi maanden miesiecy", Quantity::Age, 1.0),
];
/// Words before the size of clothes and shoes, folded.
const SIZE_WORDS: &str = "size sizes sz groesse groessen grosse grossen gr taille pointure talla numero taglia maat \
    rozmiar tamanho storlek storrelse eu eur konfektionsgrosse schuhgrosse kleidergrosse beden";
/// Sizes as letters, from the smallest, folded.
const LETTER_SIZES: &[&str] = &["xs", "s", "m", "l", "xl", "xxl", "xxxl"];
/// Words that leave a range open upwards, and downwards, folded.
const FROM: &str = "ab from des desde vanaf over ueber uber od da";
const TO: &str = "bis to until hasta jusqu jusqua tot do fino max under unter";

/// What a text is cut into.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f32),
    Word(String),
    /// "–", "-" or "/" between numbers.
    Range,
    /// "x" between numbers.
    Times,
    Other,
}

/// The sizes that a text names, in their order.
pub(crate) fn measures(text: &str) -> Vec<Measure> {
    if !may_measure(text) {
        return Vec::new();
    }
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() && found.len() < MOST_MEASURES {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let Some((spans, mut end)) = numbers(&tokens, at) else {
            if let Some(index) = letter_size(&tokens, at) {
                let size = index as f32;
                found.push(Measure { quantity: Quantity::LetterSize, spans: vec![(size, size)] });
            }
            at += 1;
            continue;
        };
        let unit = match tokens.get(end) {
            Some(Token::Word(word)) => unit(word),
            _ => None,
        };
        let sized = matches!(before, Some(Token::Word(word)) if listed(SIZE_WORDS, word));
        if let Some((quantity, factor)) = unit {
            end += 1;
            let scaled = spans.into_iter().map(|(least, most)| (least * factor, most * factor));
            let spans = scaled.map(|span| opened(span, before)).collect();
            found.push(Measure { quantity, spans });
        } else if sized {
            found.push(Measure { quantity: Quantity::Size, spans });
        }
        at = end;
    }
    found
}

/// Whether there is a digit in a text, or a word that may be a size: most have neither, and to look closely takes
/// time.
fn may_measure(text: &str) -> bool {
    let is_size = |word: &str| LETTER_SIZES.iter().any(|size| word.eq_ignore_ascii_case(size));
    text.bytes().any(|byte| byte.is_ascii_digit())
        || text.split(|letter: char| !letter.is_alphanumeric()).any(is_size)
}

/// The first quantity that both name, and whether it is the same; a need and an offer in this order.
pub(crate) fn compared<'m>(
    need: &'m [Measure],
    offer: &'m [Measure],
) -> Option<(&'m Measure, &'m Measure, bool)> {
    let both = |needed: &'m Measure| {
        let offered = || offer.iter().filter(|offered| offered.quantity == needed.quantity);
        let same = offered().find(|offered| needed.is_met_by(offered)).map(|offered| (needed, offered, true));
        same.or_else(|| offered().next().map(|offered| (needed, offered, false)))
    };
    let compared = || need.iter().filter_map(both);
    compared().find(|(_, _, same)| !same).or_else(|| compared().next())
}

impl Measure {
    /// Whether an offered size is the needed one, or in its range.
    fn is_met_by(&self, offered: &Self) -> bool {
        let (few, many) =
            if self.spans.len() <= offered.spans.len() { (self, offered) } else { (offered, self) };
        few.spans.iter().all(|span| many.spans.iter().any(|other| self.quantity.meet(*span, *other)))
    }
}

impl Quantity {
    /// Whether two ranges meet, or nearly so where people measure roughly.
    fn meet(self, one: (f32, f32), other: (f32, f32)) -> bool {
        let slack = match self {
            Self::Size | Self::LetterSize | Self::Age => 1.0,
            Self::Voltage | Self::Length | Self::Area => 1.06,
            Self::Volume | Self::Mass | Self::Power => 1.25,
            Self::People => 1.5,
        };
        one.0 <= other.1 * slack && other.0 <= one.1 * slack
    }
}

fn opened((least, most): (f32, f32), before: Option<&Token>) -> (f32, f32) {
    match before {
        Some(Token::Word(word)) if listed(FROM, word) => (least, f32::MAX),
        Some(Token::Word(word)) if listed(TO, word) => (0.0, most),
        Some(Token::Word(_) | Token::Number(_) | Token::Range | Token::Times | Token::Other) | None => {
            (least, most)
        }
    }
}

/// The numbers that begin here ("38", "38-40", "90 x 200") and where they end.
fn numbers(tokens: &[Token], at: usize) -> Option<(Vec<(f32, f32)>, usize)> {
    let number = |at: usize| match tokens.get(at) {
        Some(Token::Number(number)) => Some(*number),
        _ => None,
    };
    let first = number(at)?;
    let mut spans = vec![(first, first)];
    let mut end = at + 1;
    while let (Some(between), Some(next)) = (tokens.get(end), number(end + 1)) {
        match between {
            Token::Range => {
                if let Some((_, most)) = spans.last_mut() {
                    *most = most.max(next);
                }
            }
            Token::Times => spans.push((next, next)),
            Token::Number(_) | Token::Word(_) | Token::Other => break,
        }
        end += 2;
    }
    Some((spans, end))
}

fn letter_size(tokens: &[Token], at: usize) -> Option<usize> {
    let Some(Token::Word(word)) = tokens.get(at) else { return None };
    let index = LETTER_SIZES.iter().position(|size| size == word)?;
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let sized = matches!(before, Some(Token::Word(before)) if listed(SIZE_WORDS, before));
    // Why: a single letter may be anything; "XL" is a size by itself.
    (sized || word.len() > 1).then_some(index)
}

fn unit(word: &str) -> Option<(Quantity, f32)> {
    let unit = UNITS.iter().find(|(words, ..)| listed(words, word))?;
    Some((unit.1, unit.2))
}

fn listed(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|listed| listed == word)
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let letters: Vec<char> = text.chars().take(MOST_CHARACTERS).collect();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let run = |of: fn(&char) -> bool| letters[at..].iter().take_while(|letter| of(letter)).count();
        if letter.is_ascii_digit() {
            let mut length = run(char::is_ascii_digit);
            let mut digits: String = letters[at..at + length].iter().take(9).collect();
            if matches!(letters.get(at + length), Some('.' | ',')) {
                let rest = &letters[at + length + 1..];
                let decimals = rest.iter().take_while(|letter| letter.is_ascii_digit()).count();
                // Why: "1,5 l" is a fraction; "1.500 g" is not.
                if (1..=2).contains(&decimals) {
                    digits.push('.');
                    digits.extend(&rest[..decimals]);
                    length += 1 + decimals;
                }
            }
            tokens.extend(digits.parse().ok().map(Token::Number));
            at += length;
        } else if letter.is_alphabetic() {
            let length = run(|letter| letter.is_alphabetic());
            let spoken: String = letters[at..at + length].iter().take(40).collect();
            let mut word = fold(&lower(&spoken));
            at += length;
            if word == "m" && matches!(letters.get(at), Some('²' | '2')) {
                word.push('2');
                at += 1;
            }
            let times = word == "x" && matches!(tokens.last(), Some(Token::Number(_)));
            tokens.push(if times { Token::Times } else { Token::Word(word) });
        } else {
            match letter {
                '-' | '–' | '/' => tokens.push(Token::Range),
                '×' => tokens.push(Token::Times),
                '"' | '″' => tokens.push(Token::Word("zoll".to_owned())),
                ' ' | '\u{a0}' | '.' => {}
                _ => tokens.push(Token::Other),
            }
            at += 1;
        }
    }
    tokens
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.spans.iter().map(|(least, most)| self.quantity.shown(*least, *most));
        let sizes = sizes.collect::<Vec<_>>().join(" x ");
        match self.quantity {
            Quantity::Length => write!(f, "{sizes} cm"),
            Quantity::Area => write!(f, "{sizes} m²"),
            Quantity::Volume => write!(f, "{sizes} l"),
            Quantity::Mass => write!(f, "{sizes} kg"),
            Quantity::Power => write!(f, "{sizes} W"),
            Quantity::Voltage => write!(f, "{sizes} V"),
            Quantity::People => write!(f, "{sizes} people"),
            Quantity::Age => write!(f, "{sizes} years of age"),
            Quantity::Size | Quantity::LetterSize => write!(f, "size {sizes}"),
        }
    }
}

impl Quantity {
    fn shown(self, least: f32, most: f32) -> String {
        let number = |number: f32| match self {
            Self::Length => plain(number / 10.0),
            Self::Volume | Self::Mass => plain(number / 1_000.0),
            Self::Age => plain(number / 12.0),
            Self::LetterSize => {
                LETTER_SIZES.get(number as usize).map_or_else(String::new, |size| size.to_uppercase())
            }
            Self::Area | Self::Power | Self::Voltage | Self::People | Self::Size => plain(number),
        };
        if most == f32::MAX {
            format!("{} or more", number(least))
        } else if least == most {
            number(least)
        } else {
            format!("{} to {}", number(least), number(most))
        }
    }
}

/// A number without needless decimals.
fn plain(number: f32) -> String {
    format!("{}", (number * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        measures(text).iter().map(ToString::to_string).collect()
    }

    fn same(need: &str, offer: &str) -> Option<bool> {
        compared(&measures(need), &measures(offer)).map(|(_, _, same)| same)
    }

    #[test]
    fn sizes_and_units_are_read() {
        assert_eq!(shown("Schuhe Gr. 38/39, fast neu"), ["size 38 to 39"]);
        assert_eq!(shown("Aquarium 20l"), ["20 l"]);
        assert_eq!(shown("Matratze 90 x 200 cm"), ["90 x 200 cm"]);
        assert_eq!(shown("Kanister, 1,5 Liter"), ["1.5 l"]);
        assert_eq!(shown("Teppich 6 m²"), ["6 m²"]);
        assert_eq!(shown("Puzzle ab 3 Jahren"), ["3 or more years of age"]);
        assert_eq!(shown("Jacke XL"), ["size XL"]);
        assert_eq!(shown("T-shirt size m"), ["size M"]);
        assert_eq!(shown("24\" monitor"), ["60.96 cm"]);
        assert_eq!(shown("18 V drill"), ["18 V"]);
    }

    #[test]
    fn a_number_alone_is_no_size() {
        assert_eq!(shown("Bosch PSB 500, 2019, 3 Stück"), [""; 0]);
        assert_eq!(shown("x 5 x"), [""; 0]);
    }

    #[test]
    fn other_sizes_are_told_apart() {
        assert_eq!(same("Schuhe Größe 38", "Stiefel EU 38"), Some(true));
        assert_eq!(same("Schuhe Größe 38", "Stiefel Gr. 42"), Some(false));
        assert_eq!(same("Matratze 90x200 cm", "Matratze 140 x 200 cm"), Some(false));
        assert_eq!(same("for 4 people", "for 5 people"), Some(true));
        assert_eq!(same("Puzzle ab 3 Jahren", "Puzzle für 5 Jahre"), Some(true));
        assert_eq!(same("Schuhe Größe 38", "Stiefel"), None);
        assert_eq!(same("20 l", "20 kg"), None);
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reading_of_sizes(text in "\\PC*|.*|([0-9]{0,4}|[ x,./-]|cm|Gr|ab|XL|²){0,80}") {
            let found = measures(&text);
            prop_assert!(found.len() <= MOST_MEASURES);
            let _ = compared(&found, &found);
        }
    }
}
