//! The specification's rules, one test a section; the names are those of specification lvs-cf.md.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

use std::net::Ipv4Addr;
use std::time::Duration;

use lvs_cf::{
    Config, HeartbeatAuth, MAX_BYTES, Names, NumbersOnly, Parsed, Protocol, Quote, Scheduler, Service, Time,
    VirtualServer, Word,
};

struct Book;

impl Names for Book {
    fn host(&self, name: &str) -> Option<Ipv4Addr> {
        match name {
            "lb1" => Some(Ipv4Addr::new(192, 0, 2, 10)),
            "zero" => Some(Ipv4Addr::UNSPECIFIED),
            _ => None,
        }
    }

    fn service(&self, name: &str) -> Option<u16> {
        (name == "https").then_some(443)
    }
}

fn parsed(text: impl AsRef<[u8]>) -> Parsed {
    let text = text.as_ref();
    Config::parse(text, &Book).unwrap_or_else(|errors| panic!("{errors}: {}", String::from_utf8_lossy(text)))
}

fn config(text: impl AsRef<[u8]>) -> Config {
    parsed(text).config
}

/// `ok`, or the error with its line.
fn outcome(text: impl AsRef<[u8]>) -> String {
    match Config::parse(text.as_ref(), &Book) {
        Ok(_) => "ok".into(),
        Err(errors) => {
            let first = errors.first();
            format!("{} {}", first.kind.name(), first.diagnostic.line)
        }
    }
}

/// The names of the warnings, in order.
fn warnings(text: impl AsRef<[u8]>) -> Vec<&'static str> {
    parsed(text).warnings.iter().map(|warning| warning.name).collect()
}

fn section(body: &str) -> VirtualServer {
    config(format!("virtual v {{\n{body}\n}}\n")).virtual_servers.remove(0)
}

fn in_section(line: &str) -> String {
    outcome(format!("virtual v {{\n{line}\n}}\n"))
}

fn word(word: Option<&Word>) -> Option<String> {
    word.map(Word::to_string)
}

#[test]
fn size_1() {
    assert_eq!(outcome(""), "STAT 0");
    assert_eq!(outcome(vec![b'\n'; MAX_BYTES + 1]), "READ 0");
    assert_eq!(outcome(vec![b'#'; MAX_BYTES]), "ok");
    assert_eq!(outcome("#"), "ok");
    assert_eq!(outcome("\n"), "ok");
}

#[test]
fn lines_2_1() {
    for end in ["\n", "\r", "\r\n"] {
        let text = ["keepalive = 9", "", "#", "deadtime = 27", ""].join(end);
        assert_eq!(config(&text).deadtime, Time::Seconds(27), "{text:?}");
        assert_eq!(outcome(["# a", "", "bogus"].join(end)), "BADCOMMAND 3");
    }
    assert_eq!(outcome("# a\r\r\n\nbogus"), "BADCOMMAND 4");
    assert_eq!(outcome("keepalive = 9 \\\n= 9"), "EXTRAARGS 1");
    assert_eq!(warnings("keepalive = 9\r\ndeadtime = 27\r\n"), ["carriage-return"]);
}

#[test]
fn nul_bytes_2_1() {
    assert_eq!(outcome("keepalive = 9\n\0\n"), "NULBYTE 2");
    assert_eq!(outcome("# a comment \0\n"), "NULBYTE 1");
    assert_eq!(outcome("keepalive = x\nkeepalive = \0\n"), "INTEXPECTED 1");
    assert_eq!(outcome("keepalive = \"\0\n"), "NULBYTE 1");
}

#[test]
fn blanks_and_comments_2_2_and_2_3() {
    assert_eq!(config(" \t keepalive\t\t=  9 \t ").keepalive, Time::Seconds(9));
    assert_eq!(outcome("keepalive\u{b}=\u{b}9"), "BADCOMMAND 1");
    assert_eq!(outcome("\u{b}"), "BADCOMMAND 1");
    assert_eq!(outcome("\t # x = 1\nvirtual a {\n # y\nserver s {\n#z\n}\n}"), "ok");
    assert_eq!(outcome("keepalive = 9 # x"), "EXTRAARGS 1");
    assert_eq!(outcome("keepalive = 9 #"), "EXTRAARGS 1");
    assert_eq!(outcome("keepalive # = 9"), "EQUALEXPECTED 1");
}

