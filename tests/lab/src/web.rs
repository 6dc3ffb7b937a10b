//! Real servers run nginx, which answers every request with the name of its machine, and one with a long answer.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::machine::Machine;
use crate::wait::wait_until;

/// Where the configuration of nginx lies on a machine.
const CONFIGURATION: &str = "/etc/nginx/lab.conf";
/// The path of the long answer, which takes half a minute.
pub const LONG: &str = "/long";
/// Bytes of the long answer, and of it in a second.
const LONG_SIZE: &str = "15M";
const LONG_RATE: &str = "512k";

impl Machine {
    /// Starts nginx; it listens when this returns.
    ///
    /// # Panics
    ///
    /// If nginx does not start.
    pub fn start_web(&self, port: u16) {
        self.write(CONFIGURATION, configuration(self.name(), port));
        // Takes no memory: it is all hole.
        self.run("truncate", &["--size", LONG_SIZE, &format!("/run{LONG}")]).expect_success();
        self.run("nginx", &["-c", CONFIGURATION]).expect_success();
    }

    /// Stops nginx: from now on the port refuses connections.
    ///
    /// # Panics
    ///
    /// If it does not run or does not end.
    pub fn stop_web(&self) {
        self.signal("nginx", Signal::SIGTERM);
        wait_until("the end of nginx", Duration::from_secs(10), || self.processes_named("nginx").is_empty());
    }
}

fn configuration(name: &str, port: u16) -> String {
    format!(
        "worker_processes 1;\n\
         pid /run/nginx.pid;\n\
         error_log /var/log/nginx/error.log;\n\
         events {{ worker_connections 512; }}\n\
         http {{\n\
         \x20   access_log off;\n\
         \x20   keepalive_timeout 0;\n\
         \x20   server {{\n\
         \x20       listen {port};\n\
         \x20       listen [::]:{port} ipv6only=on;\n\
         \x20       location = {LONG} {{ root /run; limit_rate {LONG_RATE}; }}\n\
         \x20       location / {{ return 200 \"{name}\\n\"; }}\n\
         \x20   }}\n\
         }}\n"
    )
}
