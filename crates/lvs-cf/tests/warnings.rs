//! Every warning: a sound file has none, and each mistake has its own.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

use std::collections::BTreeSet;

use lvs_cf::{Config, NumbersOnly, Refusal, Report, Service, Severity, Warning, check};

/// A file without anything to say about it. `GLOBAL`, `SECTION` and `SERVER` are where a case adds its lines.
const SOUND: &str = "\
primary = 192.0.2.10
backup = 192.0.2.11
backup_active = 1
monitor_links = 1
keepalive = 6
deadtime = 18
network = nat
nat_router = 10.0.0.254 eth1:1
GLOBAL
virtual web {
     active = 1
     address = 192.0.2.80 eth0:1
     vip_nmask = 255.255.255.0
     SECTION
     server one {
         address = 10.0.0.1
         active = 1
         SERVER
     }
     LATER
}
END
";

/// What is put where.
#[derive(Default)]
struct Case<'a> {
    global: &'a str,
    section: &'a str,
    server: &'a str,
    later: &'a str,
    end: &'a str,
}

impl Case<'_> {
    fn text(&self) -> String {
        let places = [
            ("GLOBAL", self.global),
            ("SECTION", self.section),
            ("SERVER", self.server),
            ("LATER", self.later),
            ("END", self.end),
        ];
        places.iter().fold(SOUND.to_owned(), |text, (place, lines)| text.replace(place, lines))
    }

    fn names(&self) -> BTreeSet<&'static str> {
        let text = self.text();
        let parsed =
            Config::parse(text.as_bytes(), &NumbersOnly).unwrap_or_else(|errors| panic!("{errors}: {text}"));
        parsed.warnings.iter().map(|warning| warning.name).collect()
    }
}

fn global(global: &str) -> Case<'_> {
    Case { global, ..Case::default() }
}

fn section(section: &str) -> Case<'_> {
    Case { section, ..Case::default() }
}

fn server(server: &str) -> Case<'_> {
    Case { server, ..Case::default() }
}

fn end(end: &str) -> Case<'_> {
    Case { end, ..Case::default() }
}

