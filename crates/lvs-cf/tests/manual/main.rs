//! The manual page `docs/man/lvs.cf.5` says what the reader of the file does: each keyword at its level, with its type,
//! its range, its default, an example that can be copied, and whether Piranha understands it.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use lvs_cf::{
    Config, Diagnostic, ErrorKind, ForwardingMethod, Kind, NumbersOnly, Place, Service, Severity,
    VirtualServer, Warning, check, vocabulary,
};

use page::{Entry, Page};

/// The levels of the file, and the sections of the page about their keywords.
const LEVELS: [(Place, &str); 4] = [
    (Place::File, "GLOBAL SETTINGS"),
    (Place::Virtual(0), "VIRTUAL SERVERS"),
    (Place::Server(0, 0), "REAL SERVERS"),
    (Place::Failover(0), "FAILOVER SERVICES"),
];

fn level(entry: &Entry) -> Place {
    LEVELS.iter().find(|(_, section)| *section == entry.section).expect("a section about a level").0
}

/// Every entry of the page that is about a keyword which the reader knows, with what the reader knows of it.
fn known(page: &Page) -> Vec<(&Entry, lvs_cf::Entry)> {
    let known = |entry: &Entry| vocabulary(level(entry)).into_iter().find(|it| it.name == entry.keyword);
    page.entries.iter().filter_map(|entry| known(entry).map(|it| (entry, it))).collect()
}

/// A file that has nothing but this line at its level, and what that level needs.
fn file_with(place: Place, line: &str) -> String {
    match place {
        Place::File => format!("{line}\n"),
        Place::Virtual(_) => format!("virtual web {{\n{line}\n}}\n"),
        Place::Failover(_) => format!("failover web {{\n{line}\n}}\n"),
        Place::Server(..) => format!("virtual web {{\nserver one {{\n{line}\n}}\n}}\n"),
    }
}

fn read(place: Place, line: &str) -> Result<Config, ErrorKind> {
    let parsed = Config::parse(file_with(place, line).as_bytes(), &NumbersOnly);
    parsed.map(|parsed| parsed.config).map_err(|errors| errors.first().kind)
}

/// Everything that is told of the line.
fn told(place: Place, line: &str) -> Vec<Diagnostic> {
    check(file_with(place, line).as_bytes(), &NumbersOnly).diagnostics().cloned().collect()
}

fn names(diagnostics: &[Diagnostic]) -> BTreeSet<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.name).collect()
}

/// The statement of a value, in the form that the keyword needs.
fn statement(entry: &Entry, value: &str) -> String {
    let mark = if entry.extension { "#% " } else { "" };
    format!("{mark}{} = {value}", entry.keyword)
}

fn complain(wrong: &[String]) {
    assert!(wrong.is_empty(), "docs/man/lvs.cf.5:\n{}", wrong.join("\n"));
}

#[test]
fn every_keyword_stands_once_in_the_section_of_its_level_and_no_other_does() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (place, section) in LEVELS {
        let entries = page.entries.iter().filter(|it| it.section == section).map(|it| &it.keyword);
        let listed = page.listed.iter().filter(|it| it.section == section).map(|it| &it.keyword);
        let mut told = BTreeMap::<&str, usize>::new();
        for keyword in entries.chain(listed) {
            *told.entry(keyword).or_default() += 1;
        }
        for keyword in vocabulary(place).iter().map(|it| it.name) {
            match told.remove(keyword) {
                Some(1) => {}
                None => wrong.push(format!("{section}: `{keyword}` is missing")),
                Some(times) => wrong.push(format!("{section}: `{keyword}` stands there {times} times")),
            }
        }
        wrong.extend(told.keys().map(|keyword| format!("{section}: the reader knows no `{keyword}` here")));
    }
    complain(&wrong);
}

