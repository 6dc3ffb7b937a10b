//! The rules of one place, and what they decide (gui.md 9).

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::directive::Directive;
use crate::host::Host;
use crate::unhonoured::{Collection, Unhonoured};

/// The names of clients, for rules that name hosts or domains.
///
/// Asking a name server takes time and may be asynchronous. So whoever decides asks [`Rules::needs_names`] first, looks
/// up what is needed, and hands in the answers; a closure is a `Names`.
pub trait Names {
    /// The names of a client that stood the double look-up: its address leads to the name, and that name leads to the
    /// address. None if there are none or nobody could tell in time.
    fn of(&mut self, client: IpAddr) -> Vec<String>;
}

impl<F: FnMut(IpAddr) -> Vec<String>> Names for F {
    fn of(&mut self, client: IpAddr) -> Vec<String> {
        self(client)
    }
}

/// Whether a client may go on (to the login, where there is one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// It gets 403, and no password prompt.
    Refused,
}

/// `Order`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// Allowed, unless denied and not allowed.
    #[default]
    DenyAllow,
    /// Refused, unless allowed and not denied.
    AllowDeny,
}

/// `Require`, as far as it is about addresses. One that holds is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Host(Host),
    Local,
    Denied,
}

/// Whether to take rules that name hosts as fulfilled.
#[derive(Clone, Copy)]
enum Named<'a> {
    /// For `Deny`, and for `Allow` and `Require`.
    Assumed(bool, bool),
    Known(&'a [String]),
}

/// What the lines of one `.htaccess` or of one block of `httpd.conf` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    order: Option<Order>,
    allow: Vec<Host>,
    deny: Vec<Host>,
    requirements: Vec<Requirement>,
    faults: Vec<Unhonoured>,
    auth_user_file: Option<PathBuf>,
    auth_name: Option<String>,
}

impl Rules {
    /// Whether anything here is about addresses: if so it replaces the outer levels whole (gui.md 15). Lines that are not
    /// understood count, lines about the login do not.
    pub fn has_access_rule(&self) -> bool {
        self.is_by_order() || !self.requirements.is_empty() || !self.faults.is_empty()
    }

    /// The lines that were not understood. While there are any, everybody but loopback is refused.
    pub fn faults(&self) -> &[Unhonoured] {
        &self.faults
    }

    /// `AuthUserFile`, as it stands there.
    pub fn auth_user_file(&self) -> Option<&Path> {
        self.auth_user_file.as_deref()
    }

    /// `AuthName`.
    pub fn auth_name(&self) -> Option<&str> {
        self.auth_name.as_deref()
    }

    /// Whether the decision about this client hangs on its names.
    pub fn needs_names(&self, client: IpAddr) -> bool {
        let named = |deny, allow| self.allows(client, Named::Assumed(deny, allow));
        let without = named(false, false);
        [(false, true), (true, false), (true, true)]
            .iter()
            .any(|&(deny, allow)| named(deny, allow) != without)
    }

    /// The decision about a client. IPv6 addresses that stand for IPv4 ones count as those.
    pub fn decide(&self, client: IpAddr, names: &mut impl Names) -> Decision {
        let names = if self.needs_names(client) { names.of(client) } else { Vec::new() };
        if self.allows(client, Named::Known(&names)) { Decision::Allowed } else { Decision::Refused }
    }

    fn is_by_order(&self) -> bool {
        self.order.is_some() || !self.allow.is_empty() || !self.deny.is_empty()
    }

    fn allows(&self, client: IpAddr, named: Named) -> bool {
        if !self.faults.is_empty() {
            return is_local(client);
        }
        self.order_allows(client, named) && self.requirements_allow(client, named)
    }

    fn order_allows(&self, client: IpAddr, named: Named) -> bool {
        let (deny_named, allow_named) = named.parts();
        let denied = || self.deny.iter().any(|host| deny_named.is(host, client));
        let allowed = || self.allow.iter().any(|host| allow_named.is(host, client));
        match self.order.unwrap_or_default() {
            _ if !self.is_by_order() => true,
            Order::DenyAllow => !denied() || allowed(),
            Order::AllowDeny => allowed() && !denied(),
        }
    }

    fn requirements_allow(&self, client: IpAddr, named: Named) -> bool {
        let (_, named) = named.parts();
        let holds = |requirement: &Requirement| match requirement {
            Requirement::Host(host) => named.is(host, client),
            Requirement::Local => is_local(client),
            Requirement::Denied => false,
        };
        self.requirements.is_empty() || self.requirements.iter().any(holds)
    }

