//! The lines of `httpd.conf` and `.htaccess`: a name and words, or the begin or end of a block.

/// httpd takes no longer ones.
const LONGEST_LINE: usize = 8192;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `Name word word ...`
    Plain,
    /// `<Name word ...>`
    Begin,
    /// `</Name>`
    End,
    /// An unclosed quote or bracket, or too long.
    Broken,
}

/// A line that is neither empty nor a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Its number in the file, from 1; the first one's if it goes on over several.
    pub(crate) line: usize,
    /// As it stands in the file, continuations joined.
    pub(crate) text: String,
    pub(crate) form: Form,
    /// In small letters.
    pub(crate) name: String,
    /// Behind the name, quotes removed.
    pub(crate) words: Vec<String>,
}

impl Directive {
    /// The word if there is just one.
    pub(crate) fn only_word(&self) -> Option<&str> {
        match self.words.as_slice() {
            [word] => Some(word),
            _ => None,
        }
    }

    /// The first word.
    pub(crate) fn first_word(&self) -> Option<&str> {
        self.words.first().map(String::as_str)
    }

    fn new(line: usize, text: String) -> Self {
        let broken =
            || Self { line, text: text.clone(), form: Form::Broken, name: String::new(), words: Vec::new() };
        if text.len() > LONGEST_LINE {
            return broken();
        }
        let (form, inside) = match text.strip_prefix('<') {
            None => (Form::Plain, Some(text.as_str())),
            Some(tag) => match tag.strip_prefix('/') {
                None => (Form::Begin, tag.strip_suffix('>')),
                Some(end) => (Form::End, end.strip_suffix('>')),
            },
        };
        let Some(words) = inside.and_then(words) else { return broken() };
        let mut words = words.into_iter();
        let name = words.next().unwrap_or_default().to_ascii_lowercase();
        if name.is_empty() {
            return broken();
        }
        let words = words.collect();
        Self { line, text, form, name, words }
    }
}

/// All lines, continuations joined as httpd does: before comments are looked for.
pub(crate) fn directives(bytes: &[u8]) -> impl Iterator<Item = Directive> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut logical: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (line, continued) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match logical.last_mut() {
            Some((_, before)) if goes_on => before.push_str(line),
            _ => logical.push((index + 1, line.to_owned())),
        }
        goes_on = continued;
    }
    let trimmed = logical.into_iter().map(|(line, text)| (line, text.trim().to_owned()));
    trimmed
        .filter(|(_, text)| !text.is_empty() && !text.starts_with('#'))
        .map(|(line, text)| Directive::new(line, text))
}

/// Words with blanks between them; in quotes of either kind blanks count, and a backslash guards a quote or itself.
/// `None` if a quote is not closed.
pub(crate) fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = match first {
            '"' | '\'' => quoted(rest.get(1..)?, first)?,
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                (word.to_owned(), behind)
            }
        };
        words.push(word);
        rest = behind.trim_start();
    }
    Some(words)
}

/// The word up to the closing quote, and what is behind that.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Some((word, text.get(at + quote.len_utf8()..)?)),
            '\\' => {
                let (_, guarded) = characters.next()?;
                if guarded != quote && guarded != '\\' {
                    word.push('\\');
                }
                word.push(guarded);
            }
            _ => word.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Form, directives, words};

    #[test]
    fn lines_are_joined_comments_left_out_and_numbers_kept() {
        let text = b"# one\r\n\r\nAllow from \\\r\n  10.1 \\\n 10.2\n# off \\\nDeny from all\n<Limit GET>\n</Limit>\n";
        let read: Vec<_> =
            directives(text).map(|line| (line.line, line.form, line.name, line.words.join(" "))).collect();
        assert_eq!(
            read,
            [
                (3, Form::Plain, "allow".to_owned(), "from 10.1 10.2".to_owned()),
                (8, Form::Begin, "limit".to_owned(), "GET".to_owned()),
                (9, Form::End, "limit".to_owned(), String::new()),
            ]
        );
    }

    #[test]
    fn quotes_of_either_kind() {
        assert_eq!(
            words(r#"AuthName "a \"b\" \c" 'd e' f"#).unwrap(),
            ["AuthName", r#"a "b" \c"#, "d e", "f"]
        );
        assert_eq!(words("a \"b"), None);
        assert_eq!(words("'"), None);
        assert_eq!(words("\"a\\").map(drop), None);
    }

    #[test]
    fn what_is_no_line_is_broken() {
        for text in ["<Limit GET", "</Limit", "<>", "< >", "</>", "a \"", &"x".repeat(9000)] {
            let read: Vec<_> = directives(text.as_bytes()).map(|line| line.form).collect();
            assert_eq!(read, [Form::Broken], "{text}");
        }
    }
}