#[test]
fn words_2_4() {
    let expect = |value: &str| section(&format!("expect = {value}")).expect.expect("a text");
    for (written, text, quote) in [
        ("don't", "don't", None),
        ("x\"y", "x\"y", None),
        ("\"a\"b\"", "a\"b", Some(Quote::Double)),
        ("\"a\\\"b\"", "a\\\"b", Some(Quote::Double)),
        ("\"HTTP\"", "HTTP", Some(Quote::Double)),
        ("\"a b\" ", "a b", Some(Quote::Double)),
        ("\"a b\"\t", "a b", Some(Quote::Double)),
        ("'a \"b\" c'", "a \"b\" c", Some(Quote::Single)),
        ("\"\"", "", Some(Quote::Double)),
        ("\" \"", " ", Some(Quote::Double)),
        ("\"a\tb\"", "a\tb", Some(Quote::Double)),
        ("\"\"\"", "\"", Some(Quote::Double)),
        ("\\n", "\\n", None),
    ] {
        let got = expect(written);
        assert_eq!((got.text.to_string().as_str(), got.quote), (text, quote), "{written}");
    }
    for (value, error) in [
        ("\"HTTP\" ", "BADQUOTING 2"),
        ("\"one\" two", "BADQUOTING 2"),
        ("\"one\" \"two\"", "EXTRAARGS 2"),
        ("\"say \"hi\" now\"", "EXTRAARGS 2"),
        ("\"say \\\"hi\\\" now\"", "EXTRAARGS 2"),
        ("\"a b\"c", "EXTRAARGS 2"),
        ("\"", "BADQUOTING 2"),
        ("'", "BADQUOTING 2"),
        ("\"a'", "BADQUOTING 2"),
        ("'a b", "BADQUOTING 2"),
    ] {
        assert_eq!(in_section(&format!("expect = {value}")), error, "{value}");
    }
    let dirs = section("dirs = [ \"one\" \"two\" 'say 'hi' now' \"a b\"c ]").dirs.expect("a list");
    let dirs: Vec<String> = dirs.iter().map(Word::to_string).collect();
    assert_eq!(dirs, ["one\" ", "two\"", "say ", "hi'", "now'", "a b", "c"]);
    assert_eq!(outcome("\"keepalive\""), "EQUALEXPECTED 1");
    assert_eq!(outcome("virtual v {\n\"}\""), "ok");
    assert_eq!(outcome("\"virtual x {"), "BADQUOTING 1");
}

#[test]
fn words_without_limit_2_4() {
    let many = "w ".repeat(500);
    assert_eq!(section(&format!("dirs = [ {many}]")).dirs.expect("a list").len(), 500);
}

#[test]
fn quotes_in_sections_2_5() {
    // The first line of a body is checked, comments and blank lines before it do not count.
    assert_eq!(in_section("# x\n\nactive = 0 \"left over"), "BADQUOTING 4");
    assert_eq!(in_section("active = 1\nactive = 0 \"left over"), "ok");
    assert!(!section("active = 1\nactive = 0 \"left over").active);
    assert_eq!(warnings("virtual v {\nport = 1\nactive = 0 \"left over\n}"), ["bad-quote-ignored"]);
    // Closing braces and server lines too.
    assert_eq!(outcome("virtual v {\nport = 1\n} \"x\nkeepalive = 9"), "ok");
    assert_eq!(outcome("virtual v {\nport = 1\nserver s { 'x\nweight = 2\n}\n}"), "ok");
    assert_eq!(outcome("virtual v {\n} \"x\n"), "BADQUOTING 2");
    // After a server the body goes on.
    assert_eq!(outcome("virtual v {\nserver s {\n}\nactive = 0 \"x\n}"), "ok");
    assert_eq!(outcome("failover v {\nport = 1\nactive = 0 \"x\n}"), "ok");
    // Lines in a server and outside of sections are checked.
    assert_eq!(outcome("virtual v {\nserver s {\nport = 1\nactive = 0 \"x\n}\n}"), "BADQUOTING 4");
    assert_eq!(outcome("keepalive = 1\nkeepalive = 1 \"x"), "BADQUOTING 2");
    // What stands before the quote must be accepted.
    assert_eq!(in_section("port = 1\nactive = 2 \"x"), "BADQUOTING 3");
    assert_eq!(in_section("port = 1\nactive = \"x"), "BADQUOTING 3");
    assert_eq!(in_section("port = 1\nbogus = 1 \"x"), "BADQUOTING 3");
    assert_eq!(in_section("port = 1\naddress = 1.2.3.4 \"eth0"), "BADQUOTING 3");
    assert_eq!(in_section("port = 1\naddress = 1.2.3.4 eth0 \"x"), "ok");
    // A bad quote in the first word, and a lone quote at the end.
    assert_eq!(in_section("port = 1\n\"active = 0"), "BADQUOTING 3");
    assert_eq!(in_section("port = 1\nactive = 0 \""), "BADQUOTING 3");
    assert_eq!(in_section("port = 1\nactive = 0 \" "), "ok");
}

