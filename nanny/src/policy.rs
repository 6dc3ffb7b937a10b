//! When a real server is checked and used, by the options of the command line.

use std::ops::RangeInclusive;
use std::time::Duration;

use health::cadence::Cadence;
use health::policy::Policy;
use service::options::Exit;

use crate::options::Options;
use crate::settings::{Mode, refusal};

/// Largest weight of the kernel's table that ipvsadm(8) allows.
const LARGEST_WEIGHT: u32 = 65535;
/// Seconds that `check_interval` and `check_timeout` in lvs.cf may be.
const PERIODS: RangeInclusive<f64> = 0.001..=2_147_483_647.0;
/// Numbers of checks that `rise` and `fall` in lvs.cf may be.
const COUNTS: RangeInclusive<u32> = 1..=100;

/// The policy of the options.
///
/// # Errors
///
/// The words to end with, if a number is out of bounds.
pub(crate) fn policy(
    options: &Options,
    mode: Mode,
    remarks: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Result<Policy, Exit> {
    let cadence = cadence(options)?;
    let weight = weight(options.weight, warnings);
    let policy = match options.rise {
        Some(rise) => Policy::new(cadence, Duration::ZERO, weight).rising_after(count("rise", rise)?),
        None => Policy::new(cadence, reentry(options, mode, cadence, remarks), weight),
    };
    let policy = policy.falling_after(options.fall.map_or(Ok(1), |fall| count("fall", fall))?);
    Ok(if options.loadcmd == "none" { policy } else { policy.following_load(scale(options.scale)) })
}

/// Piranha's cadence, unless an option of our own asks for the other.
fn cadence(options: &Options) -> Result<Cadence, Exit> {
    let pause = match u64::try_from(options.interval) {
        Ok(seconds) if seconds > 0 => Duration::from_secs(seconds),
        _ => {
            let seconds = options.interval;
            return Err(refusal(format_args!("bad interval -- {seconds} is less than 1 second")));
        }
    };
    let interval = options.check_interval.map(|seconds| period("check interval", seconds)).transpose()?;
    let timeout = options.check_timeout.map(|seconds| period("check timeout", seconds)).transpose()?;
    Ok(Cadence::new(pause, interval, timeout))
}

fn period(name: &str, seconds: f64) -> Result<Duration, Exit> {
    Some(seconds).filter(|seconds| PERIODS.contains(seconds)).map(Duration::from_secs_f64).ok_or_else(|| {
        let (least, most) = (PERIODS.start(), PERIODS.end());
        refusal(format_args!("bad {name} -- {seconds} is not between {least} and {most} seconds"))
    })
}

fn count(name: &str, checks: i32) -> Result<u32, Exit> {
    u32::try_from(checks).ok().filter(|checks| COUNTS.contains(checks)).ok_or_else(|| {
        let (least, most) = (COUNTS.start(), COUNTS.end());
        refusal(format_args!("bad {name} -- {checks} is not between {least} and {most} checks"))
    })
}

/// 0 drains the server (nanny.md 13, row 15); a negative weight counts as 1, as ever.
fn weight(number: i32, warnings: &mut Vec<String>) -> u32 {
    match u32::try_from(number) {
        Ok(weight) if weight <= LARGEST_WEIGHT => weight,
        Ok(weight) => {
            warnings.push(format!("weight {weight} is too large, using {LARGEST_WEIGHT}"));
            LARGEST_WEIGHT
        }
        Err(_) => {
            warnings.push(format!("weight {number} is negative, using 1"));
            1
        }
    }
}

/// How long a failed real server must be good again.
fn reentry(options: &Options, mode: Mode, cadence: Cadence, remarks: &mut Vec<String>) -> Duration {
    match (u64::try_from(options.reentrytime), mode) {
        (Ok(0), Mode::Fos) => cadence.interval(),
        (Ok(0), Mode::Lvs) => {
            remarks.push("re-entry time 0 means 180 seconds".to_owned());
            Duration::ZERO
        }
        (Ok(seconds), _) => Duration::from_secs(seconds),
        // Anything below the interval means "at once", which a negative time always did.
        (Err(_), _) => Duration::from_nanos(1),
    }
}

/// A weight is never adjusted below the configured one.
fn scale(factor: i32) -> u32 {
    u32::try_from(factor).unwrap_or_default().max(1)
}
