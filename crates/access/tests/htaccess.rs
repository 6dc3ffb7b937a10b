//! `.htaccess` as the manuals have it written, and as nobody should have written it (gui.md 9, 15).

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::net::IpAddr;

use access::{Decision, Levels, Rules, htaccess};

fn rules(text: &str) -> Rules {
    htaccess::parse(text.as_bytes())
}

/// Without a name server.
fn lets_in(rules: &Rules, client: &str) -> bool {
    let mut nobody = |_: IpAddr| -> Vec<String> { panic!("no rule here needs a name") };
    rules.decide(client.parse().unwrap(), &mut nobody) == Decision::Allowed
}

fn check(text: &str, allowed: &[&str], refused: &[&str]) {
    let rules = rules(text);
    assert_eq!(rules.faults(), [], "{text}");
    for client in allowed {
        assert!(lets_in(&rules, client), "{text}: {client}");
    }
    for client in refused {
        assert!(!lets_in(&rules, client), "{text}: {client}");
    }
}

#[test]
fn the_file_of_the_manuals() {
    check(
        "Order deny,allow\nDeny from all\nAllow from 127.0.0.1\nAllow from 172.16.57\n",
        &["127.0.0.1", "172.16.57.1", "::ffff:172.16.57.99"],
        &["172.16.58.1", "10.0.0.1", "::1", "2001:db8::1"],
    );
}

#[test]
fn order_says_where_to_start_and_who_wins() {
    let all = ["10.0.0.1", "10.0.0.2", "192.168.0.1"];
    check("Order deny,allow", &all, &[]);
    check("Order allow,deny", &[], &all);
    check("Order deny,allow\nDeny from 10\nAllow from 10.0.0.1", &["10.0.0.1", "192.168.0.1"], &["10.0.0.2"]);
    check("ORDER Allow,Deny\nallow FROM 10\ndeny From 10.0.0.1", &["10.0.0.2"], &["10.0.0.1", "192.168.0.1"]);
    check("Allow from 10.0.0.1\nDeny from all", &["10.0.0.1"], &["10.0.0.2"]);
    check("Deny from 10.0.0.1 10.0.0.2", &["192.168.0.1"], &["10.0.0.1", "10.0.0.2"]);
    check("Order allow,deny\nOrder deny,allow\nDeny from 10", &["192.168.0.1"], &["10.0.0.1"]);
}

#[test]
fn require_in_the_newer_syntax() {
    check("Require all granted", &["10.0.0.1", "2001:db8::1"], &[]);
    check("Require all denied", &[], &["10.0.0.1", "127.0.0.1"]);
    check("Require local", &["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"], &["10.0.0.1"]);
    check(
        "Require ip 10.1 192.168.0.0/16\nRequire ip 2001:db8::/32",
        &["10.1.2.3", "192.168.9.9", "2001:db8::1"],
        &["10.2.0.1"],
    );
    check("require ALL denied\nREQUIRE IP 10.0.0.1", &["10.0.0.1"], &["10.0.0.2"]);
    // Both kinds: both must let in.
    check("Require ip 10\nOrder deny,allow\nDeny from 10.0.0.1", &["10.0.0.2"], &["10.0.0.1", "11.0.0.1"]);
}

#[test]
fn lines_about_the_login_narrow_nothing_and_open_nothing() {
    let login = "AuthType Basic\nAuthName \"access to the piranha web GUI\"\nAuthUserFile /etc/other.passwd\n\
                 AuthGroupFile /dev/null\nRequire user bob\nrequire valid-user\n";
    check(login, &["10.0.0.1"], &[]);
    let read = rules(login);
    assert!(!read.has_access_rule());
    assert_eq!(read.auth_user_file(), Some("/etc/other.passwd".as_ref()));
    assert_eq!(read.auth_name(), Some("access to the piranha web GUI"));
    check(&format!("{login}Require ip 10"), &["10.0.0.1"], &["11.0.0.1"]);
}

#[test]
fn limit_counts_as_absent() {
    check("<Limit GET>\nRequire valid-user\nDeny from 10\n</Limit>", &["11.0.0.1"], &["10.0.0.1"]);
    check("<limit GET POST>\r\nOrder deny,allow\r\nDeny from all\r\n</LIMIT>\r\n", &[], &["10.0.0.1"]);
}

