//! What README.md and the guides in `docs/` tell an administrator to do is done here, word for word, on machines of the lab.
//!
//! The documents are read as they are. A block of commands begins with ```` ```sh ```` and `# on WHERE`; a file begins with
//! ```` ```conf ```` and `# /its/path, on WHERE`. WHERE is `router A`, `router B`, `both routers`, `the active router`,
//! `real server 1`, `each real server`, `a client` or `your own computer`. Every command has to succeed. A ```` ```text ````
//! behind commands is what they show: they are said again until they do, so they only look. Numbers may be others, blanks may
//! be more, `...` stands for any words, or alone for any lines.
//!
//! A story is a list of sections on one set of machines. What no machine of the lab can do is named in [`left_out`], and
//! every block belongs to a story or to that table. Who edits a guide edits nothing here, but for a new section.

pub(crate) mod block;
mod desk;
mod left_out;
mod migration;
mod player;
mod shown;
mod undo;

use lab::suite::Test;
use lab::tests;

use block::Guide;
use desk::{Desk, Network};

pub(crate) fn tests() -> Vec<Test> {
    tests!("guides":
        every_block_is_played_or_named,
        quick_start,
        nat_and_ftp,
        real_servers,
        firewall_marks,
        heartbeats_and_readme,
        migration_from_piranha,
    )
}

/// Things done one after the other on one set of machines.
struct Story {
    network: Network,
    chapters: &'static [Chapter],
}

/// A part of a story.
enum Chapter {
    /// Sections of a guide.
    Play(&'static str, &'static [&'static str]),
    /// What no guide tells: that somebody has a service already, or takes back what a guide has told.
    Deed(fn(&Desk)),
}

use Chapter::{Deed, Play};

const README: &str = "README.md";
const QUICK_START: &str = "docs/quick-start.md";
const MIGRATION: &str = "docs/migration.md";
const MARKS: &str = "docs/firewall-marks.md";
const REAL_SERVERS: &str = "docs/real-servers.md";
const HEARTBEAT: &str = "docs/heartbeat.md";

const FILE: &str = "The file, step by step";
const SIDE: &str = "The real servers' side";
const STARTING: &str = "Starting";

const STORIES: [(&str, Story); 6] = [
    (
        "quick_start",
        Story {
            network: Network::One,
            chapters: &[Play(
                QUICK_START,
                &["What you need", FILE, SIDE, STARTING, "Does it work?", "The web page"],
            )],
        },
    ),
    (
        "nat_and_ftp",
        Story {
            network: Network::Two,
            chapters: &[
                Play(QUICK_START, &["With NAT"]),
                Play(REAL_SERVERS, &["NAT: the gateway"]),
                Play(MARKS, &["FTP with NAT"]),
            ],
        },
    ),
    (
        "real_servers",
        Story {
            network: Network::One,
            chapters: &[
                Play(QUICK_START, &[FILE, STARTING]),
                Play(REAL_SERVERS, &["Direct routing: the floating address on lo", "Is something wrong?"]),
                Deed(undo::real_servers),
                Play(REAL_SERVERS, &["Direct routing: arptables"]),
                Deed(undo::real_servers),
                Play(REAL_SERVERS, &["Direct routing: redirection"]),
                Deed(undo::real_servers),
                Play(REAL_SERVERS, &["Tunnelling"]),
            ],
        },
    ),
    (
        "firewall_marks",
        Story {
            network: Network::One,
            chapters: &[
                Play(QUICK_START, &[FILE, SIDE, STARTING]),
                Deed(Desk::answer_https),
                Play(MARKS, &["HTTP and HTTPS together", "FTP with direct routing"]),
            ],
        },
    ),
    (
        "heartbeats_and_readme",
        Story {
            network: Network::One,
            chapters: &[
                Play(QUICK_START, &[FILE, SIDE, STARTING]),
                Play(README, &["Install", "At work"]),
                Deed(undo::heartbeat_key),
                Play(HEARTBEAT, &["In five steps"]),
            ],
        },
    ),
    (
        "migration_from_piranha",
        Story {
            network: Network::One,
            chapters: &[
                Play(QUICK_START, &[FILE, SIDE]),
                Deed(migration::run_piranha),
                Play(MIGRATION, &["Before", "The standby first", "Then the primary", "The page"]),
                Deed(migration::log_in_with_the_old_password),
                Play(
                    MIGRATION,
                    &["When both are new", "A machine with systemd", "SELinux", "Firewall", "Going back"],
                ),
                Deed(migration::expect_a_mixed_pair),
            ],
        },
    ),
];

fn every_block_is_played_or_named() {
    let mut faults = left_out::faults();
    for path in block::GUIDES {
        for block in Guide::read(path).blocks {
            let told = sections().any(|(guide, section)| guide == path && section == block.section);
            if !told && left_out::entry(&block).is_none() {
                faults.push(format!("{block}: no story tells the section {:?}", block.section));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Every section that a story tells, with its guide.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    let chapters = STORIES.iter().flat_map(|(_, story)| story.chapters);
    let played = chapters.filter_map(|chapter| match chapter {
        Play(guide, sections) => Some((*guide, *sections)),
        Deed(_) => None,
    });
    played.flat_map(|(guide, sections)| sections.iter().map(move |section| (guide, *section)))
}

fn tell(name: &str) {
    let (_, story) = STORIES.iter().find(|(other, _)| *other == name).expect("a story of this name");
    let desk = Desk::lay(story.network);
    for chapter in story.chapters {
        match chapter {
            Play(guide, sections) => desk.play(guide, sections),
            Deed(deed) => deed(&desk),
        }
    }
}

fn quick_start() {
    tell("quick_start");
}

fn nat_and_ftp() {
    tell("nat_and_ftp");
}

fn real_servers() {
    tell("real_servers");
}

fn firewall_marks() {
    tell("firewall_marks");
}

fn heartbeats_and_readme() {
    tell("heartbeats_and_readme");
}

fn migration_from_piranha() {
    tell("migration_from_piranha");
}