#[test]
fn grammar_3() {
    for (text, wanted) in [
        ("keepalive=9", "BADCOMMAND 1"),
        ("keepalive= 9", "BADCOMMAND 1"),
        ("keepalive =9", "EQUALEXPECTED 1"),
        ("virtual", "MISSINGARGS 1"),
        ("virtual a", "MISSINGARGS 1"),
        ("virtual a b", "MISSINGARGS 1"),
        ("virtual a b c", "EXTRAARGS 1"),
        ("virtual a {}", "MISSINGARGS 1"),
        ("virtual a{", "MISSINGARGS 1"),
        ("virtual = a {", "EXTRAARGS 1"),
        ("virtual a { }", "EXTRAARGS 1"),
        ("virtual \"web\" {", "BADQUOTING 1"),
        ("virtual \"web site\" {\n}", "ok"),
        ("virtual { {\n}", "ok"),
        ("virtual = {\n}", "ok"),
        ("failover x {\nserver s {\n}\n}", "ok"),
        ("virtual a {\nvirtual b {\n}\n}", "BADCOMMAND 2"),
        ("virtual a {\nserver s {\nserver t {\n}\n}\n}", "BADCOMMAND 3"),
        ("virtual a {\nserver s\n}", "MISSINGARGS 2"),
        ("virtual a {\n} server two {\nkeepalive = 9", "ok"),
        ("virtual a {\nserver s {\n} } }\nport = 1\n}", "ok"),
        ("}", "BADCOMMAND 1"),
        ("server s {", "BADCOMMAND 1"),
        ("virtual a {", "ok"),
        ("virtual a {\nserver s {", "ok"),
        ("virtual a {\nkeepalive = 9\n}", "BADCOMMAND 2"),
        ("include x", "BADCOMMAND 1"),
        ("virtual a {\n}\nkeepalive = 9\nvirtual b {\n}\ndeadtime = 20", "ok"),
    ] {
        assert_eq!(outcome(text), wanted, "{text}");
    }
    assert_eq!(warnings("virtual a {\nserver s {"), ["missing-close-brace", "missing-close-brace"]);
    assert_eq!(warnings("virtual a {\n} x"), ["text-after-brace"]);
}

#[test]
fn integers_4() {
    let read = |value: &str| match config(format!("keepalive = {value}")).keepalive {
        Time::Seconds(seconds) => seconds,
        Time::Exact(time) => panic!("{time:?}"),
    };
    for (value, wanted) in [
        ("0", 0),
        ("+5", 5),
        ("-5", -5),
        ("010", 8),
        ("0x1f", 31),
        ("0X1F", 31),
        ("-0x10", -16),
        ("00", 0),
        ("\"\"", 0),
        ("\" 7\"", 7),
        ("2147483647", i32::MAX),
        ("2147483648", i32::MIN),
        ("4294967297", 1),
        ("99999999999999999999", -1),
        ("-99999999999999999999", 0),
        ("9223372036854775807", -1),
        ("-9223372036854775808", 0),
        ("0xffffffffffffffffff", -1),
        ("-4294967297", -1),
    ] {
        assert_eq!(read(value), wanted, "{value}");
    }
    for value in
        ["10s", "08", "1.5", "0x", "0xg", "\"7 \"", "-", "+", "+-5", "0b1", "1e3", "\" \"", "x", "--1"]
    {
        assert_eq!(outcome(format!("keepalive = {value}")), "INTEXPECTED 1", "{value}");
    }
    assert_eq!(warnings("serial_no = 2147483648"), ["number-range"]);
    assert!(warnings("serial_no = -5").is_empty());
}

