//! What README.md and the guides in `docs/` tell an administrator to do is done here, word for word, on machines of the lab.
//!
//! The documents are read as they are. A block of commands begins with ```` ```sh ```` and `# on WHERE`; a file begins with
//! ```` ```conf ```` and `# /its/path, on WHERE`. WHERE is `router A`, `router B`, `both routers`, `the active router`,
//! `real server 1`, `each real server`, `a client` or `your own computer`. Every command has to succeed. A ```` ```text ````
//! behind commands is what they show: they are said again until they do, so they only look. Numbers may be others, blanks may
//! be more, `...` stands for the rest of a line, or alone for any lines.
//!
//! A story is a list of sections on one set of machines. What no machine of the lab can do is named in [`left_out`], and
//! every block belongs to a story or to that table. Who edits a guide edits nothing here, but for a new section.

mod block;
mod desk;
mod left_out;
mod player;
mod shown;

use lab::suite::Test;
use lab::tests;

use block::Guide;
use desk::{Desk, Network};

pub(crate) fn tests() -> Vec<Test> {
    tests!("guides":
        every_block_is_played_or_named,
        quick_start,
        quick_start_with_nat,
    )
}

/// Every story: a guide, and those of its sections that it tells.
const STORIES: &[(&str, &[&str])] = &[
    (
        QUICK_START,
        &[
            "What you need",
            "The file, step by step",
            "The real servers' side",
            "Starting",
            "Does it work?",
            "The web page",
        ],
    ),
    (QUICK_START, &["With NAT"]),
];

const QUICK_START: &str = "docs/quick-start.md";

fn every_block_is_played_or_named() {
    let mut faults = left_out::faults();
    for path in block::GUIDES {
        for block in Guide::read(path).blocks {
            let told = STORIES.iter().any(|(guide, sections)| {
                guide == path && sections.iter().any(|section| *section == block.section)
            });
            if !told && left_out::entry(&block).is_none() {
                faults.push(format!("{block}: no story tells the section {:?}", block.section));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn quick_start() {
    let desk = Desk::lay(Network::One);
    desk.play(QUICK_START, STORIES[0].1);
}

fn quick_start_with_nat() {
    let desk = Desk::lay(Network::Two);
    desk.play(QUICK_START, STORIES[1].1);
}
