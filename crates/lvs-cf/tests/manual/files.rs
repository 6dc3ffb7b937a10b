//! The whole files in the page.

use std::path::Path;

use lvs_cf::{Config, ForwardingMethod, NumbersOnly, Service, Severity, check};

use crate::page::Page;

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
fn the_files_under_examples_are_good_without_what_piranha_takes_for_comments() {
    let page = Page::read();
    for (title, texts) in page.displays_of("EXAMPLES") {
        let read_by_piranha = texts.concat();
        let read_by_piranha = read_by_piranha.lines().filter(|line| !line.trim_start().starts_with('#'));
        let report = check(read_by_piranha.collect::<Vec<_>>().join("\n").as_bytes(), &NumbersOnly);
        let shown: String = report.diagnostics().map(|it| it.render(Path::new("lvs.cf"))).collect();
        assert!(shown.is_empty(), "{title}:\n{shown}");
    }
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
