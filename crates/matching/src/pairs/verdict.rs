//! How well a need and an offer fit, and why.

use crate::index::facts::folded_category;
use crate::pairs::fit::{Answer, Fit, fit};
use crate::pairs::party::{Directions, Party};
use crate::pairs::reason::{Reason, ReasonKind};
use crate::pairs::score::{
    DENIED, ENOUGH, FRESH, LEAST_WORDS, OTHER_ACTION, OTHER_HEAD, OTHER_KIND, OTHER_SIZE, OTHER_THING,
    SAME_KIND, SAME_PLACE, SAME_SIZE, SAME_TERMS, WORDS_SHARE, freshness, nearness,
};
use crate::text::measure::compared;
use crate::vocabulary::gist::How;
use record::Timestamp;

/// What came out of a comparison.
pub(crate) struct Verdict<'p, 'a> {
    pub(crate) need: &'p Party<'a>,
    pub(crate) offer: &'p Party<'a>,
    pub(crate) fits: bool,
    fit: Fit<'p, 'a>,
    /// What the words reach by themselves, 0 to 0.85.
    words: f32,
    /// What speaks against them: what is left of the points, and why.
    against: Vec<(f32, Cause)>,
    /// Points for what else fits, and why.
    besides: Vec<(f32, Cause)>,
}

/// Why there are points, before it is put in words.
#[derive(Debug, Clone, Copy)]
enum Cause {
    OtherAction,
    OnlyMentioned,
    OtherThing,
    RuledOut,
    Size,
    OtherKind,
    SameCategory,
    SameKind,
    Distance { km: f32, give_or_take: f32 },
    SameTerms,
    Enough,
    Fresh { days: u64 },
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Compares a need and an offer, each with the directions of its title.
pub(crate) fn compare<'p, 'a>(
    (need, needed_directions): (&'p Party<'a>, &Directions),
    (offer, offered_directions): (&'p Party<'a>, &Directions),
    now: Timestamp,
) -> Verdict<'p, 'a> {
    let fit = fit(need, needed_directions, offer, offered_directions);
    let words = WORDS_SHARE * fit.words;
    let mut against = Vec::new();
    let head = head_factor(&fit);
    if head < 1.0 {
        against.push((head, Cause::OnlyMentioned));
    }
    if fit.apart.is_some() {
        against.push((OTHER_THING, Cause::OtherThing));
    }
    if need.about.action != offer.about.action {
        against.push((OTHER_ACTION, Cause::OtherAction));
    }
    if fit.denied.is_some() {
        against.push((DENIED, Cause::RuledOut));
    }
    let mut besides = Vec::new();
    match compared(&need.about.measures, &offer.about.measures) {
        Some((.., true)) => besides.push((SAME_SIZE, Cause::Size)),
        Some((.., false)) => against.push((OTHER_SIZE, Cause::Size)),
        None => {}
    }
    let (needed, offered) = (&need.about.listing, &offer.about.listing);
    match (need.facts.kind(), offer.facts.kind()) {
        _ if same_category(&needed.category, &offered.category) => {
            besides.push((SAME_KIND, Cause::SameCategory));
        }
        (Some(kind), Some(other)) if kind.is_within(other) || other.is_within(kind) => {
            besides.push((SAME_KIND, Cause::SameKind));
        }
        // Why: a kind that was guessed from the title says nothing that the title does not say better.
        (Some(kind), Some(other))
            if need.facts.says_kind() && offer.facts.says_kind() && !kind.is_related_to(other) =>
        {
            against.push((OTHER_KIND, Cause::OtherKind));
        }
        (Some(_) | None, Some(_) | None) => {}
    }
    if let (Some(here), Some(there)) = (need.facts.place, offer.facts.place) {
        let (km, give_or_take) = (here.distance_km(&there), here.give_or_take_km(&there));
        besides.push((SAME_PLACE * nearness(km), Cause::Distance { km, give_or_take }));
    }
    if needed.terms == offered.terms {
        besides.push((SAME_TERMS, Cause::SameTerms));
    }
    if needed.left > 1 && offered.left >= needed.left {
        besides.push((ENOUGH, Cause::Enough));
    }
    // Why: of a listing whose time nobody told it is not known how new it is.
    if offer.about.since > Timestamp::from_millis(0) {
        let days = now.since(offer.about.since) / DAY_MS;
        let points = FRESH * freshness(days as f32);
        if points >= FRESH / 4.0 {
            besides.push((points, Cause::Fresh { days }));
        }
    }
    let left: f32 = against.iter().map(|(factor, _)| factor).product();
    let fits = words * left >= LEAST_WORDS;
    Verdict { need, offer, fits, fit, words, against, besides }
}

/// What is left because the thing itself is another one, 1 if it is not.
pub(crate) fn head_factor(fit: &Fit<'_, '_>) -> f32 {
    if fit.only_mentioned { OTHER_HEAD } else { 1.0 }
}

fn same_category(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && folded_category(one) == folded_category(other)
}

impl Verdict<'_, '_> {
    /// The sum of the points of all reasons.
    pub(crate) fn score(&self) -> f64 {
        let words =
            self.against.iter().fold(f64::from(self.words), |left, (factor, _)| left * f64::from(*factor));
        words + self.besides.iter().map(|(points, _)| f64::from(*points)).sum::<f64>()
    }

