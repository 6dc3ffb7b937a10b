//! Who of the real servers got how much.

use std::fmt::Write as _;

use super::scale::short;
use super::{WIDTH, begin, cut, escaped};

/// Real servers that are drawn; what the others got is one bar more.
const MOST: usize = 20;
/// Characters of a name that are drawn.
const LONGEST_NAME: usize = 15;
const LEFT: usize = 106;
const LONGEST_BAR: usize = 140;
const TOP: usize = 20;
const ROW: usize = 18;

/// One real server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    /// Its name in the file.
    pub(crate) name: String,
    /// Connections that it got; none if nobody knows.
    pub(crate) connections: Option<u64>,
}

/// The share of each real server in the connections of the last hour, in the order of the file.
pub(crate) fn shares(number: usize, name: &str, shares: &[Share]) -> String {
    let all: u64 = shares.iter().filter_map(|share| share.connections).sum();
    let rows = rows(shares);
    let title = format!("{name}: connections of the last hour by real server");
    let mut svg = begin(number, TOP + rows.len() * ROW + 2, &title, &words(shares, all));
    svg.push_str("<text y=\"12\">share of connections, last hour:</text>\n");
    let most = rows.iter().filter_map(|row| row.connections).max().unwrap_or(0);
    for (place, row) in rows.iter().enumerate() {
        bar(&mut svg, TOP + place * ROW, row, all, most);
    }
    svg.push_str("</svg>");
    svg
}

/// What part of `all` it is, in percent with at most one digit behind the point: `34 %`, `0.3 %`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn percent(part: u64, all: u64) -> Option<String> {
    (all > 0).then(|| format!("{} %", short(100.0 * part as f64 / all as f64)))
}

/// Those that are drawn by themselves, and the others in one.
fn rows(shares: &[Share]) -> Vec<Share> {
    let Some((shown, others)) = shares.split_at_checked(MOST).filter(|(_, others)| others.len() > 1) else {
        return shares.to_vec();
    };
    let known: Vec<u64> = others.iter().filter_map(|share| share.connections).collect();
    let rest = Share {
        name: format!("{} others", others.len()),
        connections: (!known.is_empty()).then(|| known.iter().sum()),
    };
    shown.iter().cloned().chain([rest]).collect()
}

fn words(shares: &[Share], all: u64) -> String {
    let most =
        shares.iter().filter(|share| share.connections.is_some()).max_by_key(|share| share.connections);
    match most {
        None => "Nothing known yet.".to_owned(),
        Some(_) if all == 0 => "No connections.".to_owned(),
        Some(most) => {
            let part = percent(most.connections.unwrap_or(0), all).unwrap_or_default();
            format!("{all} connections; most of them to {}: {part}.", most.name)
        }
    }
}

fn bar(svg: &mut String, y: usize, share: &Share, all: u64, most: u64) {
    let name = escaped(&cut(&share.name, LONGEST_NAME));
    let _ = writeln!(svg, "<text y=\"{}\">{name}</text>", y + 12);
    let text = match share.connections {
        None => "nothing known".to_owned(),
        Some(connections) => {
            let width = length(connections, most);
            if width > 0 {
                let _ = write!(
                    svg,
                    "<path class=\"plot-bar\" fill-opacity=\".6\" d=\"M{LEFT} {}h{width}v12h-{width}z\"/>",
                    y + 2
                );
            }
            let part = percent(connections, all).unwrap_or_else(|| "-".to_owned());
            if connections == 0 { "0".to_owned() } else { format!("{part}, {}", count(connections)) }
        }
    };
    let x = LEFT + 6 + share.connections.map_or(0, |connections| length(connections, most));
    let _ = writeln!(
        svg,
        "<path class=\"plot-quiet\" stroke=\"currentColor\" stroke-opacity=\".4\" d=\"M{LEFT} {y}v16\"/><text x=\"{x}\" y=\"{}\">{text}</text>",
        y + 12
    );
}

#[expect(clippy::cast_precision_loss, reason = "a number of connections in three digits")]
fn count(connections: u64) -> String {
    short(connections as f64)
}

/// Length of a bar: in proportion to the one that got most. What is not nothing can be seen.
fn length(connections: u64, most: u64) -> usize {
    let length = u128::from(connections) * LONGEST_BAR as u128 / u128::from(most.max(1));
    usize::try_from(length).unwrap_or(LONGEST_BAR).max(usize::from(connections > 0))
}

const _: () = assert!(LEFT + LONGEST_BAR + 80 <= WIDTH, "the number fits beside the longest bar");
