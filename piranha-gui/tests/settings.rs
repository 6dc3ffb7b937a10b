//! GLOBAL SETTINGS and REDUNDANCY, as browsers use them (specification gui.md 6.8, 6.9, 13).

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod web;

use web::Web;

const GLOBAL: &str = "/secure/global_settings.php";
const REDUNDANCY: &str = "/secure/redundancy.php";

/// With what Piranha's own pages drop or misread.
const FILE: &str = "serial_no = 7\n# a pair {of} routers\n\nprimary = 10.0.0.1\n\tservice = lvs\nbackup_active = 1\n\
                    backup = 10.0.0.2\nheartbeat = 1\nheartbeat_port = 539\nkeepalive = 6\ndeadtime = 18\nnetwork = nat\n\
                    nat_router = 10.1.0.1 eth1:1\nnat_nmask = 255.255.255.0\nhard_shutdown = 0\nmonitor_links = 1\n\
                    #% hot_standby = 1\n\nvirtual web {\n     active = 1\n     address = 10.0.0.80 eth0:1\n     \
                     port = 80\n     sorry_server = 10.1.0.9\n}\n";

/// The file with other lines and the next serial number.
fn with(changes: &[(&str, &str)]) -> String {
    let mut text = FILE.replace("serial_no = 7", "serial_no = 8");
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    text
}

#[test]
fn looking_changes_nothing() {
    let web = Web::start(FILE);
    for page in [
        "/",
        "/about_login.php",
        "/docs.html",
        "/secure/introduction.html",
        "/secure/help.php",
        "/secure/passwd.php",
        "/secure/versions.php",
        "/secure/lvserror.php",
        GLOBAL,
        REDUNDANCY,
        "/secure/global_settings.php3",
    ] {
        let reply = web.get(page);
        assert_eq!(reply.status, 200, "{page}: {}", reply.body);
        assert!(reply.body.contains("<title>Piranha ("), "{page}");
    }
    assert_eq!(web.lvs_cf(), FILE);
}

#[test]
fn a_form_that_was_not_changed_saves_nothing() {
    let web = Web::start(FILE);
    for page in [GLOBAL, REDUNDANCY] {
        let reply = web.press(page, "ACCEPT", &[]);
        assert!(web.follow(&reply).text().contains("nothing was changed"), "{page}");
    }
    assert_eq!(web.lvs_cf(), FILE);
}

#[test]
fn one_setting_changes_one_line() {
    let web = Web::start(FILE);
    web.press(GLOBAL, "ACCEPT", &[("NATRtrDev", "eth2:1")]);
    assert_eq!(web.lvs_cf(), with(&[("eth1:1", "eth2:1")]));
    let web = Web::start(&FILE.replace('\n', "\r\n"));
    web.press(REDUNDANCY, "ACCEPT", &[("dead_after", "30")]);
    assert_eq!(web.lvs_cf(), with(&[("deadtime = 18", "deadtime = 30")]));
}

#[test]
fn enter_is_accept_and_never_another_button() {
    let web = Web::start(FILE);
    let form = web.get(GLOBAL).forms().remove(0);
    assert_eq!(form.buttons[0], ("global_action".to_owned(), "ACCEPT".to_owned()));
    let reply = web.send(GLOBAL, &form.filled("", &[("tcp_timeout", "60")]));
    assert_eq!(reply.status, 303);
    assert_eq!(web.lvs_cf(), with(&[("monitor_links = 1", "monitor_links = 1\ntcp_timeout = 60")]));
    let form = web.get(REDUNDANCY).forms().remove(0);
    assert_eq!(form.buttons[0].1, "ACCEPT");
}

