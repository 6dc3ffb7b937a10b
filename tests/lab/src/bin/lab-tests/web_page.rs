//! The web page as a person uses it, in Chromium and in text browsers: the way that Red Hat's manual leads.

pub(crate) mod person;
mod walk;

use std::fs;

use lab::page::PORT;
use lab::pair::CONFIGURATION;
use lab::suite::Test;
use lab::{Pair, Routing, tests};

use person::Person;

/// What `piranha-passwd` is told.
const PASSWORD: &str = "a good long password";

pub(crate) fn tests() -> Vec<Test> {
    tests!("web_page":
        browsers_show_a_page,
        the_manuals_way_in_chromium,
        the_manuals_way_in_links,
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

/// Two routers as the package leaves them: an empty file, and on the primary the page with its password.
fn fresh() -> Pair {
    let pair = Pair::boot(Routing::Direct);
    let primary = &pair.primary;
    primary.write(CONFIGURATION, "");
    primary.install_page();
    primary.run("piranha-passwd", &[PASSWORD]).expect_success();
    primary.start_page();
    pair
}

fn address() -> String {
    format!("http://192.168.26.9:{PORT}/")
}

fn the_manuals_way_in_chromium() {
    let pair = fresh();
    let mut chromium = pair.client.browser();
    chromium.answer_prompts("piranha", PASSWORD);
    chromium.open(&address());
    Person::press(&mut chromium, "Login");
    walk::go(&mut chromium, &pair);
}

fn the_manuals_way_in_links() {
    let pair = fresh();
    let mut links = pair.client.links(&address());
    Person::press(&mut links, "Login");
    links.log_in("piranha", PASSWORD);
    walk::go(&mut links, &pair);
}
