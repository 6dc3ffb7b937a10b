//! Pictures of every page, as Chromium shows them of a pair of routers at work: `./demo --pages`.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lab::browser::{Colours, Window};
use lab::kernel::{self, Console};
use lab::lvs_cf::VirtualServer;
use lab::{Browser, Pair, Routing, report, role, world};

/// Name and password of the one who looks.
const LOGIN: (&str, &str) = ("piranha", "a long enough password");
/// What is kept of the site's traffic before pictures are taken of it.
const TRAFFIC: Duration = Duration::from_secs(45);

/// Every page: the picture's name, the address, whether it is taken with dark colours as well.
const PAGES: [(&str, &str, bool); 20] = [
    ("welcome", "/", true),
    ("about_login", "/about_login.php", false),
    ("docs", "/docs.html", false),
    ("introduction", "/secure/introduction.html", false),
    ("help", "/secure/help.php", false),
    ("control", "/secure/control.php", true),
    ("password", "/secure/passwd.php", false),
    ("global_settings", "/secure/global_settings.php", true),
    ("redundancy", "/secure/redundancy.php", false),
    ("virtual_servers", "/secure/virtual_main.php", true),
    ("virtual_server", "/secure/virtual_edit_virt.php?selected_host=1", true),
    ("real_servers", "/secure/virtual_edit_real.php?selected_host=1", true),
    ("real_server", "/secure/virtual_edit_real_edit.php?selected_host=1&selected=1", false),
    ("monitoring_scripts", "/secure/virtual_edit_services.php?selected_host=1", false),
    ("real_servers_side", "/secure/real_servers_side.php", false),
    ("firewall", "/secure/firewall.php", false),
    ("file", "/secure/file.php", false),
    ("versions", "/secure/versions.php", false),
    ("failover", "/secure/failover_main.php", false),
    ("error", "/secure/lvserror.php", false),
];

fn main() -> ExitCode {
    role::play();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [directory] = arguments.as_slice() else {
        eprintln!("usage: pages DIRECTORY");
        return ExitCode::from(2);
    };
    if !kernel::inside() {
        return kernel::run_again(&arguments, Console::Piped);
    }
    if !world::inside() {
        let status = world::create(&arguments).status().expect("unshare, of util-linux");
        return if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let directory = PathBuf::from(directory);
    if std::thread::spawn(move || take(&directory)).join().is_err() {
        report::print();
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Takes all pictures.
fn take(directory: &Path) {
    fs::create_dir_all(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let pair = at_work();
    let mut browser = pair.client.browser();
    browser.answer_prompts(LOGIN.0, LOGIN.1);
    for (name, path, dark) in PAGES {
        browser.look_through(Window::DESKTOP, Colours::Light);
        browser.open(&format!("http://192.168.26.9:{}{path}", lab::page::PORT));
        picture(&mut browser, directory, name);
        browser.look_through(Window::PHONE, Colours::Light);
        picture(&mut browser, directory, &format!("{name}-phone"));
        let overhang = browser.overhang();
        if overhang > 0 {
            println!("    {name} is {overhang} pixels wider than a telephone");
        }
        if dark {
            browser.look_through(Window::DESKTOP, Colours::Dark);
            picture(&mut browser, directory, &format!("{name}-dark"));
        }
    }
}

fn picture(browser: &mut Browser, directory: &Path, name: &str) {
    let file = directory.join(format!("{name}.png"));
    browser.picture(&file);
    let size = fs::metadata(&file).map_or(0, |file| file.len());
    println!("{} {} kB, {:?}", file.display(), size.div_ceil(1000), browser.title());
}

/// A pair that has served for a while, with a second site that is not in use, and one real server that is down.
fn at_work() -> Pair {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    file.virtual_servers.push(
        VirtualServer::new("mail")
            .with("active", "0")
            .with("address", "192.168.26.11 eth0:2")
            .with("vip_nmask", "255.255.255.0")
            .with("port", "25")
            .with("persistent", "300")
            .with("scheduler", "wlc")
            .with("protocol", "tcp")
            .with("timeout", "6")
            .with("reentry", "15"),
    );
    // First, since pulse and lvsd let its group ask them.
    pair.primary.install_page();
    pair.start_with(&file);
    pair.primary.run("piranha-passwd", &[LOGIN.1]).expect_success();
    pair.primary.start_page();
    let traffic = pair.client.request(pair.floating());
    std::thread::sleep(TRAFFIC);
    pair.real_servers[1].stop_web();
    traffic.wait_for_answers(1);
    lab::wait_until("web2 is down", Duration::from_secs(20), || {
        pair.primary.table().weight(lab::pair::SERVICE, "192.168.26.2:80").is_none_or(|weight| weight == 0)
    });
    pair
}
