//! A guide as it is played: its blocks of commands and files, in order.

use std::fmt;
use std::fs;

use lab::installed::repository;

/// The documents that are played.
pub(super) const GUIDES: [&str; 6] = [
    README,
    "docs/quick-start.md",
    "docs/migration.md",
    "docs/firewall-marks.md",
    "docs/real-servers.md",
    "docs/heartbeat.md",
];

/// Its commands are few: what does not say where is said on the router that serves, and may stand in a bare block.
const README: &str = "README.md";

/// A document.
#[derive(Debug)]
pub(super) struct Guide {
    pub(super) blocks: Vec<Block>,
}

/// Something to do.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(super) guide: &'static str,
    /// The nearest heading of the second level.
    pub(super) section: String,
    /// Line of the document.
    pub(super) line: usize,
    /// Where it is to be done.
    pub(super) place: String,
    pub(super) deed: Deed,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// Commands, and what they show if that is told.
    Say { commands: String, shown: Option<String> },
    /// A file.
    Write { path: String, content: String },
}

/// A fenced block as it stands there.
struct Fence {
    language: String,
    section: String,
    line: usize,
    lines: Vec<String>,
}

impl Guide {
    /// Reads a document of the repository.
    pub(super) fn read(path: &'static str) -> Self {
        let text =
            fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut blocks: Vec<Block> = Vec::new();
        for fence in fences(&text) {
            let at = format!("{path}:{}", fence.line);
            match fence.language.as_str() {
                "sh" | "conf" => blocks.push(Block::of(path, fence)),
                "text" => match blocks.last_mut() {
                    Some(Block { deed: Deed::Say { shown: shown @ None, .. }, .. }) => {
                        *shown = Some(fence.lines.join("\n"));
                    }
                    _ => panic!("{at}: what is shown stands behind no commands"),
                },
                "" if path == README && looks_like_commands(&fence) => blocks.push(Block::of(path, fence)),
                "" => {
                    assert!(!looks_like_commands(&fence), "{at}: commands stand in ```sh, with `# on WHERE`");
                }
                _ => {}
            }
        }
        Self { blocks }
    }
}

impl Block {
    fn of(guide: &'static str, fence: Fence) -> Self {
        let at = format!("{guide}:{}", fence.line);
        let first = fence.lines.first().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let Some((path, place)) = first.split_once("on ") else {
            assert!(guide == README, "{at}: begins without `# on WHERE`");
            let deed = Deed::Say { commands: fence.lines.join("\n") + "\n", shown: None };
            return Self {
                guide,
                section: fence.section,
                line: fence.line,
                place: "the active router".to_owned(),
                deed,
            };
        };
        let path = path.trim_end_matches([',', ' ']);
        let deed = if fence.language == "conf" {
            assert!(path.starts_with('/'), "{at}: a file begins with `# /its/path, on WHERE`");
            Deed::Write { path: path.to_owned(), content: fence.lines.join("\n") + "\n" }
        } else {
            assert!(path.is_empty(), "{at}: commands begin with `# on WHERE`");
            Deed::Say { commands: fence.lines[1..].join("\n") + "\n", shown: None }
        };
        Self { guide, section: fence.section, line: fence.line, place: place.to_owned(), deed }
    }

    /// The commands of the block in this guide that begins so.
    pub(crate) fn commands(guide: &'static str, begins: &str) -> String {
        let blocks = Guide::read(guide).blocks;
        let found = blocks.into_iter().find(|block| block.begins_with(begins));
        match found.unwrap_or_else(|| panic!("{guide}: no block begins with {begins:?}")).deed {
            Deed::Say { commands, .. } => commands,
            Deed::Write { path, .. } => panic!("{guide}: {path} is a file"),
        }
    }

    /// How the first line behind the one that says where begins, by which the block is known.
    pub(super) fn begins_with(&self, words: &str) -> bool {
        let text = match &self.deed {
            Deed::Say { commands, .. } => commands,
            Deed::Write { path, .. } => path,
        };
        text.starts_with(words)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{} (on {})", self.guide, self.line, self.place)
    }
}

fn fences(text: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut open: Option<Fence> = None;
    let mut section = String::new();
    for (number, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(language), None) => {
                let (language, section) = (language.trim().to_owned(), section.clone());
                open = Some(Fence { language, section, line: number + 1, lines: Vec::new() });
            }
            (None, Some(fence)) => fence.lines.push(line.to_owned()),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut section);
                }
            }
        }
    }
    assert!(open.is_none(), "a block has no end");
    found
}

/// Whether somebody forgot to say what this is.
fn looks_like_commands(fence: &Fence) -> bool {
    const WORDS: [&str; 12] = [
        "service",
        "systemctl",
        "piranhactl",
        "lvsd",
        "ipvsadm",
        "ip",
        "sysctl",
        "iptables",
        "nft",
        "apt",
        "rpm",
        "cargo",
    ];
    fence.lines.iter().any(|line| {
        let word = line.split(char::is_whitespace).next().unwrap_or_default();
        word.starts_with("./") || WORDS.contains(&word)
    })
}
