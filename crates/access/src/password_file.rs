//! The lines `name:hash` of `piranha.passwd` (gui.md 9, layout.md 5).

/// What became of a user's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    Added,
    /// It has another hash now.
    Updated,
}

/// Why a line cannot be written. Nothing of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It would not be read again as what it is.
    #[error(
        "a name or a hash of the password file is empty or has a colon, a blank or a control character in it"
    )]
    Unfit,
}

/// The hash of a user: that of the first line with this name, up to the next colon or the line's end. As httpd reads it:
/// empty lines and those that begin with `#` are none.
pub fn hash_of<'a>(bytes: &'a [u8], user: &str) -> Option<&'a [u8]> {
    let (_, line) = line_of(bytes, user)?;
    let (_, behind) = split(line)?;
    behind.split(|&byte| byte == b':').next().map(<[u8]>::trim_ascii)
}

/// The file with another hash for a user. All other lines stay byte for byte where they are, and the user's line keeps
/// its end; a new line comes last.
///
/// # Errors
/// Where the line could not be read again.
pub fn with_hash(bytes: &[u8], user: &str, hash: &str) -> Result<(Vec<u8>, Change), Error> {
    let fit =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    if !fit(user) || !fit(hash) || user.starts_with('#') {
        return Err(Error::Unfit);
    }
    let line = format!("{user}:{hash}").into_bytes();
    if let Some((start, old)) = line_of(bytes, user) {
        let old = old.strip_suffix(b"\r").unwrap_or(old);
        let before = bytes.iter().take(start);
        let behind = bytes.iter().skip(start + old.len());
        return Ok((before.chain(&line).chain(behind).copied().collect(), Change::Updated));
    }
    let torn = bytes.last().is_some_and(|&last| last != b'\n');
    let before: &[u8] = if torn { b"\n" } else { b"" };
    Ok(([bytes, before, &line, b"\n"].concat(), Change::Added))
}

/// Where the first line of a user begins, and the line without its line feed.
fn line_of<'a>(bytes: &'a [u8], user: &str) -> Option<(usize, &'a [u8])> {
    let mut start = 0;
    let mut lines = bytes.split(|&byte| byte == b'\n').map(|line| {
        let here = start;
        start += line.len() + 1;
        (here, line)
    });
    lines.find(|(_, line)| is_of(line, user))
}

fn is_of(line: &[u8], user: &str) -> bool {
    !line.starts_with(b"#") && split(line).is_some_and(|(name, _)| name == user.as_bytes())
}

/// The name, and what follows its colon.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    Some((line.get(..colon)?, line.get(colon + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::{Change, Error, hash_of, with_hash};

    #[test]
    fn the_first_line_of_the_user_counts() {
        let file = b"# piranha:no\n\nbob:x\r\npiranha2:y\npiranha:$1$a$b:more\r\npiranha:late\n";
        assert_eq!(hash_of(file, "piranha"), Some(&b"$1$a$b"[..]));
        assert_eq!(hash_of(file, "bob"), Some(&b"x"[..]));
        assert_eq!(hash_of(file, "# piranha"), None);
        assert_eq!(hash_of(b"piranha", "piranha"), None);
        assert_eq!(hash_of(b"", "piranha"), None);
        assert_eq!(hash_of(b"piranha:abc", "piranha"), Some(&b"abc"[..]));
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let changed = |file: &str| {
            let (bytes, change) = with_hash(file.as_bytes(), "piranha", "$6$new").unwrap();
            (String::from_utf8(bytes).unwrap(), change)
        };
        for (before, after, change) in [
            ("", "piranha:$6$new\n", Change::Added),
            ("bob:x", "bob:x\npiranha:$6$new\n", Change::Added),
            ("\n# a\nbob:x\r\n\n", "\n# a\nbob:x\r\n\npiranha:$6$new\n", Change::Added),
            ("#piranha:x\n", "#piranha:x\npiranha:$6$new\n", Change::Added),
            ("a:1\npiranha:old\nz:2", "a:1\npiranha:$6$new\nz:2", Change::Updated),
            ("piranha:old", "piranha:$6$new", Change::Updated),
            ("piranha:old:x\r\nz:2\r\n", "piranha:$6$new\r\nz:2\r\n", Change::Updated),
        ] {
            assert_eq!(changed(before), (after.to_owned(), change));
        }
    }

    #[test]
    fn what_would_be_another_line_is_refused() {
        for (user, hash) in
            [("a:b", "x"), ("a", "x\ny"), ("", "x"), ("a", ""), ("#a", "x"), ("a b", "x"), ("a", "x:y")]
        {
            assert_eq!(with_hash(b"", user, hash), Err(Error::Unfit), "{user} {hash}");
        }
    }
}
