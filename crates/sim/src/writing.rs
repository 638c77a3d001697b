//! What members write, and the books over it: what must be everywhere in the end, and what nowhere.

use catalogue::Catalogue;
use protocol::{News, Time};
use record::{BodyError, RecordId, Verified};

use crate::node::Plan;
use crate::sim::Sim;

/// The bytes of a record and its body.
pub(crate) fn weight(record: &Verified) -> usize {
    let record = record.to_record();
    record.envelope.len().saturating_add(record.body.as_ref().map_or(0, Vec::len))
}

impl Sim {
    /// The first node writes the charter, once.
    pub(crate) fn found(&mut self) {
        let now = self.nodes[0].clock(self.now);
        let (Some(charter), Some(protocol)) = (self.charter.take(), &mut self.nodes[0].protocol) else {
            return;
        };
        let (id, bytes) = (charter.id(), weight(&charter));
        match protocol.write(self.circle, vec![charter], now) {
            Ok(outputs) => {
                self.acknowledged.insert(id, bytes);
                self.act(0, outputs);
            }
            Err(error) => self.faults.push(format!("the charter was not taken: {error}")),
        }
    }

    /// Writes what is planned if the node runs and knows the circle's rules.
    pub(crate) fn write_planned(&mut self, node: usize) {
        // Why: what is written has consequences, and these lead here again.
        if std::mem::replace(&mut self.nodes[node].writes, true) {
            return;
        }
        while self.write_next(node) {}
        self.nodes[node].writes = false;
    }

    /// Writes what is planned next; says whether it did.
    fn write_next(&mut self, node: usize) -> bool {
        if self.nodes[node].plans.is_empty() {
            return false;
        }
        let circle = self.circle;
        // Who is in doubt signs nothing.
        let Time::Sure(now) = self.nodes[node].time(self.now) else { return false };
        let rules = self.nodes[node].catalogue(circle).filter(|catalogue| catalogue.charter().is_some());
        let grant = self.nodes[node].member.grant_slot();
        let Some(granted) = rules.map(|rules| rules.in_slot(&grant).is_some()) else { return false };
        let Some(plan) = self.nodes[node].plans.pop_front() else { return false };
        // Each with the id of what it replaces.
        let mut records: Vec<(Option<RecordId>, Result<Verified, BodyError>)> = Vec::new();
        let member = &mut self.nodes[node].member;
        if !granted {
            records.push((None, member.grant(circle, now)));
        }
        match plan {
            Plan::Write(listings) => {
                records.extend((0..listings).map(|_| (None, member.listing(circle, now))));
            }
            Plan::Date(age) => records.push((None, member.listing(circle, now.minus_millis(age)))),
            Plan::Edit(listings) => {
                let edits = (0..listings).map_while(|_| member.edit(circle, now));
                records.extend(edits.map(|(old, record)| (Some(old), record)));
            }
            Plan::Withdraw(listings) => {
                let ends = (0..listings).map_while(|_| member.withdrawal(circle, now));
                records.extend(ends.map(|(old, record)| (Some(old), Ok(record))));
            }
            Plan::Admit => {
                let others = self.nodes.iter().skip(1).filter(|other| other.hostile.is_none());
                let others: Vec<_> = others.map(|other| other.member.id()).collect();
                let member = &self.nodes[node].member;
                records.extend(others.into_iter().map(|other| (None, member.admission(circle, other, now))));
            }
        }
        let (old, records): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let records = match records.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(records) => records,
            Err(error) => {
                self.faults.push(format!("node {node} can not sign: {error}"));
                return false;
            }
        };
        let written: Vec<_> = records.iter().map(|record| (record.id(), weight(record))).collect();
        self.nodes[node].watch.signed(now);
        let Some(protocol) = &mut self.nodes[node].protocol else { return false };
        match protocol.write(circle, records, now) {
            Ok(outputs) => {
                for (old, (id, bytes)) in old.into_iter().zip(written) {
                    self.acknowledged.insert(id, bytes);
                    self.deliveries.written(id, self.now);
                    self.nodes[node].said.insert(id);
                    if let Some(old) = old {
                        self.acknowledged.remove(&old);
                        self.nodes[node].said.remove(&old);
                        self.replaced.insert(id, old);
                    }
                }
                self.act(node, outputs);
                true
            }
            Err(error) => {
                self.faults.push(format!("node {node} may not write: {error}"));
                false
            }
        }
    }

    /// A catalogue changed. What a node knew to be replaced or withdrawn must not be there again.
    pub(crate) fn changed(&mut self, node: usize, news: &News) {
        let changed = &mut self.nodes[node];
        changed.changed();
        if changed.hostile.is_none() {
            let admitted = news.admitted.iter();
            admitted.for_each(|it| self.deliveries.reached(&it.id(), &mut changed.got, self.now));
        }
        for record in &news.admitted {
            if changed.over.contains(&record.id()) {
                self.resurrected = self.resurrected.saturating_add(1);
            }
        }
        for record in &news.admitted {
            let mut id = record.id();
            while let Some(old) = self.replaced.get(&id) {
                changed.over.insert(*old);
                id = *old;
            }
        }
    }

    /// How many replaced or withdrawn records are still, or again, in the catalogues of honest nodes.
    pub(crate) fn undead(&self) -> usize {
        let counted = self.nodes.iter().filter(|node| node.counts());
        counted
            .filter_map(|node| node.catalogue(self.circle))
            .map(|catalogue| self.replaced.values().filter(|id| catalogue.admitted(id).is_some()).count())
            .sum()
    }

    /// Whether others hold all that a node's member said, so that nothing is lost if it leaves for good.
    pub(crate) fn may_leave(&self, node: usize) -> bool {
        let leaving = &self.nodes[node];
        let others = self.nodes.iter().enumerate().filter(|(other, it)| *other != node && it.counts());
        let holds = |catalogue: &Catalogue| leaving.said.iter().all(|id| catalogue.admitted(id).is_some());
        leaving.plans.is_empty() && others.filter_map(|(_, other)| other.catalogue(self.circle)).any(holds)
    }
}
