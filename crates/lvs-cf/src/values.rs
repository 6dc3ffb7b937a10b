//! The values of a document as they are written, read once for many questions.

use crate::document::Document;
use crate::draft::{self, Draft};
use crate::edit::Place;
use crate::keyword::{self, Kind};
use crate::outline::{Block, BlockKind};
use crate::word::Word;

/// What stands in a document, by section and keyword, also if it is wrong elsewhere. It has a copy of it: later edits are not
/// seen.
pub struct Values {
    draft: Draft,
    /// Where the sections of a kind stand among all: a page asks for the thousandth.
    virtual_servers: Vec<usize>,
    failover_services: Vec<usize>,
}

impl Values {
    /// Reads a document.
    pub fn of(document: &Document) -> Self {
        let draft = Draft::untouched(document);
        let of_kind = |kind| {
            let sections = draft.outline().blocks.iter().enumerate();
            sections.filter(|(_, section)| section.kind == kind).map(|(place, _)| place).collect()
        };
        Self {
            virtual_servers: of_kind(BlockKind::Virtual),
            failover_services: of_kind(BlockKind::Failover),
            draft,
        }
    }

    /// The document, as it was read.
    pub fn document(&self) -> &Document {
        &self.draft.document
    }

    fn block(&self, place: Place) -> Option<&Block> {
        let file = self.draft.outline();
        let section = |of_kind: &[usize], index: usize| file.blocks.get(*of_kind.get(index)?);
        match place {
            Place::File => Some(file),
            Place::Virtual(index) => section(&self.virtual_servers, index),
            Place::Failover(index) => section(&self.failover_services, index),
            Place::Server(index, server) => section(&self.virtual_servers, index)?.blocks.get(server),
        }
    }

    /// The words of a keyword's value that is in force, without quotes and a list's brackets; `None` if the keyword is
    /// not given.
    pub fn get(&self, place: Place, keyword: &str) -> Option<Vec<Word>> {
        let words = draft::value(self.draft.text(self.block(place)?.in_force(keyword)?.line));
        let list = keyword::kind(place.kind(), keyword) == Some(Kind::List);
        let inside = || words.iter().skip(1).take_while(|word| **word != "]").cloned().collect();
        Some(if list { inside() } else { words })
    }

    /// The name of a section or server; `None` for the file, and if it is not there.
    pub fn name(&self, place: Place) -> Option<Word> {
        match self.block(place)?.open {
            0 => None,
            line => Some(Word::from(self.draft.name(line))),
        }
    }

    /// The line that opens a section or server, and the one that closes it or, where that is missing, the last of the
    /// file; `None` for the file, and if it is not there.
    pub fn lines(&self, place: Place) -> Option<(usize, usize)> {
        let block = self.block(place).filter(|block| block.open > 0)?;
        Some((block.open, block.close.unwrap_or(self.draft.document.line_count())))
    }

    /// Number of `virtual` sections.
    pub fn virtual_servers(&self) -> usize {
        self.virtual_servers.len()
    }

    /// Number of `failover` sections.
    pub fn failover_services(&self) -> usize {
        self.failover_services.len()
    }

    /// Number of servers of a `virtual` section; 0 if that is not there.
    pub fn real_servers(&self, section: usize) -> usize {
        self.block(Place::Virtual(section)).map_or(0, |block| block.blocks.len())
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Values").field(&self.draft.document).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_where() {
        let text = b"primary = 10.0.0.1\nvirtual web {\n     address = 10.0.0.9 eth0:1\n     server one {\n         \
                     weight = 3\n     }\n}\nfailover mail {\n     port = smtp\n}\n";
        let values = Values::of(&Document::new(text));
        let words = |place, keyword| {
            let value: Option<Vec<Word>> = values.get(place, keyword);
            value.map(|words| words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(words(Place::File, "primary").as_deref(), Some("10.0.0.1"));
        assert_eq!(words(Place::File, "backup"), None);
        assert_eq!(words(Place::Virtual(0), "address").as_deref(), Some("10.0.0.9 eth0:1"));
        assert_eq!(words(Place::Server(0, 0), "weight").as_deref(), Some("3"));
        assert_eq!(words(Place::Failover(0), "port").as_deref(), Some("smtp"));
        assert_eq!(words(Place::Virtual(1), "port"), None);
        let name = |place| values.name(place).map(|name| name.to_string());
        assert_eq!(name(Place::File), None);
        assert_eq!(name(Place::Virtual(0)).as_deref(), Some("web"));
        assert_eq!(name(Place::Server(0, 0)).as_deref(), Some("one"));
        assert_eq!(name(Place::Failover(0)).as_deref(), Some("mail"));
        assert_eq!((values.virtual_servers(), values.failover_services()), (1, 1));
        assert_eq!((values.real_servers(0), values.real_servers(7)), (1, 0));
        assert_eq!((values.lines(Place::File), values.lines(Place::Virtual(0))), (None, Some((2, 7))));
        assert_eq!(
            (values.lines(Place::Server(0, 0)), values.lines(Place::Failover(0))),
            (Some((4, 6)), Some((8, 10)))
        );
    }
}
