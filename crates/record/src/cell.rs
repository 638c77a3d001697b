//! Coarse places: H3 cells.
//!
//! A place never travels finer than resolution 7: the type cannot hold more, so no code path can leak
//! an address into a public record.

use std::fmt;
use std::str::FromStr;

use h3o::{CellIndex, LatLng, Resolution};

/// The finest resolution that a public place may have: about 5 km² (H3 resolution 7).
pub(crate) const FINEST: Resolution = Resolution::Seven;

/// The mean radius of the Earth in kilometres (IUGG), for distances between cells.
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A cell of the H3 grid (<https://h3geo.org>) at resolution 7 or coarser.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(CellIndex);

/// Why a text or number is no [`Cell`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Neither `LAT,LON` nor a cell's index.
    #[error("\"{0}\" is no place: write LAT,LON in degrees (49.01,8.40) or an H3 cell (871fa1b69ffffff)")]
    Unreadable(String),
    /// Degrees outside of the globe.
    #[error("{0},{1} is not on the globe: latitudes go from -90 to 90, longitudes from -180 to 180")]
    OffTheGlobe(String, String),
    /// The number is not an H3 cell.
    #[error("{0:x} is not an H3 cell")]
    NotACell(u64),
    /// The cell is finer than resolution 7.
    #[error("the cell {0:x} is finer than resolution 7: a public place must stay coarse")]
    TooFine(u64),
}

impl Cell {
    /// The cell at resolution 7 that holds a point, in degrees (WGS 84).
    ///
    /// # Errors
    /// [`PlaceError::OffTheGlobe`] when a coordinate is out of range or not a number.
    pub fn containing(latitude: f64, longitude: f64) -> Result<Self, PlaceError> {
        let off = || PlaceError::OffTheGlobe(latitude.to_string(), longitude.to_string());
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(off());
        }
        let point = LatLng::new(latitude, longitude).map_err(|_| off())?;
        Ok(Self(point.to_cell(FINEST)))
    }

    /// The cell with this index.
    ///
    /// # Errors
    /// [`PlaceError::NotACell`] or [`PlaceError::TooFine`].
    pub fn from_index(index: u64) -> Result<Self, PlaceError> {
        let cell = CellIndex::try_from(index).map_err(|_| PlaceError::NotACell(index))?;
        if cell.resolution() > FINEST {
            return Err(PlaceError::TooFine(index));
        }
        Ok(Self(cell))
    }

    /// The cell's H3 index.
    #[must_use]
    pub fn index(self) -> u64 {
        self.0.into()
    }

    /// Latitude and longitude of the cell's centre, in degrees (WGS 84).
    #[must_use]
    pub fn centre(self) -> (f64, f64) {
        let centre = LatLng::from(self.0);
        (centre.lat(), centre.lng())
    }

    /// How far the corners of a cell of this size are from its centre, on average, in kilometres.
    #[must_use]
    pub fn radius_km(self) -> f64 {
        // Why: the corners of a hexagon are as far from its centre as from each other.
        self.0.resolution().edge_length_km()
    }

    /// Its size: the resolution, from 0 (whole parts of continents) to 7.
    #[must_use]
    pub fn resolution(self) -> u8 {
        self.0.resolution().into()
    }

    /// The cell of a coarser resolution that holds its centre; itself if it is no finer than that.
    #[must_use]
    pub fn at_most(self, resolution: u8) -> Self {
        let coarser = Resolution::try_from(resolution).ok().and_then(|coarser| self.0.parent(coarser));
        coarser.map_or(self, Self)
    }

    /// Latitude and longitude of its corners, in degrees (WGS 84), in their order.
    #[must_use]
    pub fn corners(self) -> Vec<(f64, f64)> {
        self.0.boundary().iter().map(|corner| (corner.lat(), corner.lng())).collect()
    }

    /// The distance between the centres of two cells along the Earth's surface, in kilometres.
    #[must_use]
    pub fn distance_km(self, other: Self) -> f64 {
        let (a_lat, a_lon) = self.centre();
        let (b_lat, b_lon) = other.centre();
        let half_lat = (b_lat - a_lat).to_radians() / 2.0;
        let half_lon = (b_lon - a_lon).to_radians() / 2.0;
        let h = half_lat.sin().powi(2)
            + a_lat.to_radians().cos() * b_lat.to_radians().cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.index())
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({self})")
    }
}

impl FromStr for Cell {
    type Err = PlaceError;

    /// Reads `LAT,LON` in degrees, or a cell's index in hexadecimal.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unreadable = || PlaceError::Unreadable(text.chars().take(60).collect());
        if let Some((latitude, longitude)) = text.split_once(',') {
            let degrees = |part: &str| part.trim().parse::<f64>().map_err(|_| unreadable());
            return Self::containing(degrees(latitude)?, degrees(longitude)?);
        }
        let index = u64::from_str_radix(text.trim(), 16).map_err(|_| unreadable())?;
        Self::from_index(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_points_of_one_house_give_one_cell() {
        let home = Cell::containing(49.0069, 8.4037).unwrap();
        for step in 0..1000 {
            let nudge = f64::from(step) * 1e-8;
            assert_eq!(Cell::containing(49.0069 + nudge, 8.4037 - nudge), Ok(home));
        }
    }

    #[test]
    fn a_cell_survives_its_text() {
        let cell: Cell = "49.0069, 8.4037".parse().unwrap();
        assert_eq!(cell.to_string().parse(), Ok(cell));
    }

    #[test]
    fn the_distance_from_karlsruhe_to_ettlingen_is_about_eight_kilometres() {
        let karlsruhe: Cell = "49.0069,8.4037".parse().unwrap();
        let ettlingen: Cell = "48.9410,8.4075".parse().unwrap();
        let distance = karlsruhe.distance_km(ettlingen);
        assert!((5.0..10.0).contains(&distance), "{distance}");
    }

    #[test]
    fn finer_cells_and_points_off_the_globe_are_refused() {
        let fine = LatLng::new(49.0, 8.4).unwrap().to_cell(Resolution::Nine);
        assert!(matches!(Cell::from_index(fine.into()), Err(PlaceError::TooFine(_))));
        assert!(matches!("91,0".parse::<Cell>(), Err(PlaceError::OffTheGlobe(..))));
        assert!(matches!("NaN,0".parse::<Cell>(), Err(PlaceError::OffTheGlobe(..))));
        assert!(matches!("here".parse::<Cell>(), Err(PlaceError::Unreadable(_))));
    }
}