#[test]
fn booleans_4() {
    for (value, wanted) in
        [("0", false), ("1", true), ("01", true), ("0x1", true), ("+1", true), ("\"\"", false)]
    {
        assert_eq!(config(format!("backup_active = {value}")).backup_active, wanted, "{value}");
    }
    assert!(config("backup_active = 4294967297").backup_active);
    assert_eq!(outcome("backup_active = 2"), "BOOLEXPECTED 1");
    assert_eq!(outcome("backup_active = -1"), "BOOLEXPECTED 1");
    for value in ["yes", "on", "true", "1x"] {
        assert_eq!(outcome(format!("backup_active = {value}")), "INTEXPECTED 1");
    }
}

#[test]
fn ports_4() {
    for (value, wanted) in [("https", 443), ("0", 0), ("-1", -1), ("99999", 99999), ("\"\"", 0)] {
        assert_eq!(section(&format!("port = {value}")).port, wanted);
        assert_eq!(config(format!("heartbeat_port = {value}")).heartbeat_port, wanted);
    }
    assert_eq!(section("protocol = udp\nport = https").port, 443);
    assert_eq!(in_section("port = nonsense"), "BADARGUMENT 2");
    assert_eq!(in_section("server s {\nport = https\n}"), "INTEXPECTED 3");
}

#[test]
fn addresses_4() {
    let sorry =
        |value: &str| section(&format!("sorry_server = {value}")).sorry_server.map(|it| it.to_string());
    for (value, wanted) in [
        ("1.2.3.4", "1.2.3.4"),
        ("10.1", "10.0.0.1"),
        ("10.1.2", "10.1.0.2"),
        ("010.0.0.1", "8.0.0.1"),
        ("24", "0.0.0.24"),
        ("0x0a000001", "10.0.0.1"),
        ("4294967295", "255.255.255.255"),
        ("1.0xffffff", "1.255.255.255"),
        ("1.2.65535", "1.2.255.255"),
        ("\"1.2.3.4 and more\"", "1.2.3.4"),
        ("1.2.3.4\u{b}x", "1.2.3.4"),
        ("0xA.0Xb.012.1", "10.11.10.1"),
    ] {
        assert_eq!(sorry(value).as_deref(), Some(wanted), "{value}");
    }
    assert_eq!(sorry("0.0.0.0"), None);
    assert_eq!(sorry("0"), None);
    for value in [
        "256.1.1.1",
        "1.2.3.256",
        "1.2.65536",
        "1.16777216",
        "4294967296",
        "1.2.3.4.5",
        "1.2.3.",
        ".1",
        "1..2",
        "0x",
        "08",
        "1.2.3.4/24",
        "1.2.3.4x",
        "-1",
        "+1",
        "2001:db8::1",
        "name",
        "\"\"",
        "\" 1.2.3.4\"",
        "1.2.3.0x",
    ] {
        assert_eq!(in_section(&format!("sorry_server = {value}")), "BADHOSTNAME 2", "{value}");
        assert_eq!(in_section(&format!("vip_nmask = {value}")), "BADNETMASK 2", "{value}");
    }
}

#[test]
fn hosts_4() {
    let primary = config("primary = lb1").primary;
    assert_eq!(word(primary.name.as_ref()).as_deref(), Some("lb1"));
    assert_eq!(primary.address, Some(Ipv4Addr::new(192, 0, 2, 10).into()));
    for value in ["nobody", "10.0.0.256", "1.2.3.4/24", "2001:db8::1", "::", "\"\"", "\u{e9}"] {
        assert_eq!(outcome(format!("backup = {value}")), "BADARGUMENT 1", "{value}");
    }
    assert_eq!(outcome(b"backup = \xff\xfe"), "BADARGUMENT 1");
}

