//! How large the codes on a label are. A thermal printer burns whole dots: a module that is not a whole number of them
//! comes out now wider and now narrower, and no scanner reads it.

use node::Qr;

use super::Bars;

/// The dots of a label printer of 203 dpi in a millimetre.
const DOTS_PER_MM: usize = 8;
/// How wide the modules of the bars are, in dots: 0.375 mm.
const BAR_DOTS: usize = 3;
/// How high the bars are, in dots: 10 mm, so that a hand need not aim well.
const BAR_HEIGHT: usize = 80;
/// The least dots of a module: 0.25 mm, which cheap scanners and phones still read.
const LEAST_DOTS: usize = 2;
/// The most dots of a QR code's module: with more of them a label has no room for words.
const MOST_DOTS: usize = 4;
/// How much room a QR code has on a label, in dots: 20.5 mm.
const ROOM: usize = 164;

/// So many dots in millimetres, as SVG and CSS write them.
fn millimetres(dots: usize) -> String {
    let (whole, eighths) = (dots / DOTS_PER_MM, dots % DOTS_PER_MM);
    format!("{whole}.{:03}mm", eighths * 125)
}

/// The bars as a picture of the size in which they are printed, one unit for each dot.
pub(crate) fn bars_svg(bars: &Bars, label: &str) -> String {
    let width = bars.width() * BAR_DOTS;
    let dark = bars.bars().into_iter().map(|(at, run)| {
        let (at, run) = (at * BAR_DOTS, run * BAR_DOTS);
        format!("M{at} 0h{run}v{BAR_HEIGHT}h-{run}z")
    });
    let dark: String = dark.collect();
    format!(
        "<svg class=\"bars\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {BAR_HEIGHT}\" \
         shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"{label}\"><path d=\"{dark}\"/></svg>",
        millimetres(width),
        millimetres(BAR_HEIGHT),
    )
}

/// How many dots a module of a QR code gets that has so many from left to right; none if it has no room.
fn code_dots(width: usize) -> Option<usize> {
    Some((ROOM / width.max(1)).min(MOST_DOTS)).filter(|dots| *dots >= LEAST_DOTS)
}

/// An address as a QR code of the size in which it is printed; none if it has no room on a label.
pub(crate) fn code_svg(address: &str, label: &str) -> Option<String> {
    let code = Qr::sturdy(address).ok()?;
    let dots = code_dots(code.width())?;
    Some(code.svg_of_size(label, &millimetres(code.width() * dots)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attribute in millimetres, in dots of a 203 dpi printer.
    fn dots(svg: &str, attribute: &str) -> f64 {
        let text = svg.split(&format!(" {attribute}=\"")).nth(1).unwrap().split("mm\"").next().unwrap();
        text.parse::<f64>().unwrap() * 8.0
    }

    #[test]
    fn modules_are_whole_dots_and_wide_enough_at_203_dpi() {
        assert_eq!(
            [1, 2, 3, 8, 297].map(millimetres),
            ["0.125mm", "0.250mm", "0.375mm", "1.000mm", "37.125mm"]
        );
        // What is called 203 dpi is 8 dots in a millimetre.
        assert!((203.2 - 25.4 * 8.0_f64).abs() < 1e-9);
        let bars = Bars::of_digits(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let svg = bars_svg(&bars, "x");
        let module = dots(&svg, "width") / 99.0;
        assert!(module >= 2.0 && module.fract() == 0.0, "{module}");
        assert!(dots(&svg, "height") >= 40.0, "at least 5 mm high");
        for host in ["hof.local", "gartenstrasse.local", "192.168.178.123:7377", &"long-name.".repeat(20)] {
            let address = format!("http://{host}/n/12345678");
            let svg = code_svg(&address, "x").unwrap();
            let width = Qr::sturdy(&address).unwrap().width();
            let module = dots(&svg, "width") / f64::from(u32::try_from(width).unwrap());
            assert!(module >= 2.0 && module.fract() == 0.0, "{host}: {module}");
            assert!(dots(&svg, "width") <= 164.0 && dots(&svg, "width") == dots(&svg, "height"));
        }
    }

    #[test]
    fn a_code_without_room_is_left_out() {
        assert_eq!([37, 41, 45, 82].map(code_dots), [Some(4), Some(4), Some(3), Some(2)]);
        assert_eq!(code_dots(83), None);
        assert_eq!(code_svg(&"x".repeat(1_000), "x"), None);
    }

    #[test]
    fn the_quiet_zones_are_as_wide_as_the_standards_ask() {
        let bars = Bars::of_digits(&[1, 2]);
        let (first, last) = (bars.bars()[0], *bars.bars().last().unwrap());
        assert_eq!((first.0, bars.width() - last.0 - last.1), (10, 10));
    }
}
