//! The processes of this machine that are Piranha's, with the columns of `ps auxw`, read from `/proc` by everybody's rights.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{SysconfVar, Uid, User, sysconf};

/// The head of the list.
pub(crate) const HEAD: &str = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND";
/// Processes that are listed, at most: with one nanny for each real server there may be thousands.
const MOST: usize = 60;
/// Characters of a command that are shown.
const LONGEST_COMMAND: usize = 120;

/// What is looked for: names of programs.
pub(crate) const LVS: &[&str] = &["pulse", "lvsd", "lvs", "nanny", "fos", "send_arp"];
/// The same where `service = fos`.
pub(crate) const FOS: &[&str] = &["pulse", "fos", "nanny", "send_arp"];

/// What the whole machine's numbers are.
#[derive(Debug, Clone, Copy)]
struct Machine {
    /// Seconds since it started.
    uptime: f64,
    /// When it started: seconds since 1970.
    started: u64,
    /// Memory in KiB.
    memory: u64,
    /// Ticks in a second, and bytes in a page of memory.
    ticks: u64,
    page: u64,
}

/// One process, in numbers of `proc_pid_stat(5)`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: u32,
    name: String,
    state: char,
    session: i64,
    group: i64,
    foreground: i64,
    terminal: u64,
    time: u64,
    nice: i64,
    threads: i64,
    started: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

/// The list as `ps auxw` prints it, those that are Piranha's; a line at its end says how many more there are. The times in it
/// are UTC.
pub(crate) fn list(proc: &Path, programs: &[&str]) -> String {
    let machine = Machine::read(proc);
    let mut found = find(proc, programs);
    found.sort_by_key(|process| (process.name == "nanny", process.pid));
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    found.sort_by_key(|process| process.pid);
    let mut users = Users::default();
    let mut text = format!("{HEAD}\n");
    for process in &found {
        let directory = proc.join(process.pid.to_string());
        text.push_str(&line(process, machine, &users.owner(&directory), &command(&directory, process)));
        text.push('\n');
    }
    if more > 0 {
        let _ = writeln!(text, "... and {more} more");
    }
    text
}

fn find(proc: &Path, programs: &[&str]) -> Vec<Process> {
    let Ok(entries) = fs::read_dir(proc) else { return Vec::new() };
    let numbered = entries
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit));
    let stats = numbered.filter_map(|entry| fs::read(entry.path().join("stat")).ok());
    let processes = stats.filter_map(|stat| Process::parse(&String::from_utf8_lossy(&stat)));
    processes.filter(|process| programs.contains(&process.name.as_str())).collect()
}

impl Process {
    fn parse(stat: &str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(')')?;
        let (pid, name) = head.split_once(" (")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The state is field 3 of the manual page.
        let field = |number: usize| fields.get(number - 3).copied();
        let signed = |number| field(number)?.parse::<i64>().ok();
        let number = |number| field(number)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.trim().parse().ok()?,
            name: name.to_owned(),
            state: field(3)?.chars().next()?,
            group: signed(5)?,
            session: signed(6)?,
            // Kept as the kernel's unsigned form of a signed number.
            terminal: signed(7).and_then(|device| u64::try_from(device).ok()).unwrap_or(0),
            foreground: signed(8)?,
            time: number(14)?.saturating_add(number(15)?),
            nice: signed(19)?,
            threads: signed(20)?,
            started: number(22)?,
            virtual_bytes: number(23)?,
            resident_pages: number(24)?,
        })
    }

    /// `Ss`, `S<l+`: as ps puts them together, without what only root is told.
    fn state(&self) -> String {
        let mut letters = self.state.to_string();
        let mut add = |is: bool, letter| {
            if is {
                letters.push(letter);
            }
        };
        add(self.nice < 0, '<');
        add(self.nice > 0, 'N');
        add(self.session == i64::from(self.pid), 's');
        add(self.threads > 1, 'l');
        add(self.foreground > 0 && self.foreground == self.group, '+');
        letters
    }

    fn terminal(&self) -> String {
        let (major, minor) =
            ((self.terminal >> 8) & 0xfff, (self.terminal & 0xff) | ((self.terminal >> 12) & 0xf_ff00));
        match major {
            0 => "?".to_owned(),
            136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
            4 if minor < 64 => format!("tty{minor}"),
            4 => format!("ttyS{}", minor - 64),
            _ => format!("{major}:{minor}"),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn line(process: &Process, machine: Machine, user: &str, command: &str) -> String {
    let ticks = machine.ticks.max(1);
    let lived = machine.uptime - process.started as f64 / ticks as f64;
    let busy = process.time as f64 / ticks as f64;
    let cpu = if lived > 0.0 { 100.0 * busy / lived } else { 0.0 };
    let resident = process.resident_pages.saturating_mul(machine.page) / 1024;
    let memory = 100.0 * resident as f64 / machine.memory.max(1) as f64;
    let seconds = process.time / ticks;
    format!(
        "{user:<8} {:>7} {cpu:>4.1} {memory:>4.1} {:>6} {resident:>5} {:<8} {:<4} {:<5} {:>3}:{:02} {command}",
        process.pid,
        process.virtual_bytes / 1024,
        process.terminal(),
        process.state(),
        started(machine, process.started / ticks),
        seconds / 60,
        seconds % 60,
    )
}

/// `14:03` within a day, `Mar02` before.
fn started(machine: Machine, after: u64) -> String {
    let at = machine.started.saturating_add(after);
    let now = machine.started.saturating_add(super::clock::whole_seconds(machine.uptime));
    let at = super::clock::Utc::of_seconds(at);
    if now.saturating_sub(machine.started.saturating_add(after)) < 86_400 {
        at.time()
    } else {
        at.month_and_day()
    }
}

impl Machine {
    fn read(proc: &Path) -> Self {
        let number = |file: &str, name: &str| {
            let text = fs::read_to_string(proc.join(file)).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok())
        };
        let uptime = fs::read_to_string(proc.join("uptime")).unwrap_or_default();
        let system = |name| sysconf(name).ok().flatten().and_then(|value| u64::try_from(value).ok());
        Self {
            uptime: uptime.split_ascii_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0),
            started: number("stat", "btime ").unwrap_or(0),
            memory: number("meminfo", "MemTotal:").unwrap_or(0),
            ticks: system(SysconfVar::CLK_TCK).unwrap_or(100),
            page: system(SysconfVar::PAGE_SIZE).unwrap_or(4096),
        }
    }
}

