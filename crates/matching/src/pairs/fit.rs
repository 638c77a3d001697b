//! What the words of a need and of an offer have in common.

use crate::pairs::party::{Directions, Party, Uttered};
use crate::pairs::score::{DENIED, WHOLE_COUNTS};
use crate::pairs::verdict::head_factor;
use crate::text::reading::Role;
use crate::vocabulary::gist::How;

/// A word of the need with the word of the offer that answers it best.
pub(crate) struct Answer<'p, 'a> {
    pub(crate) need: &'p Uttered<'a>,
    pub(crate) offer: &'p Uttered<'a>,
    pub(crate) how: How,
    /// How far the two words say the same, 0 to 1.
    pub(crate) likeness: f32,
    /// The same, less for words that say less about their listings.
    pub(crate) share: f32,
    /// Its part of all that the need says, times its share.
    pub(crate) part: f32,
}

/// What the words of a need and an offer have in common.
pub(crate) struct Fit<'p, 'a> {
    /// 0 to 1.
    pub(crate) words: f32,
    /// How much of what the need says is answered word by word, 0 to 1.
    pub(crate) answered: f32,
    pub(crate) answers: Vec<Answer<'p, 'a>>,
    /// Whether the offer says what the need is about, and is itself something else.
    pub(crate) only_mentioned: bool,
    /// The heads of the two, if a dictionary has them as names of different things and no others are the same.
    pub(crate) apart: Option<(&'p Uttered<'a>, &'p Uttered<'a>)>,
    /// A word that one side says and the other rules out: the need's and the offer's.
    pub(crate) denied: Option<(&'p Uttered<'a>, &'p Uttered<'a>)>,
}

/// How near two titles are at least when all words are answered, 0 to 1.
const SURE: f32 = 0.6;
/// What the words of a search count by themselves, whatever the titles are about.
const ANSWERED_COUNTS: f32 = 0.75;
/// Answers that say less are left to the meaning of the whole titles.
const LEAST_SHARE: f32 = 0.3;
/// From this likeness on a text, a category or two words together say what the other side's title does.
const IS_SURE: f32 = 0.8;
/// From this likeness on the thing itself is near enough to what is needed.
const IS_NEAR: f32 = 0.6;
/// A word that tells no more than this does not say which thing it is.
const IS_WEAK: f32 = 0.4;
/// From this likeness on an offer says what a need is about.
const IS_MENTIONED: f32 = 0.85;
/// From this likeness on a word is ruled out by one that the other side denies.
const IS_DENIED: f32 = 0.8;

/// What an offer answers of a need; with the directions of both titles.
pub(crate) fn fit<'p, 'a>(
    need: &'p Party<'a>,
    needed_directions: &Directions,
    offer: &'p Party<'a>,
    offered_directions: &Directions,
) -> Fit<'p, 'a> {
    let mut answers: Vec<Answer<'p, 'a>> = Vec::with_capacity(need.words.len());
    let (mut denied, mut apart, mut one_thing) = (None, None, false);
    let (mut heads, mut beside) = (0.0_f32, 0.0_f32);
    for needed in &need.words {
        let mut best: Option<Answer<'p, 'a>> = None;
        for offered in &offer.words {
            // Why: what two texts share ("weekend", "garden") is not what either is about.
            if !needed.in_title() && !offered.in_title() {
                continue;
            }
            // Why: the parts of what both made of two words are compared one by one.
            if !needed.is_whole() && !offered.is_whole() && needed.mention.made != offered.mention.made {
                continue;
            }
            // Why: outside of titles a similar word is a coincidence too often. Two words are joined to find the one
            // that others write; what is only near to that says less than the two by themselves.
            let aside = !needed.in_title() || !offered.in_title();
            let joined = !needed.is_whole() || !offered.is_whole();
            let likeness = if aside || joined {
                needed.gist.surely(offered.gist)
            } else {
                needed.gist.likeness(offered.gist)
            };
            match (needed.mention.role, offered.mention.role) {
                (Role::Denied, Role::Denied) => continue,
                (Role::Denied, _) | (_, Role::Denied) => {
                    if likeness.share >= IS_DENIED && needed.is_whole() && offered.is_whole() {
                        denied = denied.or(Some((needed, offered)));
                    }
                    continue;
                }
                (Role::Head | Role::Modifier | Role::Beside, Role::Head | Role::Modifier | Role::Beside) => {}
            }
            if needed.mention.role == Role::Head && needed.in_title() && offered.in_title() {
                let best = if offered.mention.role == Role::Head { &mut heads } else { &mut beside };
                *best = best.max(likeness.share);
                if offered.mention.role == Role::Head {
                    match needed.gist.is_told_apart(offered.gist) || is_another(needed, offered, offer) {
                        true => apart = apart.or(Some((needed, offered))),
                        false => one_thing |= likeness.share >= IS_MENTIONED,
                    }
                }
            }
            if (aside || joined) && likeness.share < IS_SURE {
                continue;
            }
            let share = likeness.share * offered.evidence() * needed.mention.field.evidence();
            if best.as_ref().is_none_or(|best| share > best.share) {
                best = Some(Answer {
                    need: needed,
                    offer: offered,
                    how: likeness.how,
                    likeness: likeness.share,
                    share,
                    part: 0.0,
                });
            }
        }
        answers.extend(best);
    }
    let covering: Vec<(usize, f32)> = answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| !answer.need.is_whole())
        .map(|(at, answer)| (at, answer.share))
        .collect();
    weigh(&mut answers, &covering);
    let asked: f32 = need.title().map(asks).sum();
    let told: f32 = answers.iter().map(|answer| answer.part).sum();
    let words = if asked > 0.0 { (told / asked).min(1.0) } else { 0.0 };
    let answered = words;
    let words = match needed_directions.nearness(offered_directions) {
        Some(nearness) if needed_directions.are_known() => together(words, nearness),
        Some(nearness) => f32::midpoint(words, nearness),
        None => words,
    };
    answers.retain(|answer| answer.share >= LEAST_SHARE && answer.part > 0.0);
    let only_mentioned = beside >= IS_MENTIONED && heads < IS_NEAR;
    Fit { words, answered, answers, only_mentioned, apart: apart.filter(|_| !one_thing), denied }
}