#[test]
fn a_type_button_saves_the_type_and_keeps_what_is_typed() {
    let web = Web::start(FILE);
    let page = web.press(GLOBAL, "Direct Routing", &[("PriLVSIP", "10.0.0.7"), ("NATRtrIP", "10.1.0.7")]);
    assert_eq!(page.status, 200);
    assert_eq!(web.lvs_cf(), with(&[("network = nat", "network = direct")]));
    assert_eq!(page.value("PriLVSIP").as_deref(), Some("10.0.0.7"));
    assert!(
        page.text().contains("(Current type is: direct ") && page.text().contains("not saved"),
        "{}",
        page.text()
    );
    // What the other types have no field for is still there when NAT comes back.
    let form = page.forms().remove(0);
    let page = web.send(GLOBAL, &form.filled("NAT", &[]));
    assert_eq!(page.value("NATRtrIP").as_deref(), Some("10.1.0.7"));
    web.send(GLOBAL, &page.forms().remove(0).filled("ACCEPT", &[]));
    let now = web.lvs_cf();
    assert!(now.contains("primary = 10.0.0.7\n") && now.contains("nat_router = 10.1.0.7 eth1:1\n"), "{now}");
}

#[test]
fn mistakes_stay_typed_with_a_word_beside_each() {
    let web = Web::start(FILE);
    let page = web.press(GLOBAL, "ACCEPT", &[("PriLVSIP", "10.0.0.999"), ("tcp_timeout", "soon")]);
    assert_eq!(page.value("PriLVSIP").as_deref(), Some("10.0.0.999"));
    assert!(
        page.body.contains("id=\"PriLVSIP-problem\"") && page.body.contains("id=\"tcp_timeout-problem\"")
    );
    assert!(page.text().contains("nothing was saved"));
    let page = web.press(REDUNDANCY, "ACCEPT", &[("redundant", "10.0.0.1")]);
    assert!(page.body.contains("id=\"redundant-problem\""));
    assert_eq!(web.lvs_cf(), FILE);
}

#[test]
fn what_is_typed_is_escaped() {
    let web = Web::start(FILE);
    let page = web.press(GLOBAL, "ACCEPT", &[("PriLVSIP", "\"><script>alert('&')</script>")]);
    assert!(!page.body.contains("<script") && !page.body.contains("alert('"), "{}", page.body);
    assert_eq!(page.value("PriLVSIP").as_deref(), Some("\"><script>alert('&')</script>"));
    let page = web.get(&format!("{REDUNDANCY}?redundancy_action=ACCEPT&redundant=%3Cb%3E%22"));
    assert!(!page.body.contains("<b>"));
}

#[test]
fn an_address_with_a_button_shows_and_does_nothing() {
    let web = Web::start(FILE);
    for (address, field) in [
        (format!("{GLOBAL}?PriLVSIP=10.0.0.3&global_action=ACCEPT"), Some(("PriLVSIP", "10.0.0.3"))),
        (format!("{GLOBAL}?network=Tunneling&tcp_timeout=5"), Some(("tcp_timeout", "5"))),
        (format!("{REDUNDANCY}?redundancy_action=RESET"), None),
        (format!("{REDUNDANCY}?hb_interval=4&redundancy_action=ACCEPT"), Some(("hb_interval", "4"))),
        (format!("{REDUNDANCY}?enable=1"), None),
    ] {
        let page = web.get(&address);
        assert!(page.text().contains("nothing has been saved yet"), "{address}");
        if let Some((name, value)) = field {
            assert_eq!(page.value(name).as_deref(), Some(value), "{address}");
        }
    }
    let page = web.get(&format!("{REDUNDANCY}?full_enable=ENABLE"));
    assert!(page.text().contains("the backup router is active already"));
    assert_eq!(web.lvs_cf(), FILE);
}

#[test]
fn the_backup_router_is_switched_off_and_on() {
    let web = Web::start(FILE);
    let reply = web.press(REDUNDANCY, "DISABLE", &[("hb_interval", "9")]);
    let page = web.follow(&reply);
    assert!(
        page.text().contains("Backup: inactive") && page.text().contains("was not saved"),
        "{}",
        page.text()
    );
    assert!(page.value("hb_interval").is_none());
    assert_eq!(web.lvs_cf(), with(&[("backup_active = 1", "backup_active = 0")]));
    let reply = web.press(REDUNDANCY, "ENABLE", &[]);
    assert!(web.follow(&reply).text().contains("Backup: active"));
    assert_eq!(web.lvs_cf(), FILE.replace("serial_no = 7", "serial_no = 9"));
}

