//! Lines become blocks and values (specification lvs-cf.md sections 2 to 7).
//!
//! The reader does not stop at an error: it notes it, guesses what was meant, and goes on, so that every mistake in a
//! file is told at once. The first one is the one that Piranha reports.

use crate::config::{Config, RealServer, VirtualServer};
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::error::{ErrorKind, Errors, ParseError};
use crate::fault::{Cause, Fault, Remark};
use crate::frame::{Frame, Words};
use crate::hint;
use crate::names::Names;
use crate::outline::{Block, BlockKind};
use crate::sanity;
use crate::token::{self, BadQuote, Token};
use crate::warning::{Warning, Warnings};
use crate::word::Word;

/// What was read, errors or not.
pub(crate) struct Reading {
    pub(crate) config: Config,
    pub(crate) outline: Block,
    pub(crate) errors: Option<Errors>,
    pub(crate) warnings: Warnings,
}

/// Reads a whole document.
pub(crate) fn read(document: &Document, names: &dyn Names) -> Reading {
    let mut reader = Reader::new(names);
    let mut tokens = Vec::new();
    for (index, line) in document.lines().enumerate() {
        if line.end.first() == Some(&b'\r') {
            reader.carriage_return(index + 1, line.text);
        }
        reader.line(index + 1, line.text, &mut tokens);
    }
    reader.end(document)
}

struct Reader<'a> {
    names: &'a dyn Names,
    file: Frame<Config>,
    section: Option<Frame<VirtualServer>>,
    server: Option<Frame<RealServer>>,
    /// A section line without its brace, which may stand on the next line.
    brace_missing: bool,
    errors: Option<Errors>,
    warnings: Warnings,
}

/// What stands on a line, before its words are looked at.
enum Shape {
    /// Nothing or a comment.
    Nothing,
    /// Words from this byte on.
    Ordinary(usize),
    /// A comment to Piranha, with words for us from this byte on.
    Extension(usize),
}

impl<'a> Reader<'a> {
    fn new(names: &'a dyn Names) -> Self {
        let file = Frame::new(Config::default(), BlockKind::File, 0, false);
        let (errors, warnings) = (None, Warnings::default());
        Self { names, file, section: None, server: None, brace_missing: false, errors, warnings }
    }

    fn line(&mut self, number: usize, line: &[u8], tokens: &mut Vec<Token>) {
        if let Some(at) = line.iter().position(|&byte| byte == 0) {
            let words = Words { number, line, tokens: &[], extended: false };
            return self.error(words, &Fault::new(ErrorKind::NulByte, at..at + 1));
        }
        let (from, extended) = match shape(line) {
            Shape::Nothing => return,
            Shape::Ordinary(from) => (from, false),
            Shape::Extension(from) => (from, true),
        };
        let quotes = token::cut(line, from, tokens);
        let words = Words { number, line, tokens, extended };
        if extended && !is_extension(words, quotes) {
            return self.not_an_extension(words);
        }
        let brace_missing = std::mem::take(&mut self.brace_missing);
        if brace_missing && words.word(0) == b"{" && words.tokens.len() == 1 {
            return;
        }
        let directly_in_section = !extended && self.server.is_none();
        let outcome = match quotes {
            Ok(()) => self.statement(words),
            Err(bad) => self.bad_quote(words, bad),
        };
        if directly_in_section && let Some(section) = &mut self.section {
            section.later |= section.block.open != number;
        }
        match outcome {
            Ok(remarks) => self.remarks(words, remarks),
            Err(fault) => {
                self.error(words, &fault);
                self.recover(words);
            }
        }
    }

