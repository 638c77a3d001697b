//! Where things are, as far as listings tell it: how many are in which cell.

use std::collections::BTreeMap;

use record::{Cell, Side, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::input::{Filter, read_place};
use crate::view::{Place, View};

/// What is in one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaJson {
    /// The H3 cell.
    pub cell: String,
    /// Its size: the resolution, 0 to 7.
    pub resolution: u8,
    /// Latitude and longitude of its centre, in degrees.
    pub centre: (f64, f64),
    /// Those of its corners, in their order.
    pub corners: Vec<(f64, f64)>,
    /// How many offers are there.
    pub offers: usize,
    /// How many needs.
    pub needs: usize,
}

/// Where things are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AreasJson {
    /// By cell; those with most in them first.
    pub areas: Vec<AreaJson>,
    /// How many things tell no place.
    pub nowhere: usize,
}

/// Latitude and longitude of the middle of a place, in degrees: of `LAT,LON`, or a cell's index.
#[must_use]
pub fn centre_of(place: &str) -> Option<(f64, f64)> {
    read_place(place).ok().map(Cell::centre)
}

impl Handle {
    /// How many of the listings that pass a filter are in which cell; cells finer than `resolution` (0 to 7) are
    /// joined.
    ///
    /// # Errors
    /// If the filter names an unknown circle.
    pub fn areas(&self, filter: &Filter, resolution: u8) -> Result<AreasJson, NodeError> {
        let now = self.clock.now();
        let look = |view: &View| view.areas(filter, resolution, now);
        if filter.kind.is_some() { self.look_up(look) } else { self.read(look) }
    }
}

impl View {
    fn areas(&self, filter: &Filter, resolution: u8, now: Timestamp) -> Result<AreasJson, NodeError> {
        let (mut cells, mut nowhere) = (BTreeMap::<Cell, (usize, usize)>::new(), 0_usize);
        for (circle, view) in self.chosen(filter)? {
            for (id, entry) in &view.entries {
                let place = Place { circle, id: *id };
                if !self.passes(entry, filter, now) || !self.is_of_kind(&place, filter.kind) {
                    continue;
                }
                let Some(cell) = entry.listing.cell else {
                    nowhere = nowhere.saturating_add(1);
                    continue;
                };
                let (offers, needs) = cells.entry(cell.at_most(resolution)).or_default();
                let count = if entry.listing.side == Side::Offer { offers } else { needs };
                *count = count.saturating_add(1);
            }
        }
        let area = |(cell, (offers, needs)): (Cell, (usize, usize))| AreaJson {
            cell: cell.to_string(),
            resolution: cell.resolution(),
            centre: cell.centre(),
            corners: cell.corners(),
            offers,
            needs,
        };
        let mut areas: Vec<_> = cells.into_iter().map(area).collect();
        areas.sort_by_key(|area| std::cmp::Reverse(area.offers.saturating_add(area.needs)));
        Ok(AreasJson { areas, nowhere })
    }
}
