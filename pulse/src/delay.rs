//! The pause before the start, from `/etc/sysconfig/pulse` by way of the environment (specification layout.md 7).

use std::time::{Duration, SystemTime};

use service::systemd::Systemd;

/// Variable with seconds, or `random` for up to [`LONGEST_RANDOM`].
pub(crate) const VARIABLE: &str = "DELAY";
const LONGEST_RANDOM: Duration = Duration::from_millis(4900);
/// More is a mistake: nobody wants to wait for it.
const LONGEST: Duration = Duration::from_secs(300);

/// Sleeps as long as the environment asks for; a signal ends pulse meanwhile.
pub(crate) fn pause(systemd: &mut Systemd) {
    let Some(wanted) = std::env::var_os(VARIABLE) else { return };
    let wanted = wanted.to_string_lossy();
    match read(&wanted) {
        Ok(pause) if pause.is_zero() => {}
        Ok(pause) => {
            tracing::info!("starting in {:.1} s ({VARIABLE})", pause.as_secs_f64());
            systemd.status(&format!("starting in {:.1} s ({VARIABLE})", pause.as_secs_f64()));
            std::thread::sleep(pause);
        }
        Err(reason) => tracing::warn!("{VARIABLE}={wanted:?} is ignored: {reason}"),
    }
}

/// Quotes and a comment may stand around the value, as in a shell's file.
fn read(text: &str) -> Result<Duration, &'static str> {
    let value = text.split('#').next().unwrap_or_default();
    let value = value.trim().trim_matches(['"', '\'']).trim();
    if value.is_empty() {
        return Ok(Duration::ZERO);
    }
    if value == "random" {
        return Ok(random());
    }
    let seconds = value.parse::<f64>().map_err(|_| "it is neither a number of seconds nor `random`")?;
    let pause = Duration::try_from_secs_f64(seconds).ok().filter(|pause| *pause <= LONGEST);
    pause.ok_or("it is not between 0 and 300 seconds")
}

/// Two routers booted by the same switch must not start at the same moment; nothing more is asked of chance here.
fn random() -> Duration {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    LONGEST_RANDOM * (clock.subsec_micros() % 50) / 49
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LONGEST_RANDOM, read};

    #[test]
    fn values_of_the_field() {
        for (text, milliseconds) in
            [("", 0), ("3", 3000), ("\"2.5\"  # slow switch", 2500), ("'0'", 0), ("# 3", 0)]
        {
            assert_eq!(read(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert!(read(" random ").unwrap() <= LONGEST_RANDOM);
        for text in ["soon", "-1", "301", "inf", "nan", "1 2"] {
            read(text).unwrap_err();
        }
    }
}
