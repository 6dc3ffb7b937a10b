//! The web page as a person uses it, in Chromium and in text browsers: the way that Red Hat's manual leads.

use std::fs;

use lab::suite::Test;
use lab::{Pair, Routing, tests};

pub(crate) fn tests() -> Vec<Test> {
    tests!("web_page":
        browsers_show_a_page,
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