    /// A line that was cut into words without a fault.
    fn statement(&mut self, words: Words<'_>) -> Result<Vec<Remark>, Fault> {
        if self.inside_extension() && !words.extended {
            return Err(words.fault(ErrorKind::BadCommand, 0).because(Cause::OrdinaryInExtension));
        }
        match (words.word(0), self.level()) {
            (b"}", BlockKind::Virtual | BlockKind::Failover | BlockKind::Server) => self.close(words),
            (b"virtual", BlockKind::File) => self.open_section(words, BlockKind::Virtual),
            (b"failover", BlockKind::File) => self.open_section(words, BlockKind::Failover),
            (b"server", BlockKind::Virtual | BlockKind::Failover) => self.open_server(words),
            _ => match (&mut self.server, &mut self.section) {
                (Some(server), _) => server.statement(words, self.names),
                (None, Some(section)) => section.statement(words, self.names),
                (None, None) => self.file.statement(words, self.names),
            },
        }
    }

    /// A line on which a quote has no partner. Piranha accepts what stands before it on the second and later lines
    /// of a section (specification lvs-cf.md 2.5).
    fn bad_quote(&mut self, words: Words<'_>, bad: BadQuote) -> Result<Vec<Remark>, Fault> {
        let fault = Fault::new(ErrorKind::BadQuoting, bad.at..words.line.len());
        let unchecked = !words.extended
            && self.server.is_none()
            && self.section.as_ref().is_some_and(|section| section.later && !section.block.extension);
        let lone = bad.at + 1 == words.line.len();
        if !unchecked || lone || words.tokens.is_empty() {
            self.note_unreadable(words);
            return Err(fault);
        }
        let mut remarks = self.statement(words).map_err(|_| fault.clone())?;
        let message = "this quote has no partner: the line is ignored from here on".to_owned();
        remarks.push(Remark { warning: Warning::BadQuoteIgnored, span: fault.span, message });
        Ok(remarks)
    }

    fn note_unreadable(&mut self, words: Words<'_>) {
        match (&mut self.server, &mut self.section) {
            (Some(server), _) => server.note_unreadable(words),
            (None, Some(section)) => section.note_unreadable(words),
            (None, None) => self.file.note_unreadable(words),
        }
    }

    fn level(&self) -> BlockKind {
        match (&self.server, &self.section) {
            (Some(_), _) => BlockKind::Server,
            (None, Some(section)) => section.block.kind,
            (None, None) => BlockKind::File,
        }
    }

    fn inside_extension(&self) -> bool {
        self.innermost().extension
    }

    fn innermost(&self) -> &Block {
        let section = self.section.as_ref().map(|section| &section.block);
        self.server.as_ref().map(|server| &server.block).or(section).unwrap_or(&self.file.block)
    }

    fn open_section(&mut self, words: Words<'_>, kind: BlockKind) -> Result<Vec<Remark>, Fault> {
        let name = section_name(words)?;
        self.begin_section(name, kind, words);
        Ok(extension_note(words))
    }

    fn begin_section(&mut self, name: Word, kind: BlockKind, words: Words<'_>) {
        let section = VirtualServer { name, ..VirtualServer::default() };
        self.section = Some(Frame::new(section, kind, words.number, words.extended));
    }

    fn open_server(&mut self, words: Words<'_>) -> Result<Vec<Remark>, Fault> {
        let name = section_name(words)?;
        self.begin_server(name, words);
        let mut remarks = extension_note(words);
        if self.section.as_ref().is_some_and(|section| section.block.kind == BlockKind::Failover) {
            remarks.push(words.remark(Warning::NoEffect, 0, "a server in a failover section has no effect"));
        }
        Ok(remarks)
    }

    /// A server takes the port that its section has at this moment (specification lvs-cf.md 5.4).
    fn begin_server(&mut self, name: Word, words: Words<'_>) {
        let default = RealServer::default();
        let port = self.section.as_ref().map_or(default.port, |section| section.value.port);
        let server = RealServer { name, port, ..default };
        self.server = Some(Frame::new(server, BlockKind::Server, words.number, words.extended));
    }

