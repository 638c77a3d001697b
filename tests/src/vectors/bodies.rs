//! Cases of bodies, kind by kind.

use record::Cell;

use super::case::Case;
use super::charters::{self, charter};
use super::raw::{Fields, bytes, list, text, texts, uint};
use super::seals;
use super::world::{END, NOW, alice, bob};
use super::{draws, letters};

/// A class, a kind and a body of that kind.
type Example = (&'static str, &'static str, Vec<u8>);

/// One good body of each kind that members' devices sign, with its class.
pub(super) fn one_of_each() -> Vec<Example> {
    vec![
        ("control", "charter", charter().encode()),
        ("control", "profile", profile().encode()),
        ("control", "admission", about_bob().encode()),
        ("control", "removal", about_bob().with("reason", text("Zweimal nicht gekommen")).encode()),
        ("control", "vouch", about_bob().encode()),
        ("control", "rotation", Fields::new().with("secret", bytes(&[7; 32])).encode()),
        ("control", "seal-key", letters::seal_key().encode()),
        ("content", "notice", notice().encode()),
        ("content", "comment", comment().encode()),
        ("letter", "letter", letters::closed_body().encode()),
        ("proof", "receipt", seals::receipt_body(&alice(), &bob()).encode()),
        ("proof", "checkpoint", seals::checkpoint_body().encode()),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (_, kind, body) in one_of_each() {
        cases.push(good(kind, &format!("a {kind} as a body"), &body, kind));
    }
    cases.push(good("grant", "a grant as a body", &alice().grant().encode(), "grant"));
    cases.extend(listings());
    cases.extend(draws::cases());
    cases.extend(charters::cases());
    cases.extend(others());
    cases.extend(seals::bodies());
    cases
}

pub(super) fn good(kind: &str, name: &str, body: &[u8], reads: &str) -> Case {
    Case::good("body", name, body, reads).with("kind", kind)
}

pub(super) fn bad(kind: &str, name: &str, body: &[u8], reason: &str) -> Case {
    Case::bad("body", name, body, reason).with("kind", kind)
}

pub(super) fn listing() -> Fields {
    Fields::new()
        .with("side", text("offer"))
        .with("terms", text("gift"))
        .with("title", text("Zehn Weingläser"))
        .with("count", uint(10))
}

/// The cell at resolution 7 around Karlsruhe's market square.
pub(super) fn cell() -> u64 {
    Cell::containing(49.0093, 8.4043).expect("on the globe").index()
}

/// The cell's index with these bits in place of its own.
fn with_bits(cell: u64, at: u32, width: u32, bits: u64) -> u64 {
    let mask = ((1 << width) - 1) << at;
    cell & !mask | bits << at
}

fn photo() -> Fields {
    let hashes = Fields::new().with("photo", bytes(&[1; 32])).with("thumb", bytes(&[2; 32]));
    hashes.with("size", uint(1)).with("thumb-size", uint(1))
}

fn with_photo(photo: Vec<u8>) -> Fields {
    listing().with("photos", list(&[photo]))
}

fn listings() -> Vec<Case> {
    let full = listing()
        .with("text", text("Dickes Glas,\nspülmaschinenfest"))
        .with("category", text("Küche"))
        .with("language", text("de"))
        .with("left", uint(4))
        .with("grams", uint(180))
        .with("decide", text("queue"))
        .with("cell", uint(cell()))
        .with("until", uint(END))
        .with("needs", texts(&["slots"]))
        .with(
            "photos",
            list(&[photo().encode(), photo().with("alt", text("Der Schrank von vorn")).encode()]),
        );
    // Base cell 4 is a pentagon: the direction 1 is missing around its centre.
    let pentagon = with_bits(with_bits(cell(), 45, 7, 4), 0, 45, (1 << 45) - 1);
    let coarse = with_bits(pentagon, 52, 4, 1);
    let mut cases = Vec::new();
    for (name, body, reads) in [
        ("a plain listing", listing(), "listing"),
        ("a listing with all fields", full, "listing"),
        (
            "a listing with fields of a later version",
            listing().with("slots", list(&[uint(NOW), uint(END)])).with("colour", text("grün")),
            "listing",
        ),
        (
            "an unknown field that holds what texts may not",
            listing().with("note", text("a\u{202e}b")),
            "listing",
        ),
        ("a title of 120 characters", listing().with("title", text(&"ü".repeat(120))), "listing"),
        (
            "a title with a joiner between two people",
            listing().with("title", text("👩\u{200d}🌾")),
            "listing",
        ),
        ("a text of 2000 characters", listing().with("text", text(&"e".repeat(2000))), "listing"),
        (
            "a count of 100000, none left",
            listing().with("count", uint(100_000)).with("left", uint(0)),
            "listing",
        ),
        (
            "a cell of resolution 0 that is a pentagon",
            listing().with("cell", uint(with_bits(pentagon, 52, 4, 0))),
            "listing",
        ),
        (
            "a cell in direction 2 of a pentagon",
            listing().with("cell", uint(with_bits(coarse, 42, 3, 2))),
            "listing",
        ),
        (
            "the largest photos",
            listing().with(
                "photos",
                list(&vec![
                    photo()
                        .with("size", uint(204_800))
                        .with("thumb-size", uint(12_288))
                        .with("alt", text(&"ü".repeat(120)))
                        .encode();
                    4
                ]),
            ),
            "listing",
        ),
        ("a side that nobody knows", listing().with("side", text("swap")), "other"),
        (
            "terms that nobody knows, and no title",
            listing().with("terms", text("rent")).without("title"),
            "other",
        ),
        ("a way to decide that nobody knows", listing().with("decide", text("fight")), "other"),
        ("a language of three letters", listing().with("language", text("deu")), "other"),
        ("a side in capitals", listing().with("side", text("Offer")), "other"),
    ] {
        cases.push(good("listing", name, &body.encode(), reads));
    }
    let long_words: Vec<&str> = vec!["w"; 33];
    for (name, body, reason) in [
        ("photos that are bytes", listing().with("photos", bytes(&[1; 32])), "wrong-type"),
        ("a photo that is its hash", with_photo(bytes(&[1; 32])), "wrong-type"),
        (
            "a photo with a short hash",
            with_photo(photo().with("photo", bytes(&[1; 31])).encode()),
            "wrong-type",
        ),
        ("a photo with an unknown field", with_photo(photo().with("by", text("Ina")).encode()), "wrong-type"),
        ("a photo without its size", with_photo(photo().without("size").encode()), "missing"),
        ("a photo without a thumbnail", with_photo(photo().without("thumb").encode()), "missing"),
        ("a photo of no bytes", with_photo(photo().with("size", uint(0)).encode()), "out-of-range"),
        ("a photo of 204801 bytes", with_photo(photo().with("size", uint(204_801)).encode()), "out-of-range"),
        (
            "a thumbnail of 12289 bytes",
            with_photo(photo().with("thumb-size", uint(12_289)).encode()),
            "out-of-range",
        ),
        (
            "a line of 121 characters about a photo",
            with_photo(photo().with("alt", text(&"ü".repeat(121))).encode()),
            "too-long",
        ),
        ("two lines about a photo", with_photo(photo().with("alt", text("a\nb")).encode()), "unseen"),
        ("an empty line about a photo", with_photo(photo().with("alt", text("")).encode()), "second-form"),
        ("no photos, said", listing().with("photos", list(&[])), "second-form"),
        ("five photos", listing().with("photos", list(&vec![photo().encode(); 5])), "too-many"),
        ("no title", listing().without("title"), "missing"),
        ("no side", listing().without("side"), "missing"),
        ("no count", listing().without("count"), "missing"),
        ("a title without characters", listing().with("title", text("")), "empty"),
        ("a title of 121 characters", listing().with("title", text(&"ü".repeat(121))), "too-long"),
        ("a title that is a number", listing().with("title", uint(1)), "wrong-type"),
        ("a title that is bytes", listing().with("title", bytes(b"Glas")), "wrong-type"),
        ("a side that is a number", listing().with("side", uint(1)), "wrong-type"),
        ("a title that turns its direction", listing().with("title", text("Glas\u{202e}rekce")), "unseen"),
        ("a title of two lines", listing().with("title", text("Glas\nGlas")), "unseen"),
        ("a title with a zero", listing().with("title", text("Glas\0")), "unseen"),
        ("a title with a space without width", listing().with("title", text("Gl\u{200b}as")), "unseen"),
        ("a text with an escape", listing().with("text", text("\u{1b}[31mrot")), "unseen"),
        ("a text with a carriage return", listing().with("text", text("a\r\nb")), "unseen"),
        ("a text of 2001 characters", listing().with("text", text(&"e".repeat(2001))), "too-long"),
        ("a category of 61 characters", listing().with("category", text(&"k".repeat(61))), "too-long"),
        ("a count of 0", listing().with("count", uint(0)), "out-of-range"),
        ("a count of 100001", listing().with("count", uint(100_001)), "out-of-range"),
        ("a count of 2^32 and 1", listing().with("count", uint((1 << 32) + 1)), "out-of-range"),
        ("a weight of 0", listing().with("grams", uint(0)), "out-of-range"),
        ("a weight of 10000001 grams", listing().with("grams", uint(10_000_001)), "out-of-range"),
        ("that the lister chooses, said", listing().with("decide", text("choose")), "second-form"),
        ("a count below zero", listing().with("count", vec![0x20]), "wrong-type"),
        ("more left than there are", listing().with("left", uint(11)), "out-of-range"),
        (
            "a cell of resolution 9",
            listing().with("cell", uint(with_bits(with_bits(cell(), 52, 4, 9), 18, 6, 0))),
            "cell-too-fine",
        ),
        ("a cell of mode 2", listing().with("cell", uint(with_bits(cell(), 59, 4, 2))), "not-a-cell"),
        (
            "a cell of base cell 122",
            listing().with("cell", uint(with_bits(cell(), 45, 7, 122))),
            "not-a-cell",
        ),
        ("a cell with a reserved bit", listing().with("cell", uint(cell() | 1 << 56)), "not-a-cell"),
        ("a cell with the highest bit", listing().with("cell", uint(cell() | 1 << 63)), "not-a-cell"),
        (
            "a cell with a direction 7",
            listing().with("cell", uint(with_bits(cell(), 33, 3, 7))),
            "not-a-cell",
        ),
        (
            "a cell with a direction beyond its resolution",
            listing().with("cell", uint(with_bits(cell(), 0, 3, 0))),
            "not-a-cell",
        ),
        (
            "a cell in direction 1 of a pentagon",
            listing().with("cell", uint(with_bits(coarse, 42, 3, 1))),
            "not-a-cell",
        ),
        ("a cell that is nothing", listing().with("cell", uint(0)), "not-a-cell"),
        ("a cell as text", listing().with("cell", text("871fa1b69ffffff")), "wrong-type"),
        ("an until as text", listing().with("until", text("Freitag")), "wrong-type"),
        ("needs that are a text", listing().with("needs", text("slots")), "wrong-type"),
        ("needs that hold a number", listing().with("needs", list(&[uint(1)])), "wrong-type"),
        ("33 needs", listing().with("needs", texts(&long_words)), "too-many"),
        ("a need of 33 characters", listing().with("needs", texts(&[&long_words.concat()])), "too-long"),
        ("an empty text, said", listing().with("text", text("")), "second-form"),
        ("an empty category, said", listing().with("category", text("")), "second-form"),
        ("no needs, said", listing().with("needs", list(&[])), "second-form"),
        ("all are left, said", listing().with("left", uint(10)), "second-form"),
        (
            "a float in an unknown field",
            listing().with("price", vec![0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            "cbor/type",
        ),
        (
            "an unknown field of nine levels",
            listing().with("deep", [&[0x81; 8][..], &[0]].concat()),
            "cbor/depth",
        ),
        ("a body of 7169 bytes", filled(7169), "too-large"),
    ] {
        cases.push(bad("listing", name, &body.encode(), reason));
    }
    cases.push(good("listing", "a body of 7168 bytes", &filled(7168).encode(), "listing"));
    cases.push(bad("listing", "a listing that is a list", &list(&[text("offer")]), "not-a-map"));
    cases
}

/// A listing of just so many bytes.
fn filled(size: usize) -> Fields {
    let with = |length: usize| listing().with("x", bytes(&vec![0; length]));
    with(2 * size - with(size).encode().len())
}

fn profile() -> Fields {
    Fields::new()
        .with("name", text("Olena"))
        .with("languages", texts(&["uk", "de"]))
        .with("cell", uint(cell()))
        .with("hours", text("Mo-Fr 15:00-18:00"))
        .with("tally", vec![0xf5])
}

fn about_bob() -> Fields {
    Fields::new().with("member", bytes(&bob().id()))
}

fn notice() -> Fields {
    Fields::new()
        .with("title", text("Samstag geschlossen"))
        .with("language", text("de"))
        .with("until", uint(END))
}

fn comment() -> Fields {
    Fields::new()
        .with("author", bytes(&bob().id()))
        .with("on", bytes(&[5; 16]))
        .with("text", text("Läuft wie neu.\nDanke!"))
}

/// A case that says which kind of body it is.
type Kinded = (&'static str, &'static str, Fields, &'static str);

fn others() -> Vec<Case> {
    let grant = alice().grant();
    let prime = bytes(&[&[0xed][..], &[0xff; 30], &[0x7f]].concat());
    let accepted: [Kinded; 7] = [
        ("grant", "a grant for the desk", grant.with("role", text("desk")), "grant"),
        (
            "grant",
            "a grant for a host with a field of a later version",
            grant.with("role", text("host")).with("from", uint(NOW)),
            "grant",
        ),
        (
            "grant",
            "a grant of a role that is unknown, and no signer",
            grant.with("role", text("cousin")).without("signer"),
            "other",
        ),
        ("profile", "a profile with a name alone", Fields::new().with("name", text("Olena")), "profile"),
        ("removal", "a removal without a reason", about_bob(), "removal"),
        ("weather", "a body of an unknown kind", Fields::new().with("rain", vec![0xf5]), "other"),
        ("proposal", "a body of a kind that has none yet", Fields::new().with("title", uint(1)), "other"),
    ];
    let refused: [Kinded; 25] = [
        ("grant", "a grant without a signer", grant.without("signer"), "missing"),
        ("grant", "a grant for 31 bytes", grant.with("signer", bytes(&[1; 31])), "wrong-type"),
        ("grant", "a grant for a key whose y is the prime", grant.with("signer", prime.clone()), "bad-key"),
        ("grant", "a grant whose role is a number", grant.with("role", uint(1)), "wrong-type"),
        ("grant", "a grant without a role", grant.without("role"), "missing"),
        ("grant", "a grant without an end", grant.without("until"), "missing"),
        ("grant", "a grant until a text", grant.with("until", text("2030")), "wrong-type"),
        ("profile", "a profile without any name", profile().without("name"), "missing"),
        (
            "profile",
            "a profile with a text of 2001 characters",
            profile().with("text", text(&"t".repeat(2001))),
            "too-long",
        ),
        ("profile", "a profile with no tally, said", profile().with("tally", vec![0xf4]), "wrong-type"),
        (
            "profile",
            "a profile with hours of two lines",
            profile().with("hours", text("Mo 10:00-11:00\nTu 10:00-11:00")),
            "unseen",
        ),
        (
            "profile",
            "a profile with 33 languages",
            profile().with("languages", texts(&["de"; 33])),
            "too-many",
        ),
        (
            "profile",
            "a profile with no languages, said",
            profile().with("languages", list(&[])),
            "second-form",
        ),
        ("admission", "an admission of nobody", Fields::new(), "missing"),
        (
            "admission",
            "an admission of a key whose y is the prime",
            Fields::new().with("member", prime),
            "bad-key",
        ),
        (
            "removal",
            "a removal with an empty reason, said",
            about_bob().with("reason", text("")),
            "second-form",
        ),
        (
            "removal",
            "a removal with a hidden reason",
            about_bob().with("reason", text("\u{2066}x")),
            "unseen",
        ),
        ("vouch", "a vouch for a text", Fields::new().with("member", text("Bob")), "wrong-type"),
        ("rotation", "a rotation to 31 bytes", Fields::new().with("secret", bytes(&[7; 31])), "wrong-type"),
        ("notice", "a notice without a title", notice().without("title"), "missing"),
        ("notice", "a notice of 121 characters", notice().with("title", text(&"n".repeat(121))), "too-long"),
        ("comment", "a comment without words", comment().with("text", text("")), "empty"),
        ("comment", "a comment on nothing", comment().without("on"), "missing"),
        ("comment", "a comment on 15 bytes", comment().with("on", bytes(&[5; 15])), "wrong-type"),
        (
            "comment",
            "a comment of 2001 characters",
            comment().with("text", text(&"c".repeat(2001))),
            "too-long",
        ),
    ];
    let accepted = accepted.iter().map(|(kind, name, body, reads)| good(kind, name, &body.encode(), reads));
    let refused = refused.iter().map(|(kind, name, body, reason)| bad(kind, name, &body.encode(), reason));
    let no_map = [bad("weather", "a body of an unknown kind that is no map", &uint(1), "not-a-map")];
    accepted.chain(refused).chain(no_map).collect()
}
