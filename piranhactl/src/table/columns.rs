//! The columns behind the names of real servers: as wide as what stands in them.

use super::Line;
use crate::text::Paint;

/// What the columns are called. The first stands left in its column, numbers stand right.
const TITLES: [&str; COUNT] = ["STATE", "SINCE", "WEIGHT", "ACTIVE", "INACT", "CONN/S", "CHECK", "AGO"];
/// How many they are.
pub(super) const COUNT: usize = 8;

/// The narrowest first column, however little room there is.
const NARROWEST: usize = 12;

/// How wide each column is, in characters.
#[derive(Debug)]
pub(super) struct Columns {
    head: usize,
    widths: [usize; COUNT],
    gap: usize,
}

impl Columns {
    /// Columns for all rows. Where there is little room the gaps shrink first, then the column of names.
    pub(super) fn of(lines: &[Line], width: Option<usize>) -> Self {
        let (mut head, mut widths) = (0, TITLES.map(str::len));
        for line in lines {
            let Line::Row { head: name, cells, .. } = line else { continue };
            head = head.max(name.chars().count());
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let needed = |gap| head + widths.iter().map(|width| gap + width).sum::<usize>();
        let Some(width) = width else { return Self { head, widths, gap: 2 } };
        let gap = if needed(2) <= width { 2 } else { 1 };
        let head = head.saturating_sub(needed(gap).saturating_sub(width)).max(NARROWEST.min(head));
        Self { head, widths, gap }
    }

    pub(super) fn titles(&self) -> String {
        self.row("", &TITLES.map(str::to_owned), Paint::Plain, false)
    }

    /// One real server. A name that is wider than its column has a line of its own.
    pub(super) fn row(&self, head: &str, cells: &[String; COUNT], paint: Paint, colour: bool) -> String {
        let width = self.head;
        let mut row = if head.chars().count() > width {
            format!("{head}\n{:width$}", "")
        } else {
            format!("{head:width$}")
        };
        for (number, (cell, width)) in cells.iter().zip(self.widths).enumerate() {
            let cell = if number == 0 {
                paint.on(&format!("{cell:width$}"), colour)
            } else {
                format!("{cell:>width$}")
            };
            row.push_str(&" ".repeat(self.gap));
            row.push_str(&cell);
        }
        row.push('\n');
        row
    }
}