    fn close(&mut self, words: Words<'_>) -> Result<Vec<Remark>, Fault> {
        if words.extended && !self.inside_extension() {
            return Err(words.fault(ErrorKind::BadCommand, 0).because(Cause::ExtensionClosesOrdinary));
        }
        self.end_block(Some(words.number));
        let text_behind = words.tokens.len() > 1;
        let message = "what stands behind a closing brace is ignored";
        Ok(text_behind.then(|| words.remark(Warning::TextAfterBrace, 1, message)).into_iter().collect())
    }

    /// Ends the innermost section.
    fn end_block(&mut self, close: Option<usize>) {
        if let Some(mut server) = self.server.take() {
            server.block.close = close;
            // A file may have tens of thousands of them.
            server.block.statements.shrink_to_fit();
            if let Some(section) = &mut self.section {
                section.value.servers.push(server.value);
                section.block.blocks.push(server.block);
            }
        } else if let Some(mut section) = self.section.take() {
            section.block.close = close;
            section.block.statements.shrink_to_fit();
            section.block.blocks.shrink_to_fit();
            section.value.servers.shrink_to_fit();
            match section.block.kind {
                BlockKind::Failover => self.file.value.failover.push(section.value),
                _ => self.file.value.virtual_servers.push(section.value),
            }
            self.file.block.blocks.push(section.block);
        }
    }

    /// Brings the levels to where the person who wrote the faulty line believed to be.
    fn recover(&mut self, words: Words<'_>) {
        match words.word(0) {
            b"virtual" | b"failover" if self.level() != BlockKind::File || opens(words) => {
                self.end_block(None);
                self.end_block(None);
                let failover = words.word(0) == b"failover";
                let kind = if failover { BlockKind::Failover } else { BlockKind::Virtual };
                self.begin_section(words.word(1).into(), kind, words);
            }
            b"server" if self.section.is_some() && opens(words) => {
                if self.server.is_some() {
                    self.end_block(None);
                }
                self.begin_server(words.word(1).into(), words);
            }
            b"server" if self.level() == BlockKind::File && opens(words) && self.reopen_section() => {
                self.begin_server(words.word(1).into(), words);
            }
            b"}" if !words.extended => {
                while self.inside_extension() {
                    self.end_block(None);
                }
                self.end_block(Some(words.number));
            }
            _ => return,
        }
        self.brace_missing = !words.line.trim_ascii_end().ends_with(b"{");
    }

    /// Undoes a closing brace that came too early. Says whether there was a section to open again.
    fn reopen_section(&mut self) -> bool {
        let Some(block) = self.file.block.blocks.pop() else { return false };
        let config = &mut self.file.value;
        let failover = block.kind == BlockKind::Failover;
        let section = if failover { config.failover.pop() } else { config.virtual_servers.pop() };
        let mut frame = Frame::new(section.unwrap_or_default(), block.kind, block.open, block.extension);
        frame.block = block;
        self.section = Some(frame);
        true
    }

    fn carriage_return(&mut self, number: usize, line: &[u8]) {
        if self.warnings.count(Warning::CarriageReturn) > 0 {
            return;
        }
        let words = Words { number, line, tokens: &[], extended: false };
        let message = "the line ends in a carriage return: Piranha would not read the file as it is meant";
        let span = line.len()..line.len();
        self.remarks(words, vec![Remark { warning: Warning::CarriageReturn, span, message: message.into() }]);
    }

    fn not_an_extension(&mut self, words: Words<'_>) {
        if !words.tokens.is_empty() {
            let message = "read as a comment: an extension line is `#% KEY = VALUE`, `#% virtual NAME {`, \
                           `#% server NAME {` or `#% }`";
            self.remarks(words, vec![words.remark(Warning::ExtensionIgnored, 0, message)]);
        }
    }

    fn remarks(&mut self, words: Words<'_>, remarks: Vec<Remark>) {
        for Remark { warning, span, message } in remarks {
            let at = (words.number, words.line);
            self.warnings
                .push(warning, || Diagnostic::of_line(warning.severity(), warning.name(), message, at, span));
        }
    }

