//! No bytes make a reader panic, give more than they are, or let anybody in who was not let in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use access::hash::{Kind, verify};
use access::password_file::{hash_of, with_hash};
use access::{Decision, GuiConf, Rules, Settings, Slowdown, Turn, htaccess, programs};
use proptest::prelude::*;

/// Lines made of what such files are made of, and of anything.
fn lines() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => prop::sample::select(vec![
            "Order", "deny,allow", "allow,deny", "Allow", "Deny", "from", "all", "Require", "ip", "host", "local", "granted",
            "denied", "valid-user", "user", "10", "10.0.0.0/8", "172.16.57.", "::1", "2001:db8::/32", "example.com", "<Limit GET>",
            "</Limit>", "<Directory /etc/sysconfig/ha/web>", "<Directory \"/etc/sysconfig/ha/web/secure\">", "</Directory>",
            "<Location /secure>", "</Location>", "<IfModule x>", "</IfModule>", "Listen", "3636", "[::1]:3636", "AuthUserFile",
            "DocumentRoot", "/srv", "\\", "\"", "#",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let separator = prop::sample::select(vec![" ", "\n", "\n", "\r\n", "\t", "\\\n"]);
    prop::collection::vec((word, separator), 0..60).prop_map(|words| {
        words.into_iter().flat_map(|(word, separator)| [word, separator.to_owned()]).collect()
    })
}

fn clients() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
        Just(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))),
    ]
}

fn decide(rules: &Rules, client: IpAddr) -> Decision {
    rules.decide(client, &mut |_: IpAddr| vec!["www.example.com".to_owned()])
}

