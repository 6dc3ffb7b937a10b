//! What holds for every file: nothing is lost, nothing panics, and an edit does what it says and no more.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

use lvs_cf::{Config, Document, NumbersOnly, Place, Scheduler, Time, check};
use proptest::prelude::*;

/// Lines that files are made of, good and bad ones.
fn line() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "virtual",
        "failover",
        "server",
        "a",
        "{",
        "}",
        "=",
        "keepalive",
        "deadtime",
        "port",
        "active",
        "address",
        "10.0.0.1",
        "eth0:1",
        "2001:db8::1",
        "\"",
        "\"a",
        "b\"",
        "'x'",
        "#",
        "#%",
        "0x10",
        "-1",
        "99999999999",
        "[",
        "]",
        "dirs",
        "pmask",
        "send",
        "rise",
        "\u{e9}",
        "\0",
        "\r",
        "scheduler",
        "mh",
        "service",
        "lvs",
        "nat_router",
    ]);
    let blanks = prop::sample::select(vec!["", " ", "     ", "\t"]);
    let ends = prop::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r", ""]);
    (blanks, prop::collection::vec(words, 0..6), blanks_behind(), ends)
        .prop_map(|(indent, words, behind, end)| format!("{indent}{}{behind}{end}", words.join(" ")))
}

fn blanks_behind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", " "])
}

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let of_lines = prop::collection::vec(line(), 0..20).prop_map(|lines| lines.concat().into_bytes());
    prop_oneof![of_lines, prop::collection::vec(any::<u8>(), 0..200)]
}

/// Global statements that say nothing about each other.
fn global() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "serial_no = 3",
        "deadtime  = 18",
        "keepalive =\t6",
        "#% keepalive = 250ms",
        "network = direct ",
        "debug_level = NONE",
        "# a comment",
        "",
        "   ",
        "#% not an extension",
        "rsh_command = \"ssh -q\"",
        "\u{e9}x = 1",
        "syncdaemon = 1",
        "primary = 192.0.2.1",
        "backup = 192.0.2.2",
        "heartbeat_port = 539",
    ]);
    keys.prop_filter("only what Piranha accepts", |line| !line.ends_with("x = 1")).prop_map(Into::into)
}

fn section_line() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "     active = 1",
        "  address = 192.0.2.80 eth0:1",
        "\tport = 81",
        "# {",
        "     scheduler = rr",
        "     #% scheduler = mh",
        "",
        "     send = \"GET / HTTP/1.0\\r\\n\\r\\n\"",
        "     active = 0 \"left over",
        "     timeout = 6   ",
    ]);
    keys.prop_map(Into::into)
}

fn server() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "         weight = 2\n",
        "\taddress = 10.0.0.1\n",
        "# x\n",
        "\n",
        "  active = 1\n",
    ]);
    let lines = prop::collection::vec(keys, 0..4);
    (lines, any::<bool>()).prop_map(|(lines, text)| {
        let close = if text { "     } # end" } else { "     }" };
        format!("     server s {{\n         port = 8080\n{}{close}", lines.concat())
    })
}

/// A file that is accepted, with one virtual section of one server at least.
fn good_file() -> impl Strategy<Value = String> {
    let globals = || prop::collection::vec(global(), 0..6);
    let body = prop::collection::vec(section_line(), 0..6);
    (globals(), body, prop::collection::vec(server(), 1..3), globals(), any::<bool>())
        .prop_map(|(before, body, servers, behind, line_end)| {
            let virtual_server =
                format!("virtual v {{\n     active = 1\n{}\n{}\n}}", body.join("\n"), servers.join("\n"));
            let mut text = [before.join("\n"), virtual_server, behind.join("\n")].join("\n");
            if line_end {
                text.push('\n');
            }
            text
        })
        .prop_filter("accepted", |text| Config::parse(text.as_bytes(), &NumbersOnly).is_ok())
}

