//! Backslash sequences of send and expect strings, specification nanny.md 3.2.

/// Translates `\n`, `\r`, `\t`, `\\`, `\'` and `\"`, left to right.
///
/// Any other sequence, and a backslash at the end, stays as it is: both characters are kept (nanny.md 13, row 5).
pub fn translate(text: &[u8]) -> Vec<u8> {
    let mut translated = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let meant = if byte == b'\\' { bytes.peek().copied().and_then(meaning) } else { None };
        if meant.is_some() {
            bytes.next();
        }
        translated.push(meant.unwrap_or(byte));
    }
    translated
}

/// What a character means after a backslash.
fn meaning(character: u8) -> Option<u8> {
    match character {
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'\\' | b'\'' | b'"' => Some(character),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::translate;

    #[test]
    fn the_six_sequences_are_translated_and_all_others_stay() {
        let cases: [(&[u8], &[u8]); 10] = [
            (br"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"),
            (br"a\tb", b"a\tb"),
            (br#"\\ \' \""#, br#"\ ' ""#),
            (br"\\n", br"\n"),
            (br"\\\n", b"\\\n"),
            (br"\q", br"\q"),
            (br"22\.", br"22\."),
            (br"220\", br"220\"),
            (br"\", br"\"),
            (b"", b""),
        ];
        for (text, wanted) in cases {
            assert_eq!(translate(text), wanted, "{}", text.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn text_without_backslashes_stays(text in "[^\\\\]*") {
            prop_assert_eq!(translate(text.as_bytes()), text.into_bytes());
        }

        #[test]
        fn doubled_backslashes_give_back_any_text(text: Vec<u8>) {
            let doubled: Vec<u8> = text.iter().flat_map(|&byte| vec![byte; if byte == b'\\' { 2 } else { 1 }]).collect();
            prop_assert_eq!(translate(&doubled), text);
        }
    }
}
