//! The listings that hold a word.

/// A listing that holds a word, and how much it is about it: 24 bits and 8, so that a million mentions
/// take four megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting(u32);

/// So many listings fit in an index.
pub(crate) const MOST_ENTRIES: usize = 1 << 24;

impl Posting {
    /// `weight` is how much the listing is about the word, 0 to 1.
    pub(crate) fn new(entry: u32, weight: f32) -> Self {
        Self(entry << 8 | (weight.clamp(0.0, 1.0) * 255.0).round() as u32)
    }

    /// The listing's number in the index.
    pub(crate) const fn entry(self) -> u32 {
        self.0 >> 8
    }

    /// How much the listing is about the word, 0 to 1.
    pub(crate) fn weight(self) -> f32 {
        (self.0 & 0xff) as f32 / 255.0
    }
}

/// Postings in ascending order of listings.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    all: Vec<Posting>,
}

impl Postings {
    pub(crate) fn all(&self) -> &[Posting] {
        &self.all
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn insert(&mut self, posting: Posting) {
        match self.place(posting.entry()) {
            Ok(at) => self.all[at] = posting,
            Err(at) => self.all.insert(at, posting),
        }
    }

    pub(crate) fn remove(&mut self, entry: u32) {
        if let Ok(at) = self.place(entry) {
            self.all.remove(at);
        }
    }

    fn place(&self, entry: u32) -> Result<usize, usize> {
        self.all.binary_search_by_key(&entry, |posting| posting.entry())
    }
}