/// An edit: where, what, and what it means.
type Edit = (Place, &'static str, &'static [&'static str], fn(&mut Config));

const EDITS: &[Edit] = &[
    (Place::File, "serial_no", &["9"], |it| it.serial_no = 9),
    (Place::File, "keepalive", &["3"], |it| it.keepalive = Time::Seconds(3)),
    (Place::File, "deadtime", &["20"], |it| it.deadtime = Time::Seconds(20)),
    (Place::File, "deadtime", &["1.5s"], |it| {
        it.deadtime = Time::Exact(std::time::Duration::from_millis(1500));
    }),
    (Place::File, "rsh_command", &["ssh -o x"], |it| it.rsh_command = "ssh -o x".into()),
    (Place::File, "ipvsadm", &["/x"], |it| it.ipvsadm = "/x".into()),
    (Place::File, "nanny_pool", &["1"], |it| it.nanny_pool = Some(true)),
    (Place::Virtual(0), "active", &["0"], |it| it.virtual_servers[0].active = false),
    (Place::Virtual(0), "fwmark", &["4294967295"], |it| it.virtual_servers[0].fwmark = u32::MAX),
    (Place::Virtual(0), "scheduler", &["lblcr"], |it| {
        it.virtual_servers[0].scheduler = Scheduler::LocalityBasedReplicated;
    }),
    (Place::Virtual(0), "scheduler", &["sed"], |it| {
        it.virtual_servers[0].scheduler = Scheduler::ShortestExpectedDelay;
    }),
    (Place::Virtual(0), "port", &["99"], |it| it.virtual_servers[0].port = 99),
    (Place::Server(0, 0), "weight", &["5"], |it| it.virtual_servers[0].servers[0].weight = 5),
    (Place::Server(0, 0), "port", &["5"], |it| it.virtual_servers[0].servers[0].port = 5),
];

fn parsed(text: &str) -> Config {
    Config::parse(text.as_bytes(), &NumbersOnly).expect("an accepted file").config
}

proptest! {
    #[test]
    fn no_byte_is_lost(bytes in any_file()) {
        let document = Document::new(&bytes);
        prop_assert_eq!(document.as_bytes(), &bytes[..]);
        let lines: Vec<u8> = document.lines().flat_map(|line| [line.text, line.end].concat()).collect();
        prop_assert_eq!(lines, bytes);
    }

    #[test]
    fn every_file_has_a_report(bytes in any_file()) {
        let report = check(&bytes, &NumbersOnly);
        let refused = Config::parse(&bytes, &NumbersOnly).is_err();
        prop_assert!(report.is_refused() || !refused);
        prop_assert!(!report.render("lvs.cf".as_ref()).is_empty());
    }

    #[test]
    fn an_edit_never_panics(bytes in any_file(), which in 0..EDITS.len()) {
        let (place, keyword, value, _) = EDITS[which];
        let mut document = Document::new(&bytes);
        if document.set(place, keyword, value).is_ok() {
            prop_assert!(document.value(place, keyword).is_some());
            document.remove(place, keyword).ok();
        }
        document.delete(Place::Virtual(0), true).ok();
    }

    #[test]
    fn an_edit_means_what_it_says(text in good_file(), which in 0..EDITS.len()) {
        let (place, keyword, value, apply) = EDITS[which];
        let mut document = Document::new(text.as_bytes());
        match document.set(place, keyword, value) {
            Ok(()) => {}
            Err(lvs_cf::EditError::Breaks { .. }) => return Ok(()),
            Err(error) => prop_assert!(false, "{}", error),
        }
        let new = String::from_utf8(document.as_bytes().to_vec()).expect("UTF-8");
        let mut wanted = parsed(&text);
        apply(&mut wanted);
        prop_assert_eq!(parsed(&new), wanted, "{}", new);
    }

    #[test]
    fn an_edit_touches_one_line(text in good_file(), which in 0..EDITS.len()) {
        let (place, keyword, value, _) = EDITS[which];
        let mut document = Document::new(text.as_bytes());
        if document.set(place, keyword, value).is_err() {
            return Ok(());
        }
        let new = String::from_utf8(document.as_bytes().to_vec()).expect("UTF-8");
        let others = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.contains(keyword)).map(Into::into).collect()
        };
        prop_assert_eq!(others(&text), others(&new));
        let overridden = format!("#% {keyword} = ");
        let gone = text.lines().filter(|line| !line.contains(&overridden) && !new.contains(line)).count();
        let come = new.lines().filter(|line| !text.contains(line)).count();
        prop_assert!(gone <= 1 && come <= 1, "{}", new);
    }

    #[test]
    fn deleting_a_server_leaves_the_others(text in good_file()) {
        let mut document = Document::new(text.as_bytes());
        prop_assert_eq!(document.delete(Place::Server(0, 0), false), Ok(()));
        let new = String::from_utf8(document.as_bytes().to_vec()).expect("UTF-8");
        let mut wanted = parsed(&text);
        wanted.virtual_servers[0].servers.remove(0);
        prop_assert_eq!(parsed(&new), wanted);
    }

    #[test]
    fn reading_goes_on_behind_errors_without_losing_the_first(text in good_file(), bad in line()) {
        let whole = format!("{text}\n{}\nbogus = 1\n", bad.replace(['\r', '\n'], ""));
        if let Err(errors) = Config::parse(whole.as_bytes(), &NumbersOnly) {
            let lines: Vec<usize> = errors.iter().map(|error| error.diagnostic.line).collect();
            prop_assert!(lines.is_sorted(), "{:?}", lines);
        }
    }
}
