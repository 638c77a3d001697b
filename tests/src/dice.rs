//! Chance that can be had again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use record::Hash;

/// Numbers that follow from a seed.
#[derive(Debug, Clone)]
pub struct Dice {
    seed: u64,
    draws: u64,
}

impl Dice {
    /// With the seed that `COMMONSHELF_SEED` names, else with another one each time; it is printed.
    #[must_use]
    pub fn cast() -> Self {
        let chosen = std::env::var("COMMONSHELF_SEED").ok().and_then(|seed| seed.parse().ok());
        let time =
            || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_micros().into());
        let seed = chosen.unwrap_or_else(time);
        eprintln!("COMMONSHELF_SEED={seed} gives the same moments again");
        Self { seed, draws: 0 }
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draws += 1;
        let drawn =
            Hash::derive("commonshelf/test/dice", &[&self.seed.to_be_bytes(), &self.draws.to_be_bytes()]);
        u64::from_be_bytes(drawn.first()) % end
    }

    /// So many milliseconds at most.
    pub fn moment(&mut self, most: u64) -> Duration {
        Duration::from_micros(self.below(most * 1_000))
    }

    /// Other dice, whose numbers follow from these.
    #[must_use]
    pub fn another(&mut self) -> Self {
        Self { seed: self.below(u64::MAX), draws: 0 }
    }
}
