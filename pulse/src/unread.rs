//! What the partner has said of its connections and the kernel's sync daemon has not read yet: a process of the kernel,
//! which on a busy router gets its turn some time after the heartbeat that lets this router serve. A client whose packet
//! came first would be reset.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipvs::SYNC_GROUP;

/// Every UDP socket over IPv4, those of the kernel too.
const LIST: &str = "/proc/net/udp";
/// From one look to the next: the daemon gets its turn meanwhile.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits until the daemon has read everything, but no longer than this. Says how long that took.
pub(crate) fn wait_until_read(patience: Duration) -> Duration {
    let start = Instant::now();
    while start.elapsed() < patience && is_waiting() {
        sleep(PAUSE);
    }
    start.elapsed()
}

/// A list that cannot be read keeps nobody waiting.
fn is_waiting() -> bool {
    fs::read_to_string(LIST).is_ok_and(|list| unread(&list) > 0)
}

/// Bytes that wait for the daemon, in all.
fn unread(list: &str) -> u64 {
    list.lines().filter_map(bytes).fold(0, u64::saturating_add)
}

/// Bytes of one line, if it is the daemon's: `467: 510000E0:2290 00000000:0000 07 00000000:00000900 ...`.
fn bytes(line: &str) -> Option<u64> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (_, port) = words.next()?.split_once(':')?;
    let (_sent, received) = words.nth(2)?.split_once(':')?;
    let is_daemon = u16::from_str_radix(port, 16).ok()? == SYNC_GROUP.port();
    is_daemon.then(|| u64::from_str_radix(received, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::unread;
    use proptest::prelude::*;

    const LIST: &str = "   \
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  467: 510000E0:2290 00000000:0000 07 00000000:00000900 00:00000000 00000000     0        0 0 2 0000000061a4b500 0
  539: 0A1AA8C0:021B 00000000:0000 07 00000000:00000300 00:00000000 00000000     0        0 2315 2 0000000061a4ba00 0
";

    #[test]
    fn only_what_waits_for_the_daemon_counts() {
        assert_eq!(unread(LIST), 0x900);
        assert_eq!(unread(&LIST.replace("00000900", "00000000")), 0);
        assert_eq!(unread(""), 0);
    }

    proptest! {
        #[test]
        fn garbage_is_safe(list in ".{0,300}", words in "( [0-9A-F:]{0,9}){3} 07 [0-9A-F]{0,20}:[0-9A-F]{0,20}") {
            let _ = unread(&list);
            let _ = unread(&words);
        }
    }
}