/// Names of users, each looked up once.
#[derive(Debug, Default)]
struct Users(HashMap<u32, String>);

impl Users {
    fn owner(&mut self, directory: &Path) -> String {
        use std::os::unix::fs::MetadataExt as _;
        let Ok(found) = fs::metadata(directory) else { return "?".to_owned() };
        let name = self.0.entry(found.uid()).or_insert_with_key(|&uid| {
            let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
            user.map_or_else(|| uid.to_string(), |user| user.name)
        });
        // As ps does with a name that is too long.
        if name.chars().count() > 8 { name.chars().take(7).chain(['+']).collect() } else { name.clone() }
    }
}

/// The command line on one line; of a process that has none its name in brackets.
fn command(directory: &Path, process: &Process) -> String {
    let line = fs::read(PathBuf::from(directory).join("cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let line = line.trim_end_matches('\0');
    if line.is_empty() {
        let ended = if process.state == 'Z' { " <defunct>" } else { "" };
        return format!("[{}]{ended}", process.name);
    }
    let plain = line.chars().map(|one| match one {
        '\0' => ' ',
        one if one.is_control() => '?',
        one => one,
    });
    plain.take(LONGEST_COMMAND).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MACHINE: Machine =
        Machine { uptime: 100_000.0, started: 1_772_092_800, memory: 4_000_000, ticks: 100, page: 4096 };

    fn shown(stat: &str, command: &str) -> String {
        line(&Process::parse(stat).unwrap(), MACHINE, "root", command)
    }

    #[test]
    fn the_columns_are_those_of_ps() {
        let text = [
            HEAD.to_owned(),
            shown(
                "812 (pulse) S 1 812 812 0 -1 4194560 1 0 0 0 6050 4000 0 0 20 0 3 0 1200 12345678 900",
                "/usr/sbin/pulse",
            ),
            shown(
                "9912 (nanny) R 812 9912 812 34817 9912 4194560 1 0 0 0 0 4 0 0 15 -5 1 0 9999000 2345678 90",
                "nanny -c -h 10.0.0.1",
            ),
        ];
        insta::assert_snapshot!(text.join("\n"), @"
        USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
        root         812  0.1  0.1  12056  3600 ?        Ssl  Feb26   1:40 /usr/sbin/pulse
        root        9912  0.4  0.0   2290   360 pts/1    R<+  11:46   0:00 nanny -c -h 10.0.0.1
        ");
    }

    #[test]
    fn only_named_programs_are_listed_and_not_without_end() {
        let proc = std::env::temp_dir().join(format!("processes-{}", std::process::id()));
        let process = |pid: u32, name: &str, command: &str| {
            let directory = proc.join(pid.to_string());
            fs::create_dir_all(&directory).unwrap();
            let stat = format!("{pid} ({name}) S 1 {pid} {pid} 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 4096 1");
            fs::write(directory.join("stat"), stat).unwrap();
            fs::write(directory.join("cmdline"), command).unwrap();
        };
        process(7, "vi", "vi\0/etc/sysconfig/ha/lvs.cf\0");
        process(9, "grep", "grep\0pulse\0");
        for pid in 100..300 {
            process(pid, "nanny", "/usr/sbin/nanny\0-c\0\x1b[2J\0");
        }
        process(900, "pulse", "/usr/sbin/pulse\0");
        fs::create_dir_all(proc.join("self")).unwrap();
        let text = list(&proc, LVS);
        fs::remove_dir_all(&proc).unwrap();
        assert_eq!(text.lines().count(), MOST + 2);
        assert!(text.contains("/usr/sbin/pulse\n... and 141 more\n"), "{text}");
        assert!(!text.contains("lvs.cf") && !text.contains("grep") && !text.contains('\x1b'));
    }

    #[test]
    fn this_machine_has_processes() {
        assert!(!find(Path::new("/proc"), &[&own_name()]).is_empty());
    }

    fn own_name() -> String {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        Process::parse(&stat).unwrap().name
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_safe(text: String) {
            let _ = Process::parse(&text);
            let _ = Process::parse(&format!("1 (a) {text}"));
        }
    }
}
