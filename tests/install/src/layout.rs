//! Every path of an installation, written from `layout.md` and from nothing that the installers read.

use crate::machine::{Machine, What};

/// What a path is, for whoever installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Stays as it is if it is there.
    Directory,
    /// A program or a script.
    Executable,
    /// A unit, a manual page, a document ...
    File,
    /// Stays as it is if it is there; administrators edit it.
    Configuration,
}

/// One path.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// From the root of the machine.
    pub path: &'static str,
    /// Its permissions.
    pub mode: u32,
    /// Names of user and group.
    pub owner: (&'static str, &'static str),
    /// What it is.
    pub kind: Kind,
}

const fn entry(kind: Kind, path: &'static str, mode: u32) -> Entry {
    Entry { path, mode, owner: ("root", "root"), kind }
}

const fn of(owner: (&'static str, &'static str), entry: Entry) -> Entry {
    Entry { owner, ..entry }
}

const fn directory(path: &'static str) -> Entry {
    entry(Kind::Directory, path, 0o755)
}

const fn program(path: &'static str) -> Entry {
    entry(Kind::Executable, path, 0o755)
}

const fn file(path: &'static str) -> Entry {
    entry(Kind::File, path, 0o644)
}

const fn configuration(path: &'static str) -> Entry {
    entry(Kind::Configuration, path, 0o644)
}

/// Sections 2, 3, 7, 8, 9, 10 and 13 of the specification. Init scripts are those of a machine without `/etc/rc.d/init.d`.
pub const LAYOUT: &[Entry] = &[
    program("/usr/sbin/pulse"),
    program("/usr/sbin/lvsd"),
    program("/usr/sbin/fos"),
    program("/usr/sbin/nanny"),
    program("/usr/sbin/send_arp"),
    program("/usr/sbin/piranha_gui"),
    program("/usr/sbin/piranha-helper"),
    program("/usr/sbin/piranhactl"),
    entry(Kind::Executable, "/usr/sbin/piranha-passwd", 0o700),
    program("/etc/init.d/pulse"),
    program("/etc/init.d/piranha-gui"),
    directory("/etc/sysconfig/ha"),
    directory("/etc/sysconfig/ha/conf"),
    directory("/etc/sysconfig/ha/scripts"),
    directory("/etc/sysconfig/ha/web"),
    directory("/etc/sysconfig/ha/web/secure"),
    of(("root", "piranha"), entry(Kind::Configuration, "/etc/sysconfig/ha/lvs.cf", 0o664)),
    configuration("/etc/sysconfig/ha/conf/httpd.conf"),
    configuration("/etc/sysconfig/pulse"),
    configuration("/etc/logrotate.d/piranha"),
    of(("root", "piranha"), entry(Kind::Directory, "/var/lib/piranha", 0o750)),
    of(("piranha", "root"), directory("/var/log/piranha")),
    file("/usr/lib/systemd/system/pulse.service"),
    file("/usr/lib/systemd/system/piranha-gui.service"),
    file("/usr/lib/systemd/system/piranha-helper.service"),
    file("/usr/lib/systemd/system/piranha-helper.socket"),
    file("/usr/lib/tmpfiles.d/piranha.conf"),
    file("/usr/lib/sysusers.d/piranha.conf"),
    file("/usr/lib/firewalld/services/piranha-gui.xml"),
    file("/usr/lib/firewalld/services/piranha-heartbeat.xml"),
    file("/usr/lib/firewalld/services/piranha-syncd.xml"),
    file("/usr/share/bash-completion/completions/pulse"),
    file("/usr/share/bash-completion/completions/lvsd"),
    file("/usr/share/bash-completion/completions/fos"),
    file("/usr/share/bash-completion/completions/nanny"),
    file("/usr/share/bash-completion/completions/send_arp"),
    file("/usr/share/bash-completion/completions/piranhactl"),
    file("/usr/share/bash-completion/completions/piranha_gui"),
    file("/usr/share/bash-completion/completions/piranha-passwd"),
    file("/usr/share/man/man5/lvs.cf.5"),
    file("/usr/share/man/man8/pulse.8"),
    file("/usr/share/man/man8/lvsd.8"),
    file("/usr/share/man/man8/fos.8"),
    file("/usr/share/man/man8/nanny.8"),
    file("/usr/share/man/man8/send_arp.8"),
    file("/usr/share/man/man8/piranha_gui.8"),
    file("/usr/share/man/man8/piranha-helper.8"),
    file("/usr/share/man/man8/piranha-passwd.8"),
    file("/usr/share/man/man8/piranhactl.8"),
    directory("/usr/share/doc/piranha"),
    file("/usr/share/doc/piranha/sample.cf"),
    file("/usr/share/doc/piranha/sysctl.conf"),
    file("/usr/share/doc/piranha/quick-start.md"),
    file("/usr/share/doc/piranha/migration.md"),
    file("/usr/share/doc/piranha/firewall-marks.md"),
    file("/usr/share/doc/piranha/real-servers.md"),
    file("/usr/share/doc/piranha/troubleshooting.md"),
    file("/usr/share/doc/piranha/heartbeat.md"),
    file("/usr/share/doc/piranha/access.md"),
    file("/usr/share/doc/piranha/control.md"),
    file("/usr/share/doc/piranha/sync.md"),
    file("/usr/share/doc/piranha/api.md"),
];

/// What is wrong with these paths on this machine; nothing, if all is right.
pub fn faults<'a>(machine: &Machine, entries: impl IntoIterator<Item = &'a Entry>) -> Vec<String> {
    entries.into_iter().filter_map(|entry| fault(machine, entry)).collect()
}

fn fault(machine: &Machine, entry: &Entry) -> Option<String> {
    let Some(seen) = machine.look(entry.path) else {
        return Some(format!("{} is missing", entry.path));
    };
    let right = match seen.what {
        What::Directory => entry.kind == Kind::Directory,
        What::File(_) => entry.kind != Kind::Directory,
        What::Link(_) => false,
    };
    let owner = (machine.user(entry.owner.0), machine.group(entry.owner.1));
    if right && seen.mode == entry.mode && (seen.user, seen.group) == owner {
        return None;
    }
    let asked = format!("{:?} {:o} of {owner:?}", entry.kind, entry.mode);
    Some(format!("{} is {seen:?} in place of {asked}", entry.path))
}
