//! The default that an entry names.

use lvs_cf::{Config, Place, VirtualServer};

use crate::complain;
use crate::level::{known, level, read, statement};
use crate::page::{Entry, Page};

/// Whether the reader leaves a keyword unset that the file does not have.
fn is_unset(place: Place, keyword: &str) -> bool {
    let config = read(place, "").expect("a file without statements");
    let Config { primary, primary_private, backup, backup_private, nat_router, .. } = &config;
    let of_section = |section: &VirtualServer| match keyword {
        "address" => section.address.is_none() && section.device.is_none(),
        "sorry_server" => section.sorry_server.is_none(),
        "vip_nmask" => section.vip_nmask.is_none(),
        "pmask" => section.pmask.is_none(),
        "send" => section.send.is_none(),
        "expect" => section.expect.is_none(),
        "send_program" => section.send_program.is_none(),
        "load_monitor" => section.load_monitor.is_none(),
        "start_cmd" => section.start_cmd.is_none(),
        "stop_cmd" => section.stop_cmd.is_none(),
        "master" => section.master.is_none(),
        "dirs" => section.dirs.is_none(),
        "check_interval" => section.check_interval.is_none(),
        "check_timeout" => section.check_timeout.is_none(),
        "rise" => section.rise.is_none(),
        "fall" => section.fall.is_none(),
        _ => false,
    };
    match place {
        Place::File => match keyword {
            "primary" => primary.address.is_none() && primary.name.is_none(),
            "primary_private" => primary_private.address.is_none() && primary_private.name.is_none(),
            "primary_shared" => config.primary_shared.is_none(),
            "backup" => backup.address.is_none() && backup.name.is_none(),
            "backup_private" => backup_private.address.is_none() && backup_private.name.is_none(),
            "backup_shared" => config.backup_shared.is_none(),
            "nat_router" => nat_router.address.is_none() && nat_router.device.is_none(),
            "nat_nmask" => config.nat_nmask.is_none(),
            "reservation_conflict_action" => config.reservation_conflict_action.is_none(),
            "active_cmd" => config.active_cmd.is_none(),
            "inactive_cmd" => config.inactive_cmd.is_none(),
            "heartbeat_key_file" => config.heartbeat_key_file.is_none(),
            "announce_refresh" => config.announce_refresh.is_none(),
            "nanny_pool" => config.nanny_pool.is_none(),
            _ => false,
        },
        Place::Virtual(_) => config.virtual_servers.first().is_some_and(of_section),
        Place::Failover(_) => config.failover.first().is_some_and(of_section),
        Place::Server(..) => {
            let server = config.virtual_servers.first().and_then(|section| section.servers.first());
            keyword == "address" && server.is_some_and(|server| server.address.is_none())
        }
    }
}

/// Whether the program that uses a keyword fills it in, the reader leaves it unset, and the page says how it is filled in.
fn is_filled_in(place: Place, keyword: &str, said: &str) -> bool {
    let words = match keyword {
        // Piranha's rule, one bad check.
        "fall" => "1",
        "rise" => "by reentry",
        "nanny_pool" => "by their number",
        "check_interval" => "that of timeout",
        "check_timeout" => "that of check_interval",
        _ => return false,
    };
    said == words && is_unset(place, keyword)
}

/// Whether the page's default is the one in force without the keyword, by what the reader says of such files.
fn is_in_force(entry: &Entry, value: &str) -> bool {
    let place = level(entry);
    let (Ok(without), Ok(with)) = (read(place, ""), read(place, &statement(entry, value))) else {
        return false;
    };
    let command_time = |config: &Config| config.failover.first().map(VirtualServer::command_time);
    match entry.keyword.as_str() {
        "command_timeout" => command_time(&with).is_some() && command_time(&with) == command_time(&without),
        _ => with == without,
    }
}

#[test]
fn the_default_is_the_one_in_force_without_the_keyword() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (entry, _) in known(&page) {
        let (place, keyword) = (level(entry), entry.keyword.as_str());
        let said = entry.field("Default").unwrap_or_default();
        let right = match entry.literal("Default") {
            _ if is_filled_in(place, keyword, &said) => true,
            Some(value) => is_in_force(entry, &value),
            None if said == "that of the section" => {
                a_server_has_the_port_of_its_section() && keyword == "port"
            }
            None => said == "none" && is_unset(place, keyword),
        };
        if !right {
            wrong.push(format!("{}: `{keyword}` is not `{said}` by default", entry.section));
        }
    }
    complain(&wrong);
}

fn a_server_has_the_port_of_its_section() -> bool {
    let config = read(Place::Virtual(0), "port = 8443\nserver one {\n}").expect("a virtual server");
    config.virtual_servers[0].servers[0].port == 8443
}
