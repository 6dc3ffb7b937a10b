//! What is around every page (specification gui.md 4).

use crate::asked::Asked;
use crate::notice::{Notice, Tone};
use crate::own;
use crate::page::{Page, Tab};
use crate::site::Site;

/// The values of `templates/frame.html`. Each page's template has one as `frame`.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) page: Page,
    pub(crate) style: String,
    pub(crate) notices: Vec<Notice>,
    /// Others can read what is sent here.
    pub(crate) exposed: bool,
    /// Value of a refresh element, as in `10;control.php?auto_update=1&rate=10`.
    pub(crate) refresh: Option<String>,
    /// Where `service = fos`, the fourth tab is FAILOVER.
    pub(crate) fos: bool,
    /// Number of the virtual server in whose pages this one is.
    pub(crate) section: Option<usize>,
    /// Why nothing can be saved from here; all buttons that would are disabled then.
    pub(crate) locked: Option<String>,
    /// Goes into every form.
    pub(crate) token: String,
}

impl Frame {
    /// Around the page that was asked for, with the notices that wait for it.
    pub(crate) fn of(site: &Site, asked: &Asked) -> Self {
        let elsewhere = elsewhere(site, asked).into_iter();
        Self {
            page: asked.page,
            style: site.style.clone(),
            notices: site.notices.take(&asked.client.notices()).into_iter().chain(elsewhere).collect(),
            exposed: asked.client.is_exposed(),
            refresh: None,
            fos: is_fos(site),
            section: None,
            locked: asked.locked.clone(),
            token: site.tokens.make(&asked.client.user, asked.page),
        }
    }

    /// The four tabs: where they lead, what is on them, whether this is the one.
    pub(crate) fn tabs(&self) -> [(String, &'static str, bool); 4] {
        let (servers, name) = if self.fos {
            (Page::FailoverServices, "FAILOVER")
        } else {
            (Page::VirtualServers, "VIRTUAL SERVERS")
        };
        [
            (Page::Control, "CONTROL/MONITORING", Tab::Control),
            (Page::GlobalSettings, "GLOBAL SETTINGS", Tab::Global),
            (Page::Redundancy, "REDUNDANCY", Tab::Redundancy),
            (servers, name, Tab::Servers),
        ]
        .map(|(page, name, tab)| (page.link(), name, self.page.tab() == Some(tab)))
    }

    /// The bar below the tabs on the pages of one virtual server or failover service.
    pub(crate) fn section_links(&self) -> Vec<(String, &'static str, bool)> {
        let Some(number) = self.section else { return Vec::new() };
        let pages: &[(Page, &'static str)] = if self.fos {
            &[(Page::FailoverService, "FAILOVER"), (Page::MonitoringScripts, "MONITORING SCRIPTS")]
        } else {
            &[
                (Page::VirtualServer, "VIRTUAL SERVER"),
                (Page::RealServers, "REAL SERVER"),
                (Page::MonitoringScripts, "MONITORING SCRIPTS"),
            ]
        };
        let here = |page| page == self.page || (page == Page::RealServers && self.page == Page::RealServer);
        pages
            .iter()
            .map(|&(page, name)| (format!("{}?selected_host={number}", page.link()), name, here(page)))
            .collect()
    }

    /// Puts one more notice above the page.
    pub(crate) fn tell(&mut self, tone: Tone, line: impl Into<String>) {
        self.notices.push(Notice::new(tone, line));
    }
}

/// On pages that edit: that this is the copy of another router, with a link to the same page there (F23).
fn elsewhere(site: &Site, asked: &Asked) -> Option<Notice> {
    let present = site.file.present().ok().filter(|_| asked.page.is_editor())?;
    let words = present.values.get(lvs_cf::Place::File, "primary")?;
    let primary = words.first()?.to_str_lossy().into_owned();
    if !own::is_elsewhere(&primary, &own::addresses(), &own::host_name()) {
        return None;
    }
    let line = format!(
        "this machine is not the primary router ({primary}): what is changed here stays here, and the two files differ then"
    );
    let notice = Notice::new(Tone::Warning, line);
    let scheme = if asked.client.encrypted { "https" } else { "http" };
    let Some(host) = own::in_url(&primary) else { return Some(notice) };
    let page = format!("{scheme}://{host}:{}{}", asked.client.local.port(), asked.page.link());
    let numbers =
        ["selected_host", "selected"].map(|name| Some(format!("{name}={}", asked.parameters.index(name)?)));
    let numbers = numbers.into_iter().flatten().collect::<Vec<_>>().join("&");
    let page = if numbers.is_empty() { page } else { format!("{page}?{numbers}") };
    Some(notice.link(page, format!("Open this page on {primary}")))
}

fn is_fos(site: &Site) -> bool {
    let present = site.file.present().ok();
    present
        .and_then(|present| present.values.get(lvs_cf::Place::File, "service"))
        .is_some_and(|words| matches!(&words[..], [word] if *word == "fos"))
}
