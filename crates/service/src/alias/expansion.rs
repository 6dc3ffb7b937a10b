//! A command line with its aliases replaced by what they stand for.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, Command};

use super::{Aliases, Name};

/// How deeply aliases may stand for aliases, the command line included: popt's limit.
const DEEPEST: usize = 10;
/// Most words that may come of aliases.
const MOST_WORDS: usize = 4096;

/// Aliases stand for one another without an end, or for more words than anybody means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("aliases nested too deeply")]
pub struct TooDeep;

/// The options of a program that take a value, which is no option even if it looks like one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Valued {
    /// Long names, without dashes.
    pub long: BTreeSet<String>,
    /// Letters.
    pub short: BTreeSet<char>,
}

impl Valued {
    /// Those of a command.
    pub fn of(command: &Command) -> Self {
        let valued = || command.get_arguments().filter(|arg| arg.get_action().takes_values());
        let long = valued().filter_map(Arg::get_long_and_visible_aliases).flatten();
        Self { long: long.map(str::to_owned).collect(), short: valued().filter_map(Arg::get_short).collect() }
    }
}

impl Aliases {
    /// Replaces aliases by what they stand for. An alias counts before an option of the same name; within what it
    /// stands for it is that option. `--alias=value` has the value behind the words that the alias stands for.
    ///
    /// # Errors
    ///
    /// If the aliases are nested too deeply.
    pub fn expand(
        &self,
        words: impl IntoIterator<Item = OsString>,
        valued: &Valued,
    ) -> Result<Vec<OsString>, TooDeep> {
        let words: VecDeque<OsString> = words.into_iter().collect();
        let most = words.len().saturating_add(MOST_WORDS);
        let line = Frame { words, alias: None };
        Expansion { aliases: self, valued, frames: vec![line], most, expanded: Vec::new() }.run()
    }

    fn find(&self, wanted: &Name) -> Option<usize> {
        self.0.iter().rposition(|alias| alias.name == *wanted)
    }
}

/// Words that are still to be read: of the command line, or of an alias.
struct Frame {
    words: VecDeque<OsString>,
    alias: Option<usize>,
}

struct Expansion<'a> {
    aliases: &'a Aliases,
    valued: &'a Valued,
    /// The command line, the alias in it, the alias in that.
    frames: Vec<Frame>,
    /// Most words that may come of all this.
    most: usize,
    expanded: Vec<OsString>,
}

impl Expansion<'_> {
    fn run(mut self) -> Result<Vec<OsString>, TooDeep> {
        while let Some(word) = self.next() {
            match word.as_bytes() {
                b"--" => {
                    self.expanded.push(word);
                    while let Some(rest) = self.next() {
                        self.expanded.push(rest);
                    }
                }
                [b'-', b'-', ..] => self.long(word)?,
                [b'-', _, ..] => self.short(word)?,
                _ => self.expanded.push(word),
            }
            if self.expanded.len() > self.most {
                return Err(TooDeep);
            }
        }
        Ok(self.expanded)
    }

    /// The next word, from where the innermost alias leaves off.
    fn next(&mut self) -> Option<OsString> {
        loop {
            let frame = self.frames.last_mut()?;
            if let Some(word) = frame.words.pop_front() {
                return Some(word);
            }
            self.frames.pop();
        }
    }

    fn long(&mut self, word: OsString) -> Result<(), TooDeep> {
        let text = word.as_bytes().get(2..).unwrap_or_default();
        let mut parts = text.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().map(|value| OsString::from_vec(value.to_vec()));
        if let Some(alias) = self.alias(&Name::Long(name.to_vec())) {
            return self.enter(alias, value);
        }
        let takes_next = value.is_none() && self.valued.long.iter().any(|long| long.as_bytes() == name);
        self.expanded.push(word);
        if takes_next {
            self.take_value();
        }
        Ok(())
    }

    /// A bundle of letters; the rest of it is the value of one that takes a value.
    fn short(&mut self, word: OsString) -> Result<(), TooDeep> {
        let letters = word.as_bytes().get(1..).unwrap_or_default();
        for (place, &letter) in letters.iter().enumerate() {
            let (before, rest) = letters.split_at(place);
            let after = rest.get(1..).unwrap_or_default();
            if let Some(alias) = self.alias(&Name::Short(letter)) {
                self.expanded.extend(bundle(before));
                if let (Some(rest), Some(frame)) = (bundle(after), self.frames.last_mut()) {
                    frame.words.push_front(rest);
                }
                return self.enter(alias, None);
            }
            if self.valued.short.contains(&char::from(letter)) {
                let takes_next = after.is_empty();
                self.expanded.push(word);
                if takes_next {
                    self.take_value();
                }
                return Ok(());
            }
        }
        self.expanded.push(word);
        Ok(())
    }

    /// The alias of this name, unless these are its own words.
    fn alias(&self, name: &Name) -> Option<usize> {
        let inside = self.frames.last().and_then(|frame| frame.alias);
        self.aliases.find(name).filter(|alias| inside != Some(*alias))
    }

    fn enter(&mut self, alias: usize, value: Option<OsString>) -> Result<(), TooDeep> {
        if self.frames.len() >= DEEPEST {
            return Err(TooDeep);
        }
        let words = self.aliases.0.get(alias).map(|alias| alias.words.clone()).unwrap_or_default();
        self.frames.push(Frame { words: words.into_iter().chain(value).collect(), alias: Some(alias) });
        Ok(())
    }

    fn take_value(&mut self) {
        if let Some(value) = self.next() {
            self.expanded.push(value);
        }
    }
}

