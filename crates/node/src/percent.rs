//! Text inside of addresses: percent-encoding by RFC 3986.

/// A part of a path, a query or a link: everything but letters, digits and `-._~` is encoded.
#[must_use]
pub fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
        out
    })
}

/// The text that was encoded; none if it was not.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut out) = (text.bytes(), Vec::with_capacity(text.len()));
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_encoding_is_refused() {
        for text in ["%", "%4", "%zz", "a%F", "%ff", "%c3(", "%+1"] {
            assert_eq!(decoded(text), None, "{text}");
        }
        assert_eq!(encoded("Gartenstraße & mehr"), "Gartenstra%C3%9Fe%20%26%20mehr");
        assert_eq!(decoded("stra%c3%9fe").as_deref(), Some("straße"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(decoded(&encoded(&text)), Some(text));
        }
    }
}
