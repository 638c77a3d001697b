//! The picture, as SVG. What it says in colour it says in numbers as well; the page has the same as a list.

use std::fmt::Write as _;

use node::AreaJson;

use super::data::{self, Town};
use super::{KM, SIDE, Window};

/// How many towns are named at most.
const TOWNS: usize = 14;
/// How wide a letter is, and how high a line, in units of the picture; on a telephone, where they are largest.
const LETTER: f64 = 12.0;
const LINE: f64 = 28.0;
/// Rings around home, in kilometres.
const RINGS: [f64; 5] = [2.0, 5.0, 10.0, 50.0, 100.0];
/// Points of an outline nearer than this to the last one are left out.
const LEAST_STEP: f64 = 2.5;
/// Islands smaller than this are left out.
const LEAST_SHAPE: f64 = 4.0;

/// Draws what is in a window: areas with the places that they lead to, and rings around home, if that is known.
pub(crate) fn draw(window: &Window, areas: &[(String, AreaJson)], home: Option<(f64, f64)>) -> String {
    let mut svg = String::new();
    // Why no width and height: the page says how large it is.
    let _ = write!(
        svg,
        "<svg class=\"map\" viewBox=\"0 0 {SIDE:.0} {SIDE:.0}\" role=\"group\" aria-label=\"Map\">\
         <rect class=\"sea\" width=\"{SIDE:.0}\" height=\"{SIDE:.0}\"/>"
    );
    outlines(&mut svg, window);
    let mut taken = Vec::new();
    for (href, area) in areas {
        cell(&mut svg, window, area, href, &mut taken);
    }
    if let Some((latitude, longitude)) = home {
        rings(&mut svg, window, latitude, longitude);
    }
    towns(&mut svg, window, &mut taken);
    scale(&mut svg, window);
    svg.push_str("</svg>");
    svg
}

fn outlines(svg: &mut String, window: &Window) {
    let mut path = String::new();
    data::outlines(&window.bounds(), |points| {
        let high = points.iter().map(|(_, latitude)| *latitude);
        let wide = points.iter().map(|(longitude, _)| *longitude);
        let span = |least: Option<i32>, most: Option<i32>| f64::from(most.unwrap_or(0) - least.unwrap_or(0));
        let size = span(high.clone().min(), high.max()).max(span(wide.clone().min(), wide.max()));
        if size * KM * SIDE / window.km() < LEAST_SHAPE {
            return;
        }
        let mut last: Option<(f64, f64)> = None;
        let mut pen = 'M';
        for (longitude, latitude) in points {
            let (x, y) = window.place(f64::from(*latitude) / 1_000.0, f64::from(*longitude) / 1_000.0);
            // Beyond the picture, or around the back of the world: the pen is lifted.
            let outside = !(-SIDE..=2.0 * SIDE).contains(&x) || !(-SIDE..=2.0 * SIDE).contains(&y);
            let jumps = last.is_some_and(|(before, _)| (before - x).abs() > SIDE);
            if outside || jumps {
                (last, pen) = (None, 'M');
                if outside {
                    continue;
                }
            }
            if last.is_some_and(|(one, other)| (one - x).hypot(other - y) < LEAST_STEP) {
                continue;
            }
            let _ = write!(path, "{pen}{x:.0} {y:.0}");
            (last, pen) = (Some((x, y)), 'L');
        }
    });
    if !path.is_empty() {
        let _ = write!(svg, "<path class=\"border\" d=\"{path}\"/>");
    }
}

fn cell(svg: &mut String, window: &Window, area: &AreaJson, href: &str, taken: &mut Vec<Box4>) {
    let (x, y) = window.place(area.centre.0, area.centre.1);
    if !(-20.0..=SIDE + 20.0).contains(&x) || !(-20.0..=SIDE + 20.0).contains(&y) {
        return;
    }
    let corners = area.corners.iter().map(|(latitude, longitude)| window.place(*latitude, *longitude));
    let corners: Vec<String> = corners.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let all = area.offers + area.needs;
    let strength = match all {
        0..=2 => "few",
        3..=9 => "some",
        _ => "many",
    };
    let said = told(area);
    let _ = write!(
        svg,
        "<a href=\"{}\" aria-label=\"{said}\"><title>{said}</title><polygon class=\"cell {strength}\" points=\"{}\"/>\
         <text class=\"count\" x=\"{x:.0}\" y=\"{:.0}\">{all}</text></a>",
        escaped(href),
        corners.join(" "),
        y + 6.0
    );
    taken.push(Box4::around(x, y, &all.to_string()));
}

/// What is in an area, in words.
pub(crate) fn told(area: &AreaJson) -> String {
    let many = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    };
    match (area.offers, area.needs) {
        (offers, 0) => many(offers, "offer"),
        (0, needs) => many(needs, "need"),
        (offers, needs) => format!("{}, {}", many(offers, "offer"), many(needs, "need")),
    }
}

