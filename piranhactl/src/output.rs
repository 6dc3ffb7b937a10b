//! Standard output: what it is, and writing to it.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

use terminal_size::terminal_size_of;

/// A terminal that text is shown on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// It may be coloured.
    pub(crate) colour: bool,
}

/// The terminal, if standard output is one.
pub(crate) fn terminal() -> Option<Terminal> {
    let output = io::stdout();
    if !output.is_terminal() {
        return None;
    }
    let (width, height) =
        terminal_size_of(&output).map_or((80, 24), |(width, height)| (width.0.into(), height.0.into()));
    Some(Terminal { width, height, colour: is_colourful() })
}

/// <https://no-color.org>: any text in `NO_COLOR` forbids it.
fn is_colourful() -> bool {
    let forbidden = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !forbidden && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Writes a line, at once.
pub(crate) fn say(line: &str) -> io::Result<()> {
    write(&format!("{line}\n"))
}

/// Writes text as it is, at once.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Writes a line for people beside the output proper.
pub(crate) fn remark(line: &str) {
    // Nobody is left to be told if the terminal is gone.
    let _ = writeln!(io::stderr(), "{line}");
}
