//! The pages: one module each, a template of the same name beside it.

pub(crate) mod actions;
pub(crate) mod control;
pub(crate) mod data;
pub(crate) mod failover_service;
pub(crate) mod file_text;
pub(crate) mod firewall;
pub(crate) mod global_settings;
pub(crate) mod monitoring_scripts;
pub(crate) mod real_server;
pub(crate) mod real_servers;
pub(crate) mod real_servers_side;
pub(crate) mod redundancy;
pub(crate) mod sections;
pub(crate) mod texts;
pub(crate) mod trouble;
pub(crate) mod versions;
pub(crate) mod virtual_server;

use std::borrow::Cow;
use std::sync::Arc;

use lvs_cf::Service;

use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::edit::Problems;
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::frame::Frame;
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::site::Site;

/// Answers a request for a page. Whoever gets here may: the gate has looked at his address, login, method and token.
pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let only_tells = matches!(asked.page, Page::Help | Page::Passwd | Page::LvsError);
    if only_tells && asked.parameters.get("help_action") == Some("Close") {
        return Answer::see(Page::Control);
    }
    let asked = &unlocked(site, asked).await;
    match asked.page {
        Page::Welcome => texts::welcome(site, asked),
        Page::AboutLogin => texts::about_login(site, asked),
        Page::Docs => texts::docs(site, asked),
        Page::Introduction => texts::introduction(site, asked),
        Page::Help => texts::help(site, asked),
        Page::Passwd => texts::passwd(site, asked),
        Page::Control => control::answer(site, asked).await,
        Page::Metrics => data::metrics(site).await,
        Page::Status => data::status(site).await,
        Page::GlobalSettings => global_settings::answer(site, asked).await,
        Page::RealServersSide => real_servers_side::answer(site, asked),
        Page::Firewall => firewall::answer(site, asked),
        Page::FileText => file_text::answer(site, asked),
        Page::Redundancy => redundancy::answer(site, asked).await,
        Page::RealServers => real_servers::answer(site, asked).await,
        Page::RealServer => real_server::answer(site, asked).await,
        Page::VirtualServer => virtual_server::answer(site, asked).await,
        Page::Versions => versions::answer(site, asked).await,
        Page::LvsError => trouble::of_the_file(site, asked),
        Page::VirtualServers => sections::virtual_servers(site, asked).await,
        Page::MonitoringScripts => monitoring_scripts::answer(site, asked).await,
        Page::FailoverServices => sections::failover_services(site, asked).await,
        Page::FailoverService => failover_service::answer(site, asked).await,
        Page::FailoverAll => Answer::see(Page::FailoverServices),
    }
}

/// On pages that edit: with the reason why nothing can be saved, if that is so (specification gui.md 6.16).
async fn unlocked<'a>(site: &Site, asked: &'a Asked) -> Cow<'a, Asked> {
    if asked.method != Method::Get || !asked.page.is_editor() {
        return Cow::Borrowed(asked);
    }
    match site.helper.able().await.and_then(|able| able.save) {
        None => Cow::Borrowed(asked),
        locked => Cow::Owned(Asked { locked, ..asked.clone() }),
    }
}

/// The file for a page that shows or edits it; or the page that says what is wrong with it.
pub(crate) fn file(site: &Site, asked: &Asked) -> Result<Arc<Present>, Answer> {
    let present = site.file.present().map_err(|error| trouble::unreadable(site, asked, &error))?;
    match &present.config {
        Err(errors) if !present.is_empty() => Err(trouble::refused(site, asked, &present, errors)),
        _ => Ok(present),
    }
}

/// Leads on to a page that tells what was done, or why not.
pub(crate) fn tell(site: &Site, asked: &Asked, notice: Notice, there: Answer) -> Answer {
    site.notices.leave(&asked.client.notices(), notice);
    there
}

/// A button was pressed, and no row is ticked.
pub(crate) fn tick_first(what: &str) -> Notice {
    Notice::new(Tone::Refused, format!("nothing was done: tick a {what} first, then press the button"))
}

/// What a form is about is not in the file any more.
pub(crate) fn moved(what: &str) -> Notice {
    let line = format!(
        "nothing was done: the file was changed meanwhile, and the {what} that you meant is not there under \
         that name, or not alone. This is how the file is now"
    );
    Notice::new(Tone::Refused, line)
}

/// What is to be deleted is not as it was shown.
pub(crate) fn changed(what: &str) -> Notice {
    let line = format!(
        "nothing was deleted: somebody else has changed this {what} meanwhile. This is how it is now"
    );
    Notice::new(Tone::Warning, line)
}

/// An address with a button in it was opened (specification gui.md 5, R2).
pub(crate) fn nothing_done(button: &str) -> Notice {
    let line =
        format!("nothing was saved: opening an address changes nothing. Press {button} below to go on");
    Notice::new(Tone::Warning, line)
}

/// An address and its device.
pub(crate) fn two_words(value: &str) -> (String, String) {
    let (address, device) = value.split_once(' ').unwrap_or((value, ""));
    (address.to_owned(), device.to_owned())
}

/// Fields as the file has them, or as they were typed and not saved.
pub(crate) fn typed(fields: Vec<Field>, form: &Parameters, typed: Option<&Problems>) -> Vec<Field> {
    match typed {
        Some(problems) => fields.into_iter().map(|field| field.typed(form, problems)).collect(),
        None => fields,
    }
}

/// Whether failover services are in force, and not virtual servers.
pub(crate) fn is_fos(present: &Present) -> bool {
    present.config.as_ref().is_ok_and(|config| config.service == Service::Fos)
}

/// Around the pages of one virtual server.
pub(crate) fn of_virtual_server(site: &Site, asked: &Asked, present: &Present, number: usize) -> Frame {
    let mut frame = Frame::of(site, asked);
    if is_fos(present) {
        frame.tell(Tone::Warning, "the file says service = fos: virtual servers are not in force");
    } else {
        frame.section = Some(number);
    }
    frame
}
