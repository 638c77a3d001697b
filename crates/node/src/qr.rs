//! A link as a square of dots that a telephone's camera reads.

use fast_qr::{ECL, QRBuilder};

use crate::error::NodeError;

/// How many light modules are around the code, by its standard.
const QUIET: usize = 4;

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// How many modules it has from left to right, without the quiet zone.
    size: usize,
    /// Whether a module is dark, row by row.
    dark: Vec<bool>,
}

impl Qr {
    /// The code of a text, with the least correction: it is shown on a screen or a clean poster, and a code with
    /// fewer dots is read from further away.
    ///
    /// # Errors
    /// If the text is longer than a code can be: some 2,900 bytes.
    pub fn of(text: &str) -> Result<Self, NodeError> {
        Self::corrected(text, ECL::L)
    }

    /// The code of a text for a label, which gets scratched and dirty: it is read though a seventh of it is lost.
    ///
    /// # Errors
    /// If the text is longer than such a code can be: some 2,300 bytes.
    pub fn sturdy(text: &str) -> Result<Self, NodeError> {
        Self::corrected(text, ECL::M)
    }

    fn corrected(text: &str, correction: ECL) -> Result<Self, NodeError> {
        let code = QRBuilder::new(text.as_bytes()).ecl(correction).build();
        let code = code.map_err(|_| NodeError::Invalid("the link is too long for a QR code".into()))?;
        let modules = code.data.iter().take(code.size.saturating_mul(code.size));
        Ok(Self { size: code.size, dark: modules.map(|module| module.value()).collect() })
    }

    /// How many modules it has from left to right, with the quiet zone.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.size + 2 * QUIET
    }

    /// Whether a module is dark; those of the quiet zone, and all beyond, are light.
    #[must_use]
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.size);
        let (Some(column), Some(row)) = (inside(column), inside(row)) else { return false };
        self.dark.get(row * self.size + column).copied().unwrap_or_default()
    }

    /// As a picture that any size suits, with a label for whoever can't see it.
    #[must_use]
    pub fn svg(&self, label: &str) -> String {
        self.drawn(label, "")
    }

    /// The same as wide and high as `size` says, with its unit: `18.5mm`.
    #[must_use]
    pub fn svg_of_size(&self, label: &str, size: &str) -> String {
        self.drawn(label, &format!(" width=\"{size}\" height=\"{size}\""))
    }

    fn drawn(&self, label: &str, size: &str) -> String {
        let width = self.width();
        let mut dots = String::new();
        for row in 0..width {
            let mut column = 0;
            while column < width {
                let run = (column..width).take_while(|at| self.is_dark(*at, row)).count();
                if run > 0 {
                    dots.push_str(&format!("M{column} {row}h{run}v1h-{run}z"));
                }
                column += run.max(1);
            }
        }
        let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"{size} viewBox=\"0 0 {width} {width}\" \
             shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"{label}\">\
             <path fill=\"#fff\" d=\"M0 0h{width}v{width}h-{width}z\"/><path fill=\"#000\" d=\"{dots}\"/></svg>"
        )
    }

    /// As lines for a terminal, two rows of modules in each. The colours are black on white whatever the terminal's
    /// own are: not every camera reads a code that is light on dark.
    #[must_use]
    pub fn terminal(&self) -> String {
        let width = self.width();
        let mut out = String::new();
        for row in (0..width).step_by(2) {
            out.push_str("\x1b[38;5;16;48;5;231m");
            out.extend((0..width).map(|column| {
                match (self.is_dark(column, row), self.is_dark(column, row + 1)) {
                    (false, false) => ' ',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (true, true) => '█',
                }
            }));
            out.push_str("\x1b[0m\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a camera reads, where `is_dark` says which modules are.
    fn read(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        const DOTS: usize = 4;
        let side = width * DOTS;
        let mut picture =
            rqrr::PreparedImage::prepare_from_bitmap(side, side, |x, y| is_dark(x / DOTS, y / DOTS));
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1, "one code is seen");
        codes[0].decode().expect("a code that can be read").1
    }

    /// The dark modules of a picture.
    fn painted(svg: &str) -> Vec<(usize, usize)> {
        let path = svg.split("fill=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut dark = Vec::new();
        for part in path.split('M').skip(1) {
            let numbers: Vec<usize> = part
                .split(|c: char| !c.is_ascii_digit())
                .filter(|text| !text.is_empty())
                .map(|text| text.parse().unwrap())
                .collect();
            let [column, row, run, 1, back] = numbers[..] else { panic!("{part}") };
            assert_eq!((run, part.ends_with('z')), (back, true));
            dark.extend((column..column + run).map(|column| (column, row)));
        }
        dark
    }

    /// The dark modules of lines in a terminal.
    fn printed(lines: &str) -> Vec<(usize, usize)> {
        let mut dark = Vec::new();
        for (line, text) in lines.lines().enumerate() {
            let text = text.strip_prefix("\x1b[38;5;16;48;5;231m").unwrap().strip_suffix("\x1b[0m").unwrap();
            for (column, character) in text.chars().enumerate() {
                let (upper, lower) = match character {
                    ' ' => (false, false),
                    '▀' => (true, false),
                    '▄' => (false, true),
                    '█' => (true, true),
                    other => panic!("{other}"),
                };
                dark.extend(upper.then_some((column, line * 2)));
                dark.extend(lower.then_some((column, line * 2 + 1)));
            }
        }
        dark
    }

    #[test]
    fn what_a_camera_reads_on_screen_and_paper_is_the_link() {
        let peer = "/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
        let short = "commonshelf:bafyreif5ivwh7ach2hve7obfmixnbp6yvivtpnnmvgrjiblzwyhhdkmelm".to_owned();
        let long = format!("{short}?name=Gartenstra%C3%9Fe&peer=/ip4/192.168.1.20/tcp/7378{peer}").repeat(4);
        for link in [short, long] {
            let qr = Qr::of(&link).unwrap();
            assert_eq!(read(qr.width(), |x, y| qr.is_dark(x, y)), link);
            let painted = painted(&qr.svg("x"));
            assert_eq!(read(qr.width(), |x, y| painted.contains(&(x, y))), link);
            let printed = printed(&qr.terminal());
            assert_eq!(read(qr.width(), |x, y| printed.contains(&(x, y))), link);
        }
    }

    #[test]
    fn a_picture_is_one_whatever_its_label() {
        let svg = Qr::of("x").unwrap().svg("\"><script>&");
        assert!(svg.contains("aria-label=\"&quot;>&lt;script>&amp;\""), "{svg}");
        assert!(Qr::of(&"x".repeat(4_000)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_text_that_fits_is_read(text in "[ -~]{1,300}") {
            let qr = Qr::of(&text).unwrap();
            prop_assert_eq!(read(qr.width(), |x, y| qr.is_dark(x, y)), text);
        }
    }
}
