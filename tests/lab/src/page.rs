//! What a package installs for the web page, as far as a machine of the lab needs it: user and group, directories, the init
//! scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::machine::Machine;
use crate::wait::wait_until;

/// The port of the web page.
pub const PORT: u16 = 3636;

/// Not 60, which is another group's on Debian.
const NUMBER: u32 = 960;

/// How long a program of the web page may take to begin to listen.
const PATIENCE: Duration = Duration::from_secs(20);

impl Machine {
    /// Installs what the programs of the web page expect. Lost with the machine's power, but for the files.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn install_page(&self) {
        self.append(
            "/etc/passwd",
            &format!("piranha:x:{NUMBER}:{NUMBER}::/etc/sysconfig/ha:/sbin/nologin\n"),
        );
        self.append("/etc/group", &format!("piranha:x:{NUMBER}:\n"));
        for (directory, mode, owner) in [
            ("/etc/sysconfig/ha/conf", 0o755, "root:root"),
            ("/var/log/piranha", 0o755, "piranha:root"),
            ("/var/lib/piranha", 0o750, "root:piranha"),
            ("/run/piranha", 0o750, "root:piranha"),
        ] {
            fs::create_dir_all(self.path(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
            self.allow(directory, mode, owner);
        }
        self.install_init_scripts();
    }

    /// Starts the web page, which starts its helper; it listens when this returns. The configuration file belongs to the page's group
    /// from now on, as the package has it.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_page(&self) {
        self.install_page();
        self.allow(crate::pair::CONFIGURATION, 0o664, "root:piranha");
        let _serves_until_the_machine_ends = self.start("/usr/sbin/piranha-helper", &["--nodaemon"]);
        wait_until("the socket of piranha-helper", PATIENCE, || {
            self.path("/run/piranha/helper.sock").exists()
        });
        let _serves_as_well = self.start("/usr/sbin/piranha_gui", &["--nodaemon"]);
        wait_until("the web page", PATIENCE, || self.listens(PORT));
    }

    /// Sets owner and mode, as long as the machine has power.
    pub(crate) fn allow(&self, path: &str, mode: u32, owner: &str) {
        self.run("chown", &[owner, path]).expect_success();
        let done = fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode));
        done.unwrap_or_else(|error| panic!("{self}: {path}: {error}"));
    }

    fn append(&self, path: &str, line: &str) {
        let before = self.read(path).unwrap_or_default();
        if !before.contains("piranha:") {
            self.write(path, before + line);
        }
    }

    /// Whether somebody listens on this TCP port.
    pub fn listens(&self, port: u16) -> bool {
        let listening = self.run("ss", &["-Hltn", "sport", "=", &port.to_string()]);
        !listening.expect_success().trim().is_empty()
    }
}