#[test]
fn lists_4() {
    for (value, wanted) in [
        ("[ ]", "ok"),
        ("[ a b ]", "ok"),
        ("[ a ] x y", "ok"),
        ("[ [ ]", "ok"),
        ("", "MISSINGARGS 2"),
        ("a", "LISTEXPECTED 2"),
        ("[", "LISTEXPECTED 2"),
        ("[ a", "LISTEXPECTED 2"),
        ("[a ]", "LISTEXPECTED 2"),
        ("[ a]", "LISTEXPECTED 2"),
        ("] [", "LISTEXPECTED 2"),
    ] {
        assert_eq!(in_section(&format!("dirs = {value}")), wanted, "{value}");
    }
    assert_eq!(in_section("dirs [ ]"), "EQUALEXPECTED 2");
    assert_eq!(in_section("dirs"), "EQUALEXPECTED 2");
}

#[test]
fn texts_4() {
    let send = |value: &str| section(&format!("send = {value}")).send.expect("a text").effective();
    assert_eq!(send("\"GET /\\r\\n\""), b"GET /\\r\\n");
    assert_eq!(send("'GET /'"), b"'GET /'");
    assert_eq!(send("QUIT"), b"QUIT");
    assert_eq!(send("x\""), b"x");
    assert_eq!(send("\"a\"b\""), b"a\"b");
}

#[test]
fn keywords_5_1() {
    assert_eq!(outcome("primary = 0.0.0.0"), "BADHOSTNAME 1");
    assert_eq!(outcome("primary = zero"), "BADHOSTNAME 1");
    assert_eq!(outcome("primary_private = 0"), "BADHOSTNAME 1");
    assert_eq!(outcome("backup_private = 0.0.0.0"), "BADHOSTNAME 1");
    let backup = config("backup = 0.0.0.0").backup;
    assert_eq!((word(backup.name.as_ref()).as_deref(), backup.address), (Some("0.0.0.0"), None));
    for (line, wanted) in [
        ("service = LVS", "BADARGUMENT 1"),
        ("network = route", "BADARGUMENT 1"),
        ("network = \"nat\"", "ok"),
        ("reservation_conflict_action = preempt", "ok"),
        ("reservation_conflict_action = no", "BADARGUMENT 1"),
        ("nat_router = 1.2.3.4", "MISSINGARGS 1"),
        ("nat_router =", "MISSINGARGS 1"),
        ("nat_router = 1.2.3.4 eth1 x", "EXTRAARGS 1"),
        ("nat_router = nobody eth1", "BADARGUMENT 1"),
        ("nat_router = 1.2.3.4 \"any word\"", "ok"),
        ("nat_nmask = 255.255.255.0", "ok"),
        ("monitor_links = 7", "ok"),
        ("syncd_id = 300", "ok"),
        ("active_cmd = /a b", "EXTRAARGS 1"),
        ("debug = NONE", "BADCOMMAND 1"),
        ("scsi_reserve = x", "BADCOMMAND 1"),
    ] {
        assert_eq!(outcome(line), wanted, "{line}");
    }
}

#[test]
fn keywords_5_2() {
    for (line, wanted) in [
        ("address = 192.0.2.1", "MISSINGARGS 2"),
        ("address = eth0:1", "MISSINGARGS 2"),
        ("address =", "MISSINGARGS 2"),
        ("address = 192.0.2.1 eth0 x", "EXTRAARGS 2"),
        ("address = lb1 eth0", "ok"),
        ("address = 0.0.0.0 eth0", "ok"),
        ("sorry_server = lb1", "BADHOSTNAME 2"),
        ("protocol = TCP", "BADARGUMENT 2"),
        ("protocol = sctp", "BADARGUMENT 2"),
        ("scheduler = sed", "BADARGUMENT 2"),
        ("scheduler = lblcr", "ok"),
        ("load_monitor = anything", "ok"),
        ("master = nobody", "BADARGUMENT 2"),
        ("weight = 1", "BADCOMMAND 2"),
        ("expect_program = x", "BADCOMMAND 2"),
        ("quiesce_server = 2", "BOOLEXPECTED 2"),
        ("use_regex = no", "INTEXPECTED 2"),
    ] {
        assert_eq!(in_section(line), wanted, "{line}");
        assert_eq!(outcome(format!("failover f {{\n{line}\n}}")), wanted, "{line}");
    }
    assert_eq!(section("fwmark = -1").fwmark, u32::MAX);
    assert_eq!(section("fwmark = 4294967295").fwmark, u32::MAX);
    assert_eq!(section("fwmark = 4294967296").fwmark, 0);
    let pmask = |body: &str| section(body).pmask.map(|it| it.to_string());
    assert_eq!(pmask("pmask = 255.255.255.0\npmask = nonsense").as_deref(), Some("255.255.255.0"));
    assert_eq!(pmask("pmask = 255.255.255.0\npmask = 255.255.255.255"), None);
    assert_eq!(pmask("pmask = 0xffffffff").as_deref(), Some("255.255.255.255"));
    assert_eq!(section("vip_nmask = 0.0.0.0").vip_nmask, None);
}

