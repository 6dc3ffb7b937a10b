//! Tables with one row a section, of which one is ticked: virtual servers, real servers, failover services
//! (specification gui.md 6.10). Long ones are shown in pieces; numbers count through the whole file.

use std::ops::Range;

use lvs_cf::{Place, Values};

use crate::base::Stale;
use crate::file::Present;
use crate::form::Parameters;

/// Rows of one piece.
const ROWS: usize = 50;
/// Pieces that are linked on each side of the one that is shown.
const NEAR: usize = 4;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// From 1, in the whole file or section.
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) ticked: bool,
    /// `up` or `down`, as it is configured.
    pub(crate) status: &'static str,
    /// Behind the name, one for each head.
    pub(crate) cells: Vec<String>,
}

impl Row {
    /// What the form carries of the row, so that the block is found though numbers have moved: whether it is active, and
    /// its name.
    pub(crate) fn carried(&self) -> String {
        format!("{} {}", self.status, self.name)
    }
}

/// Which of the pieces of a long list is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// From 0.
    current: usize,
    count: usize,
    rows: usize,
    /// From 0; of all rows.
    pub(crate) ticked: usize,
}

impl Piece {
    /// The piece with the ticked row, or the one whose number is asked for as `page`, whose first row is ticked then.
    pub(crate) fn of(rows: usize, form: &Parameters, tick: &str) -> Self {
        let count = rows.div_ceil(ROWS).max(1);
        let asked = form.index("page").map(|number| number - 1).filter(|&piece| piece < count);
        let tick = form.index(tick).map(|number| number - 1).filter(|&row| row < rows);
        let current = asked.unwrap_or_else(|| tick.unwrap_or(0) / ROWS);
        let first = current * ROWS;
        let ticked = tick.filter(|row| row / ROWS == current).unwrap_or(first);
        Self { current, count, rows, ticked }
    }

    /// The rows that are shown, from 0.
    pub(crate) fn range(&self) -> Range<usize> {
        let first = self.current * ROWS;
        first..(first + ROWS).min(self.rows)
    }

    /// Numbers of the pieces to link to, from 1, and whether it is the one that is shown; none where there is only one.
    pub(crate) fn links(&self) -> Vec<(usize, bool)> {
        if self.count < 2 {
            return Vec::new();
        }
        let near = self.current.saturating_sub(NEAR)..=self.current + NEAR;
        let linked = |piece: &usize| near.contains(piece) || *piece == 0 || piece + 1 == self.count;
        (0..self.count).filter(linked).map(|piece| (piece + 1, piece == self.current)).collect()
    }

    /// `51 to 100 of 1000`.
    pub(crate) fn words(&self) -> String {
        let Range { start, end } = self.range();
        format!("{} to {end} of {}", start + 1, self.rows)
    }
}

/// The block of a ticked row, as it is in the file now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticked {
    /// From 0.
    pub(crate) index: usize,
    /// Whether it was shown as active.
    pub(crate) active: Option<bool>,
}

/// The block that a list's form means by its ticked row: by its number while the file is the one that was shown, else by
/// its name, which only one may have. `None` if no row is ticked.
///
/// # Errors
///
/// [`Stale::Gone`].
pub(crate) fn meant(
    present: &Present,
    form: &Parameters,
    tick: &str,
    count: usize,
    place: impl Fn(usize) -> Place,
) -> Result<Option<Ticked>, Stale> {
    let Some(number) = form.index(tick) else { return Ok(None) };
    let carried = form.get(&format!("row{number}")).and_then(|row| row.split_once(' '));
    let active = carried.map(|(status, _)| status == "up");
    if form.get("file") == Some(&present.fingerprint) {
        let index = number - 1;
        return if index < count { Ok(Some(Ticked { index, active })) } else { Err(Stale::Gone) };
    }
    let (_, name) = carried.ok_or(Stale::Gone)?;
    let mut called = (0..count).filter(|&index| name_of(&present.values, place(index)) == name);
    match (called.next(), called.next()) {
        (Some(index), None) => Ok(Some(Ticked { index, active })),
        _ => Err(Stale::Gone),
    }
}

/// The name of a section or server as pages show it.
pub(crate) fn name_of(values: &Values, place: Place) -> String {
    values.name(place).unwrap_or_default().to_str_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(rows: usize, form: &str) -> Piece {
        Piece::of(rows, &Parameters::parse(form.as_bytes()), "selected_host")
    }

    #[test]
    fn the_piece_with_the_ticked_row_is_shown() {
        let one = piece(3, "selected_host=2");
        assert_eq!((one.range(), one.ticked, one.links()), (0..3, 1, vec![]));
        assert_eq!((piece(0, "").range(), piece(0, "").ticked), (0..0, 0));
        assert_eq!(piece(3, "selected_host=4").ticked, 0);
        let middle = piece(1000, "selected_host=501");
        assert_eq!(
            (middle.range(), middle.ticked, middle.words().as_str()),
            (500..550, 500, "501 to 550 of 1000")
        );
        let links: Vec<_> = middle.links().iter().map(|&(number, _)| number).collect();
        assert_eq!(links, [1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20]);
        let asked = piece(1000, "selected_host=501&page=20");
        assert_eq!((asked.range(), asked.ticked), (950..1000, 950));
        assert_eq!(piece(1000, "page=21").range(), 0..50);
        assert_eq!(piece(120, "page=3").range(), 100..120);
    }

    #[test]
    fn a_ticked_row_is_found_though_numbers_have_moved() {
        let before =
            Present::of(b"virtual a {\n}\nvirtual b {\n active = 1\n}\nvirtual c {\n}\nvirtual c {\n}\n");
        let form = |text: &str| Parameters::parse(format!("file={}&{text}", before.fingerprint).as_bytes());
        let meant = |present: &Present, text: &str| {
            let count = present.values.virtual_servers();
            super::meant(present, &form(text), "selected_host", count, Place::Virtual)
        };
        let b = |index| Ok(Some(Ticked { index, active: Some(true) }));
        assert_eq!(meant(&before, "selected_host=2&row2=up+b"), b(1));
        assert_eq!(meant(&before, "selected_host=4"), Ok(Some(Ticked { index: 3, active: None })));
        assert_eq!(meant(&before, "row2=up+b"), Ok(None));
        assert_eq!(meant(&before, "selected_host=5&row5=up+b"), Err(Stale::Gone));
        let after = Present::of(b"virtual b {\n active = 1\n}\nvirtual c {\n}\nvirtual c {\n}\n");
        assert_eq!(meant(&after, "selected_host=2&row2=up+b"), b(0));
        for gone in ["selected_host=1&row1=down+a", "selected_host=1", "selected_host=3&row3=down+c"] {
            assert_eq!(meant(&after, gone), Err(Stale::Gone), "{gone}");
        }
    }
}
