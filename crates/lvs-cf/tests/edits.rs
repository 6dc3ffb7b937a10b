//! Edits: what they write, and that they touch nothing else.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

use insta::assert_snapshot;
use lvs_cf::{
    Config, Document, EditError, ErrorKind, Form, Kind, NumbersOnly, Place, Unwritable, check, vocabulary,
};

const HOUSE: &str = "\
# The house's routers
serial_no = 7
primary  =  192.0.2.10
service = lvs   
network = nat

# web
virtual web {
     # the shop
     active = 1
     address = 192.0.2.80 eth0:1
     port = 80
     send = \"GET / HTTP/1.0\\r\\n\\r\\n\"
     server one {
         address = 10.0.0.1
         active = 1
     }
     server two {
         address = 10.0.0.2
     }
}

# mail
virtual mail {
\taddress = 192.0.2.25 eth0:2
}
";

fn house() -> Document {
    Document::new(HOUSE.as_bytes())
}

fn text(document: &Document) -> String {
    String::from_utf8(document.as_bytes().to_vec()).expect("the tests write UTF-8")
}

/// The lines that differ, with their numbers: `-` is gone, `+` is new.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let front = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let back =
        old[front..].iter().rev().zip(new[front..].iter().rev()).take_while(|(old, new)| old == new).count();
    let gone = old[front..old.len() - back].iter().map(|line| format!("-{line}|"));
    let come = new[front..new.len() - back].iter().map(|line| format!("+{line}|"));
    let at = format!("@{}", front + 1);
    std::iter::once(at).chain(gone).chain(come).collect::<Vec<_>>().join("\n")
}

fn edited(edit: impl FnOnce(&mut Document) -> Result<(), EditError>) -> String {
    let mut document = house();
    edit(&mut document).expect("an edit that can be made");
    Config::parse(document.as_bytes(), &NumbersOnly).expect("a file that can be read");
    difference(HOUSE, &text(&document))
}

