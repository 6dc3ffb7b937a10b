//! A configuration file in the layout that Piranha's web tool writes ("Piranha's file format", section 11.2).
//!
//! What Piranha cannot read stands on extension lines (`#% ...`): an IPv6 address, a whole virtual server with an IPv6
//! address, and a key that is set as such (`#% scheduler`).
//!
//! Deliberately not the house's own writer: a test must not check a program with itself.

use std::fmt;
use std::net::Ipv6Addr;

/// Begins a line that is a comment to Piranha.
const EXTENSION: &str = "#% ";

/// The file.
#[derive(Debug, Clone, Default)]
pub struct LvsCf {
    settings: Settings,
    /// Its `virtual` sections.
    pub virtual_servers: Vec<VirtualServer>,
    /// Its `failover` sections, which have the same keys.
    pub failover_services: Vec<VirtualServer>,
}

/// A `virtual` or `failover` section.
#[derive(Debug, Clone)]
pub struct VirtualServer {
    name: String,
    settings: Settings,
    /// Its `server` sections.
    pub real_servers: Vec<RealServer>,
}

/// A `server` section.
#[derive(Debug, Clone)]
pub struct RealServer {
    name: String,
    settings: Settings,
}

/// Keys and values in the order in which they were first set.
#[derive(Debug, Clone, Default)]
struct Settings(Vec<(String, String)>);

impl Settings {
    fn set(&mut self, key: &str, value: &str) {
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((key.to_owned(), value.to_owned())),
        }
    }

    fn write(&self, out: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        self.0.iter().try_for_each(|(key, value)| {
            let mark = if is_ipv6(value) && !indent.starts_with(EXTENSION) { EXTENSION } else { "" };
            writeln!(out, "{indent}{mark}{key} = {value}")
        })
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }
}

/// Whether the first word of a value is an IPv6 address.
fn is_ipv6(value: &str) -> bool {
    value.split_whitespace().next().is_some_and(|word| word.parse::<Ipv6Addr>().is_ok())
}

impl LvsCf {
    /// Sets a global key.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.set(key, value);
        self
    }

    /// Sets a global key.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.set(key, value);
    }

    /// How many links carry heartbeats.
    pub(crate) fn links(&self) -> usize {
        if self.settings.0.iter().any(|(key, _)| key == "primary_private") { 2 } else { 1 }
    }

    /// The `virtual` section of this name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn virtual_server(&mut self, name: &str) -> &mut VirtualServer {
        let found = self.virtual_servers.iter_mut().find(|section| section.name == name);
        found.unwrap_or_else(|| panic!("no virtual server {name}"))
    }

    /// The `failover` section of this name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn failover_service(&mut self, name: &str) -> &mut VirtualServer {
        let found = self.failover_services.iter_mut().find(|section| section.name == name);
        found.unwrap_or_else(|| panic!("no failover service {name}"))
    }
}

impl VirtualServer {
    /// An empty section.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), settings: Settings::default(), real_servers: Vec::new() }
    }

    /// Sets a key of the section.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.set(key, value);
        self
    }

    /// Sets a key of the section.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.set(key, value);
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same section with another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Adds a `server` section: active, weight 1.
    pub fn add(&mut self, name: &str, address: &str) -> &mut RealServer {
        let mut server = RealServer { name: name.to_owned(), settings: Settings::default() };
        server.set("address", address);
        server.set("active", "1");
        server.set("weight", "1");
        self.real_servers.push(server);
        let last = self.real_servers.len() - 1;
        &mut self.real_servers[last]
    }

    /// The `server` section of this name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn real_server(&mut self, name: &str) -> &mut RealServer {
        let found = self.real_servers.iter_mut().find(|section| section.name == name);
        found.unwrap_or_else(|| panic!("no real server {name}"))
    }

    /// Removes the `server` section of this name.
    pub fn remove(&mut self, name: &str) {
        self.real_servers.retain(|section| section.name != name);
    }
}

impl RealServer {
    /// Gives it another name.
    pub fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Sets a key of the section.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.set(key, value);
    }
}

impl fmt::Display for LvsCf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.write(out, "")?;
        self.virtual_servers.iter().try_for_each(|section| section.write(out, "virtual"))?;
        self.failover_services.iter().try_for_each(|section| section.write(out, "failover"))
    }
}

impl VirtualServer {
    fn write(&self, out: &mut fmt::Formatter<'_>, kind: &str) -> fmt::Result {
        let mark = if self.settings.get("address").is_some_and(is_ipv6) { EXTENSION } else { "" };
        writeln!(out, "{mark}{kind} {} {{", self.name)?;
        self.settings.write(out, &format!("{mark}     "))?;
        for server in &self.real_servers {
            writeln!(out, "{mark}     server {} {{", server.name)?;
            server.settings.write(out, &format!("{mark}         "))?;
            writeln!(out, "{mark}     }}")?;
        }
        writeln!(out, "{mark}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::{LvsCf, VirtualServer};

    #[test]
    fn the_layout_is_that_of_the_web_tool() {
        let mut web = VirtualServer::new("web").with("active", "1").with("port", "80");
        web.add("one", "10.0.0.1").set("weight", "2");
        let mut file = LvsCf::default().with("serial_no", "40").with("service", "lvs");
        file.virtual_servers.push(web);
        file.failover_services.push(VirtualServer::new("mail").with("port", "25"));
        assert_eq!(
            file.to_string(),
            "serial_no = 40\nservice = lvs\nvirtual web {\n     active = 1\n     port = 80\n     server one {\n         \
             address = 10.0.0.1\n         active = 1\n         weight = 2\n     }\n}\nfailover mail {\n     port = 25\n}\n"
        );
    }

    #[test]
    fn what_piranha_cannot_read_stands_on_extension_lines() {
        let mut web = VirtualServer::new("web").with("active", "1").with("#% scheduler", "mh");
        web.add("one", "2001:db8::1");
        let mut six = VirtualServer::new("six").with("address", "2001:db8::10 eth0").with("active", "1");
        six.add("one", "2001:db8::1");
        let file = LvsCf { virtual_servers: vec![web, six], ..LvsCf::default() };
        assert_eq!(
            file.to_string(),
            "virtual web {\n     active = 1\n     #% scheduler = mh\n     server one {\n         \
             #% address = 2001:db8::1\n         active = 1\n         weight = 1\n     }\n}\n\
             #% virtual six {\n#%      address = 2001:db8::10 eth0\n#%      active = 1\n#%      server one {\n\
             #%          address = 2001:db8::1\n#%          active = 1\n#%          weight = 1\n#%      }\n#% }\n"
        );
    }
}
