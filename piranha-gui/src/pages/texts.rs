//! Pages that only tell: welcome, about login, documentation, introduction, password (specification gui.md 6.1 to 6.4, 6.7).

use askama::Template;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::frame::Frame;
use crate::site::Site;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "about_login.html")]
struct AboutLogin {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    frame: Frame,
    version: &'static str,
}

#[derive(Template)]
#[template(path = "introduction.html")]
struct Introduction {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "help.html")]
struct Help {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "passwd.html")]
struct Passwd {
    frame: Frame,
}

/// The door: nothing about this machine is told here.
pub(crate) fn welcome(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&Welcome { frame: Frame::of(site, asked) })
}

/// How to get in.
pub(crate) fn about_login(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&AboutLogin { frame: Frame::of(site, asked) })
}

/// What there is to read.
pub(crate) fn docs(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&Docs { frame: Frame::of(site, asked), version: env!("CARGO_PKG_VERSION") })
}

/// What the pages are for.
pub(crate) fn introduction(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&Introduction { frame: Frame::of(site, asked) })
}

/// What each field means, with an anchor for each.
pub(crate) fn help(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&Help { frame: Frame::of(site, asked) })
}

/// How the password is set: not here.
pub(crate) fn passwd(site: &Site, asked: &Asked) -> Answer {
    Answer::page(&Passwd { frame: Frame::of(site, asked) })
}
