//! A configuration file in the layout that Piranha's web tool writes ("Piranha's file format", section 11.2).
//!
//! Deliberately not the house's own writer: a test must not check a program with itself.

use std::fmt;

/// The file.
#[derive(Debug, Clone, Default)]
pub struct LvsCf {
    settings: Settings,
    /// Its `virtual` sections.
    pub virtual_servers: Vec<VirtualServer>,
}

/// A `virtual` section.
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
        self.0.iter().try_for_each(|(key, value)| writeln!(out, "{indent}{key} = {value}"))
    }
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
    /// Sets a key of the section.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.set(key, value);
    }
}

impl fmt::Display for LvsCf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.write(out, "")?;
        self.virtual_servers.iter().try_for_each(|section| section.fmt(out))
    }
}

impl fmt::Display for VirtualServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "virtual {} {{", self.name)?;
        self.settings.write(out, "     ")?;
        for server in &self.real_servers {
            writeln!(out, "     server {} {{", server.name)?;
            server.settings.write(out, "         ")?;
            writeln!(out, "     }}")?;
        }
        writeln!(out, "}}")
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
        assert_eq!(
            file.to_string(),
            "serial_no = 40\nservice = lvs\nvirtual web {\n     active = 1\n     port = 80\n     server one {\n         \
             address = 10.0.0.1\n         active = 1\n         weight = 2\n     }\n}\n"
        );
    }
}
