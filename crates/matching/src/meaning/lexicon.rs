//! The words that people of many languages have for things, from public collections.
//!
//! A word or phrase in its folded form (see [`key`]) names *concepts*: annotations of emoji (Unicode's
//! CLDR), presets of shops, trades and places (OpenStreetMap), and things that both lack. Two words that
//! name one concept may mean the same, in whatever languages. `data/make.py` makes the file
//! `data/lexicon.bin`; `data/NOTICE.md` says from what.
//!
//! The file is a part of the program and is read where it lies: a look-up allocates nothing, and what
//! nobody asks for is never read from disk. Numbers are little-endian.
//!
//! ```text
//! file     = "meaning1" languages:u32 kinds:u32 concepts:u32 phrases:u32 longest:u32
//!            code{languages}         two letters each
//!            table of kinds          ids, see `kinds`
//!            table of concepts
//!            table of blocks
//! table    = end:u32{parts + 1} part{parts}      part n lies from end n to end n + 1; the first is 0
//! concept  = source:u8 kind:u8 length:u8 id (language:u8 length:u8 name)*       kind 255: none
//! block    = phrase{16}              fewer in the last
//! phrase   = shared:u8 length:u8 rest count:varint sense{count}
//!            `shared` bytes as in the phrase before, then `length` of its own; sorted
//! sense    = concept:u16 language << 2 | strength:u8
//! ```

use std::cmp::Ordering;
use std::fmt;

use record::Language;

use super::kinds::Kind;
use crate::text::fold::{fold, is_part_of_word, lower};

/// The file as `data/make.py` made it.
static SHIPPED: &[u8] = include_bytes!("../../data/lexicon.bin");
/// How the file begins.
const MAGIC: &[u8] = b"meaning1";
/// Phrases in a block.
const BLOCK: usize = 16;
/// Bytes of a sense.
const SENSE: usize = 3;

/// What a word may stand for: one annotation, one preset or one thing. Numbers hold for one file only
/// and are not to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Concept(u16);

/// The collection that a concept is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The names of emoji in Unicode's Common Locale Data Repository: things and what they are.
    Cldr,
    /// The presets of OpenStreetMap's editor: shops, trades and places, and what they deal in.
    Osm,
    /// What people often lend and give and both others lack, named for this project.
    Own,
}

impl Source {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Cldr, Self::Osm, Self::Own];

    const fn numbered(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Cldr),
            1 => Some(Self::Osm),
            2 => Some(Self::Own),
            _ => None,
        }
    }
}

/// How sure it is that a word stands for a concept; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Strength {
    /// Its name: "bicycle".
    Name,
    /// Another name: "bike shop", "cook" for a woman or a man who cooks.
    Alias,
    /// A word that has to do with it: "pedal".
    Keyword,
}

impl Strength {
    const fn numbered(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Name),
            1 => Some(Self::Alias),
            2 => Some(Self::Keyword),
            _ => None,
        }
    }
}

/// One thing that a phrase may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sense {
    /// What it stands for.
    pub concept: Concept,
    /// The language that has the phrase.
    pub language: Language,
    /// How sure it is.
    pub strength: Strength,
}

/// The bytes are no lexicon of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLexicon;

impl fmt::Display for BrokenLexicon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no lexicon of this version")
    }
}

impl std::error::Error for BrokenLexicon {}

/// Which phrases name which concepts; a view of a file, cheap to copy.
#[derive(Clone, Copy)]
pub struct Lexicon {
    codes: &'static [u8],
    kinds: Table,
    concepts: Table,
    blocks: Table,
    longest: usize,
    /// By number of the source.
    left_out: [bool; Source::ALL.len()],
}

impl Lexicon {
    /// The lexicon that is part of the program.
    #[must_use]
    pub fn shipped() -> Self {
        Self::read(SHIPPED).unwrap_or(Self::EMPTY)
    }

    /// A lexicon without words.
    pub const EMPTY: Self = Self {
        codes: &[],
        kinds: Table::EMPTY,
        concepts: Table::EMPTY,
        blocks: Table::EMPTY,
        longest: 0,
        left_out: [false; Source::ALL.len()],
    };

    /// The lexicon in a file.
    ///
    /// # Errors
    /// If the bytes do not begin as a lexicon does, or end too early. Damage further on is not looked
    /// for: it makes for wrong or missing words, no more.
    pub fn read(file: &'static [u8]) -> Result<Self, BrokenLexicon> {
        Self::parts(file).ok_or(BrokenLexicon)
    }

