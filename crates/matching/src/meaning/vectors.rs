//! The table of word vectors: a word's meaning as a direction, so that words that mean about the same point
//! about the same way, in whatever language.
//!
//! The table stays where its bytes are; a look-up reads a few hundred of them and copies one row. Keys are
//! sorted by their bytes in blocks of 16. Each begins with how many bytes it shares with the one before,
//! and how many follow; the first of a block shares none. `_word` is a whole word or the start of one,
//! `word` goes on with one.
//!
//! | bytes | what, little endian |
//! | --- | --- |
//! | 8 | `WVEC1` and three zeros |
//! | 16 | how many rows, dimensions and blocks, and the keys' bytes |
//! | 4 | the weights' constant *a* |
//! | 4 for each dimension | its scale |
//! | 4 for each block | where it begins among the keys |
//! | | the keys |
//! | 1 for each row | its cost: minus the logarithm of how likely the word is, in eighths of a nat |
//! | 48 for each row | its values, the even one in a byte's lower half; 7.5 is nothing |

use std::iter;

/// How many numbers a meaning has.
pub(crate) const DIMENSIONS: usize = 96;

const MAGIC: &[u8; 8] = b"WVEC1\0\0\0";
const ROWS_OF_A_BLOCK: usize = 16;
/// The length of a direction.
const UNIT: f32 = 127.0;
/// A longer word is pieced together from its beginning only: the time grows with the square.
const MOST_LETTERS: usize = 40;
/// What a letter costs that no piece covers, in eighths of a nat.
const UNKNOWN: u32 = 25 * 8;
/// A word's start can stand within a word if it is so long: compounds are made of words.
const LEAST_WITHIN: usize = 4;

/// Where a word points in the space of meanings: a unit vector, times 127.
pub type Direction = [i8; DIMENSIONS];

/// A table of word vectors. To copy it copies a few addresses.
#[derive(Debug, Clone, Copy)]
pub struct Vectors {
    /// The *a* of the weights a / (a + probability).
    constant: f32,
    scales: &'static [[u8; 4]],
    blocks: &'static [[u8; 4]],
    keys: &'static [u8],
    costs: &'static [u8],
    rows: &'static [[u8; DIMENSIONS / 2]],
}

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordVector {
    /// Where it points.
    pub direction: Direction,
    /// How much it tells in a text, above 0 and at most 1: less the more common the word is.
    pub weight: f32,
    /// Whether the table has the word itself.
    pub whole: bool,
    /// How many rows it was pieced together from; 1 for a whole word.
    pub pieces: u8,
    /// Which share of its letters stands in pieces that are long enough to mean something (three letters,
    /// or two syllables of a script that writes syllables), 0 to 1; 1 for a whole word. A word pieced
    /// together from single letters means nothing, though it points somewhere.
    pub known: f32,
}

/// Why bytes are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VectorsError {
    /// They begin with something else.
    #[error("this is no table of word vectors")]
    NoTable,
    /// They end early, go on after the end, or count blocks or dimensions that can not be.
    #[error("the table's parts don't have the lengths that it tells")]
    Lengths,
    /// The scales or the weights' constant are no numbers to count with.
    #[error("the table's scales are no finite numbers above zero")]
    Scales,
}

/// The last key that is not after a text.
struct Floor {
    row: usize,
    block: usize,
    /// How many bytes it has in common with the text.
    shared: usize,
    /// Whether the text begins with the whole key.
    begins: bool,
}

/// The cheapest way to a place in a word.
#[derive(Clone, Copy)]
struct Step {
    cost: u32,
    /// From which letter.
    from: usize,
    /// By which row; without one over an unknown letter.
    row: Option<usize>,
}

impl Vectors {
    const EMPTY: Self = Self { constant: 1.0, scales: &[], blocks: &[], keys: &[], costs: &[], rows: &[] };

    /// The table that comes with this crate.
    #[must_use]
    pub fn shipped() -> Self {
        static SHIPPED: &[u8] = include_bytes!("../../data/vectors/W12.wv");
        // Why: a test reads it, so it is never empty.
        Self::read(SHIPPED).unwrap_or(Self::EMPTY)
    }