#[test]
fn reset_asks_first() {
    let web = Web::start(FILE);
    let question = web.press(REDUNDANCY, "RESET", &[]);
    assert_eq!((question.status, web.lvs_cf().as_str()), (200, FILE));
    assert!(question.text().contains("backup: 10.0.0.2 -> 0.0.0.0"));
    let reply = web.send(REDUNDANCY, &question.forms().remove(0).filled("RESET", &[]));
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert_eq!(web.lvs_cf(), with(&[("backup = 10.0.0.2", "backup = 0.0.0.0")]));
}

#[test]
fn who_is_late_sees_what_has_changed_and_overwrites_nothing() {
    let web = Web::start(FILE);
    let form = web.get(GLOBAL).forms().remove(0);
    web.press(GLOBAL, "ACCEPT", &[("PriLVSIP", "10.0.0.5")]);
    let now = web.lvs_cf();
    let late = web.send(GLOBAL, &form.clone().filled("ACCEPT", &[("PriLVSIP", "10.0.0.6")]));
    assert_eq!((late.status, web.lvs_cf()), (200, now));
    assert!(late.text().contains("somebody else") && late.text().contains("10.0.0.5"));
    assert_eq!(late.value("PriLVSIP").as_deref(), Some("10.0.0.6"));
    // A change elsewhere in the file is no reason to ask.
    web.press(REDUNDANCY, "ACCEPT", &[("dead_after", "30")]);
    let reply = web.send(GLOBAL, &late.forms().remove(0).filled("ACCEPT", &[]));
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert!(web.lvs_cf().contains("primary = 10.0.0.6\n") && web.lvs_cf().contains("deadtime = 30\n"));
}

#[test]
fn a_file_is_begun_as_piranha_begins_it() {
    let web = Web::start("");
    let page = web.press(GLOBAL, "Direct Routing", &[("PriLVSIP", "192.0.2.1")]);
    web.send(GLOBAL, &page.forms().remove(0).filled("ACCEPT", &[]));
    web.press(REDUNDANCY, "ENABLE", &[]);
    web.press(REDUNDANCY, "ACCEPT", &[("redundant", "192.0.2.2")]);
    assert_eq!(
        web.lvs_cf(),
        "serial_no = 4\nprimary = 192.0.2.1\nbackup_active = 1\nbackup = 192.0.2.2\nheartbeat = 1\nheartbeat_port = 539\n\
         keepalive = 6\ndeadtime = 18\nnetwork = direct\n"
    );
}

#[test]
fn more_settings_go_to_lines_that_piranha_takes_for_comments() {
    let web = Web::start(FILE);
    web.press(REDUNDANCY, "ACCEPT", &[("hot_standby", "")]);
    web.press(GLOBAL, "ACCEPT", &[("announce_refresh", "60s")]);
    let now = web.lvs_cf();
    assert!(!now.contains("hot_standby") && now.contains("\n#% announce_refresh = 60s\n"), "{now}");
}