    fn parts(file: &'static [u8]) -> Option<Self> {
        let mut rest = Bytes(file.strip_prefix(MAGIC)?);
        let [languages, kinds, concepts, phrases, longest] =
            [rest.length()?, rest.length()?, rest.length()?, rest.length()?, rest.length()?];
        Some(Self {
            codes: rest.take(languages.checked_mul(2)?)?,
            kinds: rest.table(kinds)?,
            concepts: rest.table(concepts)?,
            blocks: rest.table(phrases.div_ceil(BLOCK))?,
            longest,
            left_out: [false; Source::ALL.len()],
        })
    }

    /// The same without the concepts from a source.
    #[must_use]
    pub fn without(mut self, source: Source) -> Self {
        if let Some(left_out) = self.left_out.get_mut(source as usize) {
            *left_out = true;
        }
        self
    }

    /// What a phrase may mean, by concept and language; nothing if the lexicon does not know it. Expects
    /// the form of [`key`].
    pub fn senses(self, key: &str) -> impl Iterator<Item = Sense> {
        let bytes = self.find(key.as_bytes()).unwrap_or_default();
        bytes
            .chunks_exact(SENSE)
            .filter_map(move |bytes| self.sense(bytes))
            .filter(move |sense| self.source_of(sense.concept).is_some())
    }

    /// Known phrases that begin with these letters, at most so many, in the order of their bytes.
    pub fn starting_with(self, prefix: &str, most: usize) -> impl Iterator<Item = String> {
        let first = self.block_of(prefix.as_bytes());
        let phrases = Phrases { blocks: self.blocks, block: first, rest: Bytes(&[]), spelled: Vec::new() };
        let prefix = prefix.to_owned();
        let from = prefix.clone();
        phrases
            .skip_while(move |phrase| *phrase < from)
            .take_while(move |phrase| phrase.starts_with(&prefix))
            .take(most)
    }

    /// The kind that a concept belongs to, if any.
    #[must_use]
    pub fn kind_of(self, concept: Concept) -> Option<Kind> {
        let number = *self.described(concept)?.get(1)?;
        let id = self.kinds.part(usize::from(number))?;
        Kind::with_id(std::str::from_utf8(id).ok()?)
    }

    /// The source of a concept; none if it is left out.
    #[must_use]
    pub fn source_of(self, concept: Concept) -> Option<Source> {
        let source = Source::numbered(*self.described(concept)?.first()?)?;
        let is_left_out = self.left_out.get(source as usize).copied().unwrap_or_default();
        (!is_left_out).then_some(source)
    }

    /// What its source calls a concept: the emoji, the preset such as `shop/bicycle`, or the thing such as
    /// `sleeping-bag`.
    #[must_use]
    pub fn id_of(self, concept: Concept) -> Option<&'static str> {
        let mut rest = Bytes(self.described(concept)?.get(2..)?);
        let length = rest.byte()?;
        std::str::from_utf8(rest.take(length)?).ok()
    }

    /// The name of a concept in a language, as it is written; none where nobody translated it.
    #[must_use]
    pub fn name_of(self, concept: Concept, language: Language) -> Option<&'static str> {
        let wanted = self.codes.chunks_exact(2).position(|code| code == language.code().as_bytes())?;
        let mut rest = Bytes(self.described(concept)?.get(2..)?);
        let id = rest.byte()?;
        rest.take(id)?;
        loop {
            let (language, length) = (rest.byte()?, rest.byte()?);
            let name = rest.take(length)?;
            if language == wanted {
                return std::str::from_utf8(name).ok();
            }
        }
    }

    /// Words in the longest phrase: so many are worth joining to look them up as one.
    #[must_use]
    pub const fn longest_phrase(self) -> usize {
        self.longest
    }

    /// The languages that have words here, sorted by code.
    pub fn languages(self) -> impl Iterator<Item = Language> {
        self.codes.chunks_exact(2).filter_map(|code| std::str::from_utf8(code).ok()?.parse().ok())
    }

    /// All concepts that are not left out.
    pub fn concepts(self) -> impl Iterator<Item = Concept> {
        let count = u16::try_from(self.concepts.len()).unwrap_or(u16::MAX);
        (0..count).map(Concept).filter(move |concept| self.source_of(*concept).is_some())
    }

    fn described(self, concept: Concept) -> Option<&'static [u8]> {
        self.concepts.part(usize::from(concept.0))
    }

    fn sense(self, bytes: &[u8]) -> Option<Sense> {
        let [low, high, packed] = *bytes else { return None };
        let place = usize::from(packed >> 2) * 2;
        let code = self.codes.get(place..place + 2)?;
        Some(Sense {
            concept: Concept(u16::from_le_bytes([low, high])),
            language: std::str::from_utf8(code).ok()?.parse().ok()?,
            strength: Strength::numbered(packed & 3)?,
        })
    }

    /// The last block that does not begin behind a phrase.
    fn block_of(self, phrase: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.blocks.len());
        while low < high {
            let middle = low.midpoint(high);
            let first = self.blocks.from(middle).and_then(|block| Entry::spelling(&mut Bytes(block)));
            if first.is_some_and(|(_, first)| first <= phrase) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.saturating_sub(1)
    }

    /// The senses of a phrase, as bytes.
    fn find(self, phrase: &[u8]) -> Option<&'static [u8]> {
        let mut rest = Bytes(self.blocks.part(self.block_of(phrase))?);
        // Why: an entry tells by `shared` alone how it compares, unless it differs from the one before
        // exactly where that one differs from the phrase.
        let mut same = 0;
        while let Some(entry) = Entry::read(&mut rest) {
            match entry.shared.cmp(&same) {
                Ordering::Greater => {}
                Ordering::Less => return None,
                Ordering::Equal => {
                    let wanted = phrase.get(same..)?;
                    same += wanted.iter().zip(entry.rest).take_while(|(one, other)| one == other).count();
                    match entry.rest.cmp(wanted) {
                        Ordering::Less => {}
                        Ordering::Equal => return Some(entry.senses),
                        Ordering::Greater => return None,
                    }
                }
            }
        }
        None
    }
}

