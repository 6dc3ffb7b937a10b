//! Log lines on standard output, each in one write.
//!
//! Piranha's lvsd gives the monitors of a service with a sorry server a non-blocking pipe for their output, and looks
//! for `[ active ]` and `[inactive]` in pieces of 80 bytes (specification lvsd.md 5.3 and 6.1): what a piece's end cuts
//! in two is missed. On such a pipe every line is filled up with blanks to whole pieces, so that each begins with one.

use std::io::stdout;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::write;

/// Bytes that Piranha's lvsd reads at a time.
const PIECE: usize = 80;
/// Longest line, in bytes: a pipe takes so much as a whole or not at all (`PIPE_BUF`, pipe(7)), in whole pieces.
const LONGEST: usize = 4096 / PIECE * PIECE;

/// Where lines are printed.
pub(crate) struct StandardOutput {
    in_pieces: bool,
}

impl StandardOutput {
    /// Finds out who reads.
    pub(crate) fn open() -> Self {
        let is_pipe = fstat(stdout())
            .is_ok_and(|status| SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT == SFlag::S_IFIFO);
        let waits_for_nobody = fcntl(stdout(), FcntlArg::F_GETFL)
            .is_ok_and(|flags| OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK));
        Self { in_pieces: is_pipe && waits_for_nobody }
    }

    /// Prints `ident: line`. A closed terminal or a full pipe must not end or stop a daemon: the line is lost then.
    pub(crate) fn print(&self, ident: &str, line: &str) {
        let _ = write(stdout(), whole_line(ident, line, self.in_pieces).as_bytes());
    }
}

fn whole_line(ident: &str, line: &str, in_pieces: bool) -> String {
    let mut text = format!("{ident}: {line}");
    let end = (0..LONGEST).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.truncate(end);
    if in_pieces {
        let length = (text.len() + 1).next_multiple_of(PIECE) - 1;
        text.extend(std::iter::repeat_n(' ', length - text.len()));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, PIECE, whole_line};

    #[test]
    fn no_token_is_cut_in_two() {
        let lines = ["starting", &"x".repeat(72), &"x".repeat(73), "[ active ] making 10.1.1.2:80 available"];
        let stream: String = lines.map(|line| whole_line("nanny", line, true)).concat();
        let pieces: Vec<_> = stream.as_bytes().chunks(PIECE).collect();
        assert_eq!(pieces.len(), 5);
        assert!(pieces[4].starts_with(b"nanny: [ active ] making") && pieces[4].ends_with(b" \n"));
    }

    #[test]
    fn lines_are_whole_and_bounded() {
        assert_eq!(whole_line("lvs", "text", false), "lvs: text\n");
        for in_pieces in [false, true] {
            assert!(whole_line("lvs", &"é".repeat(LONGEST), in_pieces).len() <= LONGEST);
        }
    }
}
