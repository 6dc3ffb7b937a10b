//! A status as a table for people.
//!
//! A head of facts about lvsd; then each virtual server on a line of its own with its real servers in columns below it,
//! and below a real server whatever is unusual about it, in words.

mod columns;
mod facts;
mod rows;

use control::status::{Status, UnixMillis};

use crate::table::columns::Columns;
use crate::text::{Paint, Text};

/// How a table is shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View {
    /// Columns of the terminal; none: as many as it takes.
    pub(crate) width: Option<usize>,
    /// With colours. They never say what no word says.
    pub(crate) colour: bool,
    /// Real servers of which there is nothing to say are counted, not shown.
    pub(crate) only_unusual: bool,
}

/// A line of the table before it is laid out.
#[derive(Debug)]
enum Line {
    /// Words across all columns.
    Words(Text),
    /// A real server: its name, then one cell for each of [`columns::TITLES`].
    Row { head: String, cells: [String; columns::COUNT], paint: Paint },
    /// The titles of the columns.
    Titles,
}

/// Draws what lvsd has told, `now` by the router's clock. Every line ends with a line feed.
pub(crate) fn draw(status: &Status, now: UnixMillis, view: View) -> String {
    let mut lines: Vec<Line> = facts::facts(status, now).into_iter().map(Line::Words).collect();
    if status.virtual_servers.is_empty() {
        lines.push(Line::Words(Text::plain("No virtual server is active.")));
    } else {
        lines.push(Line::Titles);
        lines.extend(rows::rows(status, now, view.only_unusual));
    }
    let columns = Columns::of(&lines, view.width);
    lines.iter().map(|line| drawn(line, &columns, view)).collect()
}

fn drawn(line: &Line, columns: &Columns, view: View) -> String {
    match line {
        Line::Words(text) => text.drawn(view.width, view.colour),
        Line::Row { head, cells, paint } => columns.row(head, cells, *paint, view.colour),
        Line::Titles => columns.titles(),
    }
}

#[cfg(test)]
mod tests;
