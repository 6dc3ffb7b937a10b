//! The machines of the guides, as an administrator finds them: programs are installed, nothing is configured.
//!
//! ```text
//!                      client .100
//!                         |
//!  192.168.26.0/24   -----+-----+------------+-----------------
//!                               |            |             |
//!                           router A .2  router B .3   real servers .21 .22 .23
//!                               |            |             |        unless they have a network of their own:
//!  10.11.12.0/24     -----------+------------+-------------+---
//! ```

use std::fs;
use std::path::Path;
use std::time::Duration;

use lab::installed::repository;
use lab::network::Machining;
use lab::{Lab, Machine, Switch, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);
/// The address that clients know.
pub(super) const FLOATING: &str = "192.168.26.10";
/// Where real servers have their web server's configuration.
const NGINX: &str = "/etc/nginx/nginx.conf";
/// What an administrator brings along.
const TOOLS: [&str; 2] = ["iptables", "arptables"];

/// Which networks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// Real servers in the routers' network.
    One,
    /// Real servers in a network of their own.
    Two,
}

/// The machines.
pub(super) struct Desk {
    pub(super) router_a: Machine,
    pub(super) router_b: Machine,
    pub(super) real_servers: Vec<Machine>,
    pub(super) client: Machine,
}

impl Desk {
    /// Settings that shells of the desk get.
    pub(super) const ENVIRONMENT: &str = "/run/guide.environment";
    /// What is typed where a program asks.
    pub(super) const TYPED: &str = "/run/guide.typed";

    /// Boots them.
    pub(super) fn lay(network: Network) -> Self {
        let lab = Lab::new();
        let public = lab.switch("public");
        let inside = (network == Network::Two).then(|| lab.switch("inside"));
        let router = |name: &str, number: u8| {
            let machine = lab.machine(name).cable("eth0", &public, &[&format!("192.168.26.{number}/24")]);
            let machine = match &inside {
                Some(inside) => machine.cable("eth1", inside, &[&format!("10.11.12.{number}/24")]),
                None => machine,
            };
            furnish(machine.boot())
        };
        let (router_a, router_b) = (router("a", 2), router("b", 3));
        let client = furnish(lab.machine("client").cable("eth0", &public, &["192.168.26.100/24"]).boot());
        let real_server = |number| {
            let machine = lab.machine(&format!("web{number}"));
            let machine = furnish(
                connect(
                    machine,
                    &public,
                    inside.as_ref(),
                    20 + u8::try_from(number).expect("a small number"),
                )
                .boot(),
            );
            fs::write(machine.path(NGINX), nginx(machine.name())).expect("configuration of nginx");
            machine.run("nginx", &[]).expect_success();
            machine
        };
        let real_servers = (1..=3).map(real_server).collect();
        [&router_a, &router_b].into_iter().for_each(install);
        acquaint(&router_a, &router_b);
        Self { router_a, router_b, real_servers, client }
    }

    /// The machines that a guide means.
    pub(super) fn who(&self, place: &str) -> Vec<&Machine> {
        match place {
            "router A" => vec![&self.router_a],
            "router B" => vec![&self.router_b],
            "both routers" => vec![&self.router_a, &self.router_b],
            "each real server" => self.real_servers.iter().collect(),
            "a client" => vec![&self.client],
            _ => {
                let number =
                    place.strip_prefix("real server ").and_then(|number| number.parse::<usize>().ok());
                let machine = number.and_then(|number| self.real_servers.get(number.checked_sub(1)?));
                vec![machine.unwrap_or_else(|| panic!("no machine is called {place:?}"))]
            }
        }
    }

    /// Real servers have HTTPS, too: who comes with a mark comes to port 443.
    pub(super) fn answer_https(&self) {
        let (key, certificate) = ("/etc/nginx/lab.key", "/etc/nginx/lab.crt");
        for machine in &self.real_servers {
            let subject = format!("/CN={machine}");
            let words = [
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                &subject,
                "-keyout",
                key,
                "-out",
                certificate,
            ];
            machine.run("openssl", &words).expect_success();
            let listen = format!(
                "listen 443 ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; listen 80;"
            );
            fs::write(machine.path(NGINX), nginx(machine.name()).replace("listen 80;", &listen))
                .expect("nginx's file");
            machine.run("nginx", &["-s", "reload"]).expect_success();
        }
    }
}

fn connect(machine: Machining, public: &Switch, inside: Option<&Switch>, number: u8) -> Machining {
    match inside {
        Some(inside) => machine.cable("eth0", inside, &[&format!("10.11.12.{number}/24")]),
        None => machine.cable("eth0", public, &[&format!("192.168.26.{number}/24")]),
    }
}

fn nginx(name: &str) -> String {
    let listen = "listen 80; location / { return 200 \"NAME\\n\"; }";
    format!(
        "worker_processes 1;\npid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\n\
         events {{ worker_connections 512; }}\n\
         http {{ access_log off; keepalive_timeout 0; server {{ {} }} }}\n",
        listen.replace("NAME", name)
    )
}