#[test]
fn each_field_is_explained_on_the_help_page() {
    let server = "     server one {\n         address = 10.1.0.1\n     }\n}\n";
    let web = Web::start(&(FILE.trim_end().trim_end_matches('}').to_owned() + server));
    let help = web.get("/secure/help.php").body;
    let virtual_server = "/secure/virtual_edit_virt.php?selected_host=1";
    let real_server = "/secure/virtual_edit_real_edit.php?selected_host=1&selected=1";
    let scripts = "/secure/virtual_edit_services.php?selected_host=1";
    for page in [GLOBAL, REDUNDANCY, virtual_server, real_server, scripts] {
        let body = web.get(page).body;
        let anchors: Vec<&str> =
            body.split("/secure/help.php#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(anchors.len() >= 3, "{page}: {body}");
        for anchor in anchors {
            assert!(help.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        }
    }
}

#[test]
fn a_saved_change_tells_what_is_to_be_done() {
    let web = Web::start(FILE);
    let text = web.follow(&web.press(GLOBAL, "ACCEPT", &[("udp_timeout", "60")])).text();
    for words in
        ["saved as serial number 8", "udp_timeout: (none) -> 60", "RELOAD", "10.0.0.2 has another lvs.cf"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = web.follow(&web.press(REDUNDANCY, "ACCEPT", &[("dead_after", "11")])).text();
    assert!(text.contains("Note: line") && text.contains("below three times"), "{text}");
    assert!(text.contains("this machine is not the primary router (10.0.0.1)"));
}

#[test]
fn a_file_that_is_refused_is_shown_with_its_mistake() {
    let web = Web::start("primary = 10.0.0.1\nbackup = <b>\nnonsense = 1\n");
    for page in [GLOBAL, REDUNDANCY, "/secure/lvserror.php"] {
        let reply = web.get(page);
        assert_eq!(reply.status, 500, "{page}");
        let text = reply.text();
        assert!(text.contains("has a mistake in line 3") && text.contains("==> 3 nonsense = 1"), "{text}");
        assert!(text.contains("2 backup = <b>") && !reply.body.contains("<b>"), "{text}");
    }
    std::fs::remove_file(web.path("lvs.cf")).unwrap();
    let reply = web.get(GLOBAL);
    assert_eq!(reply.status, 500);
    assert!(
        reply.text().contains("it is not there") && reply.text().contains("chown root:piranha"),
        "{}",
        reply.text()
    );
    assert!(!web.path("lvs.cf").exists());
}

#[test]
fn a_version_is_compared_and_restored() {
    const VERSIONS: &str = "/secure/versions.php";
    let web = Web::start(FILE);
    let stamp = "20260301T120000.000Z";
    let old = FILE.replace("serial_no = 7", "serial_no = 5").replace("keepalive = 6", "keepalive = 3");
    web.write(&format!("state/versions/lvs.cf.{stamp}"), &old);
    let list = web.get(VERSIONS).text();
    assert!(
        list.contains("5 2026-03-01 12:00:00 UTC") && list.contains("keepalive = 3 / keepalive = 6"),
        "{list}"
    );
    let address = format!("{VERSIONS}?version={stamp}");
    let page = web.get(&address);
    assert!(page.text().contains("- keepalive = 6 + keepalive = 3"), "{}", page.text());
    let form = page.forms().remove(0).filled("RESTORE", &[]);
    // Somebody is faster.
    web.press(GLOBAL, "ACCEPT", &[("tcp_timeout", "60")]);
    let late = web.send(VERSIONS, &form);
    assert!(late.text().contains("nothing was restored yet") && web.lvs_cf().contains("tcp_timeout = 60"));
    let reply = web.send(VERSIONS, &late.forms().remove(0).filled("RESTORE", &[]));
    assert!(web.follow(&reply).text().contains("restored: the file of 2026-03-01 12:00:00 UTC"));
    assert_eq!(web.lvs_cf(), with(&[("serial_no = 8", "serial_no = 9"), ("keepalive = 6", "keepalive = 3")]));
    for unknown in ["..%2F..%2Fetc%2Fpasswd", "20200301T120000.000Z", "1"] {
        assert_eq!(web.get(&format!("{VERSIONS}?version={unknown}")).status, 303);
    }
}

#[test]
fn closing_an_old_page_leads_to_control() {
    let web = Web::start(FILE);
    for page in ["/secure/help.php", "/secure/passwd.php", "/secure/lvserror.php"] {
        let reply = web.get(&format!("{page}?help_action=Close"));
        assert_eq!((reply.status, reply.header("location")), (303, Some("/secure/control.php")), "{page}");
    }
}
