//! A document while it is edited: lines and what they mean, with the repairs that every edit makes.

use crate::config::{Config, RealServer, VirtualServer};
use crate::document::Document;
use crate::edit::{AnyName, Place};
use crate::error::ErrorKind;
use crate::frame::{Frame, Words};
use crate::keyword::{self, Level};
use crate::outline::{Block, BlockKind, Statement};
use crate::reader;
use crate::token::{self, Token};
use crate::word::Word;

/// Blanks before statements and servers in a section (specification lvs-cf.md 11.2).
const IN_SECTION: usize = 5;
/// Blanks before statements of a server.
const IN_SERVER: usize = 9;

pub(crate) struct Draft {
    pub(crate) document: Document,
    outline: Block,
}

impl Draft {
    /// The document as it is.
    pub(crate) fn untouched(document: &Document) -> Self {
        let outline = reader::read(document, &AnyName).outline;
        Self { document: document.clone(), outline }
    }

    /// The document with line feeds only, a line end at its end, and every section closed.
    pub(crate) fn of(document: &Document) -> Self {
        let mut draft = Self::untouched(&document.with_line_feeds());
        let missing = draft.missing_braces();
        if missing.is_empty() {
            return draft;
        }
        draft.insert(draft.document.line_count() + 1, &missing);
        Self::untouched(&draft.document)
    }

    /// Closing braces for what is open at the end of the file, innermost first.
    fn missing_braces(&self) -> Vec<Vec<u8>> {
        let section = self.outline.blocks.last().filter(|section| section.close.is_none());
        let server =
            section.and_then(|section| section.blocks.last()).filter(|server| server.close.is_none());
        [server, section].into_iter().flatten().map(|open| self.brace_for(open)).collect()
    }

    fn brace_for(&self, open: &Block) -> Vec<u8> {
        [self.prefix_of(open.open), b"}".to_vec()].concat()
    }

    pub(crate) fn outline(&self) -> &Block {
        &self.outline
    }

    pub(crate) fn text(&self, number: usize) -> &[u8] {
        self.document.line(number).map_or(&[], |line| line.text)
    }

    pub(crate) fn block(&self, place: Place) -> Option<&Block> {
        let file = &self.outline;
        match place {
            Place::File => Some(file),
            Place::Virtual(index) => file.of_kind(BlockKind::Virtual).nth(index),
            Place::Failover(index) => file.of_kind(BlockKind::Failover).nth(index),
            Place::Server(section, index) => file.of_kind(BlockKind::Virtual).nth(section)?.blocks.get(index),
        }
    }

    /// The first and the last line of a section or server.
    pub(crate) fn extent(&self, place: Place) -> Option<(usize, usize)> {
        let block = self.block(place)?;
        block.close.map(|close| (block.open, close))
    }

    /// The same for a section only.
    pub(crate) fn section(&self, place: Place) -> Option<(usize, usize)> {
        match place {
            Place::Virtual(_) | Place::Failover(_) => self.extent(place),
            Place::File | Place::Server(..) => None,
        }
    }

    /// Writes a value into the last line of a keyword, or into a new line. A value that Piranha can read replaces an
    /// extension line; one that it cannot read leaves the ordinary line to it.
    pub(crate) fn set(&mut self, place: Place, keyword: &str, written: &str, extended: bool) -> Option<()> {
        let block = self.block(place)?;
        let extended = extended || block.extension;
        let last = |it: &&Statement| it.keyword == keyword && it.extended == extended;
        let line = block.statements.iter().rev().find(last).map(|statement| statement.line);
        match line {
            Some(line) => self.replace_value(line, keyword, written),
            None => self.insert_statement(place, keyword, written, extended)?,
        }
        if !extended {
            self.outline = reader::read(&self.document, &AnyName).outline;
            let overriding = |it: &&Statement| it.extended && it.keyword == keyword;
            let lines = self.block(place)?.statements.iter().filter(overriding).map(|it| it.line);
            let lines: Vec<usize> = lines.collect();
            self.delete_lines(&lines);
        }
        Some(())
    }

    /// What stands around the value stays; behind a quoted value nothing may stand.
    fn replace_value(&mut self, number: usize, keyword: &str, written: &str) {
        let line = self.text(number).to_vec();
        let words = words(&line);
        let key_and_sign = words.get(1).is_some_and(|sign| sign.text(&line) == b"=");
        let new = match (words.get(2), words.last()) {
            (Some(first), Some(last)) if key_and_sign => {
                let quoted = written.ends_with(['"', '\'']);
                let cut = quoted || token::cut(&line, from(&line), &mut Vec::new()).is_err();
                let end = if cut { line.len() } else { last.span().end };
                replaced(&line, first.span().start..end, written)
            }
            _ => [self.prefix_of(number), format!("{keyword} = {written}").into_bytes()].concat(),
        };
        self.document = self.document.splice(number, 1, &[new]);
    }

