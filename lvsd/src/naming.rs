//! Which real server an administrator means. Pure.

use std::fmt;
use std::net::SocketAddr;

use ipvs::ServiceKey;

use crate::plan::{MonitorKey, Plan, Started};

/// Names that a refusal lists at most.
const MOST_LISTED: usize = 20;

/// The real server that is called `VIRTUAL/REAL`: names of sections of the file, or `ADDRESS:PORT` in place of a name.
///
/// # Errors
///
/// For people: no real server is called so, or several are; and what there is.
pub(crate) fn find(plan: &Plan, asked: &str) -> Result<MonitorKey, String> {
    // A name may hold a slash itself.
    let cuts: Vec<_> = asked.match_indices('/').collect();
    let readings: Vec<(Word, Word)> =
        cuts.iter().map(|(at, _)| (Word::new(&asked[..*at]), Word::new(&asked[at + 1..]))).collect();
    if readings.is_empty() {
        return Err(format!("{asked:?} names no real server: say VIRTUAL/REAL, for example web/one"));
    }
    let mut matching =
        all(plan).filter(|server| readings.iter().any(|(v, r)| server.is_of(v) && server.is(r)));
    match (matching.next(), matching.next()) {
        (Some(one), None) => Ok(one.monitor),
        (Some(one), Some(another)) => {
            let all = [one, another].into_iter().chain(matching);
            Err(format!("{asked:?} means several real servers, name it by its address: {}", listed(all)))
        }
        (None, _) => Err(unknown(plan, asked, &readings)),
    }
}

/// A virtual server that somebody means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// Its name in the file.
    pub(crate) name: String,
    /// Its service in the kernel.
    pub(crate) service: ServiceKey,
}

/// The virtual server that is called so: its name in the file, its `ADDRESS:PORT`, or the kernel's service in the notation
/// of ipvsadm(8).
///
/// # Errors
///
/// For people: none is called so, or several are; and what there is.
pub(crate) fn find_virtual(plan: &Plan, asked: &str) -> Result<Named, String> {
    let word = Word::new(asked);
    let is_meant = |server: &&Started| {
        server.name == word.text
            || (word.address.is_some() && word.address == server.address)
            || server.service.to_string() == word.text
    };
    let mut matching = plan.virtual_servers.iter().filter(is_meant);
    match (matching.next(), matching.next()) {
        (Some(one), None) => Ok(Named { name: one.name.clone(), service: one.service }),
        (Some(one), Some(another)) => {
            let services = [one, another].into_iter().chain(matching).map(|server| server.service);
            Err(format!("{asked:?} means several virtual servers, name its service: {}", listed(services)))
        }
        (None, _) => {
            let names = plan.virtual_servers.iter().map(|server| &server.name);
            Err(format!("no active virtual server is called {asked:?}; there are: {}", listed(names)))
        }
    }
}

fn unknown(plan: &Plan, asked: &str, readings: &[(Word, Word)]) -> String {
    let siblings =
        || all(plan).filter(|server| readings.iter().any(|(virtual_server, _)| server.is_of(virtual_server)));
    if siblings().next().is_some() {
        return format!("no active real server is called {asked:?}; there are: {}", listed(siblings()));
    }
    let names = plan.virtual_servers.iter().map(|virtual_server| &virtual_server.name);
    format!(
        "no active virtual server with real servers is called so: {asked:?}; there are: {}",
        listed(names)
    )
}

/// One half of what was asked.
#[derive(Debug)]
struct Word<'a> {
    text: &'a str,
    address: Option<SocketAddr>,
}

impl<'a> Word<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, address: text.parse().ok() }
    }
}

/// A real server of a virtual server, as it can be called.
#[derive(Debug)]
struct Called<'a> {
    virtual_server: &'a str,
    virtual_address: Option<SocketAddr>,
    real_server: &'a str,
    real_address: SocketAddr,
    monitor: MonitorKey,
}

impl<'a> Called<'a> {
    fn new(plan: &'a Plan, virtual_server: &'a Started, monitor: &MonitorKey) -> Option<Self> {
        let (real_address, real_port) = monitor.real_server;
        Some(Self {
            virtual_server: &virtual_server.name,
            virtual_address: virtual_server.address,
            real_server: virtual_server.name_of(plan.monitors.get(monitor)?),
            real_address: SocketAddr::new(real_address, real_port),
            monitor: *monitor,
        })
    }

