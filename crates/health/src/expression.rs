//! POSIX extended regular expressions (IEEE Std 1003.1, 9.4), as `use_regex` in lvs.cf takes them.
//!
//! They are rewritten for the `regex` crate, whose search takes time linear in what a remote host sends. A dot matches
//! a line feed, `^` and `$` match at the ends of the answer only, bytes are compared as they are.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

/// Compiles an expression.
///
/// # Errors
///
/// The reason in words if it is none. Back-references are none here.
pub fn compile(expression: &[u8]) -> Result<Regex, String> {
    RegexBuilder::new(&rewrite(expression))
        .unicode(false)
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| reason(&error))
}

/// The last line of the error: the crate draws the expression above it.
fn reason(error: &regex::Error) -> String {
    let words = error.to_string();
    let last = words.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// The same expression in the syntax of the `regex` crate.
fn rewrite(expression: &[u8]) -> String {
    let mut rewritten = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'\\' => escape(after, &mut rewritten),
            b'[' => bracket(after, &mut rewritten),
            _ => {
                push(byte, "", &mut rewritten);
                after
            }
        };
    }
    rewritten
}

/// What follows a backslash outside brackets. The sequences of send and expect strings, which Piranha translated
/// before, mean the same here; so do GNU's extensions that the crate has, too. Any other character is meant literally.
fn escape<'a>(after: &'a [u8], rewritten: &mut String) -> &'a [u8] {
    let Some((&byte, after)) = after.split_first() else {
        rewritten.push('\\');
        return after;
    };
    match byte {
        b'n' | b'r' | b't' | b'w' | b'W' | b's' | b'S' | b'b' | b'B' | b'<' | b'>' | b'1'..=b'9' => {
            rewritten.push('\\');
            rewritten.push(char::from(byte));
        }
        _ => push(byte, r".[\()*+?{|^$}]", rewritten),
    }
    after
}

/// A bracket expression, from behind its `[`. A backslash has no meaning of its own in it.
fn bracket<'a>(mut rest: &'a [u8], rewritten: &mut String) -> &'a [u8] {
    rewritten.push('[');
    for lead in [b'^', b']'] {
        if let Some(after) = rest.strip_prefix(&[lead]) {
            push(lead, "]", rewritten);
            rest = after;
        }
    }
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b']' {
            rewritten.push(']');
            return after;
        }
        if let Some((class, after)) = class(rest) {
            class.iter().copied().for_each(|byte| push(byte, "", rewritten));
            rest = after;
        } else {
            push(byte, r"\[&~", rewritten);
            rest = after;
        }
    }
    rest
}

/// A character class such as `[:digit:]` at the beginning, and what follows it.
fn class(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = rest.strip_prefix(b"[:")?;
    let length = name.windows(2).position(|pair| pair == b":]")?;
    rest.split_at_checked(length + 4)
}

/// Appends a byte, escaped if it is one of the special ones or not printable.
fn push(byte: u8, special: &str, rewritten: &mut String) {
    if !(byte == b' ' || byte.is_ascii_graphic()) {
        // Writing to a string cannot fail.
        let _ = write!(rewritten, "\\x{byte:02x}");
        return;
    }
    if special.as_bytes().contains(&byte) {
        rewritten.push('\\');
    }
    rewritten.push(char::from(byte));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::compile;

    #[test]
    fn expressions_match_as_in_posix() {
        let cases: [(&[u8], &[u8], bool); 27] = [
            (b"OK", b"it is OK.", true),
            (b"OK", b"ok", false),
            (b"^220", b"220 ready", true),
            (b"^220", b"x\n220 ready", false),
            (b"ready$", b"220 ready", true),
            (b"ready$", b"ready\n220", false),
            (b"a.c", b"a\nc", true),
            (br"22\.", b"22.", true),
            (br"22\.", b"22x", false),
            (b"[[:digit:]]+ ready", b"220 ready", true),
            (b"^[^[:space:]]+$", b"two words", false),
            (b"^(one|two){2}$", b"onetwo", true),
            (b"a[.]b", b"a.b", true),
            (br"a[\.]b", br"a\b", true),
            (br"^[\d]$", b"7", false),
            (br"^[\d]$", b"d", true),
            (b"[]x]", b"]", true),
            (b"^[^]x]$", b"]", false),
            (b"^[a[b]$", b"[", true),
            (b"^[a&&b]$", b"&", true),
            (b"^[a-c]$", b"b", true),
            (b"^[a-]$", b"-", true),
            (br"a\r\nb", b"a\r\nb", true),
            (b"a\r\nb", b"a\r\nb", true),
            (br"\'x\'", b"'x'", true),
            (b"\xff\xfe", b"\x00\xff\xfe", true),
            (br"\d", b"d", true),
        ];
        for (expression, answer, wanted) in cases {
            let regex = compile(expression).unwrap();
            assert_eq!(
                regex.is_match(answer),
                wanted,
                "{} in {}",
                expression.escape_ascii(),
                answer.escape_ascii()
            );
        }
    }

    #[test]
    fn what_does_not_compile_is_named() {
        for (expression, reason) in [
            (&b"*"[..], "repetition operator missing expression"),
            (b"(", "unclosed group"),
            (b"[a", "unclosed character class"),
            (br"a\", "incomplete escape sequence, reached end of pattern prematurely"),
            (br"(a)\1", "backreferences are not supported"),
        ] {
            assert_eq!(compile(expression).unwrap_err(), reason);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_safe(expression: Vec<u8>, answer: Vec<u8>) {
            if let Ok(regex) = compile(&expression) {
                regex.is_match(&answer);
            }
        }
    }
}
