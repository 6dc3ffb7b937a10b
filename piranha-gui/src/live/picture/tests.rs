use std::f32::consts::TAU;
use std::fs;

use proptest::prelude::*;

use super::{Measure, Share, escaped, rates, shares};

/// A day's curve, a lull, a burst, and a gap, in 360 points.
#[expect(clippy::cast_precision_loss, reason = "360 points")]
fn hour() -> Vec<Option<f32>> {
    let point = |slot: usize| {
        let wave = 40.0 + 20.0 * (slot as f32 / 360.0 * TAU).sin() + 7.0 * (slot as f32 * 0.37).sin();
        let burst = if (200..206).contains(&slot) { 60.0 } else { 0.0 };
        (!(100..150).contains(&slot) && !(290..292).contains(&slot)).then_some(wave + burst)
    };
    (0..360).map(point).collect()
}

fn three() -> Vec<Share> {
    [("one", Some(1200)), ("a<b>&\"long\" name of a server", Some(800)), ("three", None)]
        .map(|(name, connections)| Share { name: name.to_owned(), connections })
        .to_vec()
}

#[test]
fn an_hour_without_anything_known_says_so() {
    insta::assert_snapshot!(rates(7, "web", Measure::Connections, &vec![None; 360]), @r#"
    <svg class="chart" viewBox="0 0 330 124" role="img" aria-labelledby="t7" aria-describedby="d7" fill="currentColor" font-size="11" font-family="Helvetica,Arial,sans-serif"><title id="t7">web: connections per second, last hour</title><desc id="d7">connections per second: nothing known yet.</desc>
    <path class="plot-quiet" fill="none" stroke="currentColor" stroke-opacity=".25" d="M48 24h270M48 64h270M48 104h270"/><text y="12">connections per second:</text>
    <g text-anchor="end"><text x="42" y="28">1</text>
    <text x="42" y="68">0.5</text>
    <text x="42" y="108">0</text>
    </g><text x="48" y="120">60 min ago</text>
    <text x="177" y="120">30</text>
    <text x="297" y="120">now</text>
    <path class="plot-quiet" fill="none" stroke="currentColor" stroke-dasharray="1 4" d="M48 104h270"/><text class="plot-quiet" x="183" y="86" text-anchor="middle" font-style="italic">nothing known</text>
    </svg>
    "#);
}

#[test]
fn steps_and_gaps_are_drawn_as_they_are() {
    let mut points = vec![None; 360];
    points[300..].fill(Some(3.0));
    points[320..].fill(Some(0.0));
    points[352..].fill(Some(12.0));
    insta::assert_snapshot!(rates(1, "<web> & \"co\"", Measure::Packets, &points), @r#"
    <svg class="chart" viewBox="0 0 330 124" role="img" aria-labelledby="t1" aria-describedby="d1" fill="currentColor" font-size="11" font-family="Helvetica,Arial,sans-serif"><title id="t1">&#60;web&#62; &#38; &#34;co&#34;: packets per second, last hour</title><desc id="d1">packets per second: now 12, mean 2.6, highest 12; nothing known of 50 minutes.</desc>
    <path class="plot-quiet" fill="none" stroke="currentColor" stroke-opacity=".25" d="M48 24h270M48 64h270M48 104h270"/><text y="12">packets per second:</text>
    <g text-anchor="end"><text x="42" y="28">20</text>
    <text x="42" y="68">10</text>
    <text x="42" y="108">0</text>
    </g><text x="48" y="120">60 min ago</text>
    <text x="177" y="120">30</text>
    <text x="297" y="120">now</text>
    <path class="plot-quiet" fill="none" stroke="currentColor" stroke-dasharray="1 4" d="M48 104h225"/><text class="plot-quiet" x="160" y="86" text-anchor="middle" font-style="italic">nothing known</text>
    <path class="plot-line" fill-opacity=".2" stroke="currentColor" stroke-width="1.2" d="M273 104v-12h15v12h24v-48h6v48"/></svg>
    "#);
}

#[test]
fn shares_are_bars_with_numbers() {
    insta::assert_snapshot!(shares(2, "web", &three()), @r#"
    <svg class="chart" viewBox="0 0 330 76" role="img" aria-labelledby="t2" aria-describedby="d2" fill="currentColor" font-size="11" font-family="Helvetica,Arial,sans-serif"><title id="t2">web: connections of the last hour by real server</title><desc id="d2">2000 connections; most of them to one: 60 %.</desc>
    <text y="12">share of connections, last hour:</text>
    <text y="32">one</text>
    <path class="plot-bar" fill-opacity=".6" d="M106 22h140v12h-140z"/><path class="plot-quiet" stroke="currentColor" stroke-opacity=".4" d="M106 20v16"/><text x="252" y="32">60 %, 1.2k</text>
    <text y="50">a&#60;b&#62;&#38;&#34;long&#34; na…</text>
    <path class="plot-bar" fill-opacity=".6" d="M106 40h93v12h-93z"/><path class="plot-quiet" stroke="currentColor" stroke-opacity=".4" d="M106 38v16"/><text x="205" y="50">40 %, 800</text>
    <text y="68">three</text>
    <path class="plot-quiet" stroke="currentColor" stroke-opacity=".4" d="M106 56v16"/><text x="112" y="68">nothing known</text>
    </svg>
    "#);
    let idle = Share { name: "one".to_owned(), connections: Some(0) };
    assert!(shares(2, "web", &[idle]).contains("No connections."));
    assert!(shares(2, "web", &[]).contains("Nothing known yet."));
}

#[test]
fn many_real_servers_are_one_bar() {
    let many: Vec<_> =
        (0..1000).map(|n| Share { name: format!("s{n}"), connections: Some(1 + n % 3) }).collect();
    let svg = shares(1, "web", &many);
    assert!(svg.contains(">980 others<") && svg.len() < 6000, "{} bytes", svg.len());
}

#[test]
fn a_page_of_them_is_not_large() {
    let (rates, shares) = (rates(10, "web", Measure::Connections, &hour()), shares(11, "web", &three()));
    assert!(rates.len() < 2400, "{} bytes", rates.len());
    assert!(shares.len() < 2000, "{} bytes", shares.len());
}

/// For eyes: `PICTURES=DIRECTORY cargo test -p piranha-gui pictures_are_written`.
#[test]
fn pictures_are_written() {
    let Some(directory) = std::env::var_os("PICTURES") else { return };
    let write = |name: &str, svg: String| {
        let svg = svg.replace("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"990\" ");
        fs::write(std::path::Path::new(&directory).join(name), svg).unwrap();
    };
    write("rates.svg", rates(1, "web", Measure::Connections, &hour()));
    let large = hour().into_iter().map(|point| point.map(|value| value * 1234.0)).collect::<Vec<_>>();
    write("packets.svg", rates(1, "web", Measure::Packets, &large));
    write("unknown.svg", rates(1, "web", Measure::Packets, &vec![None; 360]));
    let mut many = three();
    many.extend((0..7).map(|n| Share { name: format!("server-{n}"), connections: Some(n * 100) }));
    write("shares.svg", shares(1, "web", &many));
    write("alone.svg", shares(1, "web", &[Share { name: "only".to_owned(), connections: Some(123_456) }]));
}

proptest! {
    #[test]
    fn any_name_is_only_text(name: String) {
        let text = escaped(&name);
        prop_assert!(!text.contains(['<', '>', '"', '\'']) && !text.contains(char::is_control));
        for svg in [
            rates(1, &name, Measure::Connections, &[]),
            shares(1, &name, &[Share { name: name.clone(), connections: Some(1) }]),
        ] {
            prop_assert_eq!(svg.matches("<title").count(), 1);
            prop_assert_eq!(svg.matches("<script").count(), 0);
        }
    }

    #[test]
    fn any_points_fit_the_plot(points in prop::collection::vec(prop::option::of(0.0f32..1e20), 0..400)) {
        let svg = rates(1, "web", Measure::Connections, &points);
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"));
        prop_assert!(svg.ends_with("</svg>"));
    }
}
