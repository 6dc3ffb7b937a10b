//! A block while its lines are read.

use crate::error::ErrorKind;
use crate::fault::{Cause, Fault, Remark};
use crate::keyword::{self, Keyword, Kind, Level};
use crate::names::Names;
use crate::outline::{Block, BlockKind, Statement};
use crate::token::Token;
use crate::value::Value;
use crate::warning::Warning;

/// One line that holds words, with its place in the file.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) number: usize,
    pub(crate) line: &'a [u8],
    pub(crate) tokens: &'a [Token],
    /// Whether it is an extension line.
    pub(crate) extended: bool,
}

impl<'a> Words<'a> {
    /// A word; empty where there is none.
    pub(crate) fn word(&self, index: usize) -> &'a [u8] {
        self.tokens.get(index).map_or(&[], |token| token.text(self.line))
    }

    /// A fault about a word, or about the end of the line where there is none.
    pub(crate) fn fault(&self, kind: ErrorKind, index: usize) -> Fault {
        let end = self.tokens.last().map_or(self.line.len(), |last| last.span().end);
        Fault::new(kind, self.tokens.get(index).map_or(end..end, Token::span))
    }

    pub(crate) fn remark(&self, warning: Warning, index: usize, message: impl Into<String>) -> Remark {
        Remark { warning, span: self.fault(ErrorKind::BadCommand, index).span, message: message.into() }
    }
}

/// An open block: its values so far and its lines so far.
pub(crate) struct Frame<T> {
    pub(crate) value: T,
    pub(crate) block: Block,
    /// Whether a statement line stood directly in it already (specification lvs-cf.md 2.5).
    pub(crate) later: bool,
    ordinary: Seen,
    extended: Seen,
}

/// Which rows of a level's vocabulary were given.
#[derive(Clone, Copy, Default)]
struct Seen(u64);

impl Seen {
    fn has(self, row: usize) -> bool {
        self.0 & (1 << row) != 0
    }

    fn add(&mut self, row: usize) {
        self.0 |= 1 << row;
    }
}

impl<T: Level> Frame<T> {
    pub(crate) fn new(value: T, kind: BlockKind, line: usize, extension: bool) -> Self {
        let block = Block::new(kind, line, extension);
        Self { value, block, later: false, ordinary: Seen::default(), extended: Seen::default() }
    }

    /// Reads `KEY = value` into the block's values.
    pub(crate) fn statement(&mut self, words: Words<'_>, names: &dyn Names) -> Result<Vec<Remark>, Fault> {
        let (row, keyword) = find::<T>(words)?;
        let earlier = self.repeated(row, words.extended).then(|| self.line_of(keyword, words.extended));
        let Words { extended, .. } = words;
        self.note(keyword, words);
        let mut value = Value::new(words.line, arguments(keyword.kind, words)?, names, extended);
        self.store(row, keyword, &mut value)?;

        let mut remarks = std::mem::take(&mut value.remarks);
        if let Some(line) = earlier.flatten() {
            let message = format!("given on line {line} already: the last one counts");
            remarks.push(words.remark(Warning::RepeatedKeyword, 0, message));
        }
        if keyword.idle || (keyword.name == "scheduler" && self.block.kind == BlockKind::Failover) {
            remarks.push(words.remark(Warning::NoEffect, 0, format!("`{}` has no effect", keyword.name)));
        }
        if !extended && words.line.len() >= keyword::longest_line(self.block.kind, keyword.name) {
            remarks.push(words.remark(Warning::LongLine, 0, "Piranha's web tool would cut this line"));
        }
        if extended {
            remarks.extend(self.on_extension(words, keyword, value.beyond_piranha));
        }
        Ok(remarks)
    }

    /// Keeps the place of a statement that cannot be read, for an editor to repair it.
    pub(crate) fn note_unreadable(&mut self, words: Words<'_>) {
        if let Ok((_, keyword)) = find::<T>(words) {
            self.note(keyword, words);
        }
    }

    fn note(&mut self, keyword: &Keyword<T>, words: Words<'_>) {
        let Words { number: line, extended, .. } = words;
        self.block.statements.push(Statement { keyword: keyword.name, line, extended });
    }

    /// What an extension line says stays in force, wherever the ordinary line stands, which is for Piranha only.
    fn store(&mut self, row: usize, keyword: &Keyword<T>, value: &mut Value<'_>) -> Result<(), Fault> {
        if value.is_extended() {
            (keyword.store)(&mut self.value, value)?;
            self.extended.add(row);
        } else if self.extended.has(row) {
            (keyword.store)(&mut T::default(), value)?;
        } else {
            (keyword.store)(&mut self.value, value)?;
        }
        if !value.is_extended() {
            self.ordinary.add(row);
        }
        Ok(())
    }

    fn repeated(&self, row: usize, extended: bool) -> bool {
        if extended { self.extended.has(row) } else { self.ordinary.has(row) }
    }

    fn line_of(&self, keyword: &Keyword<T>, extended: bool) -> Option<usize> {
        let same = |it: &&Statement| it.keyword == keyword.name && it.extended == extended;
        self.block.statements.iter().rev().find(same).map(|statement| statement.line)
    }

    fn on_extension(&self, words: Words<'_>, keyword: &Keyword<T>, beyond_piranha: bool) -> Option<Remark> {
        if keyword.ours || beyond_piranha {
            let message = "an extension: not understood by Piranha 0.8.6";
            return Some(words.remark(Warning::Extension, 0, message));
        }
        let message = "Piranha can read this value: write it on an ordinary line, without `#%`";
        (!self.block.extension).then(|| words.remark(Warning::ExtensionUnneeded, 0, message))
    }
}

fn find<T: Level>(words: Words<'_>) -> Result<(usize, &'static Keyword<T>), Fault> {
    let row = T::KEYWORDS.iter().enumerate().find(|(_, keyword)| keyword.name.as_bytes() == words.word(0));
    let fault = words.fault(ErrorKind::BadCommand, 0);
    match row {
        Some((_, keyword)) if keyword.ours && !words.extended => Err(fault.because(Cause::KeywordOfOurs)),
        Some(row) => Ok(row),
        None => Err(fault),
    }
}

/// The words behind the equals sign, in the number that the keyword takes.
fn arguments(kind: Kind, words: Words<'_>) -> Result<&[Token], Fault> {
    if words.word(1) != b"=" {
        return Err(words.fault(ErrorKind::EqualExpected, 1));
    }
    let arguments = words.tokens.get(2..).unwrap_or_default();
    let (least, most) = match kind {
        Kind::List => (1, usize::MAX),
        Kind::HostAndDevice => (2, 2),
        _ => (1, 1),
    };
    if arguments.len() < least {
        Err(words.fault(ErrorKind::MissingArgs, words.tokens.len()))
    } else if arguments.len() > most {
        Err(words.fault(ErrorKind::ExtraArgs, 2 + most))
    } else {
        Ok(arguments)
    }
}
