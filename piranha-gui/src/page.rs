//! The addresses of the pages (specification gui.md 2 and 3).

/// What is lit in the bar of tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Control,
    Global,
    Redundancy,
    Servers,
}

macro_rules! pages {
    ($($(#[$doc:meta])* $page:ident = $path:literal, $title:literal, $banner:literal, $tab:expr;)*) => {
        /// A page that has an address.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Page { $($(#[$doc])* $page,)* }

        impl Page {
            /// All of them, in the order of the map.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$page,)*];

            /// Its address, without the suffixes that it also has.
            pub(crate) fn path(self) -> &'static str {
                match self { $(Self::$page => $path,)* }
            }

            /// Behind the name of the tool in the browser's title.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$page => $title,)* }
            }

            /// In large letters above the page.
            pub(crate) fn banner(self) -> &'static str {
                match self { $(Self::$page => $banner,)* }
            }

            /// Its tab.
            pub(crate) fn tab(self) -> Option<Tab> {
                match self { $(Self::$page => $tab,)* }
            }
        }
    };
}

pages! {
    Welcome = "/", "WEB based Cluster configuration", "", None;
    AboutLogin = "/about_login", "Help", "ABOUT LOGIN", None;
    Docs = "/docs", "Documentation", "DOCUMENTATION", None;
    Introduction = "/secure/introduction", "Introduction", "INTRODUCTION", None;
    Help = "/secure/help", "Help file", "HELP", None;
    Control = "/secure/control", "Control/Monitoring", "CONTROL / MONITORING", Some(Tab::Control);
    Passwd = "/secure/passwd", "Help file", "PASSWORD", Some(Tab::Control);
    GlobalSettings = "/secure/global_settings", "Global Settings", "GLOBAL SETTINGS", Some(Tab::Global);
    Redundancy = "/secure/redundancy", "Redundancy", "REDUNDANCY", Some(Tab::Redundancy);
    VirtualServers = "/secure/virtual_main", "Virtual Servers", "VIRTUAL SERVERS", Some(Tab::Servers);
    VirtualServer = "/secure/virtual_edit_virt", "Virtual Servers - Editing virtual server", "EDIT VIRTUAL SERVER", Some(Tab::Servers);
    RealServers = "/secure/virtual_edit_real", "Virtual Servers - Editing real server", "EDIT REAL SERVER", Some(Tab::Servers);
    RealServer = "/secure/virtual_edit_real_edit", "Virtual servers - Editing virtual server - Editing real server", "EDIT REAL SERVER", Some(Tab::Servers);
    MonitoringScripts = "/secure/virtual_edit_services", "Virtual Servers - MONITORING SCRIPTS", "EDIT MONITORING SCRIPTS", Some(Tab::Servers);
    FailoverServices = "/secure/failover_main", "Failover", "FAILOVER", Some(Tab::Servers);
    FailoverService = "/secure/failover_edit_virt", "Virtual Servers - Editing failover server", "EDIT FAILOVER SERVICE", Some(Tab::Servers);
    FailoverAll = "/secure/failover", "Virtual Servers", "FAILOVER", Some(Tab::Servers);
    LvsError = "/secure/lvserror", "Help file", "ERROR", None;
    /// Kept versions, compared and restored (gui.md 15).
    Versions = "/secure/versions", "Versions", "VERSIONS OF LVS.CF", Some(Tab::Control);
    /// The file as text, with line numbers (gui.md 11).
    FileText = "/secure/file", "File", "LVS.CF", Some(Tab::Control);
    /// What each real server needs to know of its floating addresses.
    RealServersSide = "/secure/real_servers_side", "Real servers' side", "REAL SERVERS' SIDE", Some(Tab::Servers);
    /// What the firewall must let through and mark.
    Firewall = "/secure/firewall", "Firewall", "FIREWALL", Some(Tab::Global);
    /// The state in Prometheus' text format.
    Metrics = "/metrics", "", "", None;
    /// The state as JSON.
    Status = "/api/v1/status", "", "", None;
}

/// What stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Page(Page),
    /// It is somewhere else.
    Moved(Page),
    /// Nothing; whether it lies below `/secure/`.
    Nothing,
}

impl Place {
    /// Finds what stands at the path of a request: each page as `NAME`, `NAME.php`, `NAME.php3` and `NAME.html`, also
    /// below `/piranha`.
    pub(crate) fn at(path: &str) -> Self {
        let path = match path.strip_prefix("/piranha") {
            Some("") => return Self::Moved(Page::Welcome),
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        };
        let bare =
            [".php", ".php3", ".html"].iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path);
        match bare {
            "/index" => Self::Page(Page::Welcome),
            "/secure" | "/secure/" => Self::Moved(Page::Control),
            "/secure/failover" => Self::Moved(Page::FailoverServices),
            bare => Page::ALL
                .iter()
                .find(|page| page.path() == if page.is_readable() { path } else { bare })
                .map_or(Self::Nothing, |&page| Self::Page(page)),
        }
    }
}

impl Page {
    /// Whether it needs a login.
    pub(crate) fn is_secure(self) -> bool {
        self.path().starts_with("/secure/") || self.is_readable()
    }

    /// Whether it is for programs, which may have a user of their own (`reader` in `gui.conf`).
    pub(crate) fn is_readable(self) -> bool {
        matches!(self, Self::Metrics | Self::Status)
    }

    /// The anchor of one of its fields on the help page.
    pub(crate) fn anchor(self, field: &str) -> String {
        format!("{}-{field}", self.path().trim_start_matches("/secure/"))
    }

    /// Whether the file is edited on it.
    pub(crate) fn is_editor(self) -> bool {
        match self {
            Self::GlobalSettings | Self::Redundancy | Self::Versions => true,
            Self::RealServersSide => false,
            _ => self.tab() == Some(Tab::Servers),
        }
    }

    /// Its address as links name it: as the original's.
    pub(crate) fn link(self) -> String {
        match self {
            Self::Welcome => "/".to_owned(),
            Self::Metrics | Self::Status => self.path().to_owned(),
            Self::Docs | Self::Introduction => format!("{}.html", self.path()),
            _ => format!("{}.php", self.path()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_addresses_lead_to_their_pages() {
        for (path, page) in [
            ("/", Page::Welcome),
            ("/index.html", Page::Welcome),
            ("/piranha/", Page::Welcome),
            ("/secure/control.php", Page::Control),
            ("/secure/control.php3", Page::Control),
            ("/secure/control", Page::Control),
            ("/piranha/secure/virtual_main.php", Page::VirtualServers),
            ("/secure/introduction.html", Page::Introduction),
        ] {
            assert_eq!(Place::at(path), Place::Page(page), "{path}");
        }
        assert_eq!(Place::at("/piranha"), Place::Moved(Page::Welcome));
        assert_eq!(Place::at("/secure/"), Place::Moved(Page::Control));
        assert_eq!(Place::at("/secure/failover.php"), Place::Moved(Page::FailoverServices));
        for path in
            ["/secure/parse.php", "/server-info", "/piranhas/", "/secure/control.phpx", "/metrics.php"]
        {
            assert_eq!(Place::at(path), Place::Nothing, "{path}");
        }
        for page in Page::ALL.iter().filter(|&&page| page != Page::FailoverAll) {
            assert_eq!(Place::at(&page.link()), Place::Page(*page));
        }
    }
}
