//! What the map knows of the world: outlines of countries, and towns. It is read where it lies, in the program.
//!
//! `map.bin` (made by `data/make_map.py`, all numbers little-endian): 8 bytes `map00001`; the length of the outlines (u32);
//! the outlines: how many (u32), each with its bounds in thousandths of a degree (west, south, east, north: i32), its length
//! in bytes (u32) and its points, each as two varints (zigzag, LEB128), longitude and latitude less those of the point
//! before; then the towns: 181 offsets (u32) by degree of latitude from −90 on, and the towns from south to north, each
//! with latitude and longitude (i32, thousandths of a degree), people (u32), the length of its name (u8) and the name.

/// The file.
const MAP: &[u8] = include_bytes!("../../data/map.bin");
const MAGIC: &[u8] = b"map00001";
/// Once around, in thousandths of a degree.
const AROUND: i32 = 360_000;
/// How many degrees of latitude there are.
const BANDS: usize = 180;

/// A part of the world, in thousandths of a degree. The east may lie beyond the date line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) south: i32,
    pub(super) west: i32,
    pub(super) north: i32,
    pub(super) east: i32,
}

impl Bounds {
    /// By how much a longitude has to be turned to lie inside, if it can.
    fn turn(&self, west: i32, east: i32) -> Option<i32> {
        [0, AROUND, -AROUND].into_iter().find(|turn| {
            let (west, east) = (west.saturating_add(*turn), east.saturating_add(*turn));
            west <= self.east && east >= self.west
        })
    }
}

/// A town.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Town {
    /// Thousandths of a degree.
    pub(super) latitude: i32,
    /// Thousandths of a degree; beyond 180,000 east of the date line.
    pub(super) longitude: i32,
    pub(super) people: u32,
    pub(super) name: &'static str,
}

/// Gives each outline that touches a part of the world: its points, longitude and latitude in thousandths of a degree.
pub(super) fn outlines(bounds: &Bounds, mut each: impl FnMut(&[(i32, i32)])) {
    let Some((outlines, _)) = parts() else { return };
    let mut reader = Reader(outlines);
    let mut points = Vec::new();
    for _ in 0..reader.u32().unwrap_or(0) {
        let Some(next) = outline(&mut reader) else { return };
        let (west, south, east, north, coded) = next;
        let turn = bounds.turn(west, east).filter(|_| south <= bounds.north && north >= bounds.south);
        let Some(turn) = turn else { continue };
        points.clear();
        let (mut reader, mut longitude, mut latitude) = (Reader(coded), turn, 0_i32);
        while let (Some(lon), Some(lat)) = (reader.varint(), reader.varint()) {
            (longitude, latitude) = (longitude.saturating_add(lon), latitude.saturating_add(lat));
            points.push((longitude, latitude));
        }
        each(&points);
    }
}

fn outline(reader: &mut Reader<'static>) -> Option<(i32, i32, i32, i32, &'static [u8])> {
    let (west, south, east, north) = (reader.i32()?, reader.i32()?, reader.i32()?, reader.i32()?);
    let length = usize::try_from(reader.u32()?).ok()?;
    Some((west, south, east, north, reader.take(length)?))
}

/// The towns in a part of the world, from south to north.
pub(super) fn towns(bounds: &Bounds) -> Vec<Town> {
    let Some((_, towns)) = parts() else { return Vec::new() };
    let mut reader = Reader(towns);
    let starts: Vec<usize> = (0..=BANDS).filter_map(|_| usize::try_from(reader.u32()?).ok()).collect();
    let band = |latitude: i32| {
        usize::try_from(latitude.div_euclid(1_000).saturating_add(90)).unwrap_or(0).min(BANDS - 1)
    };
    let (first, last) = (starts.get(band(bounds.south)), starts.get(band(bounds.north) + 1));
    let within = first.zip(last).and_then(|(first, last)| reader.0.get(*first..*last));
    let mut reader = Reader(within.unwrap_or_default());
    let mut found = Vec::new();
    while let Some(town) = town(&mut reader) {
        let turn = bounds.turn(town.longitude, town.longitude);
        if let Some(turn) = turn.filter(|_| (bounds.south..=bounds.north).contains(&town.latitude)) {
            found.push(Town { longitude: town.longitude.saturating_add(turn), ..town });
        }
    }
    found
}

fn town(reader: &mut Reader<'static>) -> Option<Town> {
    let (latitude, longitude, people) = (reader.i32()?, reader.i32()?, reader.u32()?);
    let [length] = *reader.array::<1>()?;
    let name = std::str::from_utf8(reader.take(usize::from(length))?).ok()?;
    Some(Town { latitude, longitude, people, name })
}

/// The outlines and the towns.
fn parts() -> Option<(&'static [u8], &'static [u8])> {
    let mut reader = Reader(MAP.strip_prefix(MAGIC)?);
    let length = usize::try_from(reader.u32()?).ok()?;
    let outlines = reader.take(length)?;
    Some((outlines, reader.0))
}

/// Reads numbers from bytes, as far as there are some.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn i32(&mut self) -> Option<i32> {
        self.array().map(|bytes| i32::from_le_bytes(*bytes))
    }

    fn varint(&mut self) -> Option<i32> {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = *self.array::<1>()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // Zigzag: the lowest bit is the sign.
                return Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: Bounds = Bounds { south: -90_000, west: -180_000, north: 90_000, east: 180_000 };

    #[test]
    fn the_whole_file_can_be_read() {
        let (mut lines, mut points) = (0, 0);
        outlines(&WORLD, |line| {
            (lines, points) = (lines + 1, points + line.len());
            assert!(line.iter().all(|(lon, lat)| lon.abs() <= 180_000 && lat.abs() <= 90_000), "{line:?}");
        });
        assert!(lines > 1_000 && points > 50_000, "{lines} {points}");
        let towns = towns(&WORLD);
        assert!(towns.len() > 50_000, "{}", towns.len());
        assert!(towns.is_sorted_by_key(|town| town.latitude));
        assert!(towns.iter().all(|town| town.people >= 5_000 && !town.name.is_empty()));
    }

    #[test]
    fn towns_are_found_where_they_are() {
        let around = Bounds { south: 48_900, west: 8_300, north: 49_100, east: 8_500 };
        let names: Vec<_> = towns(&around).into_iter().map(|town| town.name).collect();
        assert!(names.contains(&"Karlsruhe"), "{names:?}");
        assert!(!names.contains(&"Berlin"), "{names:?}");
    }

    #[test]
    fn the_date_line_is_no_edge() {
        let fiji = Bounds { south: -19_000, west: 177_000, north: -16_000, east: 182_000 };
        let mut beyond = 0;
        outlines(&fiji, |line| beyond += usize::from(line.iter().any(|(lon, _)| *lon > 180_000)));
        assert!(beyond > 0);
        assert!(towns(&fiji).iter().all(|town| (177_000..=182_000).contains(&town.longitude)));
    }
}