    fn is_of(&self, word: &Word) -> bool {
        word.text == self.virtual_server || (word.address.is_some() && word.address == self.virtual_address)
    }

    fn is(&self, word: &Word) -> bool {
        word.text == self.real_server || word.address == Some(self.real_address)
    }
}

/// `web/one (192.0.2.1:80/10.0.0.2:80)`
impl fmt::Display for Called<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { virtual_server, virtual_address, real_server, real_address, .. } = self;
        write!(out, "{virtual_server}/{real_server} (")?;
        match virtual_address {
            Some(address) => write!(out, "{address}/{real_address})"),
            None => write!(out, "{real_address})"),
        }
    }
}

fn all(plan: &Plan) -> impl Iterator<Item = Called<'_>> {
    plan.virtual_servers.iter().flat_map(move |virtual_server| {
        let monitors = virtual_server.real_servers.iter();
        monitors.filter_map(move |monitor| Called::new(plan, virtual_server, monitor))
    })
}

fn listed(items: impl Iterator<Item: fmt::Display>) -> String {
    let mut items = items.map(|item| item.to_string());
    let mut list: Vec<String> = items.by_ref().take(MOST_LISTED).collect();
    let more = items.count();
    if more > 0 {
        list.push(format!("and {more} more"));
    }
    if list.is_empty() { "none".to_owned() } else { list.join(", ") }
}

#[cfg(test)]
mod tests {
    use lvs_cf::{Config, NumbersOnly};

    use super::{find, find_virtual};
    use crate::plan::{Mode, Plan};

    /// `web` and `dns` on one address; two real servers of `dns` have one name.
    fn plan() -> Plan {
        let mut text = String::new();
        for (name, port, servers) in
            [("web", 80, vec![("one", 1), ("a/b", 2)]), ("dns", 53, vec![("one", 1), ("one", 2)])]
        {
            let head = format!("virtual {name} {{\nactive = 1\naddress = 10.0.0.9 eth0:1\nport = {port}\n");
            text.push_str(&head);
            for (server, n) in servers {
                let section = format!("server {server} {{\naddress = 10.0.1.{n}\nactive = 1\n}}\n");
                text.push_str(&section);
            }
            text.push_str("}\n");
        }
        let config = Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config;
        Plan::new(&config, Mode { nodaemon: false, verbose: false })
    }

    fn found(asked: &str) -> String {
        let (address, port) = find(&plan(), asked).unwrap().real_server;
        format!("{address}:{port}")
    }

    #[test]
    fn names_and_addresses_stand_for_each_other() {
        for asked in ["web/one", "10.0.0.9:80/one", "web/10.0.1.1:80", "10.0.0.9:80/10.0.1.1:80"] {
            assert_eq!(found(asked), "10.0.1.1:80", "{asked}");
        }
        assert_eq!(found("web/a/b"), "10.0.1.2:80");
        assert_eq!(found("dns/10.0.1.2:53"), "10.0.1.2:53");
    }

    #[test]
    fn a_virtual_server_has_three_names() {
        for asked in ["web", "10.0.0.9:80", "-t 10.0.0.9:80"] {
            assert_eq!(find_virtual(&plan(), asked).unwrap().name, "web", "{asked}");
        }
        let refused = find_virtual(&plan(), "wbe").unwrap_err();
        insta::assert_snapshot!(refused, @r#"no active virtual server is called "wbe"; there are: web, dns"#);
    }

    #[test]
    fn what_is_not_one_real_server_is_refused_with_what_there_is() {
        let refused = |asked| find(&plan(), asked).unwrap_err();
        insta::assert_snapshot!(refused("one"), @r#""one" names no real server: say VIRTUAL/REAL, for example web/one"#);
        insta::assert_snapshot!(refused("wbe/one"), @r#"no active virtual server with real servers is called so: "wbe/one"; there are: web, dns"#);
        insta::assert_snapshot!(refused("web/tow"), @r#"no active real server is called "web/tow"; there are: web/one (10.0.0.9:80/10.0.1.1:80), web/a/b (10.0.0.9:80/10.0.1.2:80)"#);
        insta::assert_snapshot!(refused("dns/one"), @r#""dns/one" means several real servers, name it by its address: dns/one (10.0.0.9:53/10.0.1.1:53), dns/one (10.0.0.9:53/10.0.1.2:53)"#);
    }
}
