//! A map that the node draws itself: the cells of the H3 grid with what is in them, outlines of countries, and towns to
//! find one's way by. It asks nobody outside, and needs no script.
//!
//! Only cells are drawn, never points: a map shows no more than listings tell.

mod data;
mod draw;

use std::cmp::Ordering::Equal;

use node::AreaJson;

use data::{Bounds, Town};
pub(crate) use draw::{draw, told};

/// How wide a map is at least and at most, in kilometres.
const NARROWEST: f64 = 5.0;
const WIDEST: f64 = 20_000.0;
/// How long a thousandth of a degree of latitude is, in kilometres (mean radius of the Earth, IUGG).
const KM: f64 = 0.111_195;
/// The width and height of the picture, in its own units.
const SIDE: f64 = 600.0;
/// How far the corners of a cell are from its centre, in kilometres, by resolution
/// (<https://h3geo.org/docs/core-library/restable>).
const CELL_KM: [f64; 8] = [1_281.3, 483.1, 182.5, 68.98, 26.07, 9.854, 3.725, 1.406];
/// How far they are from it on the picture at least: a finger finds it.
const LEAST_CELL: f64 = 14.0;
/// What is shown beside the outermost cells, as a part of the width.
const MARGIN: f64 = 1.35;

/// What a map shows: a square.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    /// Degrees; the centre.
    latitude: f64,
    longitude: f64,
    /// Its width, in kilometres.
    km: f64,
}

impl Window {
    /// A square around a point. What is out of bounds is brought into them.
    pub(crate) fn around(latitude: f64, longitude: f64, km: f64) -> Self {
        let finite = |number: f64| if number.is_finite() { number } else { 0.0 };
        Self {
            latitude: finite(latitude).clamp(-85.0, 85.0),
            longitude: (finite(longitude) + 180.0).rem_euclid(360.0) - 180.0,
            km: finite(km).clamp(NARROWEST, WIDEST),
        }
    }

    /// A square in which all these areas are; one around the whole world if there are none.
    pub(crate) fn of(areas: &[AreaJson]) -> Self {
        let Some(first) = areas.first() else { return Self::around(20.0, 10.0, WIDEST) };
        let (mut south, mut north) = (first.centre.0, first.centre.0);
        let (mut west, mut east) = (0.0_f64, 0.0_f64);
        for area in areas {
            (south, north) = (south.min(area.centre.0), north.max(area.centre.0));
            // As seen from the first, so that the date line is no edge.
            let turned = (area.centre.1 - first.centre.1 + 180.0).rem_euclid(360.0) - 180.0;
            (west, east) = (west.min(turned), east.max(turned));
        }
        let latitude = f64::midpoint(south, north);
        let high = (north - south) * 1_000.0 * KM;
        let wide = (east - west) * 1_000.0 * KM * latitude.to_radians().cos();
        Self::around(latitude, first.centre.1 + f64::midpoint(west, east), high.max(wide).max(8.0) * MARGIN)
    }

    /// Its centre as an address has it, in degrees; and its width in kilometres.
    pub(crate) fn written(&self) -> (String, String) {
        (format!("{:.3},{:.3}", self.latitude, self.longitude), format!("{:.0}", self.km))
    }

    /// The same place so many times as wide.
    pub(crate) fn times(&self, factor: f64) -> Self {
        Self::around(self.latitude, self.longitude, self.km * factor)
    }

    /// As wide, moved by parts of its width: to the north and to the east.
    pub(crate) fn moved(&self, north: f64, east: f64) -> Self {
        let degrees = self.km / (1_000.0 * KM);
        let longitude = self.longitude + east * degrees / self.latitude.to_radians().cos();
        Self::around(self.latitude + north * degrees, longitude, self.km)
    }

    /// Whether it can not be narrower, or wider.
    pub(crate) fn is_narrowest(&self) -> bool {
        self.km <= NARROWEST
    }

    /// Whether it can not be wider.
    pub(crate) fn is_widest(&self) -> bool {
        self.km >= WIDEST
    }

    /// How wide it is, in kilometres.
    pub(crate) const fn km(&self) -> f64 {
        self.km
    }

    /// The finest resolution whose cells can be told apart.
    pub(crate) fn resolution(&self) -> u8 {
        let fits = |km: &f64| km * SIDE / self.km >= LEAST_CELL;
        let finest = CELL_KM.iter().rposition(fits).unwrap_or(0);
        u8::try_from(finest).unwrap_or(0)
    }

    /// Where a point is on the picture, from the left and from the top.
    fn place(&self, latitude: f64, longitude: f64) -> (f64, f64) {
        let scale = SIDE / self.km * 1_000.0 * KM;
        let east = (longitude - self.longitude + 540.0).rem_euclid(360.0) - 180.0;
        let x = east * self.latitude.to_radians().cos() * scale;
        (SIDE / 2.0 + x, SIDE / 2.0 - (latitude - self.latitude) * scale)
    }