#[test]
fn a_keyword_that_is_only_named_in_one_kind_of_section_has_its_entry_in_the_other() {
    let page = Page::read();
    assert!(!page.listed.is_empty());
    let other =
        |section: &str| if section == "VIRTUAL SERVERS" { "FAILOVER SERVICES" } else { "VIRTUAL SERVERS" };
    let lost = page.listed.iter().filter(|it| page.entry(other(&it.section), &it.keyword).is_none());
    complain(
        &lost.map(|it| format!("{}: `{}` has no entry anywhere", it.section, it.keyword)).collect::<Vec<_>>(),
    );
}

#[test]
fn extensions_are_marked_and_nothing_else_is() {
    let page = Page::read();
    let entries = page.entries.iter().map(|it| (&it.section, &it.keyword, it.extension));
    let listed = page.listed.iter().map(|it| (&it.section, &it.keyword, it.extension));
    let mut wrong = Vec::new();
    for (section, keyword, marked) in entries.chain(listed) {
        let known =
            LEVELS.iter().filter(|(_, title)| title == section).flat_map(|(place, _)| vocabulary(*place));
        let extension = known.into_iter().any(|it| it.name == keyword && it.extension);
        if extension != marked {
            wrong.push(format!(
                "{section}: `{keyword}` is an extension: {extension}; marked as one: {marked}"
            ));
        }
    }
    complain(&wrong);
}

#[test]
fn every_entry_has_its_fields_in_order_and_a_meaning() {
    const FIELDS: [&str; 5] = ["Type", "Default", "Example", "Extended", "Piranha"];
    let mut wrong = Vec::new();
    for Entry { section, keyword, fields, meaning, .. } in &Page::read().entries {
        let has: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let expected: Vec<&str> = FIELDS
            .into_iter()
            .enumerate()
            .filter(|(at, name)| *at < 3 || has.contains(name))
            .map(|it| it.1)
            .collect();
        if has != expected {
            wrong.push(format!("{section}: `{keyword}` has the fields {has:?} in place of {expected:?}"));
        }
        if fields.iter().any(|(_, lines)| lines.is_empty()) || !meaning.iter().any(|line| line != ".Pp") {
            wrong.push(format!("{section}: `{keyword}` has an empty field, or nothing is said of it"));
        }
    }
    complain(&wrong);
}

/// The name of a type in the page.
fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer | Kind::Byte | Kind::PortNumber | Kind::Mark => "integer",
        Kind::Boolean => "boolean",
        Kind::Port => "port",
        Kind::Host => "host",
        Kind::HostAndDevice => "host and device",
        Kind::Address => "address",
        Kind::Mask => "mask",
        Kind::Fixed(_) => "one of",
        Kind::String => "string",
        Kind::Text => "text",
        Kind::List => "list",
        Kind::Time => "time",
        Kind::Period => "period",
        Kind::Count => "count",
    }
}

#[test]
fn the_type_is_that_of_the_reader_and_explained() {
    let page = Page::read();
    let explained: BTreeSet<&str> = page
        .terms
        .iter()
        .filter(|it| it.subsection == "Types of values")
        .map(|it| it.name.as_str())
        .collect();
    let mut wrong = Vec::new();
    for (entry, it) in known(&page) {
        let (said, name) = (entry.field("Type").unwrap_or_default(), type_name(it.kind));
        let fits = match it.kind {
            Kind::Fixed(words) => {
                let ordinary =
                    |word: &&&str| it.extension || read(level(entry), &statement(entry, word)).is_ok();
                let words: Vec<&str> = words.iter().filter(ordinary).copied().collect();
                said == format!("{name} {}", words.join(", "))
            }
            _ => said.split(',').next() == Some(name),
        };
        if !fits {
            wrong
                .push(format!("{}: `{}` is of type {:?}, not {said}", entry.section, entry.keyword, it.kind));
        }
        if !explained.contains(name) {
            wrong.push(format!("the type {name} is not explained"));
        }
    }
    complain(&wrong);
}

