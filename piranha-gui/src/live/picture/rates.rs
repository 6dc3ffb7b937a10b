//! How much happened in each second of the last hour.

use std::fmt::Write as _;

use super::scale::{end_of_axis, short};
use super::{WIDTH, begin, escaped};

/// Points of the picture; each is the mean of as many as the history has for it.
const POINTS: usize = 90;
/// Width of a point. The plot ends a little before the right edge.
const STEP: usize = 3;
const LEFT: usize = 48;
const TOP: usize = 24;
const PLOT_HEIGHT: usize = 80;
const BOTTOM: usize = TOP + PLOT_HEIGHT;
const HEIGHT: usize = BOTTOM + 20;
/// A gap of so many points has room for a word.
const WORDY: usize = 24;

/// What is shown, and in which unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// New connections per second.
    Connections,
    /// Packets per second, both directions.
    Packets,
}

impl Measure {
    /// `connections per second`
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Connections => "connections per second",
            Self::Packets => "packets per second",
        }
    }
}

/// The points of an hour in brief.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Summary {
    /// The latest point.
    pub(crate) now: Option<f32>,
    /// Of all that are known.
    pub(crate) mean: Option<f32>,
    /// The highest of the history's own points, not of the picture's.
    pub(crate) highest: Option<f32>,
    /// Points that are not known.
    pub(crate) unknown: usize,
}

/// One virtual server's hour; `number` is this picture's own on its page. The oldest point comes first.
pub(crate) fn rates(number: usize, name: &str, measure: Measure, points: &[Option<f32>]) -> String {
    let summary = Summary::of(points);
    let title = format!("{name}: {}, last hour", measure.unit());
    let mut svg =
        begin(number, HEIGHT, &title, &format!("{}: {}", measure.unit(), summary.words(points.len())));
    let means = means(points);
    let end = end_of_axis(means.iter().flatten().fold(0.0, |highest, &mean| highest.max(mean)));
    axes(&mut svg, measure, end);
    let mut place = 0;
    for run in means.chunk_by(|one, next| one.is_some() == next.is_some()) {
        if run.first().is_some_and(Option::is_some) {
            area(&mut svg, place, run, end);
        } else {
            gap(&mut svg, place, run.len());
        }
        place += run.len();
    }
    svg.push_str("</svg>");
    svg
}

impl Summary {
    /// Of points, the oldest first.
    #[expect(clippy::cast_precision_loss, reason = "an hour has 360 points")]
    pub(crate) fn of(points: &[Option<f32>]) -> Self {
        let known: Vec<f32> = points.iter().flatten().copied().collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f32>() / known.len() as f32);
        Self {
            now: points.last().copied().flatten(),
            mean,
            highest: known.iter().copied().reduce(f32::max),
            unknown: points.len() - known.len(),
        }
    }

    /// `now 12, mean 10, highest 31; nothing known of 5 minutes.`
    fn words(&self, points: usize) -> String {
        let (Some(mean), Some(highest)) = (self.mean, self.highest) else {
            return "nothing known yet.".to_owned();
        };
        let number = |value: f32| short(value.into());
        let now = self.now.map_or("unknown".to_owned(), number);
        let mut words = format!("now {now}, mean {}, highest {}", number(mean), number(highest));
        let minutes = (60 * self.unknown).div_ceil(points.max(1));
        if self.unknown > 0 {
            let _ = write!(words, "; nothing known of {minutes} minutes");
        }
        words + "."
    }
}

/// The mean of what is known, for each point of the picture.
#[expect(clippy::cast_precision_loss, reason = "a point of the picture is a handful of points")]
fn means(points: &[Option<f32>]) -> Vec<Option<f32>> {
    let width = points.len().div_ceil(POINTS).max(1);
    points
        .chunks(width)
        .map(|points| {
            let known = points.iter().flatten().count();
            (known > 0).then(|| points.iter().flatten().sum::<f32>() / known as f32)
        })
        .collect()
}

fn axes(svg: &mut String, measure: Measure, end: f32) {
    let (width, middle) = (POINTS * STEP, TOP + PLOT_HEIGHT / 2);
    let _ = write!(
        svg,
        "<path class=\"plot-quiet\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".25\" \
         d=\"M{LEFT} {TOP}h{width}M{LEFT} {middle}h{width}M{LEFT} {BOTTOM}h{width}\"/>\
         <text y=\"12\">{}:</text>\n<g text-anchor=\"end\">",
        escaped(measure.unit())
    );
    for (value, y) in [(end, TOP), (end / 2.0, middle), (0.0, BOTTOM)] {
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{}</text>", LEFT - 6, y + 4, short(value.into()));
    }
    svg.push_str("</g>");
    let labels = [("60 min ago", LEFT), ("30", LEFT + width / 2 - 6), ("now", LEFT + width - 21)];
    for (label, x) in labels {
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{}\">{label}</text>", HEIGHT - 4);
    }
}

/// Known points side by side: each a step as wide as its time.
fn area(svg: &mut String, place: usize, run: &[Option<f32>], end: f32) {
    let mut path = format!("M{} {BOTTOM}", LEFT + place * STEP);
    let (mut before, mut flat) = (0, 0);
    for mean in run.iter().flatten() {
        let height = units(*mean, end);
        if height != before {
            flatten(&mut path, &mut flat);
            let _ = write!(path, "v{}", before - height);
            before = height;
        }
        flat += STEP;
    }
    flatten(&mut path, &mut flat);
    if before != 0 {
        let _ = write!(path, "v{before}");
    }
    let _ = write!(
        svg,
        "<path class=\"plot-line\" fill-opacity=\".2\" stroke=\"currentColor\" stroke-width=\"1.2\" d=\"{path}\"/>"
    );
}

fn flatten(path: &mut String, flat: &mut usize) {
    if *flat > 0 {
        let _ = write!(path, "h{flat}");
        *flat = 0;
    }
}

/// Nothing known: dots where the line would be, with a word if there is room.
fn gap(svg: &mut String, place: usize, points: usize) {
    let (x, width) = (LEFT + place * STEP, points * STEP);
    let middle = TOP + PLOT_HEIGHT / 2;
    let _ = write!(
        svg,
        "<path class=\"plot-quiet\" fill=\"none\" stroke=\"currentColor\" stroke-dasharray=\"1 4\" d=\"M{x} {BOTTOM}h{width}\"/>"
    );
    if points >= WORDY {
        let _ = writeln!(
            svg,
            "<text class=\"plot-quiet\" x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-style=\"italic\">nothing known</text>",
            x + width / 2,
            middle + 22
        );
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "at most the height of the plot"
)]
fn units(value: f32, end: f32) -> i32 {
    (value / end * PLOT_HEIGHT as f32).round() as i32
}

const _: () = assert!(LEFT + POINTS * STEP <= WIDTH, "the plot fits");