#[test]
fn keywords_5_3_and_5_4() {
    let ports = |body: &str| section(body).servers.iter().map(|server| server.port).collect::<Vec<_>>();
    assert_eq!(ports("server a {\n}\nport = 81\nserver b {\n}\nserver c {\nport = 5\n}"), [80, 81, 5]);
    assert_eq!(ports("port = 81\nserver a {\nport = 0\n}"), [0]);
    let in_server = |line: &str| in_section(&format!("server s {{\n{line}\n}}"));
    assert_eq!(in_server("nmask = 255.255.255.0"), "BADCOMMAND 3");
    assert_eq!(in_server("address = 10.0.0.1 eth0"), "EXTRAARGS 3");
    assert_eq!(in_server("weight = x"), "INTEXPECTED 3");
    let late = "virtual v {\nserver a {\naddress = 10.0.0.1\n}\nport = 81\n}";
    assert_eq!(warnings(late), ["late-port"]);
}

#[test]
fn after_the_last_line_6() {
    let private = |text: &str| {
        let config = config(text);
        let name = |name: &Option<Word>| word(name.as_ref()).unwrap_or_default();
        (name(&config.primary_private.name), name(&config.backup_private.name))
    };
    let both = "primary = 192.0.2.1\nbackup = 192.0.2.2\n";
    assert_eq!(private(both), ("192.0.2.1".into(), "192.0.2.2".into()));
    assert_eq!(
        private(&format!("backup_private = 10.0.0.2\n{both}")),
        ("192.0.2.1".into(), "192.0.2.2".into())
    );
    assert_eq!(
        private("primary = 192.0.2.1\nbackup_private = 10.0.0.2"),
        ("192.0.2.1".into(), String::new())
    );
    assert_eq!(private(&format!("{both}primary_private = 10.0.0.1")), ("10.0.0.1".into(), String::new()));
    assert_eq!(private("backup = 192.0.2.2\nbackup_private = 10.0.0.2"), (String::new(), "10.0.0.2".into()));
    let mixed = config("failover f {\n}\nvirtual a {\n}\nfailover g {\n}\nvirtual b {\n}");
    let names = |list: &[VirtualServer]| list.iter().map(|it| it.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&mixed.virtual_servers), ["a", "b"]);
    assert_eq!(names(&mixed.failover), ["f", "g"]);
}

#[test]
fn order_of_checks_7() {
    for (text, wanted) in [
        ("bogus \"x", "BADQUOTING 1"),
        ("bogus", "BADCOMMAND 1"),
        ("keepalive", "EQUALEXPECTED 1"),
        ("keepalive 9", "EQUALEXPECTED 1"),
        ("keepalive = x y", "EXTRAARGS 1"),
        ("keepalive =", "MISSINGARGS 1"),
        ("keepalive x y z", "EQUALEXPECTED 1"),
        ("keepalive == 9", "EQUALEXPECTED 1"),
        ("keepalive \"=\" 9", "BADQUOTING 1"),
        ("Keepalive = 9", "BADCOMMAND 1"),
        ("virtual a {\nserver", "MISSINGARGS 2"),
        ("virtual a {\nserver a b c", "EXTRAARGS 2"),
    ] {
        assert_eq!(outcome(text), wanted, "{text}");
    }
}

