//! Two editions of the file beside each other, line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Equal lines around what differs.
const CONTEXT: usize = 3;
/// More lines than these are not shown.
const LONGEST: usize = 2000;
/// Comparing takes no longer; what is found then is right, but not the shortest.
const PATIENCE: Duration = Duration::from_millis(500);

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The class of the style sheet.
    pub(crate) class: &'static str,
    /// `-` and `+`, a blank, or nothing where lines were left out.
    pub(crate) sign: &'static str,
    pub(crate) text: String,
}

/// What has to be taken out of `old`, and put in, to get `new`.
pub(crate) fn compare(old: &[u8], new: &[u8]) -> Vec<Line> {
    let (old, new) = (text(old), text(new));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&old, &new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        if let Some(first) = group.first() {
            let number = first.new_range().start + 1;
            lines.push(Line { class: "gap", sign: "", text: format!("from line {number}:") });
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let (class, sign) = match change.tag() {
                ChangeTag::Delete => ("gone", "-"),
                ChangeTag::Insert => ("new", "+"),
                ChangeTag::Equal => ("same", " "),
            };
            lines.push(Line { class, sign, text: change.value().trim_end().to_owned() });
            if lines.len() >= LONGEST {
                lines.push(Line { class: "gap", sign: "", text: "and more, which is not shown".to_owned() });
                return lines;
            }
        }
    }
    lines
}

/// The first line in which two editions differ, apart from the serial number: as it is in each of them.
pub(crate) fn first_difference(old: &[u8], new: &[u8]) -> Option<String> {
    let is_content = |line: &&str| !line.trim_start().starts_with("serial_no");
    let (old, new) = (text(old), text(new));
    let (mut old, mut new) = (old.lines().filter(is_content), new.lines().filter(is_content));
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => return Some(format!("{} / {}", short(old), short(new))),
            (Some(old), None) => return Some(format!("{} / (end)", short(old))),
            (None, Some(new)) => return Some(format!("(end) / {}", short(new))),
        }
    }
}

fn short(line: &str) -> String {
    let line = line.trim();
    let cut: String = line.chars().take(50).collect();
    match (line.is_empty(), cut.len() < line.len()) {
        (true, _) => "(blank line)".to_owned(),
        (_, true) => format!("{cut}..."),
        (_, false) => cut,
    }
}

/// Line ends are no difference: what is saved has line feeds.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_differs() {
        let shown: Vec<String> = compare(b"a\nb\nc\n", b"a\nx\nc\nd\n")
            .into_iter()
            .map(|line| format!("{}{}", line.sign, line.text))
            .collect();
        assert_eq!(shown, ["from line 1:", " a", "-b", "+x", " c", "+d"]);
        assert_eq!(compare(b"a\r\nb", b"a\nb"), []);
    }

    #[test]
    fn the_first_difference() {
        let first = |old: &str, new: &str| first_difference(old.as_bytes(), new.as_bytes());
        assert_eq!(first("serial_no = 1\na\n", "serial_no = 2\na\n"), None);
        assert_eq!(first("a\nb\n", "a\n c\n").as_deref(), Some("b / c"));
        assert_eq!(first("a\n", "a\n\n").as_deref(), Some("(end) / (blank line)"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_compared(old in prop::collection::vec(any::<u8>(), 0..300), new in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(compare(&old, &old).is_empty());
            let _ = (compare(&old, &new), first_difference(&old, &new));
        }
    }
}