#[test]
fn a_changed_value_changes_nothing_else_on_its_line() {
    assert_snapshot!(edited(|it| it.set(Place::File, "primary", &["192.0.2.9"])), @r"
    @3
    -primary  =  192.0.2.10|
    +primary  =  192.0.2.9|
    ");
    assert_snapshot!(edited(|it| it.set(Place::File, "service", &["fos"])), @r"
    @4
    -service = lvs   |
    +service = fos   |
    ");
    assert_snapshot!(edited(|it| it.set(Place::Virtual(1), "address", &["192.0.2.26", "eth1:2"])), @r"
    @25
    -	address = 192.0.2.25 eth0:2|
    +	address = 192.0.2.26 eth1:2|
    ");
}

#[test]
fn the_same_value_changes_nothing() {
    assert_eq!(edited(|it| it.set(Place::File, "primary", &["192.0.2.10"])), "@27");
    assert_eq!(edited(|it| it.set(Place::Virtual(0), "send", &["GET / HTTP/1.0\\r\\n\\r\\n"])), "@27");
    assert_eq!(edited(|it| it.remove(Place::File, "backup")), "@27");
    assert_eq!(edited(|it| it.rename(Place::Virtual(0), "web")), "@27");
    let mut dos = Document::new(b"primary = 192.0.2.1\r\nvirtual a {\r\n");
    dos.set(Place::File, "primary", &["192.0.2.1"]).expect("no change");
    assert_eq!(dos.as_bytes(), b"primary = 192.0.2.1\r\nvirtual a {\r\n");
}

#[test]
fn a_new_statement_stands_where_piranha_would_write_it() {
    assert_snapshot!(edited(|it| it.set(Place::File, "backup", &["192.0.2.11"])), @r"
    @5
    +backup = 192.0.2.11|
    ");
    assert_snapshot!(edited(|it| it.set(Place::File, "ipvsadm", &["/sbin/ipvsadm"])), @r"
    @6
    +ipvsadm = /sbin/ipvsadm|
    ");
    assert_snapshot!(edited(|it| it.set(Place::Virtual(0), "quiesce_server", &["1"])), @r"
    @14
    +     quiesce_server = 1|
    ");
    assert_snapshot!(edited(|it| it.set(Place::Server(0, 1), "weight", &["3"])), @r"
    @20
    +         weight = 3|
    ");
    assert_snapshot!(edited(|it| it.set(Place::Virtual(1), "active", &["1"])), @r"
    @25
    +     active = 1|
    ");
}

#[test]
fn a_port_never_lands_below_a_server() {
    let mut document = Document::new(b"virtual a {\n server s {\n }\n protocol = tcp\n}\n");
    document.set(Place::Virtual(0), "port", &["81"]).expect("a port");
    assert_snapshot!(text(&document), @r"
    virtual a {
     port = 81
     server s {
     }
     protocol = tcp
    }
    ");
}

#[test]
fn a_comment_stays_at_its_section_line() {
    let mut document = Document::new(b"virtual a {\n     # on a\n     # and b\n}\n");
    document.set(Place::Virtual(0), "active", &["1"]).expect("a boolean");
    assert_snapshot!(text(&document), @r"
    virtual a {
         # on a
         # and b
         active = 1
    }
    ");
}

#[test]
fn the_last_of_repeated_lines_is_changed_and_all_are_removed() {
    let mut document = Document::new(b"service = lvs\nkeepalive = 1\nservice = lvs\n");
    document.set(Place::File, "service", &["fos"]).expect("a service");
    assert_eq!(text(&document), "service = lvs\nkeepalive = 1\nservice = fos\n");
    document.remove(Place::File, "service").expect("a service");
    assert_eq!(text(&document), "keepalive = 1\n");
}

/// One line at a time, this would take minutes.
#[test]
fn a_keyword_on_very_many_lines_is_removed_at_once() {
    let mut document = Document::new(&b"keepalive = 1\n# x\n".repeat(100_000));
    document.remove(Place::File, "keepalive").expect("a file without it");
    assert_eq!(document.as_bytes(), b"# x\n".repeat(100_000));
}

#[test]
fn sections_come_go_and_change_their_names() {
    assert_snapshot!(edited(|it| it.add_virtual("ftp site", Form::Ordinary).map(|_| ())), @r"
    @27
    +virtual ftp_site {|
    +}|
    ");
    assert_snapshot!(edited(|it| it.add_failover("httpd", Form::Ordinary).map(|_| ())), @r"
    @27
    +failover httpd {|
    +}|
    ");
    assert_snapshot!(edited(|it| it.add_server(0, "three", Form::Ordinary).map(|_| ())), @r"
    @21
    +     server three {|
    +     }|
    ");
    assert_snapshot!(edited(|it| it.delete(Place::Server(0, 0), false)), @r"
    @14
    -     server one {|
    -         address = 10.0.0.1|
    -         active = 1|
    -     }|
    ");
    assert_snapshot!(edited(|it| it.delete(Place::Virtual(1), true)), @r"
    @23
    -# mail|
    -virtual mail {|
    -	address = 192.0.2.25 eth0:2|
    -}|
    ");
    assert_snapshot!(edited(|it| it.rename(Place::Server(0, 1), "zwei")), @r"
    @18
    -     server two {|
    +     server zwei {|
    ");
}

#[test]
fn sections_move_with_their_comments() {
    assert_snapshot!(edited(|it| it.move_to(Place::Server(0, 1), 0)), @r"
    @14
    -     server one {|
    -         address = 10.0.0.1|
    -         active = 1|
    -     }|
    -     server two {|
    -         address = 10.0.0.2|
    +     server two {|
    +         address = 10.0.0.2|
    +     }|
    +     server one {|
    +         address = 10.0.0.1|
    +         active = 1|
    ");
    let mut document = house();
    document.move_to(Place::Virtual(0), 1).expect("two sections");
    let order: Vec<String> =
        text(&document).lines().filter(|line| !line.starts_with(' ')).map(Into::into).collect();
    let wanted =
        ["# mail", "virtual mail {", "\taddress = 192.0.2.25 eth0:2", "}", "# web", "virtual web {", "}"];
    assert_eq!(order[order.len() - wanted.len()..], wanted);
}

#[test]
fn a_move_that_changes_a_port_is_refused() {
    let mut document = Document::new(b"virtual a {\nserver s {\n}\nport = 81\nserver t {\n}\n}\n");
    assert_eq!(document.move_to(Place::Server(0, 0), 1), Err(EditError::ChangesPort));
}

#[test]
fn what_piranha_cannot_read_goes_to_extension_lines() {
    assert_snapshot!(edited(|it| it.set(Place::File, "keepalive", &["250ms"])), @r"
    @5
    +#% keepalive = 250ms|
    ");
    assert_snapshot!(edited(|it| it.set(Place::Virtual(0), "rise", &["3"])), @r"
    @14
    +     #% rise = 3|
    ");
    assert_snapshot!(edited(|it| it.set(Place::Server(0, 0), "address", &["2001:db8::1"])), @r"
    @16
    +         #% address = 2001:db8::1|
    ");
}

#[test]
fn an_ordinary_value_takes_an_extension_line_away() {
    let mut document = Document::new(b"keepalive = 1\n#% keepalive = 250ms\ndeadtime = 6\n");
    document.set(Place::File, "keepalive", &["2"]).expect("seconds");
    assert_eq!(text(&document), "keepalive = 2\ndeadtime = 6\n");
    document.set(Place::File, "keepalive", &["100ms"]).expect("a time");
    assert_eq!(text(&document), "keepalive = 2\n#% keepalive = 100ms\ndeadtime = 6\n");
    document.remove(Place::File, "keepalive").expect("both lines");
    assert_eq!(text(&document), "deadtime = 6\n");
}

#[test]
fn a_whole_section_of_extension_lines() {
    let mut document = house();
    let place = document.add_virtual("six", Form::Extension).expect("a section");
    document.set(place, "active", &["1"]).expect("a boolean");
    document.set(place, "address", &["2001:db8::80", "eth0"]).expect("an address");
    document.set(place, "scheduler", &["mh"]).expect("a scheduler");
    let server = document.add_server(2, "one", Form::Ordinary).expect("a server");
    document.set(server, "address", &["2001:db8::1"]).expect("an address");
    assert_snapshot!(difference(HOUSE, &text(&document)), @r"
    @27
    +#% virtual six {|
    +#%     active = 1|
    +#%     address = 2001:db8::80 eth0|
    +#%     scheduler = mh|
    +#%     server one {|
    +#%         address = 2001:db8::1|
    +#%     }|
    +#% }|
    ");
    let config = Config::parse(document.as_bytes(), &NumbersOnly).expect("a file").config;
    assert_eq!(config.virtual_servers[2].servers.len(), 1);
}

#[test]
fn an_edit_repairs_line_ends_and_missing_braces() {
    let mut document =
        Document::new(b"primary = 192.0.2.1\r\nvirtual a {\r\n  active = 1\r\n  server s {\r\n weight = 2");
    document.set(Place::File, "primary", &["192.0.2.2"]).expect("an address");
    assert_snapshot!(text(&document), @r"
    primary = 192.0.2.2
    virtual a {
      active = 1
      server s {
     weight = 2
      }
    }
    ");
}

#[test]
fn an_open_section_can_be_edited_like_a_closed_one() {
    let open = b"virtual a {\n     server s {\n         weight = 2";
    let mut document = Document::new(open);
    assert_eq!(document.add_server(0, "t", Form::Ordinary), Ok(Place::Server(0, 1)));
    assert_snapshot!(text(&document), @r"
    virtual a {
         server s {
             weight = 2
         }
         server t {
         }
    }
    ");
    let mut document = Document::new(open);
    document.delete(Place::Server(0, 0), false).expect("a server");
    assert_eq!(text(&document), "virtual a {\n}\n");
}

#[test]
fn quotes_are_chosen_so_that_the_reader_finds_them() {
    let written = |keyword: &str, value: &str| {
        let mut document = Document::new(b"virtual a {\n}\n");
        let place = if keyword == "active_cmd" { Place::File } else { Place::Virtual(0) };
        document.set(place, keyword, &[value]).map(|()| {
            let read = document.value(place, keyword).map(|words| words[0].to_string());
            assert_eq!(read.as_deref(), (!value.is_empty()).then_some(value), "{value}");
            text(&document).lines().find(|line| line.contains(" = ")).unwrap_or_default().trim().to_owned()
        })
    };
    let quote =
        |keyword: &str| Err(EditError::Unwritable { keyword: keyword.into(), reason: Unwritable::Quote });
    assert_eq!(written("send", "GET /"), Ok("send = \"GET /\"".into()));
    assert_eq!(written("send", "a\"b"), Ok("send = \"a\"b\"".into()));
    assert_eq!(written("send", "a\"b c"), Ok("send = \"a\"b c\"".into()));
    assert_eq!(written("send", "a b\"c"), quote("send"));
    assert_eq!(written("send", ""), Ok(String::new()));
    assert_eq!(
        written("send", "a\""),
        Err(EditError::Unwritable { keyword: "send".into(), reason: Unwritable::TrailingQuote })
    );
    assert_eq!(written("active_cmd", "/bin/x"), Ok("active_cmd = /bin/x".into()));
    assert_eq!(written("active_cmd", "/bin/x y"), Ok("active_cmd = \"/bin/x y\"".into()));
    assert_eq!(written("active_cmd", "say \"hi\""), Ok("active_cmd = 'say \"hi\"'".into()));
    assert_eq!(written("active_cmd", "say \"hi\" 'x'"), quote("active_cmd"));
}

#[test]
fn what_the_daemons_would_misread_is_refused() {
    let refused = |place: Place, keyword: &str, value: &[&str]| {
        let error = house().set(place, keyword, value).expect_err("refused");
        error.to_string()
    };
    let all = [
        refused(Place::File, "heartbeat_port", &["70000"]),
        refused(Place::File, "keepalive", &["-1"]),
        refused(Place::File, "serial_no", &["2147483648"]),
        refused(Place::File, "syncd_id", &["256"]),
        refused(Place::File, "nat_nmask", &["255.0.255.0"]),
        refused(Place::File, "primary", &["0.0.0.0"]),
        refused(Place::File, "primary", &["two words"]),
        refused(Place::File, "rsh_command", &["a\nb"]),
        refused(Place::File, "network", &["NAT"]),
        refused(Place::File, "bogus", &["1"]),
        refused(Place::Virtual(0), "address", &["192.0.2.1"]),
        refused(Place::Virtual(0), "sorry_server", &["name"]),
        refused(Place::Virtual(9), "active", &["1"]),
        refused(Place::Server(0, 0), "port", &["http"]),
        refused(Place::Server(0, 0), "nmask", &["255.255.255.0"]),
    ];
    assert_snapshot!(all.join("\n"), @r"
    heartbeat_port: write a number from 1 to 65535
    keepalive: write a time such as 250ms, 1.5s or 10m; a plain number is seconds
    serial_no: write a number from 0 to 2147483647
    syncd_id: write a number from 0 to 255
    nat_nmask: `255.0.255.0` is no netmask: its ones are not all in front
    primary: invalid host name or ip address
    primary: `two words` must be one word without blanks or quotes
    rsh_command: a value cannot hold a line end or a NUL byte
    network: write one of: nat, direct, tunnel
    `bogus` is no keyword here
    address: 2 words are needed
    sorry_server: `name` is no IP address
    there is no such section in the file
    port: write a number from 1 to 65535
    `nmask` is no keyword here
    ");
    assert!(house().rename(Place::Virtual(0), "a{b").is_err());
    assert!(house().add_virtual("", Form::Ordinary).is_err());
}

#[test]
fn a_line_that_depends_on_another_keeps_it() {
    let accepted = b"virtual a {\n     port = 80\n     active = 0 \"left over\n}\n";
    let mut document = Document::new(accepted);
    let refused = document.remove(Place::Virtual(0), "port");
    assert_eq!(refused, Err(EditError::Breaks { line: 2, kind: ErrorKind::BadQuoting }));
    assert_eq!(document.as_bytes(), accepted);
    document.set(Place::Virtual(0), "active", &["1"]).expect("the line is rewritten");
    assert_eq!(text(&document), "virtual a {\n     port = 80\n     active = 1\n}\n");
}

#[test]
fn a_move_that_breaks_a_line_names_it() {
    let servers = b"virtual a {\nserver s {\n}\nactive = 1 \"left over\nserver t {\n}\n}\n";
    let refused = Document::new(servers).move_to(Place::Server(0, 0), 1);
    assert_eq!(refused, Err(EditError::Breaks { line: 2, kind: ErrorKind::BadQuoting }));
}

#[test]
fn a_faulty_file_can_be_edited_towards_a_good_one() {
    let mut document = Document::new(b"keepalive =9\nbogus = 1\nprimary = 192.0.2.1\n");
    document.set(Place::File, "keepalive", &["9"]).expect("the line is rewritten");
    document.set(Place::File, "primary", &["192.0.2.2"]).expect("an address");
    assert_eq!(text(&document), "keepalive = 9\nbogus = 1\nprimary = 192.0.2.2\n");

    let mut document = Document::new(b"virtual a {\n     send = \"a b\n     expect = \"HTTP\" \n}\n");
    document.set(Place::Virtual(0), "send", &["x"]).expect("the line is rewritten");
    document.set(Place::Virtual(0), "expect", &["HTTP"]).expect("the line is rewritten");
    assert_eq!(text(&document), "virtual a {\n     send = \"x\"\n     expect = \"HTTP\"\n}\n");
}

#[test]
fn the_serial_number_counts_up_and_starts_again() {
    let raised = |text: &str| {
        let mut document = Document::new(text.as_bytes());
        document.raise_serial_no().expect("a number");
        String::from_utf8(document.as_bytes().to_vec()).expect("UTF-8")
    };
    assert_eq!(raised("serial_no = 7\n"), "serial_no = 8\n");
    assert_eq!(raised("serial_no = 2147483647\n"), "serial_no = 1\n");
    assert_eq!(raised("# head\n\nservice = lvs\n"), "# head\n\nserial_no = 1\nservice = lvs\n");
    assert_eq!(raised("virtual a {\n}\n"), "serial_no = 1\nvirtual a {\n}\n");
    assert_eq!(raised("# only\n"), "# only\nserial_no = 1\n");
}

/// A value of each kind that can be written.
fn sample(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Boolean
        | Kind::Integer
        | Kind::Byte
        | Kind::Port
        | Kind::PortNumber
        | Kind::Mark
        | Kind::Count => vec!["1"],
        Kind::Host | Kind::Address => vec!["192.0.2.7"],
        Kind::HostAndDevice => vec!["192.0.2.7", "eth0:7"],
        Kind::Mask => vec!["255.255.0.0"],
        Kind::Fixed(words) => words[words.len() - 1..].to_vec(),
        Kind::String | Kind::Text => vec!["two words"],
        Kind::List => vec!["/a", "/b"],
        Kind::Time | Kind::Period => vec!["250ms"],
    }
}

#[test]
fn every_keyword_can_be_written_and_read_back() {
    for place in [Place::File, Place::Virtual(0), Place::Failover(0), Place::Server(0, 0)] {
        let mut document = Document::new(b"failover f {\n}\nvirtual v {\n     server s {\n     }\n}\n");
        for entry in vocabulary(place).into_iter().rev() {
            document.set(place, entry.name, &sample(entry.kind)).unwrap_or_else(|error| panic!("{error}"));
            let read = document.value(place, entry.name).unwrap_or_default();
            assert_eq!(read, sample(entry.kind), "{}", entry.name);
        }
        let written: Vec<String> = text(&document)
            .lines()
            .filter_map(|line| line.trim_start_matches(['#', '%', ' ']).split_once(" = "))
            .map(|(keyword, _)| keyword.to_owned())
            .collect();
        let order: Vec<&str> = vocabulary(place).iter().map(|entry| entry.name).collect();
        assert_eq!(written, order, "{place:?}");
        assert!(check(document.as_bytes(), &NumbersOnly).errors().is_none());
    }
}

/// Many edits of one section need not read the whole file each time.
#[test]
fn a_section_edited_alone_is_as_if_it_had_been_edited_in_its_place() {
    let edit = |document: &mut Document, index: usize| -> Result<(), EditError> {
        let section = Place::Virtual(index);
        document.set(section, "port", &["8080"])?;
        document.set(section, "scheduler", &["mh"])?;
        document.set(Place::Server(index, 1), "weight", &["3"])?;
        document.remove(section, "send")?;
        document.rename(section, "shop")?;
        document.add_server(index, "three", Form::Ordinary)?;
        document.set(Place::Server(index, 2), "address", &["10.0.0.3"])
    };
    for (text, index) in
        [(HOUSE.to_owned(), 0), (HOUSE.replace('\n', "\r\n"), 0), (HOUSE.trim_end().to_owned(), 0)]
    {
        let mut whole = Document::new(text.as_bytes());
        edit(&mut whole, index).expect("edits of the whole");
        let mut document = Document::new(text.as_bytes());
        let mut alone = document.section(Place::Virtual(index)).expect("there is one");
        edit(&mut alone, 0).expect("edits of the section");
        document.replace_section(Place::Virtual(index), &alone).expect("it fits");
        assert_eq!(document, whole);
    }
    let mut document = house();
    let alone = document.section(Place::Virtual(1)).expect("there is one");
    assert_eq!(text(&alone), "virtual mail {\n\taddress = 192.0.2.25 eth0:2\n}\n");
    document.replace_section(Place::Virtual(1), &alone).expect("it fits");
    assert_eq!(document, house());
    assert_eq!(document.section(Place::Virtual(2)), Err(EditError::NoSuchPlace));
    assert_eq!(document.section(Place::Server(0, 0)), Err(EditError::NoSuchPlace));
    assert_eq!(document.section(Place::File), Err(EditError::NoSuchPlace));
    let broken =
        document.replace_section(Place::Virtual(1), &Document::new(b"virtual mail {\n     port = x y\n}\n"));
    assert!(matches!(broken, Err(EditError::Breaks { line: 25, .. })), "{broken:?}");
    assert_eq!(document, house());
}
