//! A market of made-up listings: real words of twelve languages, as often as words are, in and around
//! Germany; half of them in one language, as on a street.

use std::collections::BTreeMap;
use std::sync::Arc;

use matching::Vectors;
use record::{Cell, Hash, Language, Listing, Side};

use crate::Outcome;

/// The languages of Latin letters, which share the words in these letters among them: the table of words
/// does not tell which is whose.
const LATIN: [&str; 9] = ["de", "en", "fr", "es", "nl", "it", "pl", "pt", "tr"];
/// The languages whose letters tell them, and where these letters are.
const OTHERS: [(&str, std::ops::RangeInclusive<char>); 3] =
    [("ru", 'а'..='я'), ("ar", '\u{621}'..='\u{64a}'), ("ko", '가'..='힣')];
/// So many words of each language stand in texts only: "and", "with", "for".
const SMALL_WORDS: usize = 30;
const CATEGORIES: [&str; 40] = [
    "Werkzeug",
    "Möbel",
    "Kleidung",
    "Kinder",
    "Garten",
    "Küche",
    "Bücher",
    "Sport",
    "Fahrrad",
    "Elektronik",
    "Haushalt",
    "Spielzeug",
    "Musik",
    "Baby",
    "Camping",
    "Reparatur",
    "Nachhilfe",
    "Sprachen",
    "Transport",
    "Auto",
    "Tiere",
    "Pflanzen",
    "Essen",
    "Handwerk",
    "Computer",
    "Telefon",
    "Kunst",
    "Nähen",
    "Umzug",
    "Putzen",
    "Betreuung",
    "Gesundheit",
    "Beratung",
    "Feste",
    "Spiele",
    "Filme",
    "Baustoffe",
    "Licht",
    "Büro",
    "Anderes",
];
/// Towns, in degrees; the first ones have the most listings.
const TOWNS: [(f64, f64); 20] = [
    (52.52, 13.40),
    (53.55, 10.00),
    (48.14, 11.58),
    (50.94, 6.96),
    (50.11, 8.68),
    (48.86, 2.35),
    (52.37, 4.90),
    (48.21, 16.37),
    (48.78, 9.18),
    (51.34, 12.37),
    (47.38, 8.54),
    (50.85, 4.35),
    (50.08, 14.44),
    (52.23, 21.01),
    (49.01, 8.40),
    (55.68, 12.57),
    (49.61, 6.13),
    (51.05, 13.74),
    (53.08, 8.80),
    (49.45, 11.08),
];
/// How far a listing is from its town at most, in degrees.
const SPREAD: f64 = 0.6;

/// Listings without end, always the same ones.
pub(crate) struct Market {
    /// The words of each language, the most common first.
    words: Vec<(Language, Vec<String>)>,
    dice: Dice,
}

/// What somebody looks for: any of three words, in a category, not far away.
pub(crate) struct Asked {
    pub(crate) words: [String; 3],
    pub(crate) category: String,
    pub(crate) near: Cell,
}

impl Market {
    pub(crate) fn open() -> Outcome<Self> {
        let vectors = Vectors::shipped();
        let is_word = |word: &String| word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
        // The less a word weighs, the more common it is.
        let mut all: Vec<(f32, String)> = vectors
            .words()
            .filter(is_word)
            .filter_map(|word| Some((vectors.word(&word)?.weight, word)))
            .collect();
        all.sort_by(|(weight, word), (other, next)| weight.total_cmp(other).then_with(|| word.cmp(next)));
        let mut words: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (number, (_, word)) in all.into_iter().enumerate() {
            let letters = |(_, letters): &&(_, std::ops::RangeInclusive<char>)| {
                word.starts_with(|letter| letters.contains(&letter))
            };
            let language =
                OTHERS.iter().find(letters).map_or(LATIN[number % LATIN.len()], |(language, _)| language);
            words.entry(language).or_default().push(word);
        }
        let words = words.into_iter().map(|(language, words)| Ok((language.parse()?, words)));
        Ok(Self { words: words.collect::<Outcome<_>>()?, dice: Dice::new() })
    }

    /// So many more listings.
    pub(crate) fn listings(&mut self, side: Side, count: usize) -> Outcome<Vec<Arc<Listing>>> {
        (0..count).map(|_| self.listing(side).map(Arc::new)).collect()
    }