/// What the words answer and how near the titles are as a whole, together. What is fully answered does not become
/// much less so by what else the offer says.
fn together(words: f32, nearness: f32) -> f32 {
    words + WHOLE_COUNTS * (nearness.max(SURE * words * words) - words)
}

/// Whether a needed compound ends in what is offered, and another word says which of it: a "Hörnchen-Automat" is no
/// "Kaffeevollautomat".
fn is_another(needed: &Uttered<'_>, offered: &Uttered<'_>, offer: &Party<'_>) -> bool {
    let Some(which) = needed.gist.folded.strip_suffix(&*offered.gist.folded) else { return false };
    let says_which = |word: &&Uttered<'_>| {
        word.mention.role == Role::Modifier
            && word.mention.part == offered.mention.part
            && word.gist.tells > IS_WEAK
    };
    let mut others = offer.title().filter(says_which).peekable();
    !which.is_empty() && others.peek().is_some() && !others.any(|word| which.starts_with(&*word.gist.folded))
}

/// How much of what a need says lies in a word.
fn asks(word: &Uttered<'_>) -> f32 {
    word.tells * word.mention.role.evidence()
}

/// Gives each answer its part. A phrase speaks for the words in it if it is answered better than they are.
fn weigh(answers: &mut [Answer<'_, '_>], covering: &[(usize, f32)]) {
    for at in 0..answers.len() {
        let Some(answer) = answers.get(at) else { continue };
        let (word, share) = (answer.need, answer.share);
        if !word.is_whole() {
            continue;
        }
        let asked = asks(word);
        let better = covering.iter().filter(|(phrase, theirs)| {
            *theirs > share
                && answers.get(*phrase).is_some_and(|phrase| {
                    phrase.need.mention.field == word.mention.field
                        && phrase.need.mention.covers(&word.mention)
                })
        });
        let best = better.max_by(|(_, one), (_, other)| one.total_cmp(other)).copied();
        match best {
            Some((phrase, theirs)) => {
                if let Some(phrase) = answers.get_mut(phrase) {
                    phrase.part += theirs * asked;
                }
            }
            None => {
                if let Some(answer) = answers.get_mut(at) {
                    answer.part = share * asked;
                }
            }
        }
    }
}

/// How far an offer is what the words say, 0 to 1: for a search, which also wants what only mentions them.
pub(crate) fn verdict_of_words(fit: &Fit<'_, '_>) -> f32 {
    let allowed = if fit.denied.is_some() { DENIED } else { 1.0 };
    fit.words.max(ANSWERED_COUNTS * fit.answered) * head_factor(fit) * allowed
}