proptest! {
    #[test]
    fn readers_of_httpds_files(text in lines(), client in clients()) {
        let rules = htaccess::parse(text.as_bytes());
        if !rules.faults().is_empty() {
            let local = client.to_canonical().is_loopback();
            prop_assert_eq!(decide(&rules, client) == Decision::Allowed, local);
        }
        if let Ok((settings, unhonoured)) = Settings::parse(text.as_bytes()) {
            prop_assert!(!settings.listen.is_empty() && unhonoured.len() <= 100);
            prop_assert!(unhonoured.iter().all(|line| line.text.chars().count() <= 200));
            decide(&settings.secure, client);
            decide(&settings.web, client);
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Settings::parse(&bytes);
        htaccess::parse(&bytes);
        let _ = GuiConf::parse(&bytes);
        let _ = hash_of(&bytes, "piranha").map(Kind::of);
    }

    /// An address that is mapped into IPv6 is the same client.
    #[test]
    fn mapped_addresses_are_decided_alike(text in lines(), bits in any::<u32>()) {
        let (rules, client) = (htaccess::parse(text.as_bytes()), Ipv4Addr::from_bits(bits));
        prop_assert_eq!(decide(&rules, client.into()), decide(&rules, client.to_ipv6_mapped().into()));
    }

    /// Names are asked for if and only if they can change the decision for this client.
    #[test]
    fn names_that_are_not_needed_change_nothing(text in lines(), client in clients()) {
        let rules = htaccess::parse(text.as_bytes());
        if !rules.needs_names(client) {
            let mut never = |_: IpAddr| -> Vec<String> { panic!("asked for a name") };
            prop_assert_eq!(rules.decide(client, &mut never), decide(&rules, client));
        }
    }

    #[test]
    fn a_changed_password_file_has_the_new_hash_and_all_other_lines(
        lines in prop::collection::vec("(piranha|piranh|bob|#piranha|)(:|)[a-z$./]{0,5}\r?", 0..8),
        end in prop::bool::ANY,
    ) {
        let file = lines.join("\n") + if end { "\n" } else { "" };
        let (changed, _) = with_hash(file.as_bytes(), "piranha", "$6$new").expect("fit");
        prop_assert_eq!(hash_of(&changed, "piranha"), Some(&b"$6$new"[..]));
        let others = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("text");
            let mut first = true;
            let keep = |line: &&str| !(line.is_empty() || line.starts_with("piranha:") && std::mem::take(&mut first));
            text.split('\n').filter(keep).map(str::to_owned).collect::<Vec<_>>()
        };
        prop_assert_eq!(others(&changed), others(file.as_bytes()));
        prop_assert_eq!(hash_of(&changed, "bob"), hash_of(file.as_bytes(), "bob"));
    }

    #[test]
    fn stored_hashes_of_any_form_never_panic(
        begin in prop::sample::select(vec!["", "$1$", "$apr1$", "$5$", "$6$", "$6$rounds=1000$", "{SHA}", "$2y$04$", "$2b$"]),
        rest in "[./0-9A-Za-z$=]{0,90}", password in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let _ = verify(&password, format!("{begin}{rest}").as_bytes());
    }

    #[test]
    fn well_formed_hashes_of_others_never_let_in(
        form in prop::sample::select(vec![("", 0, 13), ("$1$", 8, 22), ("$apr1$", 8, 22), ("$5$", 16, 43), ("$6$", 16, 86), ("$2y$04$", 0, 53)]),
        characters in "[./0-9A-Za-z]{100}",
    ) {
        let (begin, salt, length) = form;
        let (salt, rest) = characters.split_at(salt);
        let separator = if salt.is_empty() { "" } else { "$" };
        let stored = format!("{begin}{salt}{separator}{}", rest.get(..length).unwrap_or(rest));
        prop_assert_ne!(verify(b"password", stored.as_bytes()), Ok(true));
    }

    /// What is told to be a program that may be set is below a directory, however it is written.
    #[test]
    fn no_spelling_leads_out_of_the_directories(text in "(/opt/checks)?[/.a-z \"'\\\\%]{0,20}") {
        let directories = [std::path::PathBuf::from("/opt/checks")];
        for new in programs::new_values([], [("start_cmd", text.as_bytes())], &directories) {
            if let Ok(program) = new.program {
                prop_assert!(program.starts_with("/opt/checks/") && program.components().all(|part| part.as_os_str() != ".."));
                prop_assert!(text.trim_start().starts_with(program.to_str().expect("text")));
            }
        }
    }

    /// However tries come, one address that guesses gets no more than one in four seconds once it has failed often.
    #[test]
    fn guessing_is_slow(pauses in prop::collection::vec(0u64..3000, 1..200)) {
        let (mut slowdown, client) = (Slowdown::new(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let (mut now, mut examined) = (Duration::ZERO, Vec::new());
        for pause in pauses {
            now += Duration::from_millis(pause);
            let at = match slowdown.turn(client, now) {
                Turn::Now => now,
                Turn::After(wait) => now + wait,
                Turn::Refused(_) => continue,
            };
            slowdown.failed(client, at);
            examined.push(at);
        }
        for pair in examined.windows(2).skip(5) {
            prop_assert!(pair[1] >= pair[0] + Duration::from_secs(4), "{:?}", examined);
        }
    }
}

/// Time grows with the length of a file, not with its square: the longest ones take a moment, even unoptimised.
#[test]
fn the_longest_files_are_read_in_a_moment() {
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for piece in [
        "\n",
        "\\\n",
        "#\\\n",
        "\"",
        "<",
        "<Limit GET>\n",
        "</Limit>\n",
        "<Directory /etc>\nDeny from 1\n</Directory>\n",
        "<Location /secure>\nDeny from a\n</Location>\n",
        "<Directory *>\n",
        "Allow from 1 1 1 1 1 1 a b c d\n",
        "x\n",
        "Order deny,allow\n",
        "Require host a.b\n",
        "piranha\n",
        "a:b\n",
        "a = b\n",
        "Listen 1\n",
        "\u{fffd}",
    ] {
        let text: String = piece.chars().cycle().take(access::MAX_BYTES / 8).collect();
        let numbered: String = (0..10_000).map(|number: u32| number.to_string() + piece).collect();
        for text in [text, numbered] {
            let begin = Instant::now();
            let rules = htaccess::parse(text.as_bytes());
            let _ = decide(&rules, client);
            if let Ok((settings, _)) = Settings::parse(text.as_bytes()) {
                let _ = decide(&settings.web, client);
            }
            let _ = GuiConf::parse(text.as_bytes());
            let _ = hash_of(text.as_bytes(), "piranha");
            let taken = begin.elapsed();
            assert!(taken < Duration::from_secs(20), "{piece:?} {taken:?}");
        }
    }
}
