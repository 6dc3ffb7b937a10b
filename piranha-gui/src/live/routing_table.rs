//! CURRENT LVS ROUTING TABLE: what `ipvsadm -Ln` prints, from the kernel's text, which needs no right to read.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::num::NonZeroU32;
use std::path::Path;

use ipvs::Snapshot;
use lvs_cf::Config;

/// Longest text that is read, in bytes: some 200,000 real servers.
const LONGEST: u64 = 16 * 1024 * 1024;
/// Lines of a page, without its head.
pub(crate) const PAGE: usize = 100;
/// Lines above the first virtual server.
const HEAD: usize = 3;
/// Ticks of a second that kernels are built with.
const TICKS: [u32; 4] = [250, 1000, 100, 300];

/// A part of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Page {
    /// The lines, head included.
    pub(crate) text: String,
    /// What is to be said about them, for people.
    pub(crate) remark: Option<String>,
    /// The first line of it, counted from 0 without the head.
    pub(crate) from: usize,
    /// Lines of the whole table.
    pub(crate) all: usize,
}

impl Page {
    /// Where the page before this one begins.
    pub(crate) fn before(&self) -> Option<usize> {
        (self.from > 0).then(|| self.from.saturating_sub(PAGE))
    }

    /// Where the page after this one begins.
    pub(crate) fn after(&self) -> Option<usize> {
        Some(self.from + PAGE).filter(|&next| next < self.all)
    }

    /// The last line of it, counted from 1.
    pub(crate) fn last(&self) -> usize {
        self.all.min(self.from + PAGE)
    }
}

/// Reads the table and shows it from this line on.
///
/// # Errors
///
/// Why it cannot be read, for people.
pub(crate) fn page(proc: &Path, config: Option<&Config>, from: usize) -> Result<Page, String> {
    let path = proc.join("net/ip_vs");
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "{} is not there: the kernel's module ip_vs is not loaded (`modprobe ip_vs`); lvsd loads it when it starts",
            path.display()
        ),
        ErrorKind::PermissionDenied => format!("no permission to read {}: {error}", path.display()),
        _ => format!("cannot read {}: {error}", path.display()),
    })?;
    Ok(listed(&String::from_utf8_lossy(&bytes), config, from))
}

/// The table of this text of the kernel's.
fn listed(text: &str, config: Option<&Config>, from: usize) -> Page {
    let ticks = ticks(text, config);
    match Snapshot::from_kernel_text(text, ticks.unwrap_or(NonZeroU32::MIN)) {
        Ok(snapshot) => {
            let persistent = text.contains(" persistent ") && ticks.is_none();
            let remark = persistent.then(|| {
                "The times of persistence are in the kernel's ticks, whose length is not known.".to_owned()
            });
            Page { remark, ..part(&snapshot.to_string(), from) }
        }
        Err(error) => Page { remark: Some(format!("As the kernel writes it: {error}")), ..part(text, from) },
    }
}

fn part(text: &str, from: usize) -> Page {
    let all = text.lines().count().saturating_sub(HEAD);
    let from = from.min(all.saturating_sub(1)) / PAGE * PAGE;
    let mut lines: Vec<&str> = text.lines().take(HEAD).collect();
    let body = || text.lines().skip(HEAD);
    // Whose real servers they are stands above them, also where a page begins in the middle.
    if body().nth(from).is_some_and(|line| line.starts_with("  ->")) {
        lines.extend(body().take(from).filter(|line| !line.starts_with("  ->")).last());
    }
    lines.extend(body().skip(from).take(PAGE));
    Page { text: lines.join("\n"), remark: None, from, all }
}

/// How many of the kernel's ticks are a second. It tells only those who may ask over netlink, so it is concluded: every
/// time-out is a whole number of seconds, and those of lvs.cf are known.
fn ticks(text: &str, config: Option<&Config>) -> Option<NonZeroU32> {
    let raw = || text.lines().filter_map(raw_timeout);
    let wanted = || {
        let servers = config.into_iter().flat_map(|config| &config.virtual_servers);
        servers.filter_map(|server| u32::try_from(server.persistent).ok()).filter(|&seconds| seconds > 0)
    };
    let fits = |ticks: &u32| raw().next().is_some() && raw().all(|timeout| timeout.is_multiple_of(*ticks));
    let possible: Vec<u32> = TICKS.into_iter().filter(fits).collect();
    let agrees = |ticks: &u32| {
        raw().any(|timeout| wanted().any(|seconds| seconds.checked_mul(*ticks) == Some(timeout)))
    };
    let best = possible.iter().max_by_key(|ticks| usize::from(agrees(ticks))).copied();
    best.filter(|ticks| agrees(ticks) || possible.len() == 1).and_then(NonZeroU32::new)
}