/// Letters behind a dash, if there are any.
fn bundle(letters: &[u8]) -> Option<OsString> {
    (!letters.is_empty()).then(|| OsString::from_vec([b"-", letters].concat()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use proptest::prelude::*;

    use super::{Aliases, TooDeep, Valued};

    const TEXT: &[u8] = br"
nanny alias --patient -t 60 --reentry 600
nanny alias -W -p 80 --patient
nanny alias -v -v -n
nanny alias --at --port
nanny alias --here -h
nanny alias --twice -n
nanny alias --twice -v
nanny alias --round --about
nanny alias --about --round
";

    fn expand(text: &[u8], line: &str) -> Result<String, TooDeep> {
        let valued = Valued {
            long: ["port", "reentry", "send"].map(str::to_owned).into(),
            short: ['t', 'p', 'h', 's'].into(),
        };
        let words = line.split_whitespace().map(OsString::from);
        let words = Aliases::parse(text, "nanny").expand(words, &valued)?;
        Ok(words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn aliases_are_replaced_by_what_they_stand_for() {
        for (line, wanted) in [
            ("-n --patient -q", "-n -t 60 --reentry 600 -q"),
            ("-W", "-p 80 -t 60 --reentry 600"),
            ("-nWq -h 10.1.1.2", "-n -p 80 -t 60 --reentry 600 -q -h 10.1.1.2"),
            ("-v", "-v -n"),
            ("--at=80 -n", "--port 80 -n"),
            ("--at 80 -n", "--port 80 -n"),
            ("--here 10.1.1.2", "-h 10.1.1.2"),
            ("--twice", "-v -n"),
            ("word --other -x --port=--patient", "word --other -x --port=--patient"),
        ] {
            assert_eq!(expand(TEXT, line).as_deref(), Ok(wanted), "{line}");
        }
    }

    #[test]
    fn a_value_is_no_alias_and_nothing_is_one_behind_two_dashes() {
        for line in
            ["-s --patient", "--send -W", "-ns -W", "-sW", "-p-W", "-- --patient -W", "-", "-s", "--send"]
        {
            assert_eq!(expand(TEXT, line).as_deref(), Ok(line));
        }
    }

    #[test]
    fn aliases_that_stand_for_each_other_are_refused() {
        assert_eq!(expand(TEXT, "--round"), Err(TooDeep));
        // Nine aliases, each a thousand times the next.
        let steps = "abcdefghi".as_bytes().windows(2).map(|pair| {
            let (from, to) = (char::from(pair[0]), char::from(pair[1]));
            format!("nanny alias -{from} {}\n", format!("-{to} ").repeat(1000))
        });
        let text: String = steps.collect();
        assert_eq!(expand(text.as_bytes(), "-a"), Err(TooDeep));
    }

    proptest! {
        #[test]
        fn any_text_and_any_words_are_safe(text: Vec<u8>, line in "[-a-z= ]{0,40}") {
            let _ = expand(&text, &line);
            let _ = expand(&[b"nanny alias ", text.as_slice()].concat(), &line);
        }

        #[test]
        fn without_aliases_every_word_stays(line in "[-a-z=]{1,9}( [-a-z=]{1,9}){0,5}") {
            prop_assert_eq!(expand(b"", &line), Ok(line));
        }
    }
}
