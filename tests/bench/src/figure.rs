//! Figures: the samples of each, and how they are shown.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// What was measured, once in each round.
#[derive(Debug)]
struct Figure {
    name: String,
    unit: &'static str,
    /// In rising order.
    samples: Vec<f64>,
    aim: Option<&'static str>,
}

/// All that one benchmark measured.
#[derive(Debug)]
pub(crate) struct Report {
    benchmark: &'static str,
    scale: Vec<(&'static str, usize)>,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(benchmark: &'static str, scale: &[(&'static str, usize)]) -> Self {
        Self { benchmark, scale: scale.to_vec(), figures: Vec::new() }
    }

    /// Adds what has no aim of its own.
    pub(crate) fn add(&mut self, name: impl Into<String>, unit: &'static str, samples: Vec<f64>) {
        self.put(name.into(), unit, samples, None);
    }

    /// Adds what should come out in a certain way.
    pub(crate) fn add_with_aim(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        samples: Vec<f64>,
        aim: &'static str,
    ) {
        self.put(name.into(), unit, samples, Some(aim));
    }

    fn put(&mut self, name: String, unit: &'static str, mut samples: Vec<f64>, aim: Option<&'static str>) {
        samples.sort_by(f64::total_cmp);
        self.figures.push(Figure { name, unit, samples, aim });
    }

    /// For people.
    pub(crate) fn to_table(&self) -> String {
        let scale: Vec<String> = self.scale.iter().map(|(what, many)| format!("{many} {what}")).collect();
        let mut text = format!("{}: {}\n\n", self.benchmark, scale.join(", "));
        let width = self.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or_default();
        for figure in &self.figures {
            let (name, unit) = (&figure.name, figure.unit);
            let (low, high) = (shown(figure.low()), shown(figure.high()));
            let spread = if low == high { String::new() } else { format!("({low} to {high})") };
            let aim = figure.aim.map(|aim| format!("  aim {aim}")).unwrap_or_default();
            let line =
                format!("{name:<width$}  {:>9} {unit:<9}  {spread:<22}{aim}", shown(median(&figure.samples)));
            // Why: writing into a text can not fail.
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    /// For programs: one object in one line.
    pub(crate) fn to_json(&self) -> String {
        let scale: Map<String, Value> =
            self.scale.iter().map(|(what, many)| ((*what).to_owned(), json!(many))).collect();
        let figures: Map<String, Value> =
            self.figures.iter().map(|figure| (figure.name.clone(), figure.to_json())).collect();
        json!({ "benchmark": self.benchmark, "scale": scale, "figures": figures }).to_string()
    }
}

impl Figure {
    fn low(&self) -> f64 {
        self.samples.first().copied().unwrap_or(f64::NAN)
    }

    fn high(&self) -> f64 {
        self.samples.last().copied().unwrap_or(f64::NAN)
    }

    fn to_json(&self) -> Value {
        json!({
            "median": median(&self.samples),
            "low": self.low(),
            "high": self.high(),
            "unit": self.unit,
            "aim": self.aim,
        })
    }
}

/// The middle of samples in rising order; of an even number, the upper one of the two.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What so large a share of samples in rising order is not above.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Each sample divided by the other one of the same round.
pub(crate) fn ratios(these: &[f64], those: &[f64]) -> Vec<f64> {
    these.iter().zip(those).map(|(this, that)| this / that).collect()
}

/// Three digits that mean something.
fn shown(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || number.fract() == 0.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}