    /// Finds the parts of a table. Its keys are not looked at: if they are damaged then words are not
    /// found, or others in their place.
    ///
    /// # Errors
    /// Where the bytes are no table, or one of another number of dimensions.
    pub fn read(bytes: &'static [u8]) -> Result<Self, VectorsError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(VectorsError::NoTable)?;
        let (counts, rest) = numbers(rest, 4)?;
        let &[rows, dimensions, blocks, keys] = counts else { return Err(VectorsError::Lengths) };
        let [rows, dimensions, blocks, keys] = [rows, dimensions, blocks, keys].map(whole);
        if dimensions != DIMENSIONS || blocks != rows.div_ceil(ROWS_OF_A_BLOCK) {
            return Err(VectorsError::Lengths);
        }
        let (constant, rest) = numbers(rest, 1)?;
        let (scales, rest) = numbers(rest, DIMENSIONS)?;
        let (blocks, rest) = numbers(rest, blocks)?;
        let (keys, rest) = rest.split_at_checked(keys).ok_or(VectorsError::Lengths)?;
        let (costs, rest) = rest.split_at_checked(rows).ok_or(VectorsError::Lengths)?;
        let (values, after) = rest.as_chunks();
        if values.len() != rows || !after.is_empty() {
            return Err(VectorsError::Lengths);
        }
        let counts = |number: &[u8; 4]| (f32::MIN_POSITIVE..1e9).contains(&f32::from_le_bytes(*number));
        if !constant.iter().chain(scales).all(counts) {
            return Err(VectorsError::Scales);
        }
        let constant = constant.first().map_or(1.0, |bytes| f32::from_le_bytes(*bytes));
        Ok(Self { constant, scales, blocks, keys, costs, rows: values })
    }

    /// What a word means, which has to be in lower case and in compatibility form (NFKC), and letters and
    /// digits only: its own row, or if there is none what it can be pieced together from. Nothing for a
    /// word of which no piece is known.
    #[must_use]
    pub fn word(&self, lower: &str) -> Option<WordVector> {
        let marked = format!("_{lower}");
        let floor = self.floor(marked.as_bytes(), self.blocks.len())?;
        if floor.begins && floor.shared == marked.len() {
            let direction = direction(&self.values(floor.row)?)?;
            return Some(WordVector {
                direction,
                weight: self.weight(floor.row)?,
                whole: true,
                pieces: 1,
                known: 1.0,
            });
        }
        self.pieced_together(lower)
    }

    /// The words of the table, in the order of their bytes, without what only goes on with a word.
    pub fn words(self) -> impl Iterator<Item = String> {
        (0..self.blocks.len()).flat_map(move |block| self.keys_of(block)).filter_map(|key| {
            let word = String::from_utf8(key).ok()?;
            word.strip_prefix('_').filter(|word| !word.is_empty()).map(str::to_owned)
        })
    }