/// `TCP  C0A81A0A:0050 wlc persistent 75000 FFFFFFFF`
fn raw_timeout(line: &str) -> Option<u32> {
    line.split_once(" persistent ")?.1.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use lvs_cf::NumbersOnly;

    use super::*;

    const TEXT: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A81A0A:0050 wlc persistent 75000 FFFFFFFF
  -> 0A000001:0050      Route   100    17         230       
FWM  00000007 rr 
";

    fn config(persistent: u32) -> Config {
        let text = format!(
            "virtual web {{\nactive = 1\naddress = 192.168.26.10 eth0:1\nport = 80\npersistent = {persistent}\n\
             server one {{\naddress = 10.0.0.1\nactive = 1\n}}\n}}\n"
        );
        Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config
    }

    #[test]
    fn it_looks_like_that_of_ipvsadm() {
        let page = listed(TEXT, Some(&config(300)), 0);
        insta::assert_snapshot!(page.text, @"
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
        TCP  192.168.26.10:80 wlc persistent 300
          -> 10.0.0.1:80                  Route   100    17         230       
        FWM  7 rr
        ");
        assert_eq!((page.remark, page.all, page.from), (None, 3, 0));
    }

    #[test]
    fn ticks_are_told_apart_by_what_the_file_says() {
        assert!(listed(TEXT, Some(&config(75)), 0).text.contains("persistent 75\n"));
        assert!(listed(TEXT, Some(&config(750)), 0).text.contains("persistent 750\n"));
        let unknown = listed(TEXT, None, 0);
        assert!(unknown.text.contains("persistent 75000\n"));
        insta::assert_snapshot!(unknown.remark.unwrap(), @"The times of persistence are in the kernel's ticks, whose length is not known.");
        // Only one number of ticks makes whole seconds of it.
        let odd = TEXT.replace("75000", "1700");
        assert!(listed(&odd, None, 0).text.contains("persistent 17\n"));
    }

    #[test]
    fn another_text_is_shown_as_it_is() {
        let page = listed(&TEXT.replace("wlc persistent", "wlc sticky"), None, 0);
        assert!(page.text.contains("C0A81A0A:0050 wlc sticky 75000"));
        insta::assert_snapshot!(page.remark.unwrap(), @r#"As the kernel writes it: line 4 of the kernel's IPVS table makes no sense: "TCP  C0A81A0A:0050 wlc sticky 75000 FFFFFFFF""#);
    }

    #[test]
    fn a_table_of_ten_thousand_real_servers_has_pages() {
        let mut text = TEXT.lines().take(3).fold(String::new(), |text, line| text + line + "\n");
        for service in 0..10 {
            let _ = writeln!(text, "TCP  C0A81A0A:{service:04X} wlc ");
            for server in 0..1000 {
                let _ =
                    writeln!(text, "  -> 0A00{server:04X}:0050      Route   1      0          0         ");
            }
        }
        let page = listed(&text, None, 2 * PAGE + 5);
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!((page.all, page.from, page.last(), lines.len()), (10_010, 200, 300, PAGE + HEAD + 1));
        assert_eq!(
            (lines[3], &lines[4][..17]),
            ("TCP  192.168.26.10:0 wlc", "  -> 10.0.0.199:80"[..17].into())
        );
        assert_eq!((page.before(), page.after()), (Some(100), Some(300)));
        assert!(page.text.len() < 10_000, "{} bytes", page.text.len());
        let last = listed(&text, None, usize::MAX);
        assert_eq!((last.from, last.after(), last.last()), (10_000, None, 10_010));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let reason = page("/nowhere".as_ref(), None, 0).unwrap_err();
        insta::assert_snapshot!(reason, @"/nowhere/net/ip_vs is not there: the kernel's module ip_vs is not loaded (`modprobe ip_vs`); lvsd loads it when it starts");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "(.{0,60}\n){0,9}", from: usize) {
            let _ = listed(&text, None, from);
        }
    }
}
