//! piranha-helper, which keeps the rights of root that the page gives up. Where no unit or script of its own has started
//! it, the page does, before it gives up its rights; the helper ends with it.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::options::Options;

/// The helper, whose standard input closes when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct HelperProcess {
    /// Held for its standard input.
    _child: Option<Child>,
    warning: Option<String>,
}

impl HelperProcess {
    /// Starts it if nobody answers at its socket and there are rights to give. That it does not start holds up nothing: the
    /// pages say what they cannot do without it.
    pub(crate) fn start(options: &Options, root: bool) -> Self {
        let socket = options.run_directory.join("helper.sock");
        if options.no_helper || !root || UnixStream::connect(&socket).is_ok() {
            return Self::default();
        }
        let program = program();
        match start(&program, &socket, options) {
            Ok(child) => Self { _child: Some(child), warning: None },
            Err(error) => {
                let what =
                    "piranha-helper does not start, so the page only saves what the file's own rights allow";
                Self { _child: None, warning: Some(format!("{what}: {}: {error}", program.display())) }
            }
        }
    }

    /// Why it was not started though it should have been.
    pub(crate) fn warning(&self) -> Option<String> {
        self.warning.clone()
    }
}

fn start(program: &Path, socket: &Path, options: &Options) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(["--nodaemon", "--until-stdin-closes", "-c"]).arg(&options.lvs_cf);
    command.arg("-g").arg(options.httpd_conf.with_file_name("gui.conf"));
    command.arg("--socket").arg(socket).arg("--state").arg(options.state_directory.join("versions"));
    command.stdin(Stdio::piped()).current_dir("/");
    // It logs to syslog, too.
    if !options.nodaemon {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.spawn()
}

/// Beside this program, as it was installed.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|_| "/usr/sbin/piranha_gui".into());
    own.with_file_name("piranha-helper")
}