    /// What of the world can be seen on it.
    fn bounds(&self) -> Bounds {
        let half = self.km / 2.0 / KM;
        let wide = half / self.latitude.to_radians().cos();
        #[expect(clippy::cast_possible_truncation, reason = "degrees of the Earth are few")]
        let thousandths = |number: f64| number.round() as i32;
        let (latitude, longitude) = (self.latitude * 1_000.0, self.longitude * 1_000.0);
        Bounds {
            south: thousandths((latitude - half).max(-90_000.0)),
            north: thousandths((latitude + half).min(90_000.0)),
            west: thousandths((longitude - wide).max(longitude - 180_000.0)),
            east: thousandths((longitude + wide).min(longitude + 180_000.0)),
        }
    }
}

/// Where an area is, in words: the largest town in it, or `12 km from` the nearest; nothing far from any.
pub(crate) fn near(area: &AreaJson) -> Option<String> {
    let (latitude, longitude) = area.centre;
    let inside = CELL_KM.get(usize::from(area.resolution)).copied().unwrap_or(0.0).max(3.0);
    let around = Window::around(latitude, longitude, inside.max(60.0) * 2.0);
    let far = |town: &Town| {
        let north = f64::from(town.latitude) / 1_000.0 - latitude;
        let east = f64::from(town.longitude) / 1_000.0 - longitude;
        let east = ((east + 540.0).rem_euclid(360.0) - 180.0) * latitude.to_radians().cos();
        north.hypot(east) * 1_000.0 * KM
    };
    let towns = data::towns(&around.bounds()).into_iter().map(|town| (far(&town), town));
    let best = towns.min_by(|(one, town), (other, another)| {
        let by_size = if *one < inside && *other < inside { another.people.cmp(&town.people) } else { Equal };
        by_size.then(one.total_cmp(other))
    });
    let (far, town) = best?;
    Some(if far < inside { town.name.to_owned() } else { format!("{far:.0} km from {}", town.name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(latitude: f64, longitude: f64) -> AreaJson {
        AreaJson {
            cell: "871fa1b69ffffff".into(),
            resolution: 7,
            centre: (latitude, longitude),
            corners: Vec::new(),
            offers: 1,
            needs: 0,
        }
    }

    #[test]
    fn all_areas_are_inside_also_across_the_date_line() {
        for areas in [
            vec![area(49.0, 8.4)],
            vec![area(49.0, 8.4), area(52.5, 13.4), area(41.9, 12.5)],
            vec![area(-17.0, 179.0), area(-18.0, -179.0)],
            vec![area(70.0, 20.0), area(-50.0, -70.0)],
        ] {
            let window = Window::of(&areas);
            for area in &areas {
                let (x, y) = window.place(area.centre.0, area.centre.1);
                assert!(
                    (0.0..=SIDE).contains(&x) && (0.0..=SIDE).contains(&y),
                    "{areas:?} {window:?} {x} {y}"
                );
            }
        }
        assert!(Window::of(&[area(-17.0, 179.0), area(-18.0, -179.0)]).km() < 500.0);
    }

    #[test]
    fn whatever_an_address_says_the_window_stays_on_the_globe() {
        for (latitude, longitude, km) in
            [(f64::NAN, f64::INFINITY, -5.0), (91.0, 541.0, 1e300), (-1e9, -1e9, 0.0), (85.0, 180.0, 5.0)]
        {
            let window = Window::around(latitude, longitude, km);
            assert!((-85.0..=85.0).contains(&window.latitude), "{window:?}");
            assert!((-180.0..180.0).contains(&window.longitude), "{window:?}");
            assert!((NARROWEST..=WIDEST).contains(&window.km), "{window:?}");
            let bounds = window.bounds();
            assert!(bounds.south < bounds.north && bounds.west < bounds.east, "{bounds:?}");
        }
    }

    #[test]
    fn cells_are_as_fine_as_a_finger_is_broad() {
        let resolution = |km| Window::around(49.0, 8.4, km).resolution();
        assert_eq!((resolution(20.0), resolution(150.0), resolution(WIDEST)), (7, 6, 1));
    }

    #[test]
    fn moving_goes_where_it_says() {
        let window = Window::around(49.0, 8.4, 20.0);
        let (north, east) = (window.moved(0.5, 0.0), window.moved(0.0, 0.5));
        assert!(north.latitude > 49.0 && (east.longitude > 8.4), "{north:?} {east:?}");
        let (x, y) = window.place(north.latitude, north.longitude);
        assert!((x - SIDE / 2.0).abs() < 0.1 && y.abs() < 0.1, "{x} {y}");
        let (x, _) = window.place(east.latitude, east.longitude);
        assert!((x - SIDE).abs() < 0.1, "{x}");
    }

    #[test]
    fn a_place_is_told_by_the_town_that_is_near() {
        let told =
            |latitude, longitude, resolution| near(&AreaJson { resolution, ..area(latitude, longitude) });
        assert_eq!(told(49.0069, 8.4037, 7).as_deref(), Some("Karlsruhe"));
        assert_eq!(told(48.8, 9.0, 3).as_deref(), Some("Stuttgart"), "of a large area the largest town");
        assert!(told(44.0, 3.5, 7).is_some_and(|told| told.contains(" km from ")));
        assert_eq!(told(-50.0, -120.0, 7), None, "in the middle of the sea");
    }
}