/// What every machine has: its kernel's modules, and packet filters that its kernel knows.
fn furnish(machine: Machine) -> Machine {
    let loader = fs::read_to_string("/proc/sys/kernel/modprobe").expect("the kernel's loader");
    let root = Path::new(loader.trim()).parent().expect("a path").display().to_string();
    let modules = if root == "/sbin" { String::new() } else { format!("MODPROBE_OPTIONS=-d{root}\n") };
    let home = "/run/guide.home";
    fs::create_dir_all(machine.path(home)).expect("a directory");
    fs::write(machine.path(&format!("{home}/.curlrc")), "connect-timeout = 3\nmax-time = 5\n")
        .expect("a file");
    fs::write(machine.path(Desk::ENVIRONMENT), format!("{modules}CURL_HOME={home}\n")).expect("a file");
    fs::write(machine.path(Desk::TYPED), "a good long password\n".repeat(2)).expect("a file");
    if !machine.run("nft", &["add table ip probe; delete table ip probe"]).status.success() {
        // A kernel without the families of nf_tables still has the tables of old.
        for tool in TOOLS {
            let (old, name) = (format!("/usr/sbin/{tool}-legacy"), format!("/etc/alternatives/{tool}"));
            machine.run("ln", &["-sfn", &old, &name]).expect_success();
        }
    }
    machine
}

/// What `./install` does, as far as the lab has not done it.
fn install(router: &Machine) {
    router.install_page();
    let shell = "set -e; mkdir -p /etc/init.d; cp /etc/rc.d/init.d/pulse /etc/init.d/; rm -r /etc/rc.d; \
                 touch /usr/sbin/piranha_gui; mount --bind /usr/sbin/piranha-gui /usr/sbin/piranha_gui";
    router.run("sh", &["-c", shell]).expect_success();
    install_files(router);
    router
        .run("install", &["-m", "664", "-g", "piranha", "/dev/null", "/etc/sysconfig/ha/lvs.cf"])
        .expect_success();
}

/// Init scripts and what logrotate reads, as they lie in the repository.
pub(super) fn install_files(router: &Machine) {
    for (file, mode) in
        [("init.d/pulse", "755"), ("init.d/piranha-gui", "755"), ("logrotate.d/piranha", "644")]
    {
        let (source, path) = (repository().join("etc").join(file), format!("/etc/{file}"));
        fs::copy(&source, router.path(&path)).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        router.run("chmod", &[mode, &path]).expect_success();
    }
}

/// Lets root of either router in on the other one by a key, without a question.
fn acquaint(a: &Machine, b: &Machine) {
    let routers = [(a, "192.168.26.2"), (b, "192.168.26.3")];
    for (machine, _) in routers {
        machine.run("mkdir", &["-p", "/run/ssh", "/run/sshd"]).expect_success();
        // Nothing of this computer's root: neither its shell and what that reads, nor a lock on its account.
        machine
            .run("sed", &["-i", "s#^root:.*#root:x:0:0:root:/run/ssh:/bin/sh#", "/etc/passwd"])
            .expect_success();
        machine.run("sed", &["-i", "s/^root:[^:]*:/root:*:/", "/etc/shadow"]).expect_success();
        for key in ["user", "host"] {
            let path = format!("/run/ssh/{key}");
            machine.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &path]).expect_success();
        }
    }
    let public = |key: &str| {
        routers.map(|(machine, address)| {
            (address, machine.read(&format!("/run/ssh/{key}.pub")).expect("a public key"))
        })
    };
    let users: String = public("user").into_iter().map(|(_, key)| key).collect();
    let hosts: String = public("host").map(|(address, key)| format!("{address} {key}")).concat();
    for (machine, _) in routers {
        for (path, content) in [
            ("/run/ssh/authorized_keys", users.as_str()),
            ("/run/ssh/known_hosts", &hosts),
            (
                "/etc/ssh/ssh_config",
                "User root\nIdentityFile /run/ssh/user\nUserKnownHostsFile /run/ssh/known_hosts\nStrictHostKeyChecking yes\n",
            ),
            (
                "/run/ssh/sshd_config",
                "HostKey /run/ssh/host\nAuthorizedKeysFile /run/ssh/authorized_keys\nStrictModes no\nUsePAM no\n\
                 PermitRootLogin prohibit-password\nPidFile /run/ssh/pid\nSubsystem sftp internal-sftp\n",
            ),
        ] {
            fs::write(machine.path(path), content).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        machine.run("/usr/sbin/sshd", &["-f", "/run/ssh/sshd_config"]).expect_success();
    }
    wait_until("sshd", PATIENCE, || a.run("ssh", &["192.168.26.3", "true"]).status.success());
}
