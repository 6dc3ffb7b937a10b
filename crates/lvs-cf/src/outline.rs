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

impl Block {
    pub(crate) fn new(kind: BlockKind, open: usize, extension: bool) -> Self {
        Self { kind, extension, open, close: None, statements: Vec::new(), blocks: Vec::new() }
    }
}
