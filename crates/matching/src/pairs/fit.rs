//! What the words of a need and of an offer have in common.

use crate::pairs::party::{Directions, Party, Uttered};
use crate::pairs::score::WHOLE_COUNTS;
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
    pub(crate) answers: Vec<Answer<'p, 'a>>,
    /// How far the things themselves answer each other, not only what stands with them, 0 to 1.
    pub(crate) heads: f32,
    /// Whether both titles say which word names the thing itself.
    pub(crate) has_heads: bool,
    /// A word that one side says and the other rules out: the need's and the offer's.
    pub(crate) denied: Option<(&'p Uttered<'a>, &'p Uttered<'a>)>,
}

/// Answers that say less are left to the meaning of the whole titles.
const LEAST_SHARE: f32 = 0.3;
/// From this likeness on a word is ruled out by one that the other side denies.
const IS_DENIED: f32 = 0.8;

/// What an offer answers of a need, whose directions are given since many offers are compared with it.
pub(crate) fn fit<'p, 'a>(need: &'p Party<'a>, directions: &Directions, offer: &'p Party<'a>) -> Fit<'p, 'a> {
    let mut answers: Vec<Answer<'p, 'a>> = Vec::with_capacity(need.words.len());
    let mut denied = None;
    let mut heads = 0.0_f32;
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
            let likeness = needed.gist.likeness(offered.gist);
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
            if needed.mention.role == Role::Head && offered.mention.role == Role::Head {
                heads = heads.max(likeness.share);
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
    let words = match directions.nearness(&offer.directions()) {
        Some(nearness) => WHOLE_COUNTS * nearness + (1.0 - WHOLE_COUNTS) * words,
        None => words,
    };
    answers.retain(|answer| answer.share >= LEAST_SHARE && answer.part > 0.0);
    let has_heads = need.heads().next().is_some() && offer.heads().next().is_some();
    Fit { words, answers, heads, has_heads, denied }
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

/// How far an offer is what the words say, 0 to 1: for a search.
pub(crate) fn verdict_of_words(fit: &Fit<'_, '_>) -> f32 {
    fit.words * head_factor(fit)
}