#[test]
fn examples_are_read_at_their_level_and_only_those_of_extensions_need_the_mark() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (entry, _) in known(&page) {
        let (place, example) = (level(entry), entry.literal("Example").unwrap_or_default());
        let place_in_page = format!("{}: `{example}`", entry.section);
        match read(place, &example) {
            Err(error) => wrong.push(format!("{place_in_page} is refused: {error}")),
            Ok(config) if Ok(&config) == read(place, "").as_ref() => {
                wrong.push(format!("{place_in_page} changes nothing"));
            }
            Ok(_) => {}
        }
        let begins = format!("{}{} = ", if entry.extension { "#% " } else { "" }, entry.keyword);
        if !example.starts_with(&begins) {
            wrong.push(format!("{place_in_page} does not begin with `{begins}`"));
        }
        let noticed = names(&told(place, &example)).contains("extension");
        if noticed != entry.extension {
            wrong.push(format!("{place_in_page} is noticed as an extension: {noticed}"));
        }
        let other = example.strip_prefix("#% ").map_or_else(|| format!("#% {example}"), str::to_owned);
        let refused = read(place, &other) == Err(ErrorKind::BadCommand);
        let unneeded = names(&told(place, &other)).contains("extension-unneeded");
        if if entry.extension { !refused } else { !unneeded } {
            wrong.push(format!("{}: `{other}` should not be right, too", entry.section));
        }
    }
    complain(&wrong);
}

/// Values of which Piranha can read none.
const BEYOND_PIRANHA: [&str; 5] = ["2001:db8::1", "2001:db8::1 eth0", "250ms", "sctp", "mh"];

#[test]
fn extended_values_are_told_where_there_are_some_and_nowhere_else() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (entry, it) in known(&page) {
        let place = level(entry);
        let beyond = |value: &str| {
            let line = format!("{} = {value}", entry.keyword);
            let told = told(place, &format!("#% {line}"));
            read(place, &format!("#% {line}")).is_ok()
                && !names(&told).contains("extension-unneeded")
                && names(&told).contains("extension")
        };
        let possible = !entry.extension && BEYOND_PIRANHA.iter().any(|value| beyond(value));
        let Some(line) = entry.literal("Extended") else {
            if possible {
                wrong.push(format!("{}: `{}` lacks the field Extended", entry.section, entry.keyword));
            }
            continue;
        };
        let value = line.strip_prefix(&format!("#% {} = ", entry.keyword));
        if !value.is_some_and(beyond) {
            wrong.push(format!("{}: `{line}` is no extended value", entry.section));
        }
        if read(place, line.trim_start_matches("#% ")).is_ok() && it.kind != Kind::Mask {
            wrong.push(format!("{}: `{line}` could stand on an ordinary line", entry.section));
        }
        if let Kind::Fixed(words) = it.kind {
            let said = entry.field("Extended").unwrap_or_default();
            let said: BTreeSet<&str> = said.split([' ', ',']).collect();
            let lost = words.iter().filter(|word| beyond(word) && !said.contains(*word));
            wrong.extend(lost.map(|word| format!("{}: `{}` lacks {word}", entry.section, entry.keyword)));
        }
    }
    complain(&wrong);
}

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

/// The numbers at the end of a range, and those next to them outside of it.
fn ends_of_range(said: &str) -> Option<Vec<(String, String)>> {
    let range = said.split_once(", ")?.1;
    let words: Vec<&str> = range.split(' ').collect();
    let number = |word: &str| word.parse::<i64>().ok();
    let next = |at: i64, step: i64| (at.to_string(), (at + step).to_string());
    match words.as_slice() {
        [from, "to", to] => Some(vec![next(number(from)?, -1), next(number(to)?, 1)]),
        ["seconds", "from", from, "up"] | ["at", "least", from] if number(from).is_some() => {
            Some(vec![next(number(from)?, -1)])
        }
        ["at", "least", "1s"] => Some(vec![("1s".into(), "999ms".into())]),
        _ => None,
    }
}