#[test]
fn what_is_not_understood_lets_only_loopback_in_and_is_told() {
    for line in [
        "Allow from 10.0.0.300",
        "Allow 10.0.0.1",
        "Allow from",
        "Allow from env=let_me_in",
        "Allow from 10.0.0.1 # the office",
        "Deny from !10.0.0.1",
        "Order allow, deny",
        "Order mutual-failure",
        "Order",
        "Satisfy Any",
        "Require",
        "Require ip",
        "Require ip office.example.com",
        "Require host 10.0.0.1",
        "Require all",
        "Require all maybe",
        "Require group admins",
        "Require not ip 10.0.0.1",
        "Require local 1",
        "Require user",
        "<RequireAll>",
        "</RequireAll>",
        "<LimitExcept GET>",
        "<Limit GET>",
        "</Limit>",
        "<Limit GET",
        "Options +Indexes",
        "AuthUserFile",
        "AuthName two words",
        "\"",
        "\u{1b}[31m",
    ] {
        let rules = rules(&format!("Order deny,allow\nAllow from all\n{line}\n"));
        assert_eq!(rules.faults().len(), 1, "{line}");
        assert_eq!(rules.faults()[0].line, 3, "{line}");
        assert!(!rules.faults()[0].text.contains('\u{1b}'));
        assert!(lets_in(&rules, "127.0.0.1") && lets_in(&rules, "::1"), "{line}");
        assert!(!lets_in(&rules, "10.0.0.1") && !lets_in(&rules, "2001:db8::1"), "{line}");
    }
    let endless = vec![b'\n'; access::MAX_BYTES + 1];
    assert!(!lets_in(&htaccess::parse(&endless), "10.0.0.1"));
}

#[test]
fn names_are_looked_up_only_where_the_decision_hangs_on_them() {
    let rules =
        rules("Order deny,allow\nDeny from all\nAllow from 10.0.0.1 .example.com\nAllow from host.test");
    let client = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(!rules.needs_names(client("10.0.0.1")));
    assert!(rules.needs_names(client("10.0.0.2")));
    let mut asked = Vec::new();
    let mut decide = |address: &str, name: &str| {
        let mut names = |client: IpAddr| {
            asked.push(client);
            vec!["other.test".to_owned(), name.to_owned()]
        };
        rules.decide(client(address), &mut names) == Decision::Allowed
    };
    assert!(decide("10.0.0.1", "unknown"));
    assert!(decide("10.0.0.2", "WWW.example.com"));
    assert!(decide("10.0.0.3", "host.test"));
    assert!(!decide("10.0.0.4", "badexample.com"));
    assert_eq!(asked, ["10.0.0.2", "10.0.0.3", "10.0.0.4"].map(client));
}

#[test]
fn rules_with_names_for_both_sides() {
    let named = |name: &str| {
        let name = name.to_owned();
        move |_: IpAddr| vec![name.clone()]
    };
    let client: IpAddr = "10.0.0.1".parse().unwrap();
    let rules = rules("Order deny,allow\nDeny from example.com\nAllow from www.example.com");
    assert!(rules.needs_names(client));
    assert_eq!(rules.decide(client, &mut named("www.example.com")), Decision::Allowed);
    assert_eq!(rules.decide(client, &mut named("ftp.example.com")), Decision::Refused);
    assert_eq!(rules.decide(client, &mut named("example.org")), Decision::Allowed);
    let required = htaccess::parse(b"Require host example.com");
    assert_eq!(required.decide(client, &mut named("a.example.com")), Decision::Allowed);
    assert_eq!(required.decide(client, &mut |_: IpAddr| Vec::new()), Decision::Refused);
}

#[test]
fn the_nearest_level_with_an_access_rule_counts_whole() {
    let (ten, eleven) = (rules("Order deny,allow\nDeny from 10"), rules("Order deny,allow\nDeny from 11"));
    let login = rules("AuthUserFile /a\nRequire valid-user");
    let named = rules("AuthName inner");
    let broken = rules("Nonsense");
    let decide = |levels: Levels, open: bool, client: &str| {
        let effective = if open { levels.open() } else { levels.secure() };
        effective.decide(client.parse().unwrap(), &mut |_: IpAddr| Vec::new()) == Decision::Allowed
    };
    let all = Levels {
        secure_file: Some(&login),
        secure_block: Some(&ten),
        web_file: Some(&eleven),
        web_block: None,
    };
    assert!(!decide(all, false, "10.0.0.1") && decide(all, false, "11.0.0.1"));
    assert!(decide(all, true, "10.0.0.1") && !decide(all, true, "11.0.0.1"));
    assert_eq!(all.secure().auth_user_file, Some("/a".as_ref()));
    assert_eq!(all.open().auth_user_file, None);

    let outermost = Levels {
        web_block: Some(&ten),
        secure_file: Some(&login),
        secure_block: Some(&named),
        web_file: None,
    };
    assert!(!decide(outermost, false, "10.0.0.1") && !decide(outermost, true, "10.0.0.1"));
    assert_eq!(outermost.secure().auth_name, Some("inner"));

    let spoilt = Levels { secure_file: Some(&broken), web_block: Some(&ten), ..Levels::default() };
    assert!(
        !decide(spoilt, false, "11.0.0.1")
            && decide(spoilt, false, "127.0.0.1")
            && decide(spoilt, true, "11.0.0.1")
    );
    assert_eq!(spoilt.secure().faults().len(), 1);
    assert!(decide(Levels::default(), false, "10.0.0.1"));
}