    /// All reasons with their points, the weightiest first.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        self.words_say(&mut reasons);
        let mut left = f64::from(self.words);
        for (factor, cause) in &self.against {
            let points = left * (f64::from(*factor) - 1.0);
            left += points;
            reasons.extend(self.put(*cause, false).map(|kind| Reason { points, kind }));
        }
        for (points, cause) in &self.besides {
            reasons.extend(self.put(*cause, true).map(|kind| Reason { points: f64::from(*points), kind }));
        }
        reasons.sort_by(|one, other| other.points.total_cmp(&one.points));
        reasons
    }

    /// Deals what the words reach out among the answers, by their parts.
    fn words_say(&self, reasons: &mut Vec<Reason>) {
        let all: f64 = self.fit.answers.iter().map(|answer| f64::from(answer.part)).sum();
        let words = f64::from(self.words);
        if all <= 0.0 {
            if words > 0.0 {
                reasons.push(Reason { points: words, kind: ReasonKind::SimilarTitles });
            }
            return;
        }
        let mut shared = Vec::new();
        let mut shared_points = 0.0;
        for answer in &self.fit.answers {
            let points = words * f64::from(answer.part) / all;
            match self.answered(answer) {
                Some(kind) => reasons.push(Reason { points, kind }),
                None => {
                    let spoken = if answer.need.in_title() {
                        answer.need.spoken(self.need.about)
                    } else {
                        answer.offer.spoken(self.offer.about)
                    };
                    shared.push(spoken.to_owned());
                    shared_points += points;
                }
            }
        }
        if !shared.is_empty() {
            reasons.push(Reason { points: shared_points, kind: ReasonKind::SharedWords(shared) });
        }
    }

    /// An answer in words; none if both say the same.
    fn answered(&self, answer: &Answer<'_, '_>) -> Option<ReasonKind> {
        let need = answer.need.spoken(self.need.about).to_owned();
        let offer = answer.offer.spoken(self.offer.about).to_owned();
        Some(match answer.how {
            How::Same => match (self.need.about.action, answer.need.gist.action) {
                (Some(action), true) => ReasonKind::SameAction(action),
                (Some(_) | None, true | false) => return None,
            },
            How::Spelling | How::Part => ReasonKind::SimilarWords { need, offer },
            How::Dictionary => ReasonKind::SameThing { need, offer },
            How::Meaning => ReasonKind::SimilarMeaning { need, offer },
        })
    }

    fn put(&self, cause: Cause, speaks_for: bool) -> Option<ReasonKind> {
        let (need, offer) = (self.need, self.offer);
        Some(match cause {
            Cause::OtherAction => ReasonKind::OtherAction(need.about.action.or(offer.about.action)?),
            Cause::OnlyMentioned => {
                let heads = need.heads().map(|word| word.spoken(need.about));
                ReasonKind::OnlyMentioned {
                    need: heads.last().unwrap_or(&need.about.listing.title).to_owned(),
                }
            }
            Cause::OtherThing => {
                let (needed, offered) = self.fit.apart?;
                let (need, offer) = (needed.spoken(need.about), offered.spoken(offer.about));
                ReasonKind::OtherThing { need: need.to_owned(), offer: offer.to_owned() }
            }
            Cause::RuledOut => {
                let (needed, offered) = self.fit.denied?;
                let by_need = needed.mention.role == crate::text::reading::Role::Denied;
                let word =
                    if by_need { needed.spoken(need.about) } else { offered.spoken(offer.about) }.to_owned();
                ReasonKind::RuledOut { word, by_need }
            }
            Cause::Size => {
                let (needed, offered, _) = compared(&need.about.measures, &offer.about.measures)?;
                if speaks_for {
                    ReasonKind::SameSize(needed.to_string())
                } else {
                    ReasonKind::OtherSize { need: needed.to_string(), offer: offered.to_string() }
                }
            }
            Cause::OtherKind => {
                ReasonKind::OtherKind { need: need.facts.kind()?, offer: offer.facts.kind()? }
            }
            Cause::SameCategory => ReasonKind::SameCategory(need.about.listing.category.clone()),
            Cause::SameKind => ReasonKind::SameKind(need.facts.kind()?),
            Cause::Distance { km, give_or_take } => {
                ReasonKind::Distance { km: f64::from(km), give_or_take_km: f64::from(give_or_take) }
            }
            Cause::SameTerms => ReasonKind::SameTerms(need.about.listing.terms),
            Cause::Enough => ReasonKind::Enough { needed: need.about.listing.left },
            Cause::Fresh { days } => ReasonKind::Fresh { days },
        })
    }
}
