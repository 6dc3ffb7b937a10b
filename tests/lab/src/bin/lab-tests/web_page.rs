//! The web page as a person uses it, in Chromium and in text browsers: the way that Red Hat's manual leads.

mod person;

use std::fs;

use lab::suite::Test;
use lab::{Pair, Routing, tests};

pub(crate) fn tests() -> Vec<Test> {
    tests!("web_page":
        browsers_show_a_page,
        try_it,
    )
}

/// The browsers themselves, at a page that is nobody's.
fn browsers_show_a_page() {
    let pair = Pair::boot(Routing::Direct);
    let address = format!("http://{}/", pair.real_address(1));
    let mut chromium = pair.client.browser();
    chromium.open(&address);
    chromium.expect("web1");
    let picture = lab::world::directory().join("picture.png");
    chromium.picture(&picture);
    assert!(fs::read(picture).expect("a picture").starts_with(b"\x89PNG"));
    pair.client.links(&address).wait_for("web1");
    for browser in ["lynx", "w3m"] {
        pair.client.terminal(&[browser, &address]).wait_for("web1");
    }
}

fn try_it() {
    use person::Person;
    let pair = Pair::boot(Routing::Direct);
    pair.primary.write("/etc/sysconfig/ha/lvs.cf", "");
    pair.primary.install_page();
    let _page = pair.primary.start("/usr/sbin/piranha-gui", &["--nodaemon"]);
    lab::wait_until("page", std::time::Duration::from_secs(10), || pair.primary.listens(3636));
    let mut browser = pair.primary.browser();
    let start = std::time::Instant::now();
    browser.open("http://127.0.0.1:3636/secure/introduction.html");
    Person::press(&mut browser, "GLOBAL SETTINGS");
    println!("{:?} {}", start.elapsed(), browser.page());
    Person::fill(&mut browser, "Primary server public IP", "192.168.26.9");
    println!("{:?}", start.elapsed());
    Person::press(&mut browser, "ACCEPT");
    println!("{:?} {}", start.elapsed(), browser.page());
    browser.picture(std::path::Path::new("/tmp/try-browser.png"));
    println!("{:?}", pair.primary.read("/etc/sysconfig/ha/lvs.cf"));
    let mut links = pair.primary.links("http://127.0.0.1:3636/secure/introduction.html");
    links.wait_for("ABOUT");
    println!("{}", links.text());
    let start = std::time::Instant::now();
    Person::press(&mut links, "GLOBAL SETTINGS");
    Person::expect(&mut links, "ENVIRONMENT");
    println!("{:?} {}", start.elapsed(), links.page());
    Person::fill(&mut links, "TCP timeout (seconds)", "77");
    println!("{:?}", start.elapsed());
    Person::press(&mut links, "ACCEPT");
    Person::expect(&mut links, "Saved");
    println!("{:?} {}", start.elapsed(), links.page());
    println!("{:?}", pair.primary.read("/etc/sysconfig/ha/lvs.cf"));
    panic!("look");
}