    /// The mean of the pieces that are the likeliest together, by their letters and weights.
    fn pieced_together(&self, word: &str) -> Option<WordVector> {
        let places: Vec<usize> =
            word.char_indices().map(|(place, _)| place).chain([word.len()]).take(MOST_LETTERS + 1).collect();
        let letters = places.len().saturating_sub(1);
        let mut sum = [0.0; DIMENSIONS];
        let (mut weights, mut pieces, mut known) = (0.0, 0_u8, 0);
        for (row, piece) in self.likeliest(word.get(..*places.last()?)?, &places) {
            let (values, weight) = (self.values(row)?, self.weight(row)?);
            let long = piece.chars().count();
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += value * weight * long as f32;
            }
            weights += weight;
            pieces = pieces.saturating_add(1);
            known += if long >= 3 || piece.len() >= 6 { long } else { 0 };
        }
        let weight = weights / f32::from(pieces);
        Some(WordVector {
            direction: direction(&sum)?,
            weight,
            whole: false,
            pieces,
            known: known as f32 / letters as f32,
        })
    }

    /// The rows and letters of the pieces that are the likeliest together, from the last to the first.
    /// Letters begin at the places, the last of which is the word's end.
    fn likeliest<'w>(&self, word: &'w str, places: &[usize]) -> Vec<(usize, &'w str)> {
        let mut steps: Vec<Option<Step>> = vec![None; places.len()];
        let mut marked = String::with_capacity(word.len() + 1);
        for (from, place) in places.iter().enumerate() {
            let (before, Some(rest)) = (steps.get(from).copied().flatten(), word.get(*place..)) else {
                break;
            };
            let before = before.map_or(0, |step| step.cost);
            let mut step_to = |end: usize, row: Option<usize>, cost: u32| {
                let step = Step { cost: before.saturating_add(cost), from, row };
                if let Ok(to) = places.binary_search(&end)
                    && let Some(best) = steps.get_mut(to)
                    && best.is_none_or(|best| step.cost < best.cost)
                {
                    *best = Some(step);
                }
            };
            marked.clear();
            marked.push('_');
            marked.push_str(rest);
            let least = if from == 0 { 1 } else { LEAST_WITHIN };
            let least = places.get(from + least).map(|end| end - place);
            let starts = self.beginnings(marked.as_bytes()).map(|(row, length)| (row, length - 1));
            for (row, length) in starts.take_while(|(_, length)| least.is_some_and(|least| *length >= least))
            {
                step_to(place + length, Some(row), self.cost(row));
            }
            if from > 0 {
                for (row, length) in self.beginnings(rest.as_bytes()) {
                    step_to(place + length, Some(row), self.cost(row));
                }
            }
            if let Some(next) = places.get(from + 1) {
                step_to(*next, None, UNKNOWN);
            }
        }
        let mut pieces = Vec::new();
        let mut to = places.len().saturating_sub(1);
        while let Some(Step { from, row, .. }) = steps.get(to).copied().flatten() {
            if let (Some(row), Some(start), Some(end)) = (row, places.get(from), places.get(to)) {
                pieces.extend(word.get(*start..*end).map(|piece| (row, piece)));
            }
            to = from;
        }
        pieces
    }

    /// The rows whose keys a text begins with, and the keys' lengths, the longest first.
    fn beginnings<'t>(&self, mut text: &'t [u8]) -> impl Iterator<Item = (usize, usize)> + use<'t, '_> {
        let mut below = self.blocks.len();
        iter::from_fn(move || {
            while let Some(shorter) = text.len().checked_sub(1) {
                let Floor { row, block, shared, begins } = self.floor(text, below)?;
                below = block + 1;
                // Why: a longer one that the text begins with would stand between the floor and the text.
                text = text.get(
                    ..if begins { shorter.min(shared.saturating_sub(1)) } else { shorter.min(shared) },
                )?;
                if begins {
                    return Some((row, shared));
                }
            }
            None
        })
    }

    /// The last key of the first blocks that is not after the text.
    fn floor(&self, text: &[u8], blocks: usize) -> Option<Floor> {
        let (mut low, mut high) = (0, blocks);
        while low < high {
            let middle = low.midpoint(high);
            if self.block(middle).and_then(next_key).is_some_and(|(_, key, _)| key <= text) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let block = low.checked_sub(1)?;
        let first = block * ROWS_OF_A_BLOCK;
        let mut floor: Option<Floor> = None;
        let mut keys = self.block(block)?;
        for row in (first..self.rows.len()).take(ROWS_OF_A_BLOCK) {
            let Some((same, rest, after)) = next_key(keys) else { break };
            let before = floor.as_ref().map_or(0, |floor| floor.shared);
            // Why: the key before is not after the text, so one that has more in common with it is not either,
            // and one that has less is.
            if same < before {
                break;
            }
            let (mut shared, mut begins) = (before, false);
            if same == before {
                let text = text.get(before..)?;
                if rest > text {
                    break;
                }
                let common = rest.iter().zip(text).take_while(|(one, other)| one == other).count();
                (shared, begins) = (before + common, common == rest.len());
            }
            floor = Some(Floor { row, block, shared, begins });
            keys = after;
        }
        floor
    }

    fn keys_of(self, block: usize) -> impl Iterator<Item = Vec<u8>> {
        let mut keys = self.block(block).unwrap_or_default();
        let mut key = Vec::new();
        iter::from_fn(move || {
            let (same, rest, after) = next_key(keys)?;
            key.truncate(same);
            key.extend_from_slice(rest);
            keys = after;
            Some(key.clone())
        })
        .take(ROWS_OF_A_BLOCK)
    }

    /// The keys from a block on.
    fn block(&self, block: usize) -> Option<&'static [u8]> {
        self.keys.get(whole(*self.blocks.get(block)?)..)
    }

    fn cost(&self, row: usize) -> u32 {
        self.costs.get(row).map_or(UNKNOWN, |cost| u32::from(*cost))
    }

    fn weight(&self, row: usize) -> Option<f32> {
        let probability = (-f32::from(*self.costs.get(row)?) / 8.0).exp();
        Some(self.constant / (self.constant + probability))
    }

    fn values(&self, row: usize) -> Option<[f32; DIMENSIONS]> {
        let halves = self.rows.get(row)?.iter().flat_map(|byte| [byte & 15, byte >> 4]);
        let mut values = [0.0; DIMENSIONS];
        for ((value, half), scale) in values.iter_mut().zip(halves).zip(self.scales) {
            *value = (f32::from(half) - 7.5) * f32::from_le_bytes(*scale);
        }
        Some(values)
    }
}

