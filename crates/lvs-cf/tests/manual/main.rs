//! The manual page `docs/man/lvs.cf.5` says what the reader of the file does: each keyword at its level, with its type,
//! its range, its default, an example that can be copied, and whether Piranha understands it.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

mod defaults;
mod diagnostics;
mod examples;
mod files;
mod formatters;
mod keywords;
mod level;
mod page;
mod ranges;
mod types;

fn complain(wrong: &[String]) {
    assert!(wrong.is_empty(), "docs/man/lvs.cf.5:\n{}", wrong.join("\n"));
}
