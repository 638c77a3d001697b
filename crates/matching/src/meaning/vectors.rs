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
use std::ops::Range;

/// How many numbers a meaning has.
pub(crate) const DIMENSIONS: usize = 96;

const MAGIC: &[u8; 8] = b"WVEC1\0\0\0";
const ROWS_OF_A_BLOCK: usize = 16;
/// The length of a direction.
const UNIT: f32 = 127.0;
/// A longer word is pieced together from its beginning only: the time grows with the square.
const MOST_LETTERS: usize = 30;
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
        let floor = self.floor(marked.as_bytes(), 0..self.blocks.len())?;
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

    /// Whether the table has a word itself, in lower case.
    pub(crate) fn has(&self, lower: &str) -> bool {
        let marked = format!("_{lower}");
        let floor = self.floor(marked.as_bytes(), 0..self.blocks.len());
        floor.is_some_and(|floor| floor.begins && floor.shared == marked.len())
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
            if let Some(end) = places.get(from + least) {
                for (row, length) in self.beginnings(marked.as_bytes(), 1 + end - place) {
                    step_to(place + length - 1, Some(row), self.cost(row));
                }
            }
            if from > 0 {
                for (row, length) in self.beginnings(rest.as_bytes(), 1) {
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

    /// The rows whose keys a text begins with, and the keys' lengths: the longest first, and none that is
    /// shorter than so many bytes, at least one.
    fn beginnings<'t>(
        &self,
        mut text: &'t [u8],
        least: usize,
    ) -> impl Iterator<Item = (usize, usize)> + use<'t, '_> {
        let mut blocks = 0..self.blocks.len();
        iter::from_fn(move || {
            while text.len() >= least.max(1) {
                let Floor { row, block, shared, begins } = self.floor(text, blocks.clone())?;
                // Why: a longer key that the text begins with would stand between the floor and the text.
                let shorter = if begins { shared.saturating_sub(1) } else { shared };
                text = text.get(..shorter.min(text.len() - 1))?;
                blocks = self.not_far_above(text, block + 1);
                if begins {
                    return (shared >= least).then_some((row, shared));
                }
            }
            None
        })
    }

    /// The blocks below one among which the last that does not begin after the text is: most of the time it
    /// is near.
    fn not_far_above(&self, text: &[u8], below: usize) -> Range<usize> {
        let (mut end, mut stride) = (below, 1);
        while let Some(block) = end.checked_sub(stride) {
            if self.begins_by(block, text) {
                return block..end;
            }
            (end, stride) = (block, stride * 2);
        }
        0..end
    }

    /// Whether the first key of a block is not after the text.
    fn begins_by(&self, block: usize, text: &[u8]) -> bool {
        self.block(block).and_then(next_key).is_some_and(|(_, key, _)| key <= text)
    }

    /// The last key of some of the blocks that is not after the text.
    fn floor(&self, text: &[u8], blocks: Range<usize>) -> Option<Floor> {
        let Range { start: mut low, end: mut high } = blocks;
        while low < high {
            let middle = low.midpoint(high);
            if self.begins_by(middle, text) {
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
    let product = |(one, other): (&i8, &i8)| i32::from(*one).wrapping_mul(i32::from(*other));
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
mod tests;
