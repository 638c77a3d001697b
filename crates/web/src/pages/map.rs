//! The map: where things are, as far as listings tell it.

use std::sync::Arc;

use ::node::{AreaJson, FilterInput, Handle, centre_of};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{Frame, PageError, Visitor, address, aside, browse, page};
use crate::answer::Failure;
use crate::map::{self, Window};
use crate::{Shelf, assets};

/// The finest resolution that a listing's place may have.
const FINEST: u8 = 7;
/// How many areas the list beside the picture has.
const LISTED: usize = 12;
/// By what a step closer or farther changes the width.
const STEP: f64 = 2.5;

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Asked {
    side: String,
    /// The centre: latitude and longitude.
    at: String,
    /// The width, in kilometres.
    km: String,
}

/// A link beside the map.
struct Link {
    href: String,
    label: &'static str,
    current: bool,
}

/// An area in the list.
struct Area {
    href: String,
    /// By the nearest town.
    name: String,
    told: String,
}

#[derive(Template)]
#[template(path = "map.html")]
struct Map {
    frame: Frame,
    alone: bool,
    /// Where the map's own stylesheet is.
    style: &'static str,
    svg: String,
    tabs: Vec<Link>,
    steps: Vec<Link>,
    areas: Vec<Area>,
    more: usize,
    nowhere: usize,
}

/// Draws where things are.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(asked) = asked.map_err(|_| Failure::invalid("The address can not be read."))?;
    let side =
        if matches!(asked.side.as_str(), "offer" | "need") { asked.side.clone() } else { String::new() };
    let filter = FilterInput { side: Some(side.clone()), ..FilterInput::default() }.read()?;
    let wanted = written(&asked);
    let look = move |handle: &Handle| {
        let window = match wanted {
            Some(window) => window,
            None => Window::of(&handle.areas(&filter, FINEST)?.areas),
        };
        Ok((window, handle.areas(&filter, window.resolution())?))
    };
    let (window, found) = aside(&shelf, look).await?;
    let at = |window: Window, side: &str| {
        let (at, km) = window.written();
        address("/map", &[("side", side), ("at", &at), ("km", &km)])
    };
    let leads = |area: &AreaJson| match area.resolution {
        FINEST => address("/", &[("side", &side), ("near", &area.cell), ("within", "1")]),
        _ => at(Window::around(area.centre.0, area.centre.1, window.km() / STEP), &side),
    };
    let home = browse::home(&shelf.handle).as_deref().and_then(centre_of);
    let areas: Vec<_> = found.areas.into_iter().map(|area| (leads(&area), area)).collect();
    let listed = areas.iter().take(LISTED).map(|(href, area)| Area {
        href: href.clone(),
        name: map::near(area).unwrap_or_else(|| area.cell.clone()),
        told: map::told(area),
    });
    let listed: Vec<_> = listed.collect();
    let tab = |value: &str, label| Link { href: at(window, value), label, current: value == side };
    let step = |window: Window, label| Link { href: at(window, &side), label, current: false };
    let mut steps = Vec::new();
    if !window.is_narrowest() {
        steps.push(step(window.times(1.0 / STEP), "Closer"));
    }
    if !window.is_widest() {
        steps.push(step(window.times(STEP), "Farther"));
    }
    steps.push(step(window.moved(0.5, 0.0), "North"));
    steps.push(step(window.moved(-0.5, 0.0), "South"));
    steps.push(step(window.moved(0.0, -0.5), "West"));
    steps.push(step(window.moved(0.0, 0.5), "East"));
    steps.push(Link { href: address("/map", &[("side", &side)]), label: "All", current: false });
    let template = Map {
        frame: Frame::new(&shelf, &visitor, "browse", "Map"),
        alone: shelf.handle.circles().is_empty(),
        style: assets::map_href(),
        more: areas.len().saturating_sub(listed.len()),
        svg: map::draw(&window, &areas, home),
        tabs: vec![tab("", "All"), tab("offer", "Offers"), tab("need", "Needs")],
        steps,
        areas: listed,
        nowhere: found.nowhere,
    };
    page(&visitor, &template)
}

/// The window that an address names.
fn written(asked: &Asked) -> Option<Window> {
    let (latitude, longitude) = asked.at.split_once(',')?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    Some(Window::around(number(latitude)?, number(longitude)?, number(&asked.km).unwrap_or(20.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_names_no_place_shows_all() {
        let asked = |at: &str, km: &str| {
            written(&Asked { side: String::new(), at: at.into(), km: km.into() })
                .map(|window| window.written())
        };
        assert_eq!(asked("49.01,8.4", "30"), Some(("49.010,8.400".into(), "30".into())));
        assert_eq!(asked("49.01,8.4", "wide"), Some(("49.010,8.400".into(), "20".into())));
        for at in ["", "49", "north,east", "NaN,1", "inf,1"] {
            assert_eq!(asked(at, "30"), None, "{at}");
        }
    }
}