impl fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lexicon").field("concepts", &self.concepts.len()).finish_non_exhaustive()
    }
}

/// The form under which the lexicon knows a phrase: its words in lower case without accents, joined by
/// one space.
#[must_use]
pub fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for word in text.split(|letter| !is_part_of_word(letter)) {
        let word = fold(&lower(word));
        if !key.is_empty() && !word.is_empty() {
            key.push(' ');
        }
        key.push_str(&word);
    }
    key
}

/// A phrase as it stands in a block.
struct Entry {
    shared: usize,
    rest: &'static [u8],
    senses: &'static [u8],
}

impl Entry {
    fn read(bytes: &mut Bytes) -> Option<Self> {
        let (shared, rest) = Self::spelling(bytes)?;
        let count = bytes.number()?;
        Some(Self { shared, rest, senses: bytes.take(count.checked_mul(SENSE)?)? })
    }

    fn spelling(bytes: &mut Bytes) -> Option<(usize, &'static [u8])> {
        let (shared, length) = (bytes.byte()?, bytes.byte()?);
        Some((shared, bytes.take(length)?))
    }
}

/// All phrases from a block on.
struct Phrases {
    blocks: Table,
    /// The next block.
    block: usize,
    /// What is left of this one.
    rest: Bytes,
    /// The phrase before.
    spelled: Vec<u8>,
}

impl Iterator for Phrases {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.rest.0.is_empty() {
            self.rest = Bytes(self.blocks.part(self.block)?);
            self.block += 1;
            self.spelled.clear();
        }
        let entry = Entry::read(&mut self.rest)?;
        self.spelled.truncate(entry.shared);
        self.spelled.extend_from_slice(entry.rest);
        std::str::from_utf8(&self.spelled).ok().map(str::to_owned)
    }
}

/// Parts of different lengths, found by number.
#[derive(Clone, Copy)]
struct Table {
    /// Numbers of four bytes, one more than there are parts.
    ends: &'static [u8],
    parts: &'static [u8],
}

impl Table {
    const EMPTY: Self = Self { ends: &[], parts: &[] };

    const fn len(self) -> usize {
        (self.ends.len() / 4).saturating_sub(1)
    }

    fn end(self, number: usize) -> Option<usize> {
        Bytes(self.ends.get(number.checked_mul(4)?..)?).length()
    }

    /// A part and all behind it.
    fn from(self, number: usize) -> Option<&'static [u8]> {
        self.parts.get(self.end(number)?..)
    }

    fn part(self, number: usize) -> Option<&'static [u8]> {
        self.parts.get(self.end(number)?..self.end(number.checked_add(1)?)?)
    }
}

/// Bytes that are still to be read.
struct Bytes(&'static [u8]);

impl Bytes {
    fn take(&mut self, count: usize) -> Option<&'static [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(*first))
    }

    /// A number of four bytes.
    fn length(&mut self) -> Option<usize> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }

    /// A number in groups of seven bits.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in [0, 7, 14] {
            let byte = self.byte()?;
            number |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn table(&mut self, parts: usize) -> Option<Table> {
        let ends = self.take(parts.checked_add(1)?.checked_mul(4)?)?;
        let length = Table { ends, parts: &[] }.end(parts)?;
        Some(Table { ends, parts: self.take(length)? })
    }
}

#[cfg(test)]
mod tests;