    fn insert_statement(&mut self, place: Place, keyword: &str, written: &str, extended: bool) -> Option<()> {
        let block = self.block(place)?;
        let above = statement_above(block, keyword);
        let at = match above {
            Some(above) => above.line + 1,
            None if block.kind == BlockKind::File => self.top(block),
            None => self.comments_below(block.open) + 1,
        };
        let neighbour = above.or(block.statements.first()).map(|neighbour| neighbour.line);
        let prefix = self.prefix(block, neighbour, extended);
        self.insert(at, &[[prefix, format!("{keyword} = {written}").into_bytes()].concat()]);
        Some(())
    }

    /// Where the first global statement goes: above the first line that says something and the comment on it, but
    /// below the comment that heads the file.
    fn top(&self, file: &Block) -> usize {
        let statement = file.statements.first().map(|statement| statement.line);
        let section = file.blocks.first().map(|section| section.open);
        let Some(first) = statement.into_iter().chain(section).min() else {
            return self.document.line_count() + 1;
        };
        let comment = self.comments_above(first);
        if comment == 1 { first } else { comment }
    }

    /// The last of the comment lines directly below a line, or the line itself.
    fn comments_below(&self, number: usize) -> usize {
        (number + 1..=self.document.line_count())
            .take_while(|&below| is_comment(self.text(below)))
            .last()
            .unwrap_or(number)
    }

    /// The first of the comment lines directly above a line, or the line itself.
    pub(crate) fn comments_above(&self, number: usize) -> usize {
        (1..number).rev().take_while(|&above| is_comment(self.text(above))).last().unwrap_or(number)
    }

    /// Adds an empty section; says its number among its kind.
    pub(crate) fn add_section(&mut self, kind: BlockKind, name: &str, extended: bool) -> usize {
        let mark = if extended { "#% " } else { "" };
        let lines = [format!("{mark}{} {name} {{", kind.word()), format!("{mark}}}")].map(String::into_bytes);
        let last = self.outline.of_kind(kind).last().and_then(|section| section.close);
        let index = self.outline.of_kind(kind).count();
        self.insert(last.unwrap_or(self.document.line_count()) + 1, &lines);
        index
    }

    /// Adds an empty server; says its number in the section.
    pub(crate) fn add_server(&mut self, section: usize, name: &str, extended: bool) -> Option<usize> {
        let block = self.block(Place::Virtual(section))?;
        let extended = extended || block.extension;
        let last = block.blocks.last();
        let at = last.and_then(|server| server.close).map(|line| line + 1).or(block.close)?;
        let index = block.blocks.len();
        let sibling = last.map(|server| server.open);
        let neighbour = sibling.or(block.statements.first().map(|statement| statement.line));
        let prefix = self.prefix(block, neighbour, extended);
        let open = [&prefix[..], b"server ", name.as_bytes(), b" {"].concat();
        self.insert(at, &[open, [&prefix[..], b"}"].concat()]);
        Some(index)
    }

    /// The word behind `virtual` or `server`.
    pub(crate) fn name(&self, open: usize) -> &[u8] {
        let line = self.text(open);
        words(line).get(1).map_or(&[], |name| name.text(line))
    }

    pub(crate) fn rename(&mut self, open: usize, name: &str) {
        let line = self.text(open).to_vec();
        if let Some(old) = words(&line).get(1) {
            self.document = self.document.splice(open, 1, &[replaced(&line, old.span(), name)]);
        }
    }

    /// Moves a block, with the comments above it, behind a block further down.
    pub(crate) fn move_below(&mut self, (open, close): (usize, usize), (_, target): (usize, usize)) {
        let first = self.comments_above(open);
        let lines = self.lines(first, close);
        self.insert(target + 1, &lines);
        self.delete_range(first, close);
    }

    /// Moves a block, with the comments above it, before a block further up and its comments.
    pub(crate) fn move_above(&mut self, (open, close): (usize, usize), (target, _): (usize, usize)) {
        let first = self.comments_above(open);
        let lines = self.lines(first, close);
        let at = self.comments_above(target);
        self.delete_range(first, close);
        self.insert(at, &lines);
    }

    pub(crate) fn lines(&self, first: usize, last: usize) -> Vec<Vec<u8>> {
        (first..=last).map(|number| self.text(number).to_vec()).collect()
    }

    pub(crate) fn insert(&mut self, at: usize, lines: &[Vec<u8>]) {
        self.document = self.document.splice(at, 0, lines);
    }

    pub(crate) fn delete_range(&mut self, first: usize, last: usize) {
        self.document = self.document.splice(first, last + 1 - first, &[]);
    }

    /// Deletes lines given in ascending order.
    pub(crate) fn delete_lines(&mut self, numbers: &[usize]) {
        self.document = self.document.without(numbers);
    }

