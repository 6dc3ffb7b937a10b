//! Packages like those of Piranha: the paths, modes, owners and scripts of the originals, and lines of ours as contents.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use install::machine::Machine;

use crate::inside::run;

/// A package to be made.
pub(crate) struct Original {
    pub(crate) name: &'static str,
    /// Version and release.
    pub(crate) version: (&'static str, &'static str),
    pub(crate) provides: &'static str,
    /// What rpm says of a file, and the file. One that ends in `/` is a directory, one with an arrow a link.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// The sections of its scripts.
    pub(crate) scripts: &'static str,
}

/// What all of them do: the user, the links of the services, and the restart of an upgrade.
const SCRIPTS: &str = "%pre
groupadd -g 60 -r piranha >/dev/null 2>&1 || :
useradd -u 60 -g piranha -d /etc/sysconfig/ha -r -M -s /sbin/nologin piranha >/dev/null 2>&1 || :
%post
chkconfig --add pulse
chkconfig --add piranha-gui
%preun
if [ $1 = 0 ]; then
    service pulse stop >/dev/null 2>&1
    service piranha-gui stop >/dev/null 2>&1
    chkconfig --del pulse
    chkconfig --del piranha-gui
fi
exit 0
";

/// What a machine of Red Hat has before.
pub(crate) const SYSTEM: Original = Original {
    name: "system",
    version: ("6", "1"),
    provides: "Provides: /bin/sh coreutils grep shadow-utils\n",
    files: &[],
    scripts: "",
};

pub(crate) const PIRANHA_0_8_6: Original = Original {
    name: "piranha",
    version: ("0.8.6", "7"),
    provides: "",
    files: &[
        ("", "/usr/sbin/pulse"),
        ("", "/usr/sbin/lvsd"),
        ("", "/usr/sbin/fos"),
        ("", "/usr/sbin/nanny"),
        ("", "/usr/sbin/send_arp"),
        ("", "/usr/sbin/piranha_gui"),
        ("%attr(0700, root, root)", "/usr/sbin/piranha-passwd"),
        ("%dir", "/etc/sysconfig/ha/"),
        ("%attr(0664, root, piranha) %config(noreplace)", "/etc/sysconfig/ha/lvs.cf"),
        ("%dir", "/etc/sysconfig/ha/conf/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/conf/httpd.conf"),
        ("%dir", "/etc/sysconfig/ha/logs/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/logs/README"),
        ("%config(noreplace)", "/etc/sysconfig/ha/modules -> /usr/lib64/httpd/modules"),
        ("%dir", "/etc/sysconfig/ha/web/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/web/login.php"),
        ("%dir", "/etc/sysconfig/ha/web/secure/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/web/secure/control.php"),
        ("%config(noreplace)", "/etc/sysconfig/pulse"),
        ("", "/etc/rc.d/init.d/pulse"),
        ("", "/etc/rc.d/init.d/piranha-gui"),
        ("%config(noreplace)", "/etc/logrotate.d/piranha"),
        ("%dir %attr(0755, piranha, root)", "/var/log/piranha/"),
        ("%doc", "/usr/share/man/man8/pulse.8.gz"),
        ("%doc", "/usr/share/doc/piranha-0.8.6/README"),
    ],
    scripts: "%postun
if [ $1 -ge 1 ]; then
    service pulse condrestart >/dev/null 2>&1
    service piranha-gui condrestart >/dev/null 2>&1
fi
exit 0
",
};

/// `piranha_gui` is a link to httpd, directories belong to the group, an access rule is in the package, an erased one takes the
/// user along.
pub(crate) const PIRANHA_0_8_4: Original = Original {
    name: "piranha",
    version: ("0.8.4", "2"),
    provides: "",
    files: &[
        ("", "/usr/sbin/pulse"),
        ("", "/usr/sbin/lvsd"),
        ("", "/usr/sbin/fos"),
        ("", "/usr/sbin/nanny"),
        ("", "/usr/sbin/send_arp"),
        ("", "/usr/sbin/piranha_gui -> /usr/sbin/httpd"),
        ("%attr(0700, root, root)", "/usr/sbin/piranha-passwd"),
        ("%dir %attr(0755, root, piranha)", "/etc/sysconfig/ha/"),
        ("%attr(0664, root, piranha) %config(noreplace)", "/etc/sysconfig/ha/lvs.cf"),
        ("%dir %attr(0755, root, piranha)", "/etc/sysconfig/ha/conf/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/conf/httpd.conf"),
        ("%dir %attr(0755, root, piranha)", "/etc/sysconfig/ha/web/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/web/login.php"),
        ("%dir %attr(0755, root, piranha)", "/etc/sysconfig/ha/web/secure/"),
        ("%config(noreplace)", "/etc/sysconfig/ha/web/secure/.htaccess"),
        ("%config(noreplace)", "/etc/sysconfig/ha/web/secure/control.php"),
        ("", "/etc/rc.d/init.d/pulse"),
        ("", "/etc/rc.d/init.d/piranha-gui"),
        ("%config(noreplace)", "/etc/logrotate.d/piranha-httpd"),
        ("%dir %attr(0775, piranha, root)", "/var/log/piranha/"),
        ("%attr(0664, root, piranha)", "/var/log/piranha/piranha-gui"),
        ("%attr(0664, root, piranha)", "/var/log/piranha/piranha-gui-access"),
    ],
    scripts: "%postun
if [ $1 = 0 ]; then
    userdel piranha >/dev/null 2>&1
else
    service pulse condrestart >/dev/null 2>&1
    service piranha-gui condrestart >/dev/null 2>&1
fi
exit 0
",
};

