//! Words with an emphasis, wrapped where a terminal ends.

/// What a colour adds to words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Nothing.
    Plain,
    /// It begins a part.
    Strong,
    /// All is well.
    Well,
    /// Somebody wanted it so.
    Odd,
    /// It is not well.
    Bad,
}

impl Paint {
    /// The text in colour, if `colour` is wanted.
    pub(crate) fn on(self, text: &str, colour: bool) -> String {
        let number = match self {
            Self::Strong => "1",
            Self::Well => "32",
            Self::Odd => "33",
            Self::Bad => "1;31",
            Self::Plain => return text.to_owned(),
        };
        if colour { format!("\x1b[{number}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// One or more lines of words.
#[derive(Debug)]
pub(crate) struct Text {
    /// Blanks before the first line; those that go on have two more.
    pub(crate) indent: usize,
    /// The words.
    pub(crate) words: String,
    /// Their emphasis.
    pub(crate) paint: Paint,
}

impl Text {
    pub(crate) fn plain(words: impl Into<String>) -> Self {
        Self { indent: 0, words: words.into(), paint: Paint::Plain }
    }

    /// The text in lines of `width`; a longer word has a line of its own and overflows it.
    pub(crate) fn drawn(&self, width: Option<usize>, colour: bool) -> String {
        let mut text = String::new();
        for (number, line) in self.lines(width).iter().enumerate() {
            text.push_str(&" ".repeat(self.indent_of(number)));
            text.push_str(&self.paint.on(line, colour));
            text.push('\n');
        }
        text
    }

    fn lines(&self, width: Option<usize>) -> Vec<String> {
        let mut words = self.words.split(' ');
        let mut line = words.next().unwrap_or_default().to_owned();
        let mut lines = Vec::new();
        for word in words {
            let needed = self.indent_of(lines.len()) + line.chars().count() + 1 + word.chars().count();
            if width.is_none_or(|width| needed <= width) {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        lines.push(line);
        lines
    }

    fn indent_of(&self, line: usize) -> usize {
        if line == 0 { self.indent } else { self.indent + 2 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Paint, Text};

    proptest! {
        #[test]
        fn words_are_wrapped_and_none_is_lost(words in prop::collection::vec("[a-z]{1,9}", 1..40), indent in 0usize..6, width in 20usize..80) {
            let text = Text { indent, words: words.join(" "), paint: Paint::Plain };
            let drawn = text.drawn(Some(width), false);
            prop_assert!(drawn.lines().all(|line| line.chars().count() <= width));
            prop_assert_eq!(drawn.split_whitespace().collect::<Vec<_>>(), words);
            prop_assert_eq!(text.drawn(None, false).lines().count(), 1);
        }
    }
}