/// Each warning with a case that has it and nothing else but what stands behind.
fn cases() -> Vec<(Warning, Case<'static>, &'static [Warning])> {
    use Warning as W;
    vec![
        (W::MissingCloseBrace, end("virtual open {"), &[]),
        (W::TextAfterBrace, end("virtual a {\n} more"), &[]),
        (W::BadQuoteIgnored, section("timeout = 6 \"six"), &[]),
        (W::PmaskIgnored, section("pmask = /24"), &[]),
        (W::PrivateIgnored, global("backup_private = 10.0.0.2"), &[]),
        (W::PrivateMissing, global("primary_private = 10.0.0.1"), &[]),
        (W::NumberRange, global("serial_no = 4294967296"), &[]),
        (W::PortRange, section("port = 65536"), &[]),
        (W::PortRange, server("port = 0"), &[]),
        (W::SyncdIdRange, global("syncd_id = 256"), &[]),
        (W::NegativeTime, global("tcp_timeout = -1"), &[]),
        (W::NegativeTime, section("persistent = -1"), &[]),
        (W::KeepaliveRange, global("keepalive = 0"), &[W::RepeatedKeyword]),
        (W::DeadtimeTooShort, global("deadtime = 6"), &[W::RepeatedKeyword]),
        (W::DeadtimeTooShort, global("#% keepalive = 18s"), &[W::Extension]),
        (W::DeadtimeShort, global("deadtime = 17"), &[W::RepeatedKeyword]),
        (W::RefreshRange, global("#% announce_refresh = 100ms"), &[W::Extension]),
        (W::TimeoutRange, section("timeout = 0"), &[]),
        (W::ReentryZero, section("reentry = 0"), &[]),
        (W::WeightRange, server("weight = 0"), &[]),
        (W::WeightRange, server("weight = -1"), &[]),
        (W::WeightRange, server("weight = 65536"), &[]),
        (W::OddAddress, section("sorry_server = 10.99"), &[]),
        (W::OddMask, section("pmask = 255.0.255.0"), &[]),
        (W::RepeatedKeyword, global("network = nat"), &[]),
        (
            W::SameService,
            end("virtual b {\nactive = 1\naddress = 192.0.2.80 eth0:1\nsorry_server = 10.0.0.9\n}"),
            &[],
        ),
        (
            W::SameServer,
            Case { later: "server two {\nactive = 1\naddress = 10.0.0.1\n}", ..Case::default() },
            &[],
        ),
        (W::SingleQuotes, section("expect = 'x'"), &[]),
        (W::NoAddress, end("virtual b {\nactive = 1\nsorry_server = 10.0.0.9\n}"), &[]),
        (W::NoAddress, Case { later: "server two {\nactive = 1\n}", ..Case::default() }, &[]),
        (W::LatePort, Case { later: "port = 8080", ..Case::default() }, &[]),
        (W::NoEffect, global("heartbeat = 1"), &[]),
        (W::NoEffect, section("dirs = [ /a ]"), &[]),
        (W::NoEffect, end("failover f {\nscheduler = rr\nserver s {\n}\n}"), &[]),
        (W::CarriageReturn, global("# dos\r"), &[]),
        (
            W::MarkWithoutPersistence,
            Case {
                section: "fwmark = 7",
                end: "virtual b {\nactive = 1\naddress = 192.0.2.81 eth0:2\nfwmark = 7\nsorry_server = 10.0.0.9\n}",
                ..Case::default()
            },
            &[],
        ),
        (
            W::MarkPersistenceDiffers,
            Case {
                section: "fwmark = 7\npersistent = 60",
                end: "virtual b {\nactive = 1\naddress = 192.0.2.81 eth0:2\nfwmark = 7\nsorry_server = 10.0.0.9\n}",
                ..Case::default()
            },
            &[],
        ),
        (W::MarkPersistenceAdvised, section("fwmark = 7"), &[]),
        (W::BackupWithoutAddress, global("backup = 0.0.0.0"), &[W::RepeatedKeyword]),
        (W::NatWithoutRouter, global("nat_router = 0.0.0.0 eth1"), &[W::RepeatedKeyword]),
        (W::LinksUnwatched, global("monitor_links = 0"), &[W::RepeatedKeyword]),
        (W::SameRouters, global("backup = 192.0.2.10"), &[W::RepeatedKeyword]),
        (W::HeartbeatPortRange, global("heartbeat_port = 65536"), &[]),
        (W::LongLabel, end("virtual b {\naddress = 192.0.2.81 eth0.100:service\n}"), &[]),
        (W::NoCommand, end("failover f {\nactive = 1\naddress = 192.0.2.81 eth0:2\n}"), &[]),
        (
            W::PortNotTranslated,
            Case { global: "network = direct", server: "port = 8080", ..Case::default() },
            &[W::RepeatedKeyword],
        ),
        (
            W::LongLine,
            global(
                "active_cmd = \"/usr/local/sbin/a-program-with-a-long-name and-a-long-argument --verbose\"",
            ),
            &[],
        ),
        (W::NoServer, end("virtual b {\nactive = 1\naddress = 192.0.2.81 eth0:2\n}"), &[]),
        (W::FamilyDiffers, server("#% address = 2001:db8::1"), &[W::Extension]),
        (W::FamilyDiffers, section("#% sorry_server = 2001:db8::9"), &[W::Extension]),
        (W::AuthWithoutKey, global("#% heartbeat_auth = verify"), &[W::Extension]),
        (W::Extension, global("#% nanny_pool = 1"), &[]),
        (W::ExtensionUnneeded, global("#% serial_no = 1"), &[]),
        (W::ExtensionIgnored, global("#% keepalive=1s"), &[]),
    ]
}

#[test]
fn families_mix_only_by_tunnelling_without_connection_synchronisation() {
    let mixed = |global| {
        let case = Case { global, server: "#% address = 2001:db8::1", ..Case::default() };
        case.names().contains(Warning::FamilyDiffers.name())
    };
    assert!(mixed("network = direct"));
    assert!(!mixed("network = tunnel"));
    assert!(mixed("network = tunnel\nsyncdaemon = 1"));
}

#[test]
fn virtual_servers_of_two_families_with_one_mark_are_two_services() {
    let six = "#% virtual six {\n#% active = 1\n#% address = 2001:db8::10 eth0\n#% fwmark = 3\n\
               #% server a {\n#% address = 2001:db8::1\n#% active = 1\n#% }\n#% }";
    let case = Case { section: "fwmark = 3\npersistent = 60", end: six, ..Case::default() };
    let names = case.names();
    assert!(!names.contains(Warning::MarkPersistenceDiffers.name()), "{names:?}");
    assert!(names.contains(Warning::MarkPersistenceAdvised.name()), "{names:?}");
}

#[test]
fn without_an_address_only_a_virtual_server_with_a_mark_can_be_started() {
    let message = |text: &str| {
        let warnings = check(text.as_bytes(), &NumbersOnly);
        let found = warnings.diagnostics().find(|it| it.name == "no-address").map(|it| it.message.clone());
        found.unwrap_or_else(|| panic!("nothing is said about {text}"))
    };
    let cannot = "active, but without an address: it cannot be started";
    assert_eq!(message("virtual b {\nactive = 1\n}"), cannot);
    assert_eq!(message("service = fos\nfailover b {\nactive = 1\nfwmark = 1\n}"), cannot);
    assert_eq!(
        message("virtual b {\nactive = 1\nfwmark = 1\n}"),
        "active, but without an address: it goes by its firewall mark alone, and no floating address is raised for it"
    );
}