    /// A title of two to six words, a text of up to twenty, a category and a place.
    pub(crate) fn listing(&mut self, side: Side) -> Outcome<Listing> {
        let Self { words, dice } = self;
        let (language, words) = dice.language(words);
        let mut title: Vec<&str> =
            (0..2 + dice.below(5)).map(|_| dice.common(&words[SMALL_WORDS..]).as_str()).collect();
        let text: Vec<&str> = (0..dice.below(21)).map(|_| dice.common(words).as_str()).collect();
        // Some things have a model's name that few others share.
        let model = format!("{}{}", dice.common(words).chars().next().unwrap_or('x'), dice.below(100_000));
        if dice.below(8) == 0 {
            title.push(&model);
        }
        let (north, east) = *dice.common(&TOWNS);
        let (north, east) = (north + SPREAD * dice.around_0(), east + SPREAD * dice.around_0());
        Ok(Listing {
            text: text.join(" "),
            category: (*dice.common(&CATEGORIES)).to_owned(),
            language: Some(*language),
            cell: Some(Cell::containing(north, east)?),
            ..Listing::new(side, &title.join(" "))
        })
    }

    /// So many queries: a common, a middling and a rare word of titles of one language, in the category and
    /// at the place of a listing.
    pub(crate) fn queries(&mut self, listings: &[Arc<Listing>], count: usize) -> Vec<Asked> {
        let mut bearers: BTreeMap<&str, usize> = BTreeMap::new();
        for word in listings.iter().flat_map(|listing| listing.title.split(' ')) {
            *bearers.entry(word).or_default() += 1;
        }
        let is_rare = |many: usize| many <= 1 + listings.len() / 20_000;
        let is_common = |many: usize| many >= 2 + listings.len() / 1_000;
        let classes: [&dyn Fn(usize) -> bool; 3] =
            [&is_common, &|many| !is_common(many) && !is_rare(many), &is_rare];
        let dice = &mut self.dice;
        let mut asked = Vec::new();
        while asked.len() < count {
            let first = &listings[dice.below(listings.len())];
            let Some(near) = first.cell else { continue };
            let words = classes.map(|is_of_it| {
                // Of so many listings one has such a word.
                (0..10_000).find_map(|_| {
                    let listing = &listings[dice.below(listings.len())];
                    let mut words = listing.title.split(' ').filter(|_| listing.language == first.language);
                    words
                        .find(|word| bearers.get(word).is_some_and(|many| is_of_it(*many)))
                        .map(str::to_owned)
                })
            });
            if let [Some(common), Some(middling), Some(rare)] = words {
                let category = first.category.clone();
                asked.push(Asked { words: [common, middling, rare], category, near });
            }
        }
        asked
    }
}

/// Of ten listings so many are in the languages of most; the rest is in all of them alike.
const SHARES: [(&str, f64); 4] = [("de", 0.5), ("en", 0.7), ("tr", 0.8), ("ar", 0.85)];

/// Chance that is the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    fn roll(&mut self) -> u64 {
        self.0 += 1;
        u64::from_be_bytes(Hash::derive("commonshelf/bench/market", &[&self.0.to_be_bytes()]).first())
    }

    /// 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A language as often as one is on a street in Germany.
    fn language<'w>(&mut self, words: &'w [(Language, Vec<String>)]) -> &'w (Language, Vec<String>) {
        let share = self.share();
        let common = SHARES.iter().find(|(_, below)| share < *below);
        let spoken = common.and_then(|(code, _)| words.iter().find(|(language, _)| language.code() == *code));
        let any = self.below(words.len());
        spoken.unwrap_or(&words[any])
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }

    /// −1 to 1, around 0 most of the time.
    fn around_0(&mut self) -> f64 {
        self.share() - self.share()
    }

    /// One of these, the n-th of them with a chance of one in n to the first (Zipf's law).
    fn common<'t, T>(&mut self, these: &'t [T]) -> &'t T {
        let place = ((these.len() + 1) as f64).powf(self.share()) as usize;
        &these[place.saturating_sub(1).min(these.len() - 1)]
    }
}
