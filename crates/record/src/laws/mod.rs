//! What must hold for any record, checked with chance.

mod any;
mod apart;

use proptest::prelude::*;

use crate::cbor::Value;
use crate::envelope::{Record, Signed};
use crate::header::Header;
use crate::letter::Inside;
use crate::seal::Seal;
use crate::stance::{Said, Stance};
use crate::text::{is_unseen, tidy, tidy_line};
use crate::{Body, BodyError};
use any::{any_body, any_bytes, any_fields, any_header, any_seal, any_stance, changed, kinds};

/// Whatever reads bytes writes the same bytes, for every reader that there is.
fn every_reader_takes_one_encoding_alone(bytes: &[u8]) {
    for kind in kinds() {
        if let Ok(body) = Body::decode(&kind, bytes) {
            assert_eq!(body.encode(), bytes, "{kind}");
        }
    }
    if let Ok(header) = Header::decode(bytes) {
        assert_eq!(header.encode(), bytes);
    }
    if let Ok(stance) = Stance::decode(bytes) {
        assert_eq!(stance.encode(), bytes);
    }
    if let Ok((inside, epoch)) = Inside::decode(bytes) {
        assert_eq!(inside.encode(epoch), bytes);
    }
    if let Ok(said) = Said::decode(bytes) {
        assert_eq!(said.encode(), bytes);
    }
    if let Ok(seal) = Seal::decode(bytes) {
        assert_eq!(seal.encode(), bytes);
    }
    if let Ok(signed) = Signed::parse(bytes) {
        assert_eq!(signed.bytes(), bytes);
        let _ = Record { envelope: bytes.to_vec(), body: Some(bytes.to_vec()) }.verify();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_body_of_any_kind_survives_its_bytes((kind, body) in any_body()) {
        prop_assert_eq!(Body::decode(&kind, &body.encode()), Ok(body));
    }

    #[test]
    fn no_other_bytes_say_the_same_as_a_body((kind, body) in any_body(), change in any_bytes(), at in any::<prop::sample::Index>()) {
        let bytes = body.encode();
        let other = changed(&bytes, &change, at);
        if other != bytes {
            prop_assert_ne!(Body::decode(&kind, &other), Ok(body));
        }
        every_reader_takes_one_encoding_alone(&other);
    }

    #[test]
    fn a_header_survives_its_bytes_and_no_others_say_the_same(header in any_header(), change in any_bytes(), at in any::<prop::sample::Index>()) {
        let bytes = header.encode();
        prop_assert_eq!(Header::decode(&bytes), Ok(header.clone()));
        let other = changed(&bytes, &change, at);
        if other != bytes {
            prop_assert_ne!(Header::decode(&other), Ok(header));
        }
        every_reader_takes_one_encoding_alone(&other);
    }

    #[test]
    fn a_stance_survives_its_bytes_and_no_others_say_the_same(stance in any_stance(), change in any_bytes(), at in any::<prop::sample::Index>()) {
        let bytes = stance.encode();
        prop_assert_eq!(Stance::decode(&bytes), Ok(stance.clone()));
        let other = changed(&bytes, &change, at);
        if other != bytes {
            prop_assert_ne!(Stance::decode(&other), Ok(stance));
        }
        every_reader_takes_one_encoding_alone(&other);
    }

    #[test]
    fn what_a_letter_holds_survives_its_bytes(stance in any_stance(), seal in proptest::option::of(any_seal()), change in any_bytes(), at in any::<prop::sample::Index>()) {
        let said = Said { stance, seal };
        let bytes = said.encode();
        prop_assert_eq!(Said::decode(&bytes), Ok(said));
        every_reader_takes_one_encoding_alone(&changed(&bytes, &change, at));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        every_reader_takes_one_encoding_alone(&bytes);
    }

    #[test]
    fn known_fields_with_any_values_are_read_without_a_panic(fields in any_fields()) {
        every_reader_takes_one_encoding_alone(&Value::Map(fields).encode());
    }

    #[test]
    fn a_text_with_a_hidden_character_is_in_no_body((kind, body) in any_body(), hidden in hidden(), at in any::<prop::sample::Index>()) {
        let Ok(Value::Map(mut map)) = Value::decode(&body.encode()) else { panic!("a map") };
        let texts = ["name", "title", "text", "category", "reason"];
        let shown = map.iter_mut().filter(|(key, _)| texts.contains(&key.0.as_str()));
        let mut shown: Vec<&mut String> =
            shown.filter_map(|(_, value)| if let Value::Text(text) = value { Some(text) } else { None }).collect();
        if shown.is_empty() || body.kind().is_none() {
            return Ok(());
        }
        let which = at.index(shown.len());
        let text = &mut shown[which];
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        text.insert(places[at.index(places.len())], hidden);
        let read = Body::decode(&kind, &Value::Map(map).encode());
        prop_assert!(matches!(read, Err(BodyError::Unseen(_) | BodyError::TooLong { .. } | BodyError::TooLarge(_))), "{read:?}");
    }

    #[test]
    fn tidy_text_can_be_seen(text in "\\PC*|.*", hidden in hidden()) {
        let text = format!("{text}{hidden}{text}");
        prop_assert!(!tidy(&text).chars().any(|character| character != '\n' && is_unseen(character)));
        prop_assert!(!tidy_line(&text).chars().any(is_unseen));
    }
}

/// A character that no text may hold.
fn hidden() -> impl Strategy<Value = char> {
    prop_oneof![
        prop::sample::select(vec![
            '\0', '\t', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{ad}', '\u{200b}', '\u{feff}'
        ]),
        proptest::char::range('\u{202a}', '\u{202e}'),
        proptest::char::range('\u{2066}', '\u{2069}'),
        proptest::char::range('\u{e0000}', '\u{e007f}'),
    ]
}