#[test]
fn all_errors_are_told_7() {
    let text = "keepalive = x\nvirtual a\n{\n  active = 2\n}\ndeadtime = y\nvirtual b {\n  server s {\n    nmask = 1\n\
                virtual c {\n  port = z\n}\n";
    let errors = Config::parse(text.as_bytes(), &NumbersOnly).expect_err("bad");
    let told: Vec<_> = errors.iter().map(|error| (error.kind.name(), error.diagnostic.line)).collect();
    assert_eq!(
        told,
        [
            ("INTEXPECTED", 1),
            ("MISSINGARGS", 2),
            ("BOOLEXPECTED", 4),
            ("INTEXPECTED", 6),
            ("BADCOMMAND", 9),
            ("BADCOMMAND", 10),
            ("BADARGUMENT", 11),
        ]
    );
}

#[test]
fn what_the_programs_print_7() {
    let errors = Config::parse(b"\nkeepalive = x", &NumbersOnly).expect_err("bad");
    let path = "/etc/sysconfig/ha/lvs.cf".as_ref();
    assert_eq!(
        errors.pulse_line(path),
        "pulse: error parsing /etc/sysconfig/ha/lvs.cf at line 2: integer expected"
    );
    assert_eq!(errors.lvsd_line(path), "lvs: error parsing /etc/sysconfig/ha/lvs.cf on line 2.");
    assert_eq!(errors.fos_line(path), "fos: error parsing /etc/sysconfig/ha/lvs.cf on line 2.");
}

#[test]
fn repetition_8() {
    let twice = "service = fos\nservice = lvs\nvirtual a {\n}\nvirtual a {\nserver s {\n}\nserver s {\n}\n}";
    let config = config(twice);
    assert_eq!(config.service, Service::Lvs);
    assert_eq!(config.virtual_servers.len(), 2);
    assert_eq!(config.virtual_servers[1].servers.len(), 2);
    assert_eq!(warnings(twice), ["repeated-keyword"]);
}

#[test]
fn extension_lines_15() {
    let times = config("keepalive = 1\n#% keepalive = 250ms\nkeepalive = 2\n#% deadtime = 1.5s");
    assert_eq!(times.keepalive, Time::Exact(Duration::from_millis(250)));
    assert_eq!(times.deadtime, Time::Exact(Duration::from_millis(1500)));
    assert_eq!(config("  #%\tkeepalive  =  10m  ").keepalive, Time::Exact(Duration::from_secs(600)));

    let section = section(
        "     #% address = 2001:db8::80 eth0\n #% scheduler = mh\n#% protocol = sctp\n#% check_interval = 500ms\n\
         #% check_timeout = 2\n#% rise = 2\n#% fall = 3\n#% command_timeout = 5m",
    );
    assert_eq!(section.address, Some("2001:db8::80".parse().expect("an address")));
    assert_eq!((section.scheduler, section.protocol), (Scheduler::Maglev, Protocol::Sctp));
    assert_eq!(section.check_interval, Some(Duration::from_millis(500)));
    assert_eq!(section.check_timeout, Some(Duration::from_secs(2)));
    assert_eq!((section.rise, section.fall), (Some(2), Some(3)));
    assert_eq!(section.command_time(), Duration::from_secs(300));

    let config = config(
        "#% expire_persistence = 0\n#% nanny_pool = 1\n#% announce_refresh = 60\n#% heartbeat_key_file = /etc/key\n\
         #% heartbeat_auth = require",
    );
    assert!(!config.expire_persistence && config.nanny_pool == Some(true));
    assert_eq!(config.announce_refresh, Some(Duration::from_secs(60)));
    assert_eq!(word(config.heartbeat_key_file.as_ref()).as_deref(), Some("/etc/key"));
    assert_eq!(config.heartbeat_auth, HeartbeatAuth::Require);
}

