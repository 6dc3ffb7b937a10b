//! INTRODUCTION (specification gui.md 6.4).

use askama::Template;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::frame::Frame;
use crate::site::Site;

#[derive(Template)]
#[template(path = "introduction.html")]
struct Introduction {
    frame: Frame,
}

pub(crate) fn answer(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&Introduction { frame: Frame::of(site, asked) })
}
