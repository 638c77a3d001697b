//! The index as the benchmarks of matching use it, and with which meanings of words.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use matching::{Index, Lexicon, Meaning, Vectors};
use record::Listing;

use crate::Outcome;

/// Where the tables of vectors that left a source out are looked for, from the working folder upwards.
const TABLES: &str = "shared/data/vectors";
/// Whose listings the documents are, and whose the needs: one does not answer oneself.
pub(crate) const OFFERING: [u8; 32] = [1; 32];
pub(crate) const NEEDING: [u8; 32] = [2; 32];

/// What is known of words.
#[derive(Debug, Clone, Args)]
pub(crate) struct Known {
    /// Without what was made from this source: the questions were made from it as well
    #[arg(long, value_name = "SOURCE")]
    without: Option<Source>,
    /// Without the lexicon
    #[arg(long)]
    no_lexicon: bool,
    /// Without word vectors
    #[arg(long, conflicts_with = "vectors")]
    no_vectors: bool,
    /// The table of word vectors [default: the built-in one; with --without, its twin that is in the
    /// folder shared/data/vectors here or further up]
    #[arg(long, value_name = "FILE")]
    vectors: Option<PathBuf>,
}

/// What names and synonyms were made from.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Source {
    /// The Unicode consortium's names of emoji
    Cldr,
    /// OpenStreetMap's names of places and shops
    Osm,
}

impl Known {
    /// Reads what is asked for.
    pub(crate) fn load(&self) -> Outcome<Meaning> {
        let vectors = match (&self.vectors, self.without) {
            _ if self.no_vectors => None,
            (Some(file), _) => Some(read(file)?),
            (None, Some(source)) => Some(read(&source.twin()?)?),
            (None, None) => Some(Vectors::shipped()),
        };
        let shipped = Lexicon::shipped();
        let lexicon = self.without.map_or(shipped, |source| shipped.without(source.in_lexicon()));
        Ok(Meaning { vectors, lexicon: (!self.no_lexicon).then_some(lexicon) })
    }
}

impl Source {
    const fn in_lexicon(self) -> matching::Source {
        match self {
            Self::Cldr => matching::Source::Cldr,
            Self::Osm => matching::Source::Osm,
        }
    }

    /// The table that was made without it.
    fn twin(self) -> Outcome<PathBuf> {
        let name = match self {
            Self::Cldr => "W12-without-cldr.wv",
            Self::Osm => "W12-without-osm.wv",
        };
        let here = std::env::current_dir()?;
        let found = here.ancestors().map(|folder| folder.join(TABLES).join(name)).find(|file| file.exists());
        Ok(found.ok_or_else(|| {
            format!("{name} is in no folder {TABLES} here or further up: give --vectors FILE or --no-vectors")
        })?)
    }
}

fn read(file: &Path) -> Outcome<Vectors> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    // Why: it is read once, and needed to the end.
    Vectors::read(bytes.leak()).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// The offers with their scores, the best first, whether they are a match or not, at most `limit`.
pub(crate) fn ranked<Id: Ord + Clone + Default>(
    index: &Index<Id>,
    need: &Listing,
    limit: usize,
) -> Vec<(Id, f64)> {
    let ranked = index.ranked_for(&Id::default(), NEEDING, need, limit);
    ranked.into_iter().map(|found| (found.offer, found.score)).collect()
}
