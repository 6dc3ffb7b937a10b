//! How long a large `lvs.cf` takes to be read.

use lvs_cf::check;
use lvs_cf::system::System;

use crate::configuration::{self, parse};
use crate::stopwatch::{median, milliseconds, ratio, timed};

const ROUNDS: usize = 9;

const REAL_SERVERS: u8 = 10;
/// A file, and one with ten times as many sections.
const VIRTUAL_SERVERS: [u16; 2] = [400, 4000];

pub(crate) fn measure() {
    let texts = VIRTUAL_SERVERS.map(|number| configuration::file(number, REAL_SERVERS).to_string());
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (text, times) in texts.iter().zip(&mut times) {
            times.push(timed(|| parse(text)).0);
        }
    }
    println!("lvs.cf read and validated, natively, median of {ROUNDS} in turn");
    let times = times.map(median);
    for ((number, text), time) in VIRTUAL_SERVERS.iter().zip(&texts).zip(times) {
        let (servers, bytes) = (usize::from(*number) * usize::from(REAL_SERVERS), text.len());
        println!("  {servers:6} real servers, {bytes:8} bytes {}", milliseconds(time));
    }
    let [small, large] = times;
    println!("  ten times the file: {:.1} times as long", ratio(large, small));
    let [_, text] = &texts;
    let (time, report) = timed(|| check(text.as_bytes(), &System::default()));
    assert!(!report.is_refused());
    println!("  lvsd --check of the large one{}", milliseconds(time));
}