    /// Takes a line if it is one about access, understood or not. Else hands it back.
    pub(crate) fn take(&mut self, directive: Directive) -> Result<(), Directive> {
        let understood = match directive.name.as_str() {
            "order" => self.take_order(&directive),
            "allow" => hosts(&directive.words).map(|hosts| self.allow.extend(hosts)),
            "deny" => hosts(&directive.words).map(|hosts| self.deny.extend(hosts)),
            "require" => self.take_requirement(&directive.words),
            "authname" => directive.only_word().map(|name| self.auth_name = Some(name.to_owned())),
            "authuserfile" => directive.only_word().map(|file| self.auth_user_file = Some(file.into())),
            // There is one way to log in, and no groups.
            "authtype" | "authgroupfile" => directive.only_word().map(drop),
            _ => return Err(directive),
        };
        if understood.is_none() {
            self.fault(directive.line, &directive.text);
        }
        Ok(())
    }

    /// From now on only loopback is let in.
    pub(crate) fn fault(&mut self, line: usize, text: &str) {
        let mut faults = Collection::default();
        faults.add("", line, text);
        // More would tell nothing new.
        if self.faults.len() < 100 {
            self.faults.extend(faults.into_lines());
        }
    }

    /// The rules of another block for the same place, as if they stood below these.
    pub(crate) fn join(&mut self, later: Self) {
        self.order = later.order.or(self.order);
        self.allow.extend(later.allow);
        self.deny.extend(later.deny);
        self.requirements.extend(later.requirements);
        self.faults.extend(later.faults);
        self.auth_user_file = later.auth_user_file.or_else(|| self.auth_user_file.take());
        self.auth_name = later.auth_name.or_else(|| self.auth_name.take());
    }

    /// What an outer place says counts for what this one does not say: who may come, and each line about the login.
    pub(crate) fn fall_back_to(&mut self, outer: Self) {
        let Self { auth_user_file, auth_name, .. } = self.clone();
        if !self.has_access_rule() {
            *self = outer.clone();
        }
        self.auth_user_file = auth_user_file.or(outer.auth_user_file);
        self.auth_name = auth_name.or(outer.auth_name);
    }

    fn take_order(&mut self, directive: &Directive) -> Option<()> {
        let order = directive.only_word()?.to_ascii_lowercase();
        self.order = Some(match order.as_str() {
            "deny,allow" => Order::DenyAllow,
            "allow,deny" => Order::AllowDeny,
            _ => return None,
        });
        Some(())
    }

    fn take_requirement(&mut self, words: &[String]) -> Option<()> {
        let (what, words) = words.split_first()?;
        let all = |of: fn(&str) -> Option<Host>| {
            let hosts: Option<Vec<_>> = words.iter().map(|word| of(word).map(Requirement::Host)).collect();
            hosts.filter(|hosts| !hosts.is_empty())
        };
        let requirements = match (what.to_ascii_lowercase().as_str(), words) {
            ("ip", _) => all(Host::address)?,
            ("host", _) => all(Host::name)?,
            ("local", []) => vec![Requirement::Local],
            ("all", [word]) if word.eq_ignore_ascii_case("granted") => vec![Requirement::Host(Host::All)],
            ("all", [word]) if word.eq_ignore_ascii_case("denied") => vec![Requirement::Denied],
            // The login is needed anyway, and only `piranha` is let in: nothing to add, nothing to take away.
            ("user", [_, ..]) | ("valid-user", []) => Vec::new(),
            _ => return None,
        };
        self.requirements.extend(requirements);
        Some(())
    }
}

impl Named<'_> {
    /// As it is for `Deny`, and for `Allow` and `Require`.
    fn parts(self) -> (Self, Self) {
        match self {
            Self::Assumed(deny, allow) => (Self::Assumed(deny, deny), Self::Assumed(allow, allow)),
            known @ Self::Known(_) => (known, known),
        }
    }

    fn is(self, host: &Host, client: IpAddr) -> bool {
        match self {
            Self::Assumed(is, _) if host.is_name() => is,
            Self::Known(names) if host.is_name() => names.iter().any(|name| host.has_name(name)),
            _ => host.has(client),
        }
    }
}

/// Loopback of either family.
fn is_local(client: IpAddr) -> bool {
    client.to_canonical().is_loopback()
}

/// `from HOST ...`
fn hosts(words: &[String]) -> Option<Vec<Host>> {
    let (from, hosts) = words.split_first()?;
    if !from.eq_ignore_ascii_case("from") || hosts.is_empty() {
        return None;
    }
    hosts.iter().map(|host| Host::any(host)).collect()
}