#[test]
fn a_number_at_the_end_of_its_range_is_fine_and_the_next_one_is_told_of() {
    let page = Page::read();
    let (mut wrong, mut ranges) = (Vec::new(), 0);
    for (entry, it) in known(&page) {
        let (place, said) = (level(entry), entry.field("Type").unwrap_or_default());
        if !said.contains(", ") || matches!(it.kind, Kind::Fixed(_)) {
            continue;
        }
        let ends =
            ends_of_range(&said).unwrap_or_else(|| panic!("{}: a range is no `{said}`", entry.keyword));
        for (inside, outside) in ends {
            ranges += 1;
            let messages = |value: &str| -> BTreeSet<String> {
                told(place, &statement(entry, value)).into_iter().map(|it| it.message).collect()
            };
            if messages(&outside).is_subset(&messages(&inside)) {
                wrong.push(format!(
                    "{}: nothing is said about `{} = {outside}`",
                    entry.section, entry.keyword
                ));
            }
            if read(place, &statement(entry, &inside)).is_err() {
                wrong.push(format!("{}: `{} = {inside}` is refused", entry.section, entry.keyword));
            }
        }
    }
    assert!(ranges > 10, "{ranges} ends of ranges are too few to be all");
    complain(&wrong);
}

#[test]
fn a_count_and_a_period_have_the_limits_that_are_told() {
    let page = Page::read();
    let explained = |name| page.terms.iter().find(|it| it.name == name).expect("a type").explanation.clone();
    assert_eq!(explained("count"), "A number of checks from 1 to 100.");
    assert!(explained("period").starts_with("A time above zero with a unit, ms, s, m or h,"));
    let read = |line: &str| read(Place::Virtual(0), line).is_ok();
    for (line, right) in [
        ("#% rise = 0", false),
        ("#% rise = 1", true),
        ("#% rise = 100", true),
        ("#% rise = 101", false),
        ("#% check_interval = 0", false),
        ("#% check_interval = 1ms", true),
        ("#% check_interval = 1.5s", true),
        ("#% check_interval = 10m", true),
        ("#% check_interval = 2h", true),
        ("#% check_interval = 2", true),
        ("#% check_interval = 1d", false),
        ("#% check_interval = 0.5ms", false),
    ] {
        assert_eq!(read(line), right, "{line}");
    }
}

#[test]
fn the_files_under_examples_are_read_without_findings() {
    let page = Page::read();
    let displays = page.displays_of("EXAMPLES");
    let mut configs = Vec::new();
    for (title, texts) in displays {
        let [text] = texts[..] else { panic!("{title}: not one file") };
        let report = check(text.as_bytes(), &NumbersOnly);
        let unexpected =
            report.diagnostics().filter(|it| it.severity > Severity::Note || it.name != "extension");
        let shown: String = unexpected.map(|it| it.render(Path::new("lvs.cf"))).collect();
        assert!(shown.is_empty(), "{title}:\n{shown}");
        let extended = report.diagnostics().count();
        assert_eq!(extended > 0, text.contains("#%"), "{title}");
        configs.push((Config::parse(text.as_bytes(), &NumbersOnly).expect("a file").config, extended));
    }
    let network = |wanted| configs.iter().any(|(it, _)| it.service == Service::Lvs && it.network == wanted);
    assert!(network(ForwardingMethod::Direct) && network(ForwardingMethod::Nat));
    assert!(configs.iter().any(|(it, _)| it.virtual_servers.iter().filter(|it| it.fwmark != 0).count() > 1));
    assert!(configs.iter().any(|(it, _)| it.service == Service::Fos));
    assert!(configs.iter().any(|(_, extended)| *extended > 10));
}

#[test]
fn the_example_at_the_top_has_no_errors() {
    let page = Page::read();
    for text in page.displays_of("DESCRIPTION").into_values().flatten() {
        if let Err(errors) = Config::parse(text.as_bytes(), &NumbersOnly) {
            panic!("{}", errors.render(Path::new("lvs.cf")));
        }
    }
}

#[test]
fn the_report_in_the_page_is_the_one_that_is_printed() {
    let page = Page::read();
    let displays = page.displays_of("DIAGNOSTICS");
    let [file, report] = displays[""][..] else { panic!("a file and what is told of it") };
    assert_eq!(check(file.as_bytes(), &NumbersOnly).render(Path::new("lvs.cf")), report);
}

