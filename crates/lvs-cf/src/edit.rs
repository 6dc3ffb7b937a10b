//! Edits that touch only the lines they must (specification lvs-cf.md 12.1).

use std::cmp::Ordering;
use std::net::Ipv4Addr;

use crate::config::Config;
use crate::document::Document;
use crate::draft::{self, Draft};
use crate::error::ErrorKind;
use crate::keyword::{self, Kind};
use crate::names::Names;
use crate::outline::BlockKind;
use crate::reader;
use crate::values::Values;
use crate::word::Word;
use crate::written::{self, Unwritable};

/// A block of the file. Sections and servers are counted from 0 in the file's order, each kind for itself, as in
/// [`Config`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Outside of all sections.
    File,
    /// A `virtual` section.
    Virtual(usize),
    /// A `failover` section.
    Failover(usize),
    /// A `server` section: which virtual section, which server in it.
    Server(usize, usize),
}

/// How a new section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For Piranha too.
    Ordinary,
    /// In extension lines, which Piranha takes for comments (specification lvs-cf.md section 15).
    Extension,
}

/// Why an edit was not made. The document is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The section or server is not there.
    #[error("there is no such section in the file")]
    NoSuchPlace,
    /// Not a keyword at this level.
    #[error("`{0}` is no keyword here")]
    UnknownKeyword(String),
    /// The value cannot be written.
    #[error("{keyword}: {reason}")]
    Unwritable {
        /// The keyword, or `name`.
        keyword: String,
        /// Why not.
        reason: Unwritable,
    },
    /// The value can be written, but would not be read.
    #[error("{keyword}: {kind}")]
    Refused {
        /// The keyword.
        keyword: String,
        /// Why not.
        kind: ErrorKind,
    },
    /// Another line would be refused then.
    #[error("line {line} would be refused after this change: {kind}")]
    Breaks {
        /// The line, in the file as it would be.
        line: usize,
        /// Why.
        kind: ErrorKind,
    },
    /// A server would take another port from its section.
    #[error("this change would give a server another port: write `port` above the servers first")]
    ChangesPort,
}

/// Resolves everything: an edit does not look up names.
pub(crate) struct AnyName;

impl Names for AnyName {
    fn host(&self, _name: &str) -> Option<Ipv4Addr> {
        Some(Ipv4Addr::LOCALHOST)
    }

    fn service(&self, _name: &str) -> Option<u16> {
        Some(1)
    }
}

impl Document {
    /// The words of a keyword's value that is in force, without quotes and a list's brackets; `None` if the keyword is
    /// not given.
    pub fn value(&self, place: Place, keyword: &str) -> Option<Vec<Word>> {
        Values::of(self).get(place, keyword)
    }

