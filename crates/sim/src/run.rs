//! Runs a scenario: an agenda by chance, then quiet until all are equal.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::report::Report;
use crate::rng::Rng;
use crate::scenario::{Cut, Scenario, ScenarioError};
use crate::sim::{Listener, Sim};

/// Something on the agenda.
#[derive(Debug, Clone, Copy)]
enum Act {
    Write,
    Edit,
    Withdraw,
    Cut(usize, Cut),
    Mend(usize),
    Off(usize),
    On(usize),
    Leave(usize),
    /// The last harm is done.
    Calm,
}

/// What can not be done yet is tried again so much later, in milliseconds.
const AGAIN_MS: u64 = 1_000;
/// The longest that a node that lost power is off, in milliseconds.
const OFF_MS: u64 = 60_000;

struct Run {
    sim: Sim,
    rng: Rng,
    agenda: BTreeMap<(u64, usize), Act>,
    planned: usize,
    /// When the agenda ends, as far as everything can be done when it is due.
    busy: u64,
}

impl Scenario {
    /// Lets a network go through it, with this seed; `listener` is told of every event.
    ///
    /// # Errors
    /// If the scenario has a mistake.
    pub fn run(&self, seed: u64, listener: Option<Listener>) -> Result<(Report, Sim), ScenarioError> {
        let mut sim = Sim::new(self.config(seed)?);
        if let Some(listener) = listener {
            sim.listen(listener);
        }
        let (rng, agenda, busy) = (Rng::new(!seed), BTreeMap::new(), self.busy.saturating_mul(1_000));
        let mut run = Run { sim, rng, agenda, planned: 0, busy };
        run.plan_all(self);
        run.follow_agenda(self.busy.saturating_add(self.limit).saturating_mul(1_000));
        let mut sim = run.sim;
        sim.mark();
        let allowed = (sim.diameter() as u64).saturating_mul(2).saturating_add(4);
        let converged = sim.run_until(Sim::converged, Duration::from_secs(self.limit));
        Ok((Report::of(self, seed, &mut sim, converged, allowed), sim))
    }
}

impl Run {
    fn plan(&mut self, at: u64, act: Act) {
        self.planned = self.planned.saturating_add(1);
        self.agenda.insert((at, self.planned), act);
    }

    fn plan_all(&mut self, scenario: &Scenario) {
        let busy = self.busy;
        let kinds = [
            (Act::Write, scenario.writes),
            (Act::Edit, scenario.edits),
            (Act::Withdraw, scenario.withdrawals),
        ];
        for (act, times) in kinds {
            for _ in 0..times {
                // What is edited or withdrawn was written before.
                let early = if matches!(act, Act::Write) { 0 } else { busy / 4 };
                let at = self.rng.between(early, busy);
                self.plan(at, act);
            }
        }
        for (number, cut) in scenario.cuts.iter().enumerate() {
            self.plan(cut.at.saturating_mul(1_000), Act::Cut(number, *cut));
            self.plan(cut.heal.saturating_mul(1_000), Act::Mend(number));
        }
        // The first node founds the circle: it is there from the beginning, and stays.
        for node in 1..scenario.nodes {
            if self.rng.chance(scenario.joins) {
                self.sim.cut_power(node);
                let at = self.rng.below(busy);
                self.plan(at, Act::On(node));
            } else if self.rng.chance(scenario.leaves) {
                let at = self.rng.between(busy / 4, busy);
                self.plan(at, Act::Leave(node));
            } else if self.rng.chance(scenario.crashes) {
                let at = self.rng.below(busy);
                self.plan(at, Act::Off(node));
            }
        }
        for attack in &scenario.hostile {
            if attack.until < u64::MAX {
                self.plan(attack.until.saturating_mul(1_000), Act::Calm);
            }
        }
        self.plan(busy, Act::Calm);
    }

    fn follow_agenda(&mut self, end: u64) {
        while let Some(((at, _), act)) = self.agenda.pop_first() {
            self.sim.advance(at);
            if at < end {
                self.act(at, act);
            }
        }
    }

    fn act(&mut self, at: u64, act: Act) {
        match act {
            Act::Write => {
                let writer = self.some_node(|sim, node| sim.runs(node));
                self.sim.write(writer, 1);
            }
            Act::Edit | Act::Withdraw => {
                let writer = self.some_node(|sim, node| sim.runs(node) && sim.standing(node) > 0);
                if self.sim.standing(writer) == 0 {
                    self.plan(at.saturating_add(AGAIN_MS), act);
                } else if matches!(act, Act::Edit) {
                    self.sim.edit(writer, 1);
                } else {
                    self.sim.withdraw(writer, 1);
                }
            }
            Act::Cut(number, cut) => self.cut(number, cut),
            Act::Mend(number) => self.sim.mend(number),
            Act::Off(node) => {
                self.sim.cut_power(node);
                let until = at.saturating_add(self.rng.below(OFF_MS)).min(self.busy);
                self.plan(until, Act::On(node));
            }
            Act::On(node) => self.sim.restore_power(node),
            Act::Leave(node) if self.sim.may_leave(node) => self.sim.cut_power(node),
            Act::Leave(_) => self.plan(at.saturating_add(AGAIN_MS), act),
            Act::Calm => {}
        }
    }

    /// A node of which this holds, if chance finds one soon; the first node otherwise.
    fn some_node(&mut self, such: impl Fn(&Sim, usize) -> bool) -> usize {
        let nodes = self.sim.config.nodes;
        let chosen = (0..100).map(|_| self.rng.index(nodes)).find(|node| such(&self.sim, *node));
        chosen.unwrap_or(0)
    }

    fn cut(&mut self, number: usize, cut: Cut) {
        let parts: Vec<usize> = self.sim.nodes.iter().map(|_| self.rng.index(cut.parts)).collect();
        let rng = &mut self.rng;
        self.sim.cut(number, |one, other| parts[one] != parts[other] || rng.chance(cut.links));
    }
}
