//! What is around every page (specification gui.md 4).

use crate::asked::Asked;
use crate::notice::{Notice, Tone};
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
        Self {
            page: asked.page,
            style: site.style.clone(),
            notices: site.notices.take(&asked.client.notices()),
            exposed: asked.client.is_exposed(),
            refresh: None,
            fos: is_fos(site),
            section: None,
            locked: None,
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

fn is_fos(site: &Site) -> bool {
    let present = site.file.present().ok();
    present
        .and_then(|present| present.values.get(lvs_cf::Place::File, "service"))
        .is_some_and(|words| matches!(&words[..], [word] if *word == "fos"))
}