#[test]
fn extension_sections_15() {
    let text = "#% virtual six {\n#%     active = 1\n#%     address = 2001:db8::80 eth0\n# a comment\n\n\
                #%     server a {\n#%         address = 2001:db8::1\n#%     }\n#% }\nvirtual four {\n\
                #% server b {\n#% weight = 3\n#% }\nserver c {\n#% address = 2001:db8::2\n}\n}\n";
    let config = config(text);
    assert_eq!(
        config.virtual_servers[0].servers[0].address,
        Some("2001:db8::1".parse().expect("an address"))
    );
    assert_eq!(config.virtual_servers[1].servers[0].weight, 3);
    assert_eq!(
        config.virtual_servers[1].servers[1].address,
        Some("2001:db8::2".parse().expect("an address"))
    );
}

#[test]
fn extension_lines_that_are_none_15() {
    for comment in [
        "#%",
        "#%x = 1",
        "#% ",
        "#% words only",
        "#% a=b",
        "#% virtual a",
        "#% } x",
        "#% } \"x",
        "#% virtual a { \"x",
        "## % a = 1",
        "#% \"x",
        "# % a = 1",
    ] {
        assert_eq!(outcome(comment), "ok", "{comment}");
    }
    assert_eq!(warnings("#% keepalive=250ms"), ["extension-ignored"]);
    assert!(warnings("#%keepalive = 250ms").is_empty());
}

#[test]
fn extension_errors_15() {
    for (text, wanted) in [
        ("#% bogus = 1", "BADCOMMAND 1"),
        ("#% keepalive = 10x", "BADARGUMENT 1"),
        ("#% keepalive =", "MISSINGARGS 1"),
        ("#% keepalive = 1 2", "EXTRAARGS 1"),
        ("#% keepalive = \"x", "BADQUOTING 1"),
        ("#% rise = 3", "BADCOMMAND 1"),
        ("#% primary = ::", "BADHOSTNAME 1"),
        ("#% }", "BADCOMMAND 1"),
        ("#% server s {", "BADCOMMAND 1"),
        ("virtual a {\n#% }", "BADCOMMAND 2"),
        ("virtual a {\n#% rise = 0\n}", "BADARGUMENT 2"),
        ("virtual a {\n#% scheduler = best\n}", "BADARGUMENT 2"),
        ("virtual a {\n#% check_interval = 0\n}", "BADARGUMENT 2"),
        ("virtual a {\nrise = 3\n}", "BADCOMMAND 2"),
        ("keepalive = 250ms", "INTEXPECTED 1"),
        ("nanny_pool = 1", "BADCOMMAND 1"),
        ("#% virtual a {\nactive = 1\n#% }", "BADCOMMAND 2"),
        ("#% virtual a {\n}", "BADCOMMAND 2"),
        ("#% virtual a {\nvirtual b {\n}", "BADCOMMAND 2"),
        ("#% virtual a {\n#% nmask = 1 \"x\n#% }", "BADQUOTING 2"),
    ] {
        assert_eq!(outcome(text), wanted, "{text}");
    }
}

#[test]
fn extension_notes_15() {
    assert_eq!(warnings("#% serial_no = 5"), ["extension-unneeded"]);
    assert_eq!(warnings("#% nanny_pool = 1"), ["extension"]);
    assert_eq!(warnings("#% virtual a {\n#% active = 0\n#% }"), ["extension"]);
}

#[test]
fn times_in_force() {
    let heartbeat = |text: &str| {
        let config = config(text);
        (config.heartbeat_interval().as_millis(), config.dead_after().as_millis())
    };
    assert_eq!(heartbeat("#"), (2000, 5000));
    assert_eq!(heartbeat("keepalive = 0\ndeadtime = -1"), (1000, 3000));
    assert_eq!(heartbeat("keepalive = 5"), (5000, 15000));
    assert_eq!(heartbeat("#% keepalive = 100ms\n#% deadtime = 300ms"), (100, 300));
    let check = |body: &str| section(body).time_between_checks().as_millis();
    assert_eq!(
        (check("timeout = 0"), check("timeout = 6"), check("#% check_interval = 50ms")),
        (1000, 6000, 50)
    );
    assert_eq!(section("reentry = 0").reentry_time(), Duration::from_secs(180));
    assert_eq!(section("reentry = 5").reentry_time(), Duration::from_secs(5));
    assert_eq!(section("active = 1").command_time(), Duration::from_secs(60));
}
