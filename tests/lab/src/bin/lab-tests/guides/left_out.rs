//! What no machine of the lab can do, why, and what covers it.

use lab::Machine;

use super::block::{Block, GUIDES, Guide};

/// A block that is not run as it stands.
pub(super) struct LeftOut {
    pub(super) guide: &'static str,
    /// Its first line, or the path of a file.
    pub(super) begins: &'static str,
    pub(super) why: &'static str,
    pub(super) covered_by: &'static str,
    pub(super) instead: Instead,
}

/// What the lab does in its place.
pub(super) enum Instead {
    Nothing,
    /// The same by other means, so that the story can go on.
    Deed(fn(&Machine)),
    /// The kernel may lack it: then only that it is understood.
    WordsAlone,
}

const QUICK_START: &str = "docs/quick-start.md";

const TABLE: &[LeftOut] = &[
    LeftOut {
        guide: QUICK_START,
        begins: "./install",
        why: "it builds, and asks a registry; a machine of the lab has the programs and scripts already",
        covered_by: "the tests of ./install",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "systemctl enable pulse             # where systemd runs",
        why: "the lab's machines have no systemd",
        covered_by: "the tests of the units",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "chkconfig --level 35 pulse on      # RHEL 6 and older",
        why: "Debian has no chkconfig",
        covered_by: "the header that it reads, by the tests of the init scripts",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "ssh -L 3636:localhost:3636 root@192.168.26.2",
        why: "a session that stays open, on a computer that is not of the lab",
        covered_by: "guides::quick_start, which asks the page for itself on router A",
        instead: Instead::Nothing,
    },
];

/// The entry for this block.
pub(super) fn entry(block: &Block) -> Option<&'static LeftOut> {
    TABLE.iter().find(|entry| entry.guide == block.guide && block.begins_with(entry.begins))
}

/// Entries for blocks that do not exist, or that say too little.
pub(super) fn faults() -> Vec<String> {
    let blocks: Vec<Block> = GUIDES.iter().flat_map(|path| Guide::read(path).blocks).collect();
    let unknown = TABLE.iter().filter(|left_out| {
        !blocks.iter().any(|block| block.guide == left_out.guide && block.begins_with(left_out.begins))
    });
    let silent = TABLE.iter().filter(|left_out| left_out.why.is_empty() || left_out.covered_by.is_empty());
    let unknown = unknown.map(|entry| format!("{}: no block begins with {:?}", entry.guide, entry.begins));
    unknown.chain(silent.map(|entry| format!("{}: say why, and what covers it", entry.begins))).collect()
}
