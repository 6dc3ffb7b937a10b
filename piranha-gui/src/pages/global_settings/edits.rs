//! What the buttons of GLOBAL SETTINGS do to the file (specification gui.md 6.8 and 8).

use std::net::IpAddr;

use lvs_cf::Place;

use crate::check;
use crate::edit::{Edit, Typed, joined};
use crate::file::Present;
use crate::form::Parameters;
use crate::more::More;

/// The longest that a connection may be kept, in seconds: what the kernel counts in its own unit still fits.
const LONGEST: u32 = 2_147_483;

/// Extension keywords of the whole file that are no matter of the two routers alone.
pub(super) fn more() -> More {
    More::only(Place::File, |name| !crate::pages::redundancy::is_its(name))
}

/// ACCEPT; with the names of machines that have to be looked up, and their fields.
pub(super) fn accept(present: &Present, form: &Parameters) -> (Edit, Vec<(&'static str, String)>) {
    let mut edit = Edit::of(present);
    let names = routers(&mut edit, present, form);
    for keyword in ["tcp_timeout", "tcpfin_timeout", "udp_timeout"] {
        let typed = Typed { place: Place::File, keyword, name: keyword, default: "" };
        edit.typed(present, typed, form, |new| {
            let number = check::number(new, 0, LONGEST).map(drop);
            number.map_err(|problem| format!("{problem}, or nothing for the kernel's own"))
        });
    }
    if network(present) == "nat" {
        nat(&mut edit, present, form);
    }
    more().edit(&mut edit, present, form);
    (edit, names)
}

fn routers(edit: &mut Edit, present: &Present, form: &Parameters) -> Vec<(&'static str, String)> {
    let mut names = Vec::new();
    for (keyword, name) in [("primary", "PriLVSIP"), ("primary_private", "primary_private")] {
        let typed = Typed { place: Place::File, keyword, name, default: "" };
        match edit.typed(present, typed, form, check::host) {
            Some("") if keyword == "primary" => {
                edit.problems.add(name, "pulse does not start without the address of the primary router");
            }
            // As Piranha: the backup's private address means nothing alone.
            Some("") => {
                let partner = joined(present.values.get(Place::File, "backup_private"));
                edit.set(Place::File, "backup_private", name, &partner, &[""]);
            }
            Some(new) => names.push((name, new.to_owned())),
            None => {}
        }
    }
    names
}

fn nat(edit: &mut Edit, present: &Present, form: &Parameters) {
    let before = nat_router(present);
    let typed = ["NATRtrIP", "NATRtrDev"].map(|name| form.get(name).map(str::trim));
    let [address, device] = [0, 1].map(|word| typed[word].unwrap_or(&before[word]));
    for (name, value, check) in [
        ("NATRtrIP", address, check::address as fn(&str) -> Result<(), String>),
        ("NATRtrDev", device, check::device),
    ] {
        if value.is_empty() {
            edit.problems.add(name, "is needed with network type nat");
        } else if let Err(problem) = check(value) {
            edit.problems.add(name, problem);
        }
    }
    if [address, device] != [&before[0], &before[1]] && edit.problems.is_empty() {
        edit.set(Place::File, "nat_router", "NATRtrIP", before.join(" ").trim(), &[address, device]);
        edit.warnings.extend(check::device_warning(device, true));
    }
    let typed = Typed { place: Place::File, keyword: "nat_nmask", name: "nat_nmask", default: "" };
    edit.typed(present, typed, form, |_| Ok(()));
}

/// One of the buttons of the network types: that alone. The daemons ignore the NAT router with the other types, so it stays.
pub(super) fn switch(present: &Present, network: &str) -> Edit {
    let mut edit = Edit::of(present);
    let before = joined(present.values.get(Place::File, "network"));
    edit.set(Place::File, "network", "network", &before, &[network]);
    edit
}

/// The type in force, as the file has it.
pub(super) fn network(present: &Present) -> String {
    present.values.get(Place::File, "network").map_or_else(|| "nat".to_owned(), |words| joined(Some(words)))
}

/// Address and device of the NAT router.
pub(super) fn nat_router(present: &Present) -> [String; 2] {
    let words = present.values.get(Place::File, "nat_router").unwrap_or_default();
    [0, 1].map(|word| words.get(word).map(|word| word.to_str_lossy().into_owned()).unwrap_or_default())
}

/// The primary router's address; without one in the file the address that the browser has found this machine by, if that
/// can be anybody's.
pub(super) fn primary(present: &Present, connected_to: IpAddr) -> String {
    let connected_to = connected_to.to_canonical();
    match present.values.get(Place::File, "primary") {
        Some(words) => joined(Some(words)),
        None if connected_to.is_loopback() || connected_to.is_unspecified() || connected_to.is_ipv6() => {
            String::new()
        }
        None => connected_to.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "serial_no = 7\n# {our} pair\nprimary = 10.0.0.1\nservice = lvs\nnetwork = nat\n\
                        nat_router = 10.1.0.1 eth1:1\nnat_nmask = 255.255.255.0\nvirtual web {\n     port = 80\n}\n";

    fn edit(file: &str, form: &str) -> Edit {
        accept(&Present::of(file.as_bytes()), &Parameters::parse(form.as_bytes())).0
    }

    fn text(edit: &Edit) -> &str {
        std::str::from_utf8(edit.document.as_bytes()).unwrap()
    }

    #[test]
    fn accept_changes_what_was_changed_and_nothing_else() {
        let same = "PriLVSIP=10.0.0.1&primary_private=&tcp_timeout=&NATRtrIP=10.1.0.1&NATRtrDev=eth1:1&nat_nmask=255.255.255.0";
        assert!(!edit(FILE, same).is_needed());
        let changed = edit(FILE, "PriLVSIP=10.0.0.9&tcp_timeout=900&NATRtrDev=eth2:1");
        assert_eq!(changed.problems, crate::edit::Problems::default());
        let expected = FILE
            .replace("10.0.0.1", "10.0.0.9")
            .replace("eth1:1", "eth2:1")
            .replace("255.255.255.0\n", "255.255.255.0\ntcp_timeout = 900\n");
        assert_eq!(text(&changed), expected);
        assert_eq!(
            changed.changes,
            [
                "primary: 10.0.0.1 -> 10.0.0.9",
                "tcp_timeout: (none) -> 900",
                "nat_router: 10.1.0.1 eth1:1 -> 10.1.0.1 eth2:1"
            ]
        );
    }

    #[test]
    fn a_type_is_switched_and_the_nat_router_stays() {
        let present = Present::of(FILE.as_bytes());
        assert_eq!(text(&switch(&present, "direct")), FILE.replace("network = nat", "network = direct"));
        assert!(!switch(&present, "nat").is_needed());
        let empty = Present::of(b"");
        assert_eq!(text(&switch(&empty, "nat")), "network = nat\n");
    }

    #[test]
    fn an_emptied_private_address_takes_that_of_the_backup_with_it() {
        let file =
            "primary = 10.0.0.1\nprimary_private = 10.9.0.1\nbackup_private = 10.9.0.2\nnetwork = direct\n";
        assert_eq!(text(&edit(file, "primary_private=")), "primary = 10.0.0.1\nnetwork = direct\n");
        assert_eq!(text(&edit(file, "primary_private=10.9.0.1")), file);
    }

    #[test]
    fn mistakes_are_told_beside_their_fields() {
        for (field, form) in [
            ("PriLVSIP", "PriLVSIP=0.0.0.0"),
            ("PriLVSIP", "PriLVSIP="),
            ("PriLVSIP", "PriLVSIP=10.0.0"),
            ("primary_private", "primary_private=a%0Ab"),
            ("tcp_timeout", "tcp_timeout=-1"),
            ("udp_timeout", "udp_timeout=2147484"),
            ("NATRtrIP", "NATRtrIP="),
            ("NATRtrDev", "NATRtrDev=eth1%20:1"),
            ("nat_nmask", "nat_nmask=255.0.255.0"),
        ] {
            assert!(edit(FILE, form).problems.of(field).is_some(), "{form}");
        }
    }

    #[test]
    fn without_nat_its_fields_do_not_count() {
        assert!(!edit("network = tunnel\n", "NATRtrIP=x&NATRtrDev=y&nat_nmask=z").is_needed());
    }

    #[test]
    fn an_address_is_proposed_where_there_is_none() {
        let empty = Present::of(b"");
        assert_eq!(primary(&empty, "192.0.2.1".parse().unwrap()), "192.0.2.1");
        assert_eq!(primary(&empty, "127.0.0.1".parse().unwrap()), "");
        assert_eq!(primary(&Present::of(FILE.as_bytes()), "192.0.2.1".parse().unwrap()), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn any_form_changes_only_keywords_of_the_page(
            fields in prop::collection::vec((0..12_usize, "[ -~]{0,12}|[0-9.:a-z]{0,12}|\\PC{0,4}"), 0..8)
        ) {
            const NAMES: [&str; 12] = ["PriLVSIP", "primary_private", "tcp_timeout", "tcpfin_timeout", "udp_timeout",
                "NATRtrIP", "nat_nmask", "NATRtrDev", "expire_persistence", "nanny_pool", "service", "heartbeat_key_file"];
            let mut encoder = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &fields {
                encoder.append_pair(NAMES[*name], value);
            }
            let form = Parameters::parse(encoder.finish().as_bytes());
            let (before, (edit, _)) = (Present::of(FILE.as_bytes()), accept(&Present::of(FILE.as_bytes()), &form));
            let after = Present::of(edit.document.as_bytes());
            for keyword in ["serial_no", "service", "network", "heartbeat_key_file", "backup", "hot_standby"] {
                prop_assert_eq!(before.values.get(Place::File, keyword), after.values.get(Place::File, keyword));
            }
            let kept = text(&edit).contains("# {our} pair\n") && text(&edit).ends_with("virtual web {\n     port = 80\n}\n");
            prop_assert!(kept, "{}", text(&edit));
            if edit.problems.is_empty() {
                prop_assert!(after.config.is_ok());
            }
        }
    }
}
