//! FIREWALL: the rules that both routers need, filled in.

use askama::Template;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::frame::Frame;
use crate::pages;
use crate::recipe::{Recipe, firewall};
use crate::site::Site;

#[derive(Template)]
#[template(path = "firewall.html")]
struct Firewall {
    frame: Frame,
    recipes: Vec<Recipe>,
}

pub(crate) fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let config = present.config.as_ref().cloned().unwrap_or_default();
    let recipes = firewall::recipes(&config, asked.client.local.port());
    Answer::page(&Firewall { frame: Frame::of(site, asked), recipes })
}