/// How alike two directions are: their cosine, −1 to 1, to within a hundredth.
#[must_use]
pub(crate) fn similarity(one: &Direction, other: &Direction) -> f32 {
    // Why: a sum that is checked for overflow is not counted many at a time, and this one can not overflow.
    let product = |(one, other): (&i8, &i8)| i32::from(i16::from(*one).wrapping_mul(i16::from(*other)));
    let dot = one.iter().zip(other).map(product).fold(0_i32, i32::wrapping_add);
    (dot as f32 / (UNIT * UNIT)).clamp(-1.0, 1.0)
}

/// On which side of nothing each number of a direction is, the first in the lowest bit: a one is above. The
/// more bits two of them share, the more alike the directions are, so most of what is far off can be left
/// out without a look at the numbers.
#[must_use]
pub(crate) fn sketch(direction: &Direction) -> u128 {
    direction.iter().rev().fold(0, |bits, value| bits << 1 | u128::from(*value > 0))
}

/// The values at length 127; nothing if they have no direction.
fn direction(values: &[f32; DIMENSIONS]) -> Option<Direction> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    (length > 0.0 && length.is_finite()).then(|| values.map(|value| (value / length * UNIT).round() as i8))
}

/// How many bytes the next key shares with the one before, those that follow, and what is after it.
fn next_key(keys: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let (&[same, rest], keys) = keys.split_first_chunk()?;
    let (rest, after) = keys.split_at_checked(usize::from(rest))?;
    Some((usize::from(same), rest, after))
}

/// So many numbers of four bytes, and what is after them.
fn numbers(bytes: &'static [u8], count: usize) -> Result<(&'static [[u8; 4]], &'static [u8]), VectorsError> {
    let length = count.checked_mul(4).ok_or(VectorsError::Lengths)?;
    let (numbers, rest) = bytes.split_at_checked(length).ok_or(VectorsError::Lengths)?;
    Ok((numbers.as_chunks().0, rest))
}

