//! How long what members write takes to reach the others.

use std::collections::BTreeMap;

use record::RecordId;

/// What is written before is not counted: nodes are starting, in milliseconds.
const SETTLED_MS: u64 = 15_000;

/// When things were written, and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    written: BTreeMap<RecordId, Written>,
    /// From when on hostile nodes do harm, in milliseconds of virtual time.
    harm: Option<u64>,
    calm: Vec<u64>,
    attacked: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Written {
    number: usize,
    at: u64,
}

/// What a node has got, by the numbers of what was written.
#[derive(Debug, Default, Clone)]
pub(crate) struct Got(Vec<u64>);

impl Got {
    /// Whether this is new; it is not from now on.
    fn note(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, 1_u64 << (number % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }
}

impl Deliveries {
    /// With harm that begins then.
    pub(crate) fn since(harm: Option<u64>) -> Self {
        Self { harm, ..Self::default() }
    }

    pub(crate) fn written(&mut self, id: RecordId, at: u64) {
        if at < SETTLED_MS {
            return;
        }
        let number = self.written.len();
        self.written.entry(id).or_insert(Written { number, at });
    }

    /// A node has it: counted the first time.
    pub(crate) fn reached(&mut self, id: &RecordId, got: &mut Got, now: u64) {
        let Some(Written { number, at }) = self.written.get(id).copied() else { return };
        if got.note(number) {
            let attacked = self.harm.is_some_and(|harm| at >= harm);
            let times = if attacked { &mut self.attacked } else { &mut self.calm };
            times.push(now.saturating_sub(at));
        }
    }

    /// Of what was written before any harm was done.
    pub(crate) fn calm(&self) -> Option<Delivery> {
        Delivery::of(&self.calm)
    }

    /// Of what was written since.
    pub(crate) fn attacked(&self) -> Option<Delivery> {
        Delivery::of(&self.attacked)
    }
}

/// How many milliseconds it takes from an acknowledgement until another node has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Half of all arrive within this.
    pub p50: u64,
    /// 99 of 100 arrive within this.
    pub p99: u64,
    /// All arrive within this.
    pub all: u64,
}

impl Delivery {
    fn of(times: &[u64]) -> Option<Self> {
        let mut times = times.to_vec();
        times.sort_unstable();
        let share = |hundredths: usize| times.get((times.len() - 1) * hundredths / 100).copied();
        (!times.is_empty()).then(|| Some(Self { p50: share(50)?, p99: share(99)?, all: share(100)? }))?
    }
}
