//! The files that an administrator begins with.

use std::fs;
use std::path::Path;

use access::Settings;
use install::checkout::sources;
use lvs_cf::{NumbersOnly, check};

#[test]
fn httpd_conf_says_what_holds_without_it_and_each_of_its_lines_counts() {
    let text = fs::read(sources().join("etc/httpd.conf")).unwrap();
    let (settings, unhonoured) = Settings::parse(&text).unwrap();
    assert_eq!(unhonoured, []);
    let with_rules = settings.clone();
    let usual = Settings { web: settings.web, secure: settings.secure, ..Settings::default() };
    assert_eq!(with_rules, usual);
    assert_eq!(with_rules.secure.auth_user_file(), Some(Path::new("/etc/sysconfig/ha/conf/piranha.passwd")));
}

#[test]
fn httpd_conf_with_its_remarks_taken_away_is_understood() {
    let text = fs::read_to_string(sources().join("etc/httpd.conf")).unwrap();
    let (settings, unhonoured) = Settings::parse(text.replace("#SSL", "SSL").as_bytes()).unwrap();
    assert_eq!(unhonoured, []);
    assert!(settings.tls && settings.certificate.is_some() && settings.key.is_some());
    let local = text.replace("Listen 3636\n", "Listen 127.0.0.1:3636\n");
    assert!(Settings::parse(local.as_bytes()).unwrap().0.listen[0].address.is_some());
}

#[test]
fn the_sample_of_lvs_cf_has_nothing_to_report() {
    let text = fs::read(sources().join("etc/sample.cf")).unwrap();
    let report = check(&text, &NumbersOnly);
    assert_eq!(report.diagnostics().map(|it| it.name).collect::<Vec<_>>(), Vec::<&str>::new());
}
