//! What a new section begins as (specification gui.md 7.4), in the order in which it is written (7.3).

use std::collections::HashSet;

use lvs_cf::{Form, Place};

use crate::edit::Edit;
use crate::file::Present;
use crate::list::name_of;

type Begin = &'static [(&'static str, &'static [&'static str])];

const VIRTUAL_SERVER: Begin = &[
    ("active", &["0"]),
    ("address", &["0.0.0.0", "eth0:1"]),
    ("port", &["80"]),
    ("send", &[r"GET / HTTP/1.0\r\n\r\n"]),
    ("expect", &["HTTP"]),
    ("use_regex", &["0"]),
    ("load_monitor", &["none"]),
    ("scheduler", &["wlc"]),
    ("protocol", &["tcp"]),
    ("timeout", &["6"]),
    ("reentry", &["15"]),
    ("quiesce_server", &["0"]),
];

const REAL_SERVER: Begin = &[("address", &["0.0.0.0"]), ("active", &["0"]), ("weight", &["1"])];

const FAILOVER_SERVICE: Begin = &[
    ("address", &["0.0.0.0", "eth0:1"]),
    ("vip_nmask", &["255.255.255.0"]),
    ("active", &["0"]),
    ("port", &["80"]),
    ("timeout", &["6"]),
    ("send", &[r"GET / HTTP/1.0\r\n\r\n"]),
    ("expect", &["HTTP"]),
    ("start_cmd", &["/etc/rc.d/init.d/httpd start"]),
    ("stop_cmd", &["/etc/rc.d/init.d/httpd stop"]),
];

/// Adds a virtual server behind the last one.
pub(crate) fn add_virtual_server(edit: &mut Edit, present: &Present) {
    let names =
        (0..present.values.virtual_servers()).map(|index| name_of(&present.values, Place::Virtual(index)));
    let name = free("[server_name]", &names.collect());
    let added =
        edit.make("", format!("virtual server {name} added"), |file| file.add_virtual(&name, Form::Ordinary));
    begin(edit, added, VIRTUAL_SERVER);
}

/// Adds a failover service behind the last one.
pub(crate) fn add_failover_service(edit: &mut Edit, present: &Present) {
    let names =
        (0..present.values.failover_services()).map(|index| name_of(&present.values, Place::Failover(index)));
    let name = free("[server_name]", &names.collect());
    let added = edit
        .make("", format!("failover service {name} added"), |file| file.add_failover(&name, Form::Ordinary));
    begin(edit, added, FAILOVER_SERVICE);
}

/// Adds a real server to a virtual server, behind its last one.
pub(crate) fn add_real_server(edit: &mut Edit, present: &Present, section: usize) {
    let servers = 0..present.values.real_servers(section);
    let names = servers.map(|index| name_of(&present.values, Place::Server(section, index)));
    let name = free("[unnamed]", &names.collect());
    let change = format!("real server {name} added");
    let added = edit.make("", change, |file| file.add_server(section, &name, Form::Ordinary));
    begin(edit, added, REAL_SERVER);
}

fn begin(edit: &mut Edit, added: Option<Place>, begin: Begin) {
    let Some(place) = added else { return };
    let told = edit.changes.len();
    edit.in_section(place, |edit, place| {
        for (keyword, words) in begin {
            edit.make("", String::new(), |section| section.set(place, keyword, words));
        }
    });
    edit.changes.truncate(told);
}

/// The name, or, since forms name the block that they edit, the name with a number (`[server_name2]`).
fn free(name: &str, taken: &HashSet<String>) -> String {
    let numbered = |number: usize| match name.strip_suffix(']') {
        Some(open) => format!("{open}{number}]"),
        None => format!("{name}{number}"),
    };
    std::iter::once(name.to_owned())
        .chain((2..=taken.len() + 2).map(numbered))
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str, add: impl FnOnce(&mut Edit, &Present)) -> String {
        let present = Present::of(text.as_bytes());
        let mut edit = Edit::of(&present);
        add(&mut edit, &present);
        assert!(edit.problems.is_empty(), "{:?}", edit.problems);
        edit.document.raise_serial_no().unwrap();
        let config = lvs_cf::Config::parse(edit.document.as_bytes(), &lvs_cf::NumbersOnly);
        assert!(config.is_ok(), "{config:?}");
        String::from_utf8(edit.document.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_file_made_from_nothing_looks_like_the_original_s() {
        let one = added("", add_virtual_server);
        let two = added(&one, |edit, present| add_real_server(edit, present, 0));
        insta::assert_snapshot!(two, @r#"
        serial_no = 2
        virtual [server_name] {
             active = 0
             address = 0.0.0.0 eth0:1
             port = 80
             send = "GET / HTTP/1.0\r\n\r\n"
             expect = "HTTP"
             use_regex = 0
             load_monitor = none
             scheduler = wlc
             protocol = tcp
             timeout = 6
             reentry = 15
             quiesce_server = 0
             server [unnamed] {
                 address = 0.0.0.0
                 active = 0
                 weight = 1
             }
        }
        "#);
    }

    #[test]
    fn a_failover_service_begins_as_in_the_original() {
        insta::assert_snapshot!(added("service = fos\n", add_failover_service), @r#"
        serial_no = 1
        service = fos
        failover [server_name] {
             address = 0.0.0.0 eth0:1
             vip_nmask = 255.255.255.0
             active = 0
             port = 80
             timeout = 6
             send = "GET / HTTP/1.0\r\n\r\n"
             expect = "HTTP"
             start_cmd = "/etc/rc.d/init.d/httpd start"
             stop_cmd = "/etc/rc.d/init.d/httpd stop"
        }
        "#);
    }

    #[test]
    fn names_are_not_given_twice() {
        let two = added(&added("", add_virtual_server), add_virtual_server);
        let three = added(&two, add_virtual_server);
        assert!(three.contains("virtual [server_name] {") && three.contains("virtual [server_name2] {"));
        assert!(three.contains("virtual [server_name3] {"), "{three}");
    }
}
