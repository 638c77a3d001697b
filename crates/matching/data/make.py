#!/usr/bin/env python3
"""Makes lexicon.bin, the words that people of many languages have for things.

    python3 make.py CLDR OSM

CLDR and OSM are the unpacked npm packages cldr-annotations-full 48.2.0 (Unicode-3.0) and
@openstreetmap/id-tagging-schema 6.19.2 (ISC); see NOTICE.md. More inputs are beside this file: the
folder kinds, which says what is taken and to which kind it belongs, and the folder things, which names
what both packages lack. The same inputs give the same file, to the last byte. Its format stands at the
top of src/meaning/lexicon.rs.
"""

import fnmatch
import json
import re
import struct
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Each language, with the files that know it: the first gives the names, the others (as of Switzerland,
# Brazil or Mexico) more names. Without a list both packages call it by its code.
LANGUAGES = {
    "am": {}, "ar": {}, "az": {}, "bg": {}, "bn": {}, "bs": {}, "ca": {}, "cs": {}, "da": {},
    "de": {"cldr": ["de", "de-CH"], "osm": ["de", "de-AT", "de-CH"]},
    "el": {},
    "en": {"cldr": ["en", "en-GB", "en-AU", "en-CA"], "osm": ["en", "en-GB", "en-AU", "en-CA"]},
    "es": {"cldr": ["es", "es-419", "es-MX"]},
    "et": {},
    "fa": {"osm": ["fa", "fa-IR"]},
    "fi": {},
    "fr": {"cldr": ["fr", "fr-CA"]},
    "he": {"osm": ["he", "he-IL"]},
    "hi": {}, "hr": {}, "hu": {}, "hy": {}, "id": {}, "it": {}, "ja": {}, "ka": {}, "ko": {}, "lt": {},
    "lv": {}, "mk": {},
    "nb": {"cldr": ["no"], "osm": ["no", "nb"]},
    "nl": {"osm": ["nl", "nl-BE"]},
    "pa": {}, "pl": {}, "ps": {},
    "pt": {"cldr": ["pt", "pt-PT"], "osm": ["pt-BR", "pt"]},
    "ro": {}, "ru": {}, "sk": {}, "sl": {}, "so": {}, "sq": {},
    "sr": {"cldr": ["sr", "sr-Latn"]},
    "sv": {}, "sw": {}, "ta": {}, "ti": {}, "tr": {}, "uk": {}, "ur": {}, "vi": {},
    "zh": {"cldr": ["zh", "zh-Hant"], "osm": ["zh-CN", "zh-TW", "zh"]},
}

# Classes of strength, sources, and the other figures of the format.
NAME, ALIAS, KEYWORD = range(3)
CLDR, OSM, OWN = range(3)
MAGIC = b"meaning1"
BLOCK = 16
NO_KIND = 255
LONGEST_WORD = 40  # letters, as in analyse.rs
LONGEST_PHRASE = 4  # words: who looks phrases up joins that many

# A circle and a square of one colour: what both are called is the colour. Orange is a fruit as well.
COLOURS = ["🔴🟥", "🟡🟨", "🟢🟩", "🔵🟦", "🟣🟪", "🟤🟫", "⚫⬛", "⚪⬜"]

# Letters that do not fall apart into a plain one and an accent.
SPECIAL = str.maketrans({
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th",
    "ς": "σ",
})
# Both kinds of people in one word: "Lehrer(in)", "Lehrer:in", "enseignant·e".
TWO_FORMS = re.compile(r"(\w{3,})[:*·•_/]-?(\w{1,5})\b(?!\w)")
# Words by which OpenStreetMap tells apart what is drawn on a map.
BRACKETS = re.compile(r"\s*[(（\[][^)）\]]*[)）\]]")


def fold(text):
    """One form for the spellings that people mix up: `lower` and `fold` of src/fold.rs."""
    lower = unicodedata.normalize("NFKC", text).lower()
    plain = (c for c in unicodedata.normalize("NFKD", lower) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", "".join(plain).translate(SPECIAL))


def key(text):
    """The folded words of a text, joined by one space: `key` of src/meaning/lexicon.rs."""
    spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return " ".join(filter(None, map(fold, spaced.split(" "))))


def is_useful(phrase):
    """Whether a folded phrase is worth a line: words of letters, not too long and not too many."""
    words = phrase.split(" ")
    lone = len(phrase) < 2 and ord(phrase[:1] or "a") < 0x2E80
    return (
        not lone
        and len(words) <= LONGEST_PHRASE
        and all(len(word) <= LONGEST_WORD for word in words)
        and not phrase.replace(" ", "").isdigit()
    )


def spellings(text):
    """The ways in which a name with brackets, strokes or two forms is really said; the first is shown."""
    text = text.replace("\u200f", "").replace("\u200e", "").strip()
    joined = re.sub(r"(?<=\w)\((\w{1,5})\)", r":\1", text)
    ways = []
    for way in re.split(r"\s+/\s+|(?<=\w{4})/(?=\w{4})", BRACKETS.sub("", joined)):
        ways.append(TWO_FORMS.sub(r"\1", way).strip())
        ways.append(TWO_FORMS.sub(r"\1\2", way).strip())
    return list(dict.fromkeys(filter(None, ways)))


class Concept:
    """What an annotation or a preset stands for."""

    def __init__(self, source, name, kind):
        self.source, self.id, self.kind = source, name, kind
        self.senses = {}  # (phrase, language) -> strength
        self.names = {}  # language -> name as it is written

    def say(self, language, text, strength):
        """Notes that a language says it so."""
        for way in spellings(text):
            if strength == NAME:
                self.names.setdefault(language, way)
            phrase = key(way)
            if is_useful(phrase):
                place = (phrase, language)
                self.senses[place] = min(strength, self.senses.get(place, KEYWORD))
            if strength == NAME:
                strength = ALIAS


def rows(name):
    """The lines of a table beside this file."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def load(path):
    """A JSON file, or nothing where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def without_style(emoji):
    """An emoji without the sign that asks for colour."""
    return emoji.replace("\ufe0f", "")


def members():
    """Which things, emoji and patterns of presets belong to which kind."""
    things, emoji, patterns = {}, {}, {}
    for kind, listed in rows("kinds/members.tsv"):
        for member in listed.split():
            table = emoji if not member.isascii() else patterns if "/" in member else things
            member = without_style(member)
            if member in table:
                raise SystemExit(f"members.tsv: {member} stands at {table[member]} and at {kind}")
            table[member] = kind
    return things, emoji, patterns


def colours(found):
    """The folded words for colours among the annotations of a language; they tell no thing from another."""
    words = {sign: set(map(key, found.get(sign, {}).get("default", []))) for sign in "".join(COLOURS)}
    return set.union(*(words[circle] & words[square] for circle, square in COLOURS))


def from_cldr(folder, emoji):
    """A concept for each emoji of the table."""
    concepts = {sign: Concept(CLDR, sign, kind) for sign, kind in emoji.items()}
    # Men and women at work are the same work: their names are other names of it.
    same = {sign: (sign, NAME) for sign in emoji}
    for sign in emoji:
        if sign.startswith("🧑\u200d"):
            same.update({f"{who}{sign[1:]}": (sign, ALIAS) for who in "👨👩"})
        same.update({f"{sign}\u200d{who}": (sign, ALIAS) for who in "♀♂"})
    for language, files in LANGUAGES.items():
        for place, file in enumerate(files.get("cldr", [language])):
            found = load(folder / "annotations" / file / "annotations.json")
            found = found.get("annotations", {}).get("annotations", {})
            idle = colours(found)
            for sign, words in sorted(found.items()):
                base, strength = same.get(without_style(sign), (None, None))
                if base is None:
                    continue
                for name in words.get("tts", []):
                    concepts[base].say(language, name, strength if place == 0 else ALIAS)
                if strength == NAME:
                    for word in words.get("default", []):
                        if key(word) not in idle:
                            concepts[base].say(language, word, KEYWORD)
    missing = [sign for sign, concept in concepts.items() if not concept.senses]
    if missing:
        raise SystemExit(f"members.tsv: CLDR knows no {missing}")
    return list(concepts.values())


def from_own(things):
    """A concept for each thing of the table."""
    concepts = {thing: Concept(OWN, thing, kind) for thing, kind in things.items()}
    for language in LANGUAGES:
        if (HERE / "things" / f"{language}.tsv").exists():
            for thing, names in rows(f"things/{language}.tsv"):
                if thing not in concepts:
                    raise SystemExit(f"members.tsv: {thing} has no kind")
                names, _, keywords = names.partition(";")
                for place, name in enumerate(names.split(",")):
                    concepts[thing].say(language, name, NAME if place == 0 else ALIAS)
                for word in filter(None, keywords.split(",")):
                    concepts[thing].say(language, word, KEYWORD)
    missing = [thing for thing, concept in concepts.items() if "en" not in concept.names]
    if missing:
        raise SystemExit(f"things/en.tsv has no {missing}")
    return list(concepts.values())


def kind_of(preset, patterns):
    """The kind by the most exact pattern that fits."""
    fits = [pattern for pattern in patterns if fnmatch.fnmatchcase(preset, pattern)]
    return patterns[max(fits, key=lambda pattern: ("*" not in pattern, len(pattern)))] if fits else None


def listed(text):
    """The terms of a preset."""
    return [term.strip() for term in re.split(r"[,،、\n]", text or "") if term.strip()]


def from_osm(folder, patterns):
    """A concept for each preset that a pattern of the table asks for."""
    def presets(file):
        found = load(folder / "dist" / "translations" / f"{file}.json").get(file, {})
        return found.get("presets", {}).get("presets", {})

    # Some stand there without a name: nobody is to choose them any more.
    english = {preset: words for preset, words in presets("en").items() if words.get("name")}
    concepts = {}
    for preset in english:
        kind = kind_of(preset, patterns)
        if kind is not None:
            concepts[preset] = Concept(OSM, preset, kind)
    idle = [pattern for pattern in patterns if not fnmatch.filter(english, pattern)]
    if idle:
        raise SystemExit(f"members.tsv: OpenStreetMap has no {idle}")
    for language, files in LANGUAGES.items():
        for place, file in enumerate(files.get("osm", [language])):
            for preset, words in sorted(presets(file).items()):
                concept, original = concepts.get(preset), english.get(preset, {})
                if concept is None:
                    continue
                # Many translations begin as a copy of the English words and stay one.
                own = words if language == "en" else dict(words.items() - original.items())
                name = own.get("name") or ("terms" in own and words.get("name"))
                if name:
                    concept.say(language, name, NAME if place == 0 else ALIAS)
                for alias in listed(own.get("aliases")):
                    concept.say(language, alias, ALIAS)
                for term in listed(own.get("terms")):
                    concept.say(language, term, KEYWORD)
    return list(concepts.values())


def number(value):
    """A number in groups of seven bits, the lowest first; all but the last group have the top bit."""
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(groups + bytes([value]))


def table(parts):
    """Parts of different lengths: where each begins and the last ends, then the parts."""
    ends, place = [0], 0
    for part in parts:
        place += len(part)
        ends.append(place)
    return struct.pack(f"<{len(ends)}I", *ends) + b"".join(parts)


def blocks(senses):
    """The sorted phrases in blocks, each told by what differs from the one before."""
    made, before = [], b""
    for place, (phrase, found) in enumerate(sorted((p.encode(), s) for p, s in senses.items())):
        if place % BLOCK == 0:
            made.append(bytearray())
            before = b""
        shared = 0
        while shared < min(len(before), len(phrase)) and before[shared] == phrase[shared]:
            shared += 1
        rest = phrase[shared:]
        made[-1] += bytes([shared, len(rest)]) + rest + number(len(found))
        for concept, language, strength in sorted(found):
            made[-1] += struct.pack("<HB", concept, language << 2 | strength)
        before = phrase
    return made


def main():
    """Reads, numbers and writes."""
    cldr, osm = map(Path, sys.argv[1:3])
    kinds = [row[0] for row in rows("kinds/tree.tsv")]
    things, emoji, patterns = members()
    unknown = {*things.values(), *emoji.values(), *patterns.values()} - {*kinds, "-"}
    if unknown:
        raise SystemExit(f"members.tsv: no kinds {unknown}")
    concepts = from_cldr(cldr, emoji) + from_osm(osm, patterns) + from_own(things)
    concepts.sort(key=lambda concept: (concept.source, concept.id))
    languages = sorted(LANGUAGES)
    senses = defaultdict(list)
    for place, concept in enumerate(concepts):
        for (phrase, language), strength in concept.senses.items():
            senses[phrase].append((place, languages.index(language), strength))
    described = []
    for concept in concepts:
        kind = NO_KIND if concept.kind == "-" else kinds.index(concept.kind)
        known = concept.id.encode()
        part = bytes([concept.source, kind, len(known)]) + known
        for language, name in sorted(concept.names.items()):
            name = name.encode()[:255].decode(errors="ignore").encode()
            part += bytes([languages.index(language), len(name)]) + name
        described.append(part)
    parts = [
        "".join(languages).encode(),
        table([kind.encode() for kind in kinds]),
        table(described),
        table(blocks(senses)),
    ]
    longest = max(phrase.count(" ") + 1 for phrase in senses)
    counts = (len(languages), len(kinds), len(concepts), len(senses), longest)
    made = MAGIC + struct.pack("<5I", *counts) + b"".join(parts)
    (HERE / "lexicon.bin").write_bytes(made)
    print(f"{len(languages)} languages, {len(concepts)} concepts, {len(senses)} phrases,", end=" ")
    print(f"{sum(map(len, senses.values()))} senses, {len(made)} bytes:", *map(len, parts))


if __name__ == "__main__":
    main()
