//! Which of the four places counts (gui.md 15).

use std::net::IpAddr;
use std::path::Path;

use crate::rules::{Decision, Names, Rules};
use crate::unhonoured::Unhonoured;

/// The places that may say who may see the pages; `None` where there is no such file or block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels<'a> {
    /// `web/secure/.htaccess`
    pub secure_file: Option<&'a Rules>,
    /// The block of `web/secure` in `httpd.conf` ([`crate::Settings::secure`]).
    pub secure_block: Option<&'a Rules>,
    /// `web/.htaccess`
    pub web_file: Option<&'a Rules>,
    /// The block of `web` in `httpd.conf` ([`crate::Settings::web`]).
    pub web_block: Option<&'a Rules>,
}

/// What holds for a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effective<'a> {
    rules: Option<&'a Rules>,
    /// The nearest `AuthUserFile`; `None` for the usual file. Relative to `ServerRoot` if not absolute.
    pub auth_user_file: Option<&'a Path>,
    /// The nearest `AuthName`; `None` for the usual realm.
    pub auth_name: Option<&'a str>,
}

impl<'a> Levels<'a> {
    /// For pages under `/secure/`, which need a login besides, whatever any file says.
    pub fn secure(&self) -> Effective<'a> {
        Effective::nearest([self.secure_file, self.secure_block, self.web_file, self.web_block])
    }

    /// For the open pages.
    pub fn open(&self) -> Effective<'a> {
        Effective::nearest([None, None, self.web_file, self.web_block])
    }
}

impl<'a> Effective<'a> {
    fn nearest(levels: [Option<&'a Rules>; 4]) -> Self {
        let levels = || levels.into_iter().flatten();
        Self {
            rules: levels().find(|rules| rules.has_access_rule()),
            auth_user_file: levels().find_map(Rules::auth_user_file),
            auth_name: levels().find_map(Rules::auth_name),
        }
    }

    /// As [`Rules::needs_names`].
    pub fn needs_names(&self, client: IpAddr) -> bool {
        self.rules.is_some_and(|rules| rules.needs_names(client))
    }

    /// As [`Rules::decide`]; where no place has a rule everybody is allowed, as in the `httpd.conf` that Piranha ships.
    pub fn decide(&self, client: IpAddr, names: &mut impl Names) -> Decision {
        self.rules.map_or(Decision::Allowed, |rules| rules.decide(client, names))
    }

    /// The lines because of which only loopback is let in.
    pub fn faults(&self) -> &'a [Unhonoured] {
        self.rules.map_or(&[], Rules::faults)
    }
}
