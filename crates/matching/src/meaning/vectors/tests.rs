use proptest::prelude::*;

use super::*;

/// A table of these keys and costs, whose rows differ.
fn table(keys: &[(&str, u8)]) -> Vec<u8> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let (mut packed, mut blocks, mut before) = (Vec::new(), Vec::new(), "");
    for (row, (key, _)) in keys.iter().enumerate() {
        if row % ROWS_OF_A_BLOCK == 0 {
            blocks.extend((packed.len() as u32).to_le_bytes());
            before = "";
        }
        let same = before.bytes().zip(key.bytes()).take_while(|(one, other)| one == other).count();
        packed.extend([same as u8, (key.len() - same) as u8]);
        packed.extend(&key.as_bytes()[same..]);
        before = key;
    }
    let counts = [keys.len(), DIMENSIONS, blocks.len() / 4, packed.len()];
    let mut bytes = MAGIC.to_vec();
    bytes.extend(counts.iter().flat_map(|count| (*count as u32).to_le_bytes()));
    bytes.extend(1e-4_f32.to_le_bytes());
    bytes.extend([0.05_f32; DIMENSIONS].iter().flat_map(|scale| scale.to_le_bytes()));
    bytes.extend(blocks);
    bytes.extend(packed);
    bytes.extend(keys.iter().map(|(_, cost)| *cost));
    for row in 0..keys.len() {
        bytes.extend((0..DIMENSIONS / 2).map(|at| (row * 41 + at * 97 + row * at * 7) as u8));
    }
    bytes
}

fn read(bytes: Vec<u8>) -> Result<Vectors, VectorsError> {
    Vectors::read(bytes.leak())
}

const KEYS: [(&str, u8); 21] = [
    ("_kinder", 80),
    ("_kind", 60),
    ("_wagen", 70),
    ("_w", 40),
    ("wagen", 90),
    ("wag", 90),
    ("en", 30),
    ("er", 30),
    ("e", 40),
    ("r", 40),
    ("n", 40),
    ("w", 40),
    ("a", 40),
    ("g", 40),
    ("_auto", 60),
    ("_haus", 60),
    ("_tür", 60),
    ("tür", 90),
    ("_자전거", 70),
    ("_é", 50),
    ("s", 30),
];

fn cosine(one: &str, other: &str) -> f32 {
    let vectors = Vectors::shipped();
    similarity(&vectors.word(one).unwrap().direction, &vectors.word(other).unwrap().direction)
}

#[test]
fn words_that_mean_the_same_in_two_languages_point_the_same_way() {
    assert!((cosine("kinderwagen", "poussette") - 0.77).abs() < 0.01);
    assert!(cosine("kinderwagen", "poussette") > cosine("kinderwagen", "drill") + 0.4);
    assert!(cosine("fahrrad", "bicycle") > 0.6);
    assert!(cosine("자전거", "fiets") > 0.6);
}

#[test]
fn each_word_of_the_shipped_table_is_found_whole() {
    let vectors = Vectors::shipped();
    let mut words = 0;
    for word in vectors.words() {
        assert!(vectors.word(&word).is_some_and(|vector| vector.whole), "{word}");
        words += 1;
    }
    assert!(words > 150_000, "{words}");
}

#[test]
fn a_rare_word_tells_more_than_a_common_one() {
    let weight = |word| Vectors::shipped().word(word).unwrap().weight;
    assert!(weight("kinderwagen") > 2.0 * weight("und"));
}

#[test]
fn a_word_that_is_not_there_is_made_of_its_likeliest_pieces() {
    let vectors = read(table(&KEYS)).unwrap();
    let pieces = |word: &'static str| {
        let places: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        let mut pieces: Vec<&str> =
            vectors.likeliest(word, &places).into_iter().map(|(_, piece)| piece).collect();
        pieces.reverse();
        pieces
    };
    assert_eq!(pieces("kinderwagen"), ["kinder", "wagen"]);
    assert_eq!(pieces("wagentür"), ["wagen", "tür"]);
    // "_tür" has three letters only, and "tür" is there to go on with.
    assert_eq!(pieces("haustürxs"), ["haus", "tür", "s"]);
    assert_eq!(pieces("xyz"), [""; 0]);
    assert_eq!(pieces(""), [""; 0]);
}

#[test]
fn what_is_pieced_together_tells_how_much_of_it_is_known() {
    let vectors = read(table(&KEYS)).unwrap();
    let word = vectors.word("haustürxs").unwrap();
    assert_eq!((word.whole, word.pieces), (false, 3));
    assert!((word.known - 7.0 / 9.0).abs() < 1e-6);
    let letters = vectors.word("wrgna").unwrap();
    assert_eq!((letters.pieces, letters.known), (5, 0.0));
    assert_eq!(vectors.word("자전거").map(|word| (word.whole, word.known)), Some((true, 1.0)));
    assert_eq!(vectors.word("xyz"), None);
    assert_eq!(vectors.word(""), None);
    assert!(vectors.word(&"wagen".repeat(1000)).is_some_and(|word| word.pieces == 6));
}

#[test]
fn a_direction_is_as_long_as_another_and_alike_to_itself() {
    for word in ["kinderwagen", "bohrmaschine", "xqzwbohrer", "é"] {
        assert!((cosine(word, word) - 1.0).abs() < 0.01, "{word}");
    }
    let mut opposite = Vectors::shipped().word("zelt").unwrap().direction;
    opposite.iter_mut().for_each(|value| *value = -*value);
    let zelt = Vectors::shipped().word("zelt").unwrap().direction;
    assert!(similarity(&zelt, &opposite) < -0.99);
}

#[test]
fn a_sketch_has_a_bit_for_each_number_above_zero() {
    let mut direction = [0; DIMENSIONS];
    (direction[0], direction[1], direction[95]) = (5, -5, 1);
    assert_eq!(sketch(&direction), 1 | 1 << 95);
}

#[test]
fn other_bytes_are_no_table() {
    assert_eq!(Vectors::read(b"").unwrap_err(), VectorsError::NoTable);
    assert_eq!(Vectors::read(MAGIC).unwrap_err(), VectorsError::Lengths);
    let mut longer = table(&KEYS);
    longer.push(0);
    assert_eq!(read(longer).unwrap_err(), VectorsError::Lengths);
    let mut unscaled = table(&KEYS);
    unscaled[24..28].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(read(unscaled).unwrap_err(), VectorsError::Scales);
    assert_eq!(read(table(&[])).unwrap().word("zelt"), None);
}

proptest! {
    #[test]
    fn damaged_bytes_stop_nobody(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
        words in prop::collection::vec("[a-zü자전거é]{0,12}", 1..5),
    ) {
        let mut bytes = table(&KEYS);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(vectors) = read(bytes) {
            for word in words.iter().map(String::as_str).chain(["kinderwagen", "wagentür"]) {
                if let Some(vector) = vectors.word(word) {
                    prop_assert!(vector.weight > 0.0 && vector.weight <= 1.0);
                    prop_assert!((0.0..=1.0).contains(&vector.known));
                }
            }
            let _ = vectors.words().count();
        }
    }

    #[test]
    fn any_text_can_be_looked_up(text in any::<String>()) {
        if let Some(vector) = Vectors::shipped().word(&text) {
            prop_assert!((similarity(&vector.direction, &vector.direction) - 1.0).abs() < 0.02);
        }
    }
}