#[test]
fn a_sound_file_has_nothing_to_say() {
    assert_eq!(Case::default().names(), BTreeSet::new());
    assert!(
        check(b"# nothing but defaults\n", &NumbersOnly)
            .diagnostics()
            .all(|it| it.name == "no-active-service")
    );
}

#[test]
fn each_mistake_has_its_warning() {
    for (warning, case, others) in cases() {
        let wanted: BTreeSet<_> = others.iter().chain([&warning]).map(|warning| warning.name()).collect();
        assert_eq!(case.names(), wanted, "{}", case.text());
    }
}

#[test]
fn each_warning_has_a_case() {
    let covered: Vec<Warning> = cases().into_iter().map(|(warning, ..)| warning).collect();
    let missing: Vec<_> = Warning::ALL.iter().filter(|warning| !covered.contains(warning)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_not_active_is_not_warned_of() {
    let idle = "virtual b {\naddress = 192.0.2.80 eth0:1\nserver s {\n}\nserver t {\n}\n}\nvirtual c {\n}\nfailover f {\n}";
    assert_eq!(end(idle).names(), BTreeSet::new());
}

fn report(case: &Case<'_>) -> Report {
    check(case.text().as_bytes(), &NumbersOnly)
}

#[test]
fn notes_are_no_warnings_and_warnings_refuse_nothing() {
    let note = report(&global("#% nanny_pool = 1"));
    assert!(!note.is_refused() && !note.has_warnings() && note.count(Severity::Note) == 1);
    let warning = report(&server("weight = 0"));
    assert!(!warning.is_refused() && warning.has_warnings());
    assert!(report(&global("bogus = 1")).is_refused());
}

#[test]
fn what_pulse_refuses_is_an_error() {
    for (case, name, refusal) in [
        (
            global("heartbeat_port = 0"),
            "heartbeat-port-range",
            "pulse: heartbeat_port 0 in lvs.cf is outside 1 to 65535",
        ),
        (
            global("backup = 192.0.2.10"),
            "same-routers",
            "pulse: primary and backup are both 192.0.2.10 in lvs.cf: each router needs its own address",
        ),
        (global("service = fos"), "no-active-service", "pulse: no active fos services defined in lvs.cf"),
    ] {
        let report = report(&case);
        assert!(report.is_refused());
        let errors: Vec<_> = report.diagnostics().filter(|it| it.severity == Severity::Error).collect();
        assert_eq!(errors.iter().map(|it| it.name).collect::<Vec<_>>(), [name]);
        let config = Config::parse(case.text().as_bytes(), &NumbersOnly).expect("well formed").config;
        let lines: Vec<_> =
            config.pulse_refusals().into_iter().map(|it| it.line("lvs.cf".as_ref())).collect();
        assert_eq!(lines, [refusal]);
    }
}

#[test]
fn what_fos_refuses() {
    let refusal =
        |text: &str| Config::parse(text.as_bytes(), &NumbersOnly).expect("well formed").config.fos_refusal();
    assert_eq!(refusal("service = lvs\nfailover f {\n}"), Some(Refusal::NotFailover));
    assert_eq!(refusal("service = fos\nvirtual f {\n}"), Some(Refusal::NoFailoverService));
    assert_eq!(refusal("service = fos\nfailover f {\n}"), None);
    let lines = [Refusal::NotFailover, Refusal::NoFailoverService, Refusal::NoActiveService(Service::Lvs)];
    assert_eq!(
        lines.map(|it| it.line("F".as_ref())),
        [
            "fos: Service type is not \"fos\" in F",
            "fos: No Failover Services defined in F.",
            "pulse: no active lvs services defined in F"
        ]
    );
}

#[test]
fn a_flood_of_warnings_is_counted_and_not_shown() {
    let flood = "serial_no = 99999999999\n".repeat(5000);
    let report = check(flood.as_bytes(), &NumbersOnly);
    assert_eq!(report.count(Severity::Warning), 5000 + 4999);
    let text = report.render("lvs.cf".as_ref());
    assert!(text.contains("4900 more of `number-range` are not shown\n"), "{text}");
    assert!(text.len() < 50_000);
    let errors = Config::parse("bogus\n".repeat(5000).as_bytes(), &NumbersOnly).expect_err("bad");
    assert_eq!((errors.iter().count(), errors.more()), (100, 4900));
}