    fn error(&mut self, words: Words<'_>, fault: &Fault) {
        let mut errors = self.errors.take();
        let make = || {
            let hint = hint::for_fault(words, fault, &self.open_blocks());
            let (kind, at) = (fault.kind, (words.number, words.line));
            let diagnostic = Diagnostic::of_line(
                Severity::Error,
                kind.name(),
                kind.message().into(),
                at,
                fault.span.clone(),
            );
            ParseError { kind, diagnostic: diagnostic.with_hint(hint) }
        };
        match &mut errors {
            Some(errors) => errors.push(make),
            None => errors = Some(Errors::new(make())),
        }
        self.errors = errors;
    }

    /// The open sections, outermost first.
    fn open_blocks(&self) -> Vec<&Block> {
        let section = self.section.as_ref().map(|section| &section.block);
        section.into_iter().chain(self.server.as_ref().map(|server| &server.block)).collect()
    }

    /// The end of the file closes what is open.
    fn end(mut self, document: &Document) -> Reading {
        while self.level() != BlockKind::File {
            let number = self.innermost().open;
            let line = document.line(number).map_or(&b""[..], |line| line.text);
            let words = Words { number, line, tokens: &[], extended: false };
            let message =
                "the section is still open at the end of the file: a closing brace is missing".into();
            let span = line.len() - line.trim_ascii_start().len()..line.trim_ascii_end().len();
            self.remarks(words, vec![Remark { warning: Warning::MissingCloseBrace, span, message }]);
            self.end_block(None);
        }
        let mut config = self.file.value;
        config.adjust();
        if self.errors.is_none() {
            sanity::check(&config, &self.file.block, document, &mut self.warnings);
        }
        Reading { config, outline: self.file.block, errors: self.errors, warnings: self.warnings }
    }
}

fn extension_note(words: Words<'_>) -> Vec<Remark> {
    let note = || words.remark(Warning::Extension, 0, "an extension: not understood by Piranha 0.8.6");
    words.extended.then(note).into_iter().collect()
}

fn shape(line: &[u8]) -> Shape {
    let Some(start) = line.iter().position(|&byte| !token::is_blank(byte)) else { return Shape::Nothing };
    match (line.get(start), token::after_extension_mark(line)) {
        (_, Some(from)) => Shape::Extension(from),
        (Some(b'#'), None) => Shape::Nothing,
        _ => Shape::Ordinary(start),
    }
}

/// A statement, a section line or a closing brace; anything else is a comment (specification lvs-cf.md section 15).
fn is_extension(words: Words<'_>, quotes: Result<(), BadQuote>) -> bool {
    let section = matches!(words.word(0), b"virtual" | b"failover" | b"server");
    let whole = quotes.is_ok().then_some(words.tokens.len());
    words.word(1) == b"="
        || (section && whole == Some(3) && words.word(2) == b"{")
        || (whole == Some(1) && words.word(0) == b"}")
}

/// Exactly a word, a name and a brace.
fn section_name(words: Words<'_>) -> Result<Word, Fault> {
    match words.tokens.len() {
        0..3 => Err(words.fault(ErrorKind::MissingArgs, words.tokens.len())),
        3 if words.word(2) == b"{" => Ok(words.word(1).into()),
        3 => Err(words.fault(ErrorKind::MissingArgs, 2)),
        _ => Err(words.fault(ErrorKind::ExtraArgs, 3)),
    }
}

/// Whether a faulty section line still seems to open a section that ends further down.
fn opens(words: Words<'_>) -> bool {
    !words.line.contains(&b'}')
}

impl Config {
    /// After the last line: the private addresses default to the public ones (specification lvs-cf.md section 6).
    fn adjust(&mut self) {
        if self.primary.name.is_some() && self.primary_private.name.is_none() {
            self.primary_private = self.primary.clone();
            self.backup_private = self.backup.clone();
        }
    }
}