#[test]
fn every_warning_and_note_is_explained_once() {
    let page = Page::read();
    for (severity, title) in [(Severity::Warning, "Warnings"), (Severity::Note, "Notes")] {
        let explained = page.terms.iter().filter(|it| it.subsection == title);
        let mut explained: Vec<&str> = explained.map(|it| it.name.as_str()).collect();
        let all = Warning::ALL.iter().filter(|it| it.severity() == severity);
        let mut all: Vec<&str> = all.map(|it| it.name()).collect();
        explained.sort_unstable();
        all.sort_unstable();
        assert_eq!(explained, all, "{title}");
    }
}

#[test]
fn every_error_is_named_with_its_message() {
    const ALL: [ErrorKind; 14] = [
        ErrorKind::Stat,
        ErrorKind::Read,
        ErrorKind::BadQuoting,
        ErrorKind::ExtraArgs,
        ErrorKind::EqualExpected,
        ErrorKind::MissingArgs,
        ErrorKind::BadHostname,
        ErrorKind::BadArgument,
        ErrorKind::IntExpected,
        ErrorKind::BoolExpected,
        ErrorKind::BadCommand,
        ErrorKind::ListExpected,
        ErrorKind::BadNetmask,
        ErrorKind::NulByte,
    ];
    let page = Page::read();
    let explained: Vec<_> = page.terms.iter().filter(|it| it.subsection == "Errors").collect();
    assert_eq!(explained.len(), ALL.len());
    for kind in ALL {
        let begins = format!("{}: ", kind.message());
        let told = |it: &&&page::Term| it.name == kind.name() && it.explanation.starts_with(&begins);
        assert_eq!(explained.iter().filter(told).count(), 1, "{}", kind.name());
    }
}

/// What a program makes of the page: its output, and what it complains of.
fn rendered(program: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new(program).args(arguments).arg(page::path()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}: tests/lab/install installs it"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (without_overstrikes(&text(&output.stdout)), text(&output.stderr))
}

/// Bold and underlined characters are printed twice, one above the other.
fn without_overstrikes(text: &str) -> String {
    let mut shown = String::new();
    for char in text.chars() {
        if char == '\u{8}' {
            shown.pop();
        } else {
            shown.push(char);
        }
    }
    shown
}

#[test]
fn mandoc_has_nothing_to_say_against_the_page() {
    let (output, complaints) = rendered("mandoc", &["-T", "lint", "-W", "warning"]);
    assert_eq!((output.as_str(), complaints.as_str()), ("", ""));
}

#[test]
fn both_formatters_show_each_example_as_it_is_to_be_typed() {
    let page = Page::read();
    let fields = page.entries.iter().flat_map(|entry| ["Example", "Extended"].map(|name| (name, entry)));
    let fields = fields.filter_map(|(name, entry)| Some(format!("{name} {}", entry.literal(name)?)));
    let displayed =
        page.displays.iter().flat_map(|it| it.text.lines().map(|line| line.trim_start().to_owned()));
    let lines: Vec<String> = fields.chain(displayed).collect();
    for (program, arguments) in [
        ("mandoc", &["-T", "utf8", "-O", "width=78"][..]),
        ("groff", &["-mdoc", "-Tutf8", "-ww", "-P-cbou"][..]),
    ] {
        let (output, complaints) = rendered(program, arguments);
        assert_eq!(complaints, "", "{program}");
        let shown: BTreeSet<String> = output.lines().map(without_indentation).collect();
        let lost: Vec<_> = lines.iter().filter(|line| !shown.contains(*line)).collect();
        assert!(lost.is_empty(), "{program} shows something else: {lost:#?}");
    }
}

/// A line from its first word on, with one blank behind the name of a field.
fn without_indentation(line: &str) -> String {
    let line = line.trim_start();
    let field = ["Example", "Extended"].iter().find_map(|name| Some((name, line.strip_prefix(name)?)));
    field.map_or_else(|| line.to_owned(), |(name, behind)| format!("{name} {}", behind.trim_start()))
}