    /// What stands before the first word of a new line in a block: as with its neighbour, else as Piranha's web tool
    /// has it.
    fn prefix(&self, block: &Block, neighbour: Option<usize>, extended: bool) -> Vec<u8> {
        let beside = neighbour.map(|line| self.prefix_of(line)).filter(|prefix| !prefix.contains(&b'\t'));
        if block.extension {
            return beside.unwrap_or_else(|| [&self.prefix_of(block.open)[..], b"    "].concat());
        }
        let usual = match block.kind {
            BlockKind::File => 0,
            BlockKind::Virtual | BlockKind::Failover => IN_SECTION,
            BlockKind::Server => IN_SERVER,
        };
        let blanks = beside.map_or(usual, |prefix| prefix.iter().take_while(|&&byte| byte == b' ').count());
        let mark = if extended { &b"#% "[..] } else { b"" };
        [&b" ".repeat(blanks), mark].concat()
    }

    /// What stands before the first word of a line.
    fn prefix_of(&self, number: usize) -> Vec<u8> {
        let line = self.text(number);
        let first = words(line).first().map_or(0, |first| first.span().start);
        line.get(..first).unwrap_or_default().to_vec()
    }
}

impl Block {
    /// The lines of a keyword, extension lines included.
    pub(crate) fn lines_of(&self, keyword: &str) -> impl Iterator<Item = usize> {
        self.statements.iter().filter(move |it| it.keyword == keyword).map(|it| it.line)
    }

    /// Whether a value is in force already, in the same form.
    pub(crate) fn has(&self, keyword: &str, written: &str, extended: bool, draft: &Draft) -> bool {
        let extended = extended || self.extension;
        let Some(statement) = self.in_force(keyword) else { return false };
        let (old, new) = (draft.text(statement.line), format!("{keyword} = {written}"));
        let sent_with_quotes = words(old).get(2).is_some_and(|word| word.quote() == Some(b'\''));
        let same = value(old) == value(new.as_bytes()) && !sent_with_quotes;
        same && statement.extended == extended
    }
}

/// The words behind an equals sign.
pub(crate) fn value(line: &[u8]) -> Vec<Word> {
    words(line).iter().skip(2).map(|token| token.text(line).into()).collect()
}

/// Whether a value must stand on an extension line.
///
/// # Errors
/// The reader would not accept it even there.
pub(crate) fn needs_extension(kind: BlockKind, keyword: &str, written: &str) -> Result<bool, ErrorKind> {
    let line = format!("{keyword} = {written}");
    if is_accepted(kind, &line, false).is_ok() {
        Ok(false)
    } else {
        is_accepted(kind, &line, true).map(|()| true)
    }
}

fn is_accepted(kind: BlockKind, line: &str, extended: bool) -> Result<(), ErrorKind> {
    let line = line.as_bytes();
    let mut tokens = Vec::new();
    token::cut(line, 0, &mut tokens).map_err(|_| ErrorKind::BadQuoting)?;
    let words = Words { number: 1, line, tokens: &tokens, extended };
    match kind {
        BlockKind::File => tried::<Config>(kind, words),
        BlockKind::Virtual | BlockKind::Failover => tried::<VirtualServer>(kind, words),
        BlockKind::Server => tried::<RealServer>(kind, words),
    }
}

fn tried<T: Level>(kind: BlockKind, words: Words<'_>) -> Result<(), ErrorKind> {
    let outcome = Frame::new(T::default(), kind, 0, false).statement(words, &AnyName);
    outcome.map(|_| ()).map_err(|fault| fault.kind)
}

/// The words of a statement, ordinary or extension, up to a bad quote.
fn words(line: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let _words_up_to_a_bad_quote = token::cut(line, from(line), &mut tokens);
    tokens
}

fn from(line: &[u8]) -> usize {
    token::after_extension_mark(line).unwrap_or(0)
}

fn replaced(line: &[u8], span: std::ops::Range<usize>, with: &str) -> Vec<u8> {
    let (before, behind) = (line.get(..span.start), line.get(span.end..));
    [before.unwrap_or_default(), with.as_bytes(), behind.unwrap_or_default()].concat()
}

/// The last statement that precedes a keyword in the order of writing and stands above the first server; the
/// ordinary line of the same keyword counts as such.
fn statement_above<'a>(block: &'a Block, keyword: &str) -> Option<&'a Statement> {
    let in_section = matches!(block.kind, BlockKind::Virtual | BlockKind::Failover);
    let first_server = block.blocks.first().filter(|_| in_section).map_or(usize::MAX, |server| server.open);
    let rank = keyword::rank(block.kind, keyword);
    let precedes = |it: &&Statement| it.line < first_server && keyword::rank(block.kind, it.keyword) <= rank;
    block.statements.iter().rev().find(precedes)
}

/// A comment that is no extension line's start.
fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"#") && token::after_extension_mark(line).is_none()
}
