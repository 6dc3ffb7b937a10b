//! Weights: list 8 of specification nanny.md 14, the table and the cadence of section 6.

use control::report::{FromNanny, Known};

use crate::process::{Lvsd, serve, watch};

/// The weights of a real server that is good from the beginning; every check is a step at this interval.
fn weights(configured: &str, steps: usize) -> Vec<u32> {
    let server = serve(drop);
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-w", configured]));
    nanny.expect_line("starting LVS client monitor");
    // Two checks more than there are steps, to see that no further one follows.
    for _ in 0..steps + 2 {
        nanny.check_now();
    }
    drop(nanny);
    lvsd.all()
        .into_iter()
        .map(|report| match report {
            FromNanny::Up { weight } | FromNanny::Weight { weight } => weight,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn weights_rise_as_in_the_table() {
    let cases: [(&str, &[u32]); 8] = [
        ("-5", &[1]),
        ("0", &[0]),
        ("1", &[1]),
        ("2", &[1, 2]),
        ("10", &[1, 2, 4, 8, 10]),
        ("64", &[2, 4, 8, 16, 32, 64]),
        ("100", &[3, 6, 12, 24, 48, 96, 100]),
        ("70000", &[2047, 4094, 8188, 16376, 32752, 65504, 65535]),
    ];
    for (configured, wanted) in cases {
        assert_eq!(weights(configured, wanted.len()), wanted, "{configured}");
    }
}

#[test]
fn a_step_is_due_about_every_twenty_seconds() {
    for (interval, every) in [("1", 20), ("3", 6), ("6", 3), ("10", 2), ("20", 1), ("21", 1)] {
        let server = serve(drop);
        let port = server.port().to_string();
        let words = watch(&port, &["-t", interval, "-w", "8"]);
        let (nanny, _lvsd) = Lvsd::start(Known::Nothing, &words);
        let mut log = nanny.expect_line("starting LVS client monitor");
        while !log.iter().any(|line: &String| line.ends_with("to 8")) {
            log.extend(nanny.check_now());
        }
        let (mut checks, mut steps) = (0, Vec::new());
        for line in &log {
            if line.contains("avail: ") {
                checks += 1;
            } else if line.contains("Adjusting weight of") {
                steps.push(checks);
            }
        }
        let gaps: Vec<i32> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(gaps, [every; 2], "interval {interval}");
    }
}