fn whole(number: [u8; 4]) -> usize {
    u32::from_le_bytes(number) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A table of these keys and costs, whose rows differ.
    fn table(keys: &[(&str, u8)]) -> Vec<u8> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        let (mut packed, mut blocks, mut before) = (Vec::new(), Vec::new(), "");
        for (row, (key, _)) in keys.iter().enumerate() {
            if row % ROWS_OF_A_BLOCK == 0 {
                blocks.extend((packed.len() as u32).to_le_bytes());
                before = "";
            }
            let same = before.bytes().zip(key.bytes()).take_while(|(one, other)| one == other).count();
            packed.extend([same as u8, (key.len() - same) as u8]);
            packed.extend(&key.as_bytes()[same..]);
            before = key;
        }
        let counts = [keys.len(), DIMENSIONS, blocks.len() / 4, packed.len()];
        let mut bytes = MAGIC.to_vec();
        bytes.extend(counts.iter().flat_map(|count| (*count as u32).to_le_bytes()));
        bytes.extend(1e-4_f32.to_le_bytes());
        bytes.extend([0.05_f32; DIMENSIONS].iter().flat_map(|scale| scale.to_le_bytes()));
        bytes.extend(blocks);
        bytes.extend(packed);
        bytes.extend(keys.iter().map(|(_, cost)| *cost));
        for row in 0..keys.len() {
            bytes.extend((0..DIMENSIONS / 2).map(|at| (row * 41 + at * 97 + row * at * 7) as u8));
        }
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<Vectors, VectorsError> {
        Vectors::read(bytes.leak())
    }

    const KEYS: [(&str, u8); 21] = [
        ("_kinder", 80),
        ("_kind", 60),
        ("_wagen", 70),
        ("_w", 40),
        ("wagen", 90),
        ("wag", 90),
        ("en", 30),
        ("er", 30),
        ("e", 40),
        ("r", 40),
        ("n", 40),
        ("w", 40),
        ("a", 40),
        ("g", 40),
        ("_auto", 60),
        ("_haus", 60),
        ("_tür", 60),
        ("tür", 90),
        ("_자전거", 70),
        ("_é", 50),
        ("s", 30),
    ];

    fn cosine(one: &str, other: &str) -> f32 {
        let vectors = Vectors::shipped();
        similarity(&vectors.word(one).unwrap().direction, &vectors.word(other).unwrap().direction)
    }

    #[test]
    fn words_that_mean_the_same_in_two_languages_point_the_same_way() {
        assert!((cosine("kinderwagen", "poussette") - 0.77).abs() < 0.01);
        assert!(cosine("kinderwagen", "poussette") > cosine("kinderwagen", "drill") + 0.4);
        assert!(cosine("fahrrad", "bicycle") > 0.6);
        assert!(cosine("자전거", "fiets") > 0.6);
    }

    #[test]
    fn each_word_of_the_shipped_table_is_found_whole() {
        let vectors = Vectors::shipped();
        let mut words = 0;
        for word in vectors.words() {
            assert!(vectors.word(&word).is_some_and(|vector| vector.whole), "{word}");
            words += 1;
        }
        assert!(words > 150_000, "{words}");
    }

    #[test]
    fn a_rare_word_tells_more_than_a_common_one() {
        let weight = |word| Vectors::shipped().word(word).unwrap().weight;
        assert!(weight("kinderwagen") > 2.0 * weight("und"));
    }

    #[test]
    fn a_word_that_is_not_there_is_made_of_its_likeliest_pieces() {
        let vectors = read(table(&KEYS)).unwrap();
        let pieces = |word: &'static str| {
            let places: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
            let mut pieces: Vec<&str> =
                vectors.likeliest(word, &places).into_iter().map(|(_, piece)| piece).collect();
            pieces.reverse();
            pieces
        };
        assert_eq!(pieces("kinderwagen"), ["kinder", "wagen"]);
        assert_eq!(pieces("wagentür"), ["wagen", "tür"]);
        // "_tür" has three letters only, and "tür" is there to go on with.
        assert_eq!(pieces("haustürxs"), ["haus", "tür", "s"]);
        assert_eq!(pieces("xyz"), [""; 0]);
        assert_eq!(pieces(""), [""; 0]);
    }

    #[test]
    fn what_is_pieced_together_tells_how_much_of_it_is_known() {
        let vectors = read(table(&KEYS)).unwrap();
        let word = vectors.word("haustürxs").unwrap();
        assert_eq!((word.whole, word.pieces), (false, 3));
        assert!((word.known - 7.0 / 9.0).abs() < 1e-6);
        let letters = vectors.word("wrgna").unwrap();
        assert_eq!((letters.pieces, letters.known), (5, 0.0));
        assert_eq!(vectors.word("자전거").map(|word| (word.whole, word.known)), Some((true, 1.0)));
        assert_eq!(vectors.word("xyz"), None);
        assert_eq!(vectors.word(""), None);
        assert!(vectors.word(&"wagen".repeat(1000)).is_some_and(|word| word.pieces == 8));
    }

    #[test]
    fn a_direction_is_as_long_as_another_and_alike_to_itself() {
        for word in ["kinderwagen", "bohrmaschine", "xqzwbohrer", "é"] {
            assert!((cosine(word, word) - 1.0).abs() < 0.01, "{word}");
        }
        let mut opposite = Vectors::shipped().word("zelt").unwrap().direction;
        opposite.iter_mut().for_each(|value| *value = -*value);
        let zelt = Vectors::shipped().word("zelt").unwrap().direction;
        assert!(similarity(&zelt, &opposite) < -0.99);
    }

    #[test]
    fn a_sketch_has_a_bit_for_each_number_above_zero() {
        let mut direction = [0; DIMENSIONS];
        (direction[0], direction[1], direction[95]) = (5, -5, 1);
        assert_eq!(sketch(&direction), 1 | 1 << 95);
    }

    #[test]
    fn other_bytes_are_no_table() {
        assert_eq!(Vectors::read(b"").unwrap_err(), VectorsError::NoTable);
        assert_eq!(Vectors::read(MAGIC).unwrap_err(), VectorsError::Lengths);
        let mut longer = table(&KEYS);
        longer.push(0);
        assert_eq!(read(longer).unwrap_err(), VectorsError::Lengths);
        let mut unscaled = table(&KEYS);
        unscaled[24..28].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(read(unscaled).unwrap_err(), VectorsError::Scales);
        assert_eq!(read(table(&[])).unwrap().word("zelt"), None);
    }

    /// How long look-ups take: `cargo test --release -p matching look_up -- --ignored --nocapture`
    #[test]
    #[ignore = "measures"]
    #[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures")]
    fn what_a_look_up_costs() {
        let vectors = Vectors::shipped();
        let words: Vec<String> = vectors.words().collect();
        let scattered = || (0..words.len()).map(|at| &words[at * 7_919 % words.len()]);
        let pairs: Vec<String> =
            scattered().zip(scattered().skip(17)).map(|(one, next)| format!("{one}{next}")).collect();
        let time = |what: &str, words: &mut dyn Iterator<Item = &String>| {
            let (begun, mut count, mut pieces) = (std::time::Instant::now(), 0_u32, 0_u32);
            for word in words {
                pieces += vectors.word(word).map_or(0, |word| u32::from(word.pieces));
                count += 1;
            }
            let each = begun.elapsed().as_secs_f64() * 1e6 / f64::from(count);
            println!("{what}: {each:.2} µs, {:.2} pieces", f64::from(pieces) / f64::from(count));
        };
        time("whole", &mut scattered());
        time("pieced together", &mut pairs.iter());
        let directions: Vec<Direction> =
            scattered().take(10_000).filter_map(|word| Some(vectors.word(word)?.direction)).collect();
        let begun = std::time::Instant::now();
        let mut sum = 0.0;
        for one in directions.iter().take(1_000) {
            sum += directions.iter().map(|other| similarity(one, other)).sum::<f32>();
        }
        let each = begun.elapsed().as_secs_f64() * 1e9 / 1_000.0 / directions.len() as f64;
        println!("similarity: {each:.1} ns ({sum:.0})");
    }

    proptest! {
        #[test]
        fn damaged_bytes_stop_nobody(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
            cut in prop::option::of(any::<prop::sample::Index>()),
            words in prop::collection::vec("[a-zü자전거é]{0,12}", 1..5),
        ) {
            let mut bytes = table(&KEYS);
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(vectors) = read(bytes) {
                for word in words.iter().map(String::as_str).chain(["kinderwagen", "wagentür"]) {
                    if let Some(vector) = vectors.word(word) {
                        prop_assert!(vector.weight > 0.0 && vector.weight <= 1.0);
                        prop_assert!((0.0..=1.0).contains(&vector.known));
                    }
                }
                let _ = vectors.words().count();
            }
        }

        #[test]
        fn any_text_can_be_looked_up(text in any::<String>()) {
            if let Some(vector) = Vectors::shipped().word(&text) {
                prop_assert!((similarity(&vector.direction, &vector.direction) - 1.0).abs() < 0.02);
            }
        }
    }
}
