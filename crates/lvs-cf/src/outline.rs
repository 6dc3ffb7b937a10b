//! Which lines of a file make which block: what warnings point at and edits touch.

/// The file as a whole, or a section, and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    /// Opened by an extension line: holds extension lines only.
    pub(crate) extension: bool,
    /// The line that opens it; 0 for the file.
    pub(crate) open: usize,
    /// The line that closes it; `None` for the file, and where it is missing.
    pub(crate) close: Option<usize>,
    /// Statements with a keyword known at this level, in the file's order.
    pub(crate) statements: Vec<Statement>,
    /// Sections in it, in the file's order.
    pub(crate) blocks: Vec<Block>,
}

/// What opens a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    File,
    Virtual,
    Failover,
    Server,
}

/// A line `KEY = ...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) keyword: &'static str,
    pub(crate) line: usize,
    /// Whether it is an extension line.
    pub(crate) extended: bool,
}

impl BlockKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Virtual => "virtual",
            Self::Failover => "failover",
            Self::Server => "server",
        }
    }
}

impl Block {
    pub(crate) fn new(kind: BlockKind, open: usize, extension: bool) -> Self {
        Self { kind, extension, open, close: None, statements: Vec::new(), blocks: Vec::new() }
    }

    /// The line whose value of a keyword is in force: the last extension line, else the last ordinary one.
    pub(crate) fn in_force(&self, keyword: &str) -> Option<&Statement> {
        let last = |extended| {
            let wanted = |it: &&Statement| it.keyword == keyword && it.extended == extended;
            self.statements.iter().rev().find(wanted)
        };
        last(true).or_else(|| last(false))
    }

    /// Blocks of one kind, in the file's order.
    pub(crate) fn of_kind(&self, kind: BlockKind) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}
