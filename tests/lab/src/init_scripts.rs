//! The init scripts and what they read, where the package puts them.

use std::fs;
use std::path::Path;

use crate::machine::Machine;

/// Where a script is called by path on Red Hat, and where `service` of Debian looks.
pub const DIRECTORIES: [&str; 2] = ["/etc/rc.d/init.d", "/etc/init.d"];

const SCRIPTS: [(&str, &str); 2] = [
    ("pulse", include_str!("../../../etc/init.d/pulse")),
    ("piranha-gui", include_str!("../../../etc/init.d/piranha-gui")),
];
const FILES: [(&str, &str); 2] = [
    ("/etc/sysconfig/pulse", include_str!("../../../etc/sysconfig/pulse")),
    ("/etc/logrotate.d/piranha", include_str!("../../../etc/logrotate.d/piranha")),
];

impl Machine {
    /// Installs the scripts, and keeps settings that are there. Lost with the machine's power.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn install_init_scripts(&self) {
        for directory in DIRECTORIES {
            for (name, script) in SCRIPTS {
                self.install_file(&format!("{directory}/{name}"), script, 0o755);
            }
        }
        for (path, content) in FILES.into_iter().filter(|(path, _)| !self.path(path).exists()) {
            self.install_file(path, content, 0o644);
        }
    }

    fn install_file(&self, path: &str, content: &str, mode: u32) {
        let target = self.path(path);
        fs::create_dir_all(target.parent().unwrap_or(Path::new("/")))
            .and_then(|()| fs::write(&target, content))
            .unwrap_or_else(|error| panic!("{self}: {path}: {error}"));
        self.allow(path, mode, "root:root");
    }
}
