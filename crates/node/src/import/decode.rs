//! Bytes to text: byte order marks, UTF-8, UTF-16, and the old Windows code page of Western Europe.

use std::borrow::Cow;

use super::ImportError;

/// The characters of Windows-1252 at 0x80 to 0x9F; at all other bytes it equals Latin-1. The five
/// bytes that it leaves undefined stay the control characters that Latin-1 has there.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Beginnings of files that people try to import and that hold no plain text.
const KNOWN_BINARIES: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "it looks like a spreadsheet's own format (.xlsx, .ods) or a ZIP; save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "it looks like an old Excel file (.xls); save the sheet as CSV"),
    (b"%PDF", "it is a PDF; export the table as CSV"),
    (b"SQLite format 3", "it is a database; export the table as CSV"),
];

/// The text of a file, without its byte order mark.
pub(super) fn text<'a>(bytes: &'a [u8], notes: &mut Vec<String>) -> Result<Cow<'a, str>, ImportError> {
    for (beginning, hint) in KNOWN_BINARIES {
        if bytes.starts_with(beginning) {
            return Err(ImportError::NotText(hint));
        }
    }
    let text = if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        notes.push("the file is written in UTF-16".to_owned());
        Cow::Owned(utf16(rest, u16::from_le_bytes)?)
    } else if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        notes.push("the file is written in UTF-16".to_owned());
        Cow::Owned(utf16(rest, u16::from_be_bytes)?)
    } else {
        let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(rest) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                let text = windows_1252(rest)?;
                notes.push("the file is not UTF-8; it was read as Windows-1252".to_owned());
                Cow::Owned(text)
            }
        }
    };
    if text.contains('\0') {
        return Err(ImportError::NotText("it has zero bytes; save the sheet as CSV in UTF-8"));
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ImportError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        Ok(_) | Err(_) => {
            Err(ImportError::NotText("it begins like UTF-16 and is broken; save the sheet as CSV in UTF-8"))
        }
    }
}

fn windows_1252(bytes: &[u8]) -> Result<String, ImportError> {
    // A table has no control characters but line breaks, tabs and, from some printers, form feeds.
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a);
    if bytes.iter().any(is_control) {
        return Err(ImportError::NotText(
            "it is neither UTF-8 nor Windows-1252; save the sheet as CSV in UTF-8",
        ));
    }
    Ok(bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
            _ => char::from(*byte),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, ImportError> {
        text(bytes, &mut Vec::new()).map(Cow::into_owned)
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        assert_eq!(read(b"\xef\xbb\xbfname").unwrap(), "name");
        assert_eq!(read(b"\xff\xfen\0\xe4\0").unwrap(), "nä");
        assert_eq!(read(b"\xfe\xff\0n\0\xe4").unwrap(), "nä");
    }

    #[test]
    fn what_is_not_utf8_is_read_as_windows_1252_and_says_so() {
        let mut notes = Vec::new();
        let read = text(b"K\xfcche 5 \x80 \x96 \x84gut\x93", &mut notes).unwrap();
        assert_eq!(read, "Küche 5 € – „gut“");
        assert!(notes[0].contains("Windows-1252"), "{notes:?}");
    }

    #[test]
    fn a_spreadsheet_of_its_own_format_is_named_as_such() {
        let refused = read(b"PK\x03\x04whatever").unwrap_err().to_string();
        assert!(refused.contains("save the sheet as CSV"), "{refused}");
        assert!(read(b"name\0description").is_err());
        assert!(read(b"\xff\xfeodd").is_err());
        assert!(read(b"\x01\x02\x03\xff\xff").is_err());
    }
}
