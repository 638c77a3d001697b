//! Cases of canonical bytes: DAG-CBOR in its strict form.

use super::case::Case;
use super::raw::{Fields, bytes, list, text, texts, uint};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes) in good() {
        cases.push(Case::good("cbor", name, &bytes, ""));
    }
    for (name, bytes, reason) in bad() {
        cases.push(Case::bad("cbor", name, &bytes, reason));
    }
    cases
}

fn good() -> Vec<(&'static str, Vec<u8>)> {
    let map = Fields::new().with("b", uint(1)).with("a", uint(2)).with("aa", uint(3)).with("", uint(4));
    vec![
        ("the number 23 in one byte", vec![0x17]),
        ("the number 24 in two bytes", vec![0x18, 0x18]),
        ("the number 2^64-1", uint(u64::MAX)),
        ("the number -1", vec![0x20]),
        ("the number -2^64", [&[0x3b][..], &[0xff; 8]].concat()),
        ("null", vec![0xf6]),
        ("true", vec![0xf5]),
        ("no bytes", bytes(&[])),
        ("256 bytes", bytes(&[7; 256])),
        ("a text in three alphabets", text("Žižkov – Київ – 東京")),
        ("a list of several types", list(&[uint(1), text("a"), bytes(&[1]), vec![0xf4], texts(&[])])),
        ("a map whose shorter names come first", map.encode()),
        ("eight levels", [&[0x81; 8][..], &[0]].concat()),
    ]
}

fn bad() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let long = 1 << 20;
    vec![
        ("nothing", vec![], "cbor/truncated"),
        ("the number 23 in two bytes", vec![0x18, 0x17], "cbor/not-shortest"),
        ("the number 255 in three bytes", vec![0x19, 0x00, 0xff], "cbor/not-shortest"),
        ("the number 65535 in five bytes", vec![0x1a, 0, 0, 0xff, 0xff], "cbor/not-shortest"),
        (
            "the number 2^32-1 in nine bytes",
            [&[0x1b, 0, 0, 0, 0][..], &[0xff; 4]].concat(),
            "cbor/not-shortest",
        ),
        ("the number -1 in two bytes", vec![0x38, 0x00], "cbor/not-shortest"),
        ("a length of 1 in two bytes", vec![0x58, 0x01, 0x00], "cbor/not-shortest"),
        ("a text's length in two bytes", vec![0x78, 0x01, b'a'], "cbor/not-shortest"),
        ("a list's length in two bytes", vec![0x98, 0x01, 0x00], "cbor/not-shortest"),
        ("a map's length in two bytes", vec![0xb8, 0x01, 0x61, b'a', 0x00], "cbor/not-shortest"),
        ("bytes of indefinite length", vec![0x5f, 0x41, 0x00, 0xff], "cbor/type"),
        ("a text of indefinite length", vec![0x7f, 0x61, b'a', 0xff], "cbor/type"),
        ("a list of indefinite length", vec![0x9f, 0x00, 0xff], "cbor/type"),
        ("a map of indefinite length", vec![0xbf, 0x61, b'a', 0x00, 0xff], "cbor/type"),
        ("a break alone", vec![0xff], "cbor/type"),
        ("a reserved length", vec![0x1c], "cbor/type"),
        ("the float 0.0 in 16 bits", vec![0xf9, 0x00, 0x00], "cbor/type"),
        ("the float 1.5 in 64 bits", vec![0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "cbor/type"),
        ("not a number in 16 bits", vec![0xf9, 0x7e, 0x00], "cbor/type"),
        ("infinity in 32 bits", vec![0xfa, 0x7f, 0x80, 0, 0], "cbor/type"),
        ("a large number as a tag", [&[0xc2, 0x49, 0x01][..], &[0; 8]].concat(), "cbor/type"),
        ("a small number as a tag", vec![0xc2, 0x41, 0x01], "cbor/type"),
        ("a date as a tag", vec![0xc1, 0x00], "cbor/type"),
        ("a link as a tag", vec![0xd8, 0x2a, 0x41, 0x00], "cbor/type"),
        ("the tag that says CBOR", vec![0xd9, 0xd9, 0xf7, 0x00], "cbor/type"),
        ("undefined", vec![0xf7], "cbor/type"),
        ("another simple value", vec![0xe0], "cbor/type"),
        ("true in two bytes", vec![0xf8, 0x15], "cbor/type"),
        ("a trailing byte", vec![0x00, 0x00], "cbor/trailing"),
        ("a text that is not UTF-8", vec![0x61, 0xff], "cbor/utf8"),
        ("a text with half a surrogate", vec![0x63, 0xed, 0xa0, 0x80], "cbor/utf8"),
        ("a text with an overlong slash", vec![0x62, 0xc0, 0xaf], "cbor/utf8"),
        ("a name twice", vec![0xa2, 0x61, b'a', 0, 0x61, b'a', 0], "cbor/order"),
        ("names out of order", vec![0xa2, 0x61, b'b', 0, 0x61, b'a', 0], "cbor/order"),
        ("a longer name first", vec![0xa2, 0x62, b'a', b'a', 0, 0x61, b'b', 0], "cbor/order"),
        ("a name that is a number", vec![0xa1, 0x01, 0x01], "cbor/key"),
        ("a name that is bytes", vec![0xa1, 0x41, b'a', 0x01], "cbor/key"),
        ("nine levels", [&[0x81; 9][..], &[0]].concat(), "cbor/depth"),
        ("nine levels of maps", [[0xa1, 0x60].repeat(9), vec![0]].concat(), "cbor/depth"),
        ("a list that ends early", vec![0x82, 0x00], "cbor/truncated"),
        ("a text that ends early", vec![0x62, b'a'], "cbor/truncated"),
        ("a map of 2^32 fields", [&[0xbb, 0, 0, 0, 1][..], &[0; 4]].concat(), "cbor/truncated"),
        ("a list of 2^64-1 items", [&[0x9b][..], &[0xff; 8]].concat(), "cbor/truncated"),
        ("bytes of a length of 2^64-1", [&[0x5b][..], &[0xff; 8]].concat(), "cbor/truncated"),
        ("a MiB of open lists of indefinite length", vec![0x9f; long], "cbor/type"),
        ("a MiB of open maps of indefinite length", vec![0xbf; long], "cbor/type"),
        ("a MiB of open bytes of indefinite length", vec![0x5f; long], "cbor/type"),
        ("a MiB of lists within lists", vec![0x81; long], "cbor/depth"),
        ("a MiB of tags", vec![0xc1; long], "cbor/type"),
    ]
}
