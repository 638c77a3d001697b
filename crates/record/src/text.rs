//! Text that people wrote, made safe to show anywhere.

use unicode_normalization::UnicodeNormalization;

/// At most this many combining marks may follow one character; the rest is dropped, so that no
/// text climbs over its neighbours.
const MARKS_IN_A_ROW: usize = 4;

/// Brings text into the one form that records hold: NFC, line breaks as `\n`, no control
/// characters, no invisible or direction-changing ones (UTR 36, UTS 39), no white space at its ends.
/// Applying it twice changes nothing more.
#[must_use]
pub fn tidy(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut kept = String::with_capacity(unified.len());
    let mut marks = 0;
    for character in unified.nfc() {
        if unicode_normalization::char::is_combining_mark(character) {
            marks += 1;
            if marks > MARKS_IN_A_ROW {
                continue;
            }
        } else {
            marks = 0;
        }
        match character {
            '\n' => kept.push('\n'),
            '\t' => kept.push(' '),
            _ if is_unseen(character) => {}
            _ => kept.push(character),
        }
    }
    // Dropping a character may bring two together that compose: normalise once more.
    kept.trim().nfc().collect()
}

/// [`tidy`] for a single line: line breaks and runs of white space become one space.
#[must_use]
pub fn tidy_line(text: &str) -> String {
    tidy(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character shows nothing or turns the direction of its neighbours. The list is closed: what a
/// body may hold must not depend on the edition of Unicode that a reader knows.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_seen_is_dropped() {
        assert_eq!(tidy("a\u{202e}b\u{200b}c\u{feff}\0"), "abc");
        assert_eq!(tidy("  Jo\u{308}rg \r\n zwei\t"), "Jörg \n zwei");
        assert_eq!(tidy_line(" a \n\n b "), "a b");
        assert_eq!(tidy(&format!("o{}", "\u{336}".repeat(50))).chars().count(), 5);
    }

    proptest! {
        #[test]
        fn tidying_twice_changes_nothing(text in "\\PC*|.*") {
            let once = tidy(&text);
            prop_assert_eq!(tidy(&once), once);
            let line = tidy_line(&text);
            prop_assert_eq!(tidy_line(&line), line);
        }
    }
}
