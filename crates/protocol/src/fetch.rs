//! Asking for records, a window at a time: so the slower side sets the pace, and a link that breaks has little on
//! its way.

use std::collections::{BTreeSet, VecDeque};

use crate::frame::SaltedId;
use crate::limits::{WINDOW, WINDOWS};

/// What one side still wants of the other.
#[derive(Debug, Default)]
pub(crate) struct Fetch {
    /// What comes before all else.
    first: VecDeque<SaltedId>,
    /// What is wanted, each list from another author; the first list's turn is next.
    groups: VecDeque<VecDeque<SaltedId>>,
    /// How many ids these lists hold.
    grouped: usize,
    /// What was asked for and has not come, a list for each question that has not been answered.
    asked: VecDeque<VecDeque<SaltedId>>,
    /// Whether something came in answer to the first of these questions.
    came: bool,
}

impl Fetch {
    /// Wants more, each list from another author: they take turns, so that who says much delays nobody.
    pub(crate) fn add(&mut self, groups: Vec<Vec<SaltedId>>) {
        for group in groups.into_iter().filter(|group| !group.is_empty()) {
            self.grouped = self.grouped.saturating_add(group.len());
            self.groups.push_back(group.into());
        }
    }

    /// Wants this before all else, if it wants it at all.
    pub(crate) fn prefer(&mut self, id: SaltedId) {
        for group in &mut self.groups {
            if let Some(at) = group.iter().position(|wanted| *wanted == id) {
                group.remove(at);
                self.grouped = self.grouped.saturating_sub(1);
                self.first.push_front(id);
                return;
            }
        }
    }

    /// How much it wants beside what it has asked for.
    pub(crate) fn waiting(&self) -> usize {
        self.first.len().saturating_add(self.grouped)
    }

    /// Whether there is nothing more to ask for, and all questions are answered.
    pub(crate) fn is_done(&self) -> bool {
        self.waiting() == 0 && self.asked.is_empty()
    }

    fn next(&mut self) -> Option<SaltedId> {
        if let Some(id) = self.first.pop_front() {
            return Some(id);
        }
        while let Some(mut group) = self.groups.pop_front() {
            if let Some(id) = group.pop_front() {
                self.grouped = self.grouped.saturating_sub(1);
                self.groups.push_back(group);
                return Some(id);
            }
        }
        None
    }

    /// The questions to ask now. What is here by now is left out.
    pub(crate) fn ask(&mut self, here: &BTreeSet<SaltedId>) -> Vec<Vec<SaltedId>> {
        let mut questions = Vec::new();
        while self.asked.len() < WINDOWS {
            let mut window = VecDeque::new();
            while window.len() < WINDOW
                && let Some(id) = self.next()
            {
                if !here.contains(&id) {
                    window.push_back(id);
                }
            }
            if window.is_empty() {
                break;
            }
            questions.push(window.iter().copied().collect());
            self.asked.push_back(window);
        }
        questions
    }

    /// A record came. Says whether it was asked for; what was asked for before it does not come any more.
    pub(crate) fn take(&mut self, id: SaltedId) -> bool {
        let Some(window) = self.asked.front_mut() else { return false };
        let Some(at) = window.iter().position(|asked| *asked == id) else { return false };
        window.drain(..=at);
        self.came = true;
        true
    }

    /// A question is answered. What is behind the last that came did not fit, and is asked for again; if nothing
    /// came, nothing of it is there.
    pub(crate) fn answered(&mut self) -> bool {
        let Some(window) = self.asked.pop_front() else { return false };
        if std::mem::take(&mut self.came) {
            window.into_iter().rev().for_each(|id| self.first.push_front(id));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_take_turns_and_what_did_not_fit_is_asked_for_again() {
        let mut fetch = Fetch::default();
        fetch.add(vec![(100..400).collect(), vec![1, 2]]);
        fetch.add(vec![Vec::new(), vec![3]]);
        let questions = fetch.ask(&BTreeSet::from([101]));
        assert_eq!(questions.len(), WINDOWS);
        assert_eq!(questions[0][..6], [100, 1, 3, 2, 102, 103], "and not what is here");
        assert_eq!(questions.iter().map(Vec::len).sum::<usize>(), WINDOW * WINDOWS);
        assert!(fetch.take(100) && fetch.take(3), "1 is gone");
        assert!(!fetch.take(1), "it was before what came");
        assert!(!fetch.take(questions[1][0]), "it is the second question's");
        assert!(fetch.answered());
        assert_eq!(fetch.ask(&BTreeSet::new())[0][..2], [2, 102], "the rest did not fit");
        assert!(fetch.answered(), "nothing of the second question is there");
        fetch.prefer(399);
        assert_eq!(fetch.ask(&BTreeSet::new())[0][0], 399, "before all else");
    }
}