fn rings(svg: &mut String, window: &Window, latitude: f64, longitude: f64) {
    let (x, y) = window.place(latitude, longitude);
    for km in RINGS {
        let radius = km * SIDE / window.km();
        if (40.0..SIDE).contains(&radius) {
            let top = y - radius - 4.0;
            let _ = write!(svg, "<circle class=\"ring\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{radius:.0}\"/>");
            let _ = write!(svg, "<text class=\"far\" x=\"{x:.0}\" y=\"{top:.0}\">{km:.0} km</text>");
        }
    }
}

/// The largest towns that have room for their names.
fn towns(svg: &mut String, window: &Window, taken: &mut Vec<Box4>) {
    let mut towns: Vec<Town> = data::towns(&window.bounds());
    towns.sort_by_key(|town| std::cmp::Reverse(town.people));
    let mut named = 0;
    for town in towns {
        let (x, y) = window.place(f64::from(town.latitude) / 1_000.0, f64::from(town.longitude) / 1_000.0);
        let place = Box4::around(x, y - LINE * 0.7, town.name);
        if !place.is_inside() || taken.iter().any(|other| other.touches(&place)) {
            continue;
        }
        let _ = write!(svg, "<circle class=\"dot\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"3\"/>");
        let _ = write!(
            svg,
            "<text class=\"town\" x=\"{x:.0}\" y=\"{:.0}\">{}</text>",
            y - 8.0,
            escaped(town.name)
        );
        taken.push(place);
        named += 1;
        if named == TOWNS {
            return;
        }
    }
}

/// A line that is so many kilometres long.
fn scale(svg: &mut String, window: &Window) {
    let round = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];
    let Some(km) = round.into_iter().rfind(|km| *km <= window.km() / 4.0) else { return };
    let (long, low) = (km * SIDE / window.km(), SIDE - 16.0);
    let _ = write!(svg, "<path class=\"scale\" d=\"M16 {low:.0}h{long:.0}\"/>");
    let _ = write!(svg, "<text class=\"far left\" x=\"16\" y=\"{:.0}\">{km:.0} km</text>", low - 8.0);
}

/// Where words stand on the picture.
struct Box4 {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Box4 {
    fn around(x: f64, y: f64, words: &str) -> Self {
        let half = f64::from(u16::try_from(words.chars().count()).unwrap_or(u16::MAX)) * LETTER / 2.0;
        Self { left: x - half, right: x + half, top: y - LINE / 2.0, bottom: y + LINE / 2.0 }
    }

    fn is_inside(&self) -> bool {
        self.left >= 0.0 && self.right <= SIDE && self.top >= 0.0 && self.bottom <= SIDE
    }

    fn touches(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(offers: usize, needs: usize) -> AreaJson {
        AreaJson {
            cell: "871fa1b69ffffff".into(),
            resolution: 7,
            centre: (49.0, 8.4),
            corners: vec![(49.01, 8.39), (49.01, 8.41), (48.99, 8.41), (48.99, 8.39)],
            offers,
            needs,
        }
    }

    #[test]
    fn a_cell_says_what_is_in_it_and_leads_there() {
        let window = Window::around(49.0, 8.4, 20.0);
        let svg = draw(&window, &[("/?near=a&within=1\"><script>".into(), area(2, 1))], Some((49.0, 8.4)));
        assert!(svg.contains("aria-label=\"2 offers, 1 need\""), "{svg}");
        assert!(
            svg.contains("/?near=a&amp;within=1&quot;&gt;&lt;script&gt;") && !svg.contains("<script"),
            "{svg}"
        );
        assert!(svg.contains(">Karlsruhe</text>") && svg.contains(">5 km</text>"), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    }

    #[test]
    fn names_of_towns_do_not_cover_each_other() {
        for km in [5.0, 30.0, 300.0, 3_000.0, 20_000.0] {
            let window = Window::around(49.0, 8.4, km);
            let (mut svg, mut taken) = (String::new(), Vec::new());
            towns(&mut svg, &window, &mut taken);
            assert!(taken.len() <= TOWNS);
            for (number, one) in taken.iter().enumerate() {
                assert!(taken.iter().skip(number + 1).all(|other| !one.touches(other)), "{svg}");
            }
        }
    }

    #[test]
    fn a_picture_of_the_world_is_small_enough_for_a_slow_link() {
        for km in [20.0, 200.0, 2_000.0, 20_000.0] {
            let svg = draw(&Window::around(49.0, 8.4, km), &[], None);
            assert!(svg.len() < 60_000, "{km} km wide: {} bytes", svg.len());
        }
    }
}