/// Before 2001 there were three packages.
pub(crate) const PIRANHA_0_5_0: [Original; 3] = [
    Original {
        name: "piranha",
        version: ("0.5.0", "3"),
        provides: "",
        files: &[
            ("", "/usr/sbin/pulse"),
            ("%attr(0660, root, piranha) %config(noreplace)", "/etc/sysconfig/ha/lvs.cf"),
            ("", "/etc/rc.d/init.d/pulse"),
        ],
        scripts: "",
    },
    Original {
        name: "piranha-gui",
        version: ("0.5.0", "3"),
        provides: "",
        files: &[
            ("%attr(0640, root, root) %config(noreplace)", "/etc/sysconfig/ha/conf/httpd.conf"),
            ("%config(noreplace)", "/etc/sysconfig/ha/web/login.php"),
            ("", "/etc/rc.d/init.d/piranha-gui"),
        ],
        scripts: "%postun
[ $1 != 0 ] || userdel piranha >/dev/null 2>&1
exit 0
",
    },
    Original {
        name: "piranha-docs",
        version: ("0.5.0", "3"),
        provides: "",
        files: &[("%doc", "/usr/share/doc/piranha-docs-0.5.0/README")],
        scripts: "",
    },
];

impl Original {
    /// Makes the package and installs it.
    pub(crate) fn install_on(&self, machine: &Machine) {
        let package = self.make(&machine.at("/tmp/made"));
        let inside = Path::new("/").join(package.strip_prefix(machine.root()).unwrap());
        run(machine, &["rpm", "--dbpath", "/var/lib/rpm", "-U", inside.to_str().unwrap()]).well();
        fs::remove_dir_all(machine.at("/tmp/made")).unwrap();
    }

    fn make(&self, folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let spec = folder.join("spec");
        fs::write(&spec, self.spec()).unwrap();
        let mut build = Command::new("rpmbuild");
        build.args(["-bb", "--quiet"]).arg(spec);
        for (name, value) in
            [("_topdir", folder.join("top")), ("_dbpath", folder.join("db")), ("_rpmdir", folder.into())]
        {
            build.arg("--define").arg(format!("{name} {}", value.display()));
        }
        build.args(["--define", "_build_name_fmt made.rpm"]);
        let output = build.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.join("made.rpm")
    }

    fn spec(&self) -> String {
        let (version, release) = self.version;
        let mut spec = format!(
            "%global __os_install_post %{{nil}}\nName: {}\nVersion: {version}\nRelease: {release}\nSummary: as the original\n\
             License: none\nBuildArch: noarch\nAutoReqProv: no\n{}%description\nAs the original.\n%install\ncd %{{buildroot}}\n",
            self.name, self.provides
        );
        for (_, file) in self.files {
            writeln!(spec, "{}", self.lay(file)).unwrap();
        }
        spec.push_str("%files\n%defattr(-, root, root)\n");
        for (words, file) in self.files {
            writeln!(spec, "{words} {}", path(file)).unwrap();
        }
        if self.name == "piranha" || self.name == "piranha-gui" {
            spec.push_str(SCRIPTS);
            spec.push_str(self.scripts);
        }
        spec
    }

    /// The line of the spec that makes a file.
    fn lay(&self, file: &str) -> String {
        let here = format!(".{}", path(file));
        if let Some((_, to)) = file.split_once(" -> ") {
            return format!("mkdir -p $(dirname {here}) && ln -s {to} {here}");
        }
        if file.ends_with('/') {
            return format!("mkdir -p {here}");
        }
        let make = format!("install -D -m {} /dev/null {here}", mode(file));
        // As after a fresh installation of the original.
        if file.ends_with("lvs.cf") {
            make
        } else {
            format!("{make} && echo 'of {}' >{here}", self.version.0)
        }
    }
}

fn path(file: &str) -> &str {
    file.split(" -> ").next().unwrap()
}

fn mode(file: &str) -> &str {
    if file.contains("/sbin/") || file.contains("/init.d/") { "0755" } else { "0644" }
}
