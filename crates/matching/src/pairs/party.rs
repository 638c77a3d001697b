//! What a listing says, as matching sees it.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::analyse::{Word, joins_words};
use crate::entry::Entry;
use crate::index::{Index, Wanted};
use crate::likeness::{compound, spelling};
use crate::score::Field;

/// A word where a listing says it first.
pub(crate) struct Mention<'t> {
    pub(crate) word: Word<'t>,
    pub(crate) field: Field,
    /// Whether it is made of two words of the title.
    pub(crate) joined: bool,
}

impl Mention<'_> {
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        let alike = self.in_title() && !self.joined;
        Wanted { word: &self.word, weight: self.field.evidence(), alike }
    }

    pub(crate) fn in_title(&self) -> bool {
        self.field == Field::Title
    }
}

/// What a listing says, word by word.
pub(crate) struct Profile<'t> {
    /// Those in the title first.
    pub(crate) mentions: Vec<Mention<'t>>,
    /// What the words of the title tell, in nats.
    pub(crate) title: f64,
    /// What the title or the category says is to be done.
    pub(crate) action: Option<Action>,
    /// Whether its language writes compounds as one word, as far as known.
    pub(crate) joins_words: bool,
}

impl<'t> Profile<'t> {
    pub(crate) fn of<Id: Ord + Clone>(entry: &'t Entry<Id>, index: &Index<Id>) -> Self {
        let reader = index.reader(entry.listing.language);
        let mut seen = BTreeSet::new();
        let mut mentions = Vec::new();
        let mut mention = |word: Word<'t>, field: Field, joined: bool| {
            if seen.insert(word.folded.clone()) {
                mentions.push(Mention { word, field, joined });
            }
        };
        for (field, text) in entry.fields() {
            let words = reader.words(text);
            let joined =
                words.windows(2).filter(|_| field == Field::Title).map(|pair| pair[0].joined(&pair[1]));
            let joined: Vec<Word<'t>> = joined.collect();
            words.into_iter().for_each(|word| mention(word, field, false));
            joined.into_iter().for_each(|word| mention(word, field, true));
        }
        let of_title = mentions.iter().filter(|mention| mention.in_title() && !mention.joined);
        let title = of_title.map(|mention| index.information(&mention.word)).sum();
        let action = mentions
            .iter()
            .filter(|mention| mention.field != Field::Text)
            .find_map(|mention| mention.word.action);
        Self { mentions, title, action, joins_words: entry.listing.language.is_none_or(joins_words) }
    }
}

/// How far an offer's word is the one that the need says, 0 to 1.
pub(crate) fn likeness(need: &Mention<'_>, offer: &Mention<'_>, joins_words: bool) -> f64 {
    // Why: the parts of two joined words are compared one by one.
    if need.joined && offer.joined {
        return 0.0;
    }
    if need.word.is(&offer.word) {
        return 1.0;
    }
    // Why: outside of titles a similar word is a coincidence too often.
    if need.joined || offer.joined || !need.in_title() || !offer.in_title() {
        return 0.0;
    }
    let spelling = spelling(&need.word, &offer.word);
    if joins_words { spelling.max(compound(&need.word, &offer.word)) } else { spelling }
}
