//! The values of a document as they are written, read once for many questions.

use crate::document::Document;
use crate::draft::{self, Draft};
use crate::edit::Place;
use crate::keyword::{self, Kind};
use crate::outline::BlockKind;
use crate::word::Word;

/// What stands in a document, by section and keyword, also if it is wrong elsewhere. A copy: later edits of the document
/// are not seen.
pub struct Values(Draft);

impl Values {
    /// Reads a document.
    pub fn of(document: &Document) -> Self {
        Self(Draft::untouched(document))
    }

    /// The words of a keyword's value that is in force, without quotes and a list's brackets; `None` if the keyword is
    /// not given.
    pub fn get(&self, place: Place, keyword: &str) -> Option<Vec<Word>> {
        let words = draft::value(self.0.text(self.0.block(place)?.in_force(keyword)?.line));
        let list = keyword::kind(place.kind(), keyword) == Some(Kind::List);
        let inside = || words.iter().skip(1).take_while(|word| **word != "]").cloned().collect();
        Some(if list { inside() } else { words })
    }

    /// The name of a section or server; `None` for the file, and if it is not there.
    pub fn name(&self, place: Place) -> Option<Word> {
        match self.0.block(place)?.open {
            0 => None,
            line => Some(Word::from(self.0.name(line))),
        }
    }

    /// Number of `virtual` sections.
    pub fn virtual_servers(&self) -> usize {
        self.count(BlockKind::Virtual)
    }

    /// Number of `failover` sections.
    pub fn failover_services(&self) -> usize {
        self.count(BlockKind::Failover)
    }

    /// Number of servers of a `virtual` section; 0 if that is not there.
    pub fn real_servers(&self, section: usize) -> usize {
        self.0.block(Place::Virtual(section)).map_or(0, |block| block.blocks.len())
    }

    fn count(&self, kind: BlockKind) -> usize {
        self.0.block(Place::File).map_or(0, |file| file.of_kind(kind).count())
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Values").field(&self.0.document).finish()
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
    }
}