    /// Gives a keyword a value: one word without quotes for most, IP and device for `address` and `nat_router`.
    ///
    /// A value that Piranha cannot read, and a keyword of ours, goes to an extension line; an ordinary line with the
    /// same keyword stays for Piranha. An empty text (`send` and so on) removes the keyword.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn set(&mut self, place: Place, keyword: &str, value: &[&str]) -> Result<(), EditError> {
        let unknown = || EditError::UnknownKeyword(keyword.into());
        let kind = keyword::kind(place.kind(), keyword).ok_or_else(unknown)?;
        if kind == Kind::Text && value.iter().all(|word| word.is_empty()) {
            return self.remove(place, keyword);
        }
        let unwritable = |reason| EditError::Unwritable { keyword: keyword.into(), reason };
        let written = written::value(kind, value).map_err(unwritable)?;
        let refused = |kind| EditError::Refused { keyword: keyword.into(), kind };
        let extended = draft::needs_extension(place.kind(), keyword, &written).map_err(refused)?;
        let mut draft = Draft::of(self);
        if !draft.block(place).ok_or(EditError::NoSuchPlace)?.has(keyword, &written, extended, &draft) {
            draft.set(place, keyword, &written, extended).ok_or(EditError::NoSuchPlace)?;
            self.accept(draft)?;
        }
        Ok(())
    }

    /// Removes every line of a keyword from a block.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn remove(&mut self, place: Place, keyword: &str) -> Result<(), EditError> {
        let mut draft = Draft::of(self);
        let block = draft.block(place).ok_or(EditError::NoSuchPlace)?;
        let lines: Vec<usize> = block.lines_of(keyword).collect();
        if lines.is_empty() {
            return Ok(());
        }
        draft.delete_lines(&lines);
        self.accept(draft)
    }

    /// Adds an empty `virtual` section behind the last one, or at the end.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn add_virtual(&mut self, name: &str, form: Form) -> Result<Place, EditError> {
        self.add_section(BlockKind::Virtual, name, form).map(Place::Virtual)
    }

    /// Adds an empty `failover` section behind the last one, or at the end.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn add_failover(&mut self, name: &str, form: Form) -> Result<Place, EditError> {
        self.add_section(BlockKind::Failover, name, form).map(Place::Failover)
    }

    fn add_section(&mut self, kind: BlockKind, name: &str, form: Form) -> Result<usize, EditError> {
        let name = written_name(name)?;
        let mut draft = Draft::of(self);
        let index = draft.add_section(kind, &name, form == Form::Extension);
        self.accept(draft)?;
        Ok(index)
    }

    /// Adds an empty `server` section to a virtual section, behind its last one. In a section of extension lines it
    /// is one too.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn add_server(&mut self, section: usize, name: &str, form: Form) -> Result<Place, EditError> {
        let name = written_name(name)?;
        let mut draft = Draft::of(self);
        let added = draft.add_server(section, &name, form == Form::Extension);
        let index = added.ok_or(EditError::NoSuchPlace)?;
        self.accept(draft)?;
        Ok(Place::Server(section, index))
    }

    /// Deletes a section or server with everything in it, and, if `comments`, the comment lines directly above it.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn delete(&mut self, place: Place, comments: bool) -> Result<(), EditError> {
        let mut draft = Draft::of(self);
        let (open, close) = draft.extent(place).ok_or(EditError::NoSuchPlace)?;
        let from = if comments { draft.comments_above(open) } else { open };
        draft.delete_range(from, close);
        self.accept(draft)
    }

    /// Renames a section or server; blanks become `_`.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn rename(&mut self, place: Place, name: &str) -> Result<(), EditError> {
        let mut draft = Draft::of(self);
        let (open, _) = draft.extent(place).ok_or(EditError::NoSuchPlace)?;
        if draft.name(open) == name.as_bytes() {
            return Ok(());
        }
        draft.rename(open, &written_name(name)?);
        self.accept(draft)
    }

    /// Moves a section or server, with the comment lines directly above it, to where another one of its kind in the
    /// same block stands: it has the number `to` afterwards.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn move_to(&mut self, place: Place, to: usize) -> Result<(), EditError> {
        let (from, target) = match place {
            Place::File => return Err(EditError::NoSuchPlace),
            Place::Virtual(from) => (from, Place::Virtual(to)),
            Place::Failover(from) => (from, Place::Failover(to)),
            Place::Server(section, from) => (from, Place::Server(section, to)),
        };
        let mut draft = Draft::of(self);
        let moving = draft.extent(place).ok_or(EditError::NoSuchPlace)?;
        let target = draft.extent(target).ok_or(EditError::NoSuchPlace)?;
        match from.cmp(&to) {
            Ordering::Equal => return Ok(()),
            Ordering::Less => draft.move_below(moving, target),
            Ordering::Greater => draft.move_above(moving, target),
        }
        let wanted = moved(reader::read(self, &AnyName).config, place, to);
        let mut edited = self.clone();
        edited.accept(draft)?;
        if reader::read(&edited, &AnyName).config != wanted {
            return Err(EditError::ChangesPort);
        }
        *self = edited;
        Ok(())
    }

    /// A section alone, as a document of its own in which it has the number 0: for many edits of one section, each of
    /// which then reads only that.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn section(&self, place: Place) -> Result<Self, EditError> {
        let draft = Draft::of(self);
        let (open, close) = draft.section(place).ok_or(EditError::NoSuchPlace)?;
        let lines: Vec<u8> =
            draft.lines(open, close).iter().flat_map(|line| [&line[..], b"\n"]).flatten().copied().collect();
        Ok(Self::from(lines))
    }

    /// Puts an edited [`Document::section`] in its place.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn replace_section(&mut self, place: Place, edited: &Self) -> Result<(), EditError> {
        let mut draft = Draft::of(self);
        let (open, close) = draft.section(place).ok_or(EditError::NoSuchPlace)?;
        let lines: Vec<Vec<u8>> = edited.lines().map(|line| line.text.to_vec()).collect();
        if draft.lines(open, close) == lines {
            return Ok(());
        }
        draft.delete_range(open, close);
        draft.insert(open, &lines);
        self.accept(draft)
    }

    /// `serial_no`, as Piranha reads it, also of a file that is wrong elsewhere; 0 without one.
    pub fn serial_no(&self) -> i32 {
        reader::read(self, &AnyName).config.serial_no
    }

    /// Counts `serial_no` up by one; without one it becomes 1 (specification lvs-cf.md 12.3).
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn raise_serial_no(&mut self) -> Result<(), EditError> {
        let new = self.serial_no().checked_add(1).filter(|&new| new > 0).unwrap_or(1);
        self.set(Place::File, "serial_no", &[&new.to_string()])
    }

    /// Takes a draft over, unless a line that was good is refused in it.
    fn accept(&mut self, draft: Draft) -> Result<(), EditError> {
        let before = reader::read(self, &AnyName).errors.is_some();
        match reader::read(&draft.document, &AnyName).errors {
            Some(errors) if !before => {
                let first = errors.first();
                Err(EditError::Breaks { line: first.diagnostic.line, kind: first.kind })
            }
            _ => {
                *self = draft.document;
                Ok(())
            }
        }
    }
}

impl Place {
    pub(crate) fn kind(self) -> BlockKind {
        match self {
            Self::File => BlockKind::File,
            Self::Virtual(_) => BlockKind::Virtual,
            Self::Failover(_) => BlockKind::Failover,
            Self::Server(..) => BlockKind::Server,
        }
    }
}

fn written_name(name: &str) -> Result<String, EditError> {
    written::name(name).map_err(|reason| EditError::Unwritable { keyword: "name".into(), reason })
}

/// The configuration with one section or server at another number.
fn moved(mut config: Config, place: Place, to: usize) -> Config {
    match place {
        Place::File => {}
        Place::Virtual(from) => shift(&mut config.virtual_servers, from, to),
        Place::Failover(from) => shift(&mut config.failover, from, to),
        Place::Server(section, from) => {
            if let Some(section) = config.virtual_servers.get_mut(section) {
                shift(&mut section.servers, from, to);
            }
        }
    }
    config
}

fn shift<T>(list: &mut Vec<T>, from: usize, to: usize) {
    if from < list.len() && to < list.len() {
        let item = list.remove(from);
        list.insert(to, item);
    }
}
