//! Sums for numbered things, most of which stay at nothing.

/// A sum for each number below a bound; remembers which ones were touched.
pub(crate) struct Tally {
    sums: Vec<f32>,
    touched: Vec<u32>,
}

impl Tally {
    /// Sums for the numbers `0..bound`, all zero.
    pub(crate) fn new(bound: usize) -> Self {
        Self { sums: vec![0.0; bound], touched: Vec::new() }
    }

    /// Adds a positive amount; numbers out of bounds and amounts of nothing are ignored.
    pub(crate) fn add(&mut self, number: u32, amount: f32) {
        self.change(number, amount, |sum| sum + amount);
    }

    /// Raises a sum to an amount, unless it is as high already.
    pub(crate) fn raise(&mut self, number: u32, amount: f32) {
        self.change(number, amount, |sum| sum.max(amount));
    }

    fn change(&mut self, number: u32, amount: f32, to: impl Fn(f32) -> f32) {
        if let Some(sum) = self.sums.get_mut(number as usize)
            && amount > 0.0
        {
            if *sum == 0.0 {
                self.touched.push(number);
            }
            *sum = to(*sum);
        }
    }

    /// Hands out each number that was touched with its sum, and starts again from zero.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (u32, f32)> {
        let Self { sums, touched } = self;
        touched.drain(..).map(|number| (number, std::mem::take(&mut sums[number as usize])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drained_tally_starts_again() {
        let mut tally = Tally::new(3);
        tally.add(2, 1.0);
        tally.add(2, 0.5);
        tally.raise(2, 0.2);
        tally.add(9, 1.0);
        tally.add(0, 0.0);
        assert_eq!(tally.drain().collect::<Vec<_>>(), [(2, 1.5)]);
        assert_eq!(tally.drain().count(), 0);
    }
}
