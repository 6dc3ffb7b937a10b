use crate::web::Web;
use crate::{HOUSE, difference};

const WEB: &str = "/secure/virtual_edit_virt.php?selected_host=1";

#[test]
fn one_changed_port_changes_its_line_and_the_serial_number() {
    let web = Web::start(HOUSE);
    let reply = web.press(WEB, "ACCEPT", &[("port", "8080")]);
    assert_eq!(reply.header("location"), Some(WEB));
    assert!(web.follow(&reply).text().contains("port: 80 -> 8080"));
    assert_eq!(
        web.lvs_cf(),
        HOUSE.replace("serial_no = 7", "serial_no = 8").replace("\tport = 80\n", "\tport = 8080\n")
    );
}

#[test]
fn a_form_sent_back_unchanged_saves_nothing() {
    let web = Web::start(HOUSE);
    for number in 1..=3 {
        let page = format!("/secure/virtual_edit_virt.php?selected_host={number}");
        let reply = web.press(&page, "ACCEPT", &[]);
        assert!(web.follow(&reply).text().contains("nothing was changed"), "{number}");
    }
    // Enter in a field sends no button.
    let form = web.get(WEB).forms().remove(0);
    let reply = web.send(WEB, &form.filled("", &[("timeout", "7")]));
    assert!(web.follow(&reply).text().contains("timeout: (none) -> 7"));
    insta::assert_snapshot!(difference(HOUSE, &web.lvs_cf()), @"
    -serial_no = 7
    +serial_no = 8
    +     timeout = 7
    ");
}

#[test]
fn every_field_of_a_new_virtual_server() {
    let web = Web::start("");
    web.press("/secure/virtual_main.php", "ADD", &[]);
    let before = web.lvs_cf();
    let typed = [
        ("hostname", "my shop"),
        ("port", "https"),
        ("protocol", "udp"),
        ("address", "192.0.2.80"),
        ("vip_nmask", "255.255.254.0"),
        ("sorry_server", "192.0.2.99"),
        ("fwmark", "7"),
        ("device", "lo:2"),
        ("reentry", "20"),
        ("timeout", "8"),
        ("quiesce_server", "1"),
        ("load", "ruptime"),
        ("sched", "Source Hash Scheduling"),
        ("persistent", "300"),
        ("pmask", "255.255.255.0"),
        ("rise", "2"),
        ("check_interval", "500ms"),
    ];
    let reply = web.press(WEB, "ACCEPT", &typed);
    assert_eq!(reply.status, 303, "{}", reply.text());
    let page = web.follow(&reply);
    for (name, value) in typed {
        let shown = page.value(name).unwrap_or_default();
        assert!(
            shown == value || name == "hostname" || (name, shown.as_str()) == ("sched", "sh"),
            "{name}: {shown}"
        );
    }
    insta::assert_snapshot!(difference(&before, &web.lvs_cf()), @"
    -serial_no = 1
    -virtual [server_name] {
    +serial_no = 2
    +virtual my_shop {
    -     address = 0.0.0.0 eth0:1
    -     port = 80
    +     address = 192.0.2.80 lo:2
    +     sorry_server = 192.0.2.99
    +     vip_nmask = 255.255.254.0
    +     fwmark = 7
    +     port = https
    +     persistent = 300
    +     pmask = 255.255.255.0
    -     load_monitor = none
    -     scheduler = wlc
    -     protocol = tcp
    -     timeout = 6
    -     reentry = 15
    -     quiesce_server = 0
    +     load_monitor = ruptime
    +     scheduler = sh
    +     protocol = udp
    +     timeout = 8
    +     reentry = 20
    +     quiesce_server = 1
    +     #% check_interval = 500ms
    +     #% rise = 2
    ");
    let emptied = [
        ("sorry_server", ""),
        ("persistent", ""),
        ("pmask", "Unused"),
        ("vip_nmask", "Unused"),
        ("rise", ""),
    ];
    web.press(WEB, "ACCEPT", &emptied);
    for gone in ["sorry_server", "persistent", "pmask", "vip_nmask", "rise"] {
        assert!(!web.lvs_cf().contains(gone), "{gone}");
    }
}

#[test]
fn what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays() {
    let web = Web::start(HOUSE);
    let typed = [
        ("hostname", "ma{il"),
        ("port", "0"),
        ("address", "0.0.0.0"),
        ("sorry_server", "www.example.com"),
        ("fwmark", "-1"),
        ("device", "eth0:1:2"),
        ("reentry", "0"),
        ("timeout", "86401"),
        ("persistent", "ten"),
        ("rise", "101"),
    ];
    let page = web.press(WEB, "ACCEPT", &typed);
    assert_eq!(page.status, 200);
    for (name, value) in typed {
        assert_eq!(page.value(name).as_deref(), Some(value));
        assert!(page.body.contains(&format!("id=\"{name}-problem\"")), "{name}");
    }
    let taken = web.press(WEB, "ACCEPT", &[("hostname", "mail")]);
    assert!(taken.text().contains("another one called mail"));
    let nowhere = web.press(WEB, "ACCEPT", &[("device", "")]);
    assert!(nowhere.text().contains("a device is needed"));
    assert_eq!(web.lvs_cf(), HOUSE);
}

#[test]
fn what_is_typed_is_escaped_everywhere() {
    let web = Web::start(&HOUSE.replace("virtual mail {", "virtual <b>&'mail {"));
    let nasty = "<script>\"'&";
    let page = web.press("/secure/virtual_edit_virt.php?selected_host=3", "ACCEPT", &[("address", nasty)]);
    assert_eq!(page.value("address").as_deref(), Some(nasty));
    for page in [page.body, web.get("/secure/virtual_main.php").body] {
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }
}

#[test]
fn somebody_else_s_change_is_seen_before_it_is_overwritten() {
    let web = Web::start(HOUSE);
    let form = web.get(WEB).forms().remove(0);
    // Elsewhere in the file: no matter, and numbers may have moved.
    let elsewhere =
        HOUSE.replace("port = 25", "port = 26").replace("virtual web", "virtual first {\n}\nvirtual web");
    web.write("lvs.cf", &elsewhere);
    let reply = web.send(WEB, &form.clone().filled("ACCEPT", &[("port", "81")]));
    assert_eq!(reply.header("location"), Some("/secure/virtual_edit_virt.php?selected_host=2"));
    assert_eq!(
        difference(&elsewhere, &web.lvs_cf()),
        "-serial_no = 7\n+serial_no = 8\n-\tport = 80\n+\tport = 81"
    );
    // Here.
    let before = web.lvs_cf();
    let page = web.send(WEB, &form.filled("ACCEPT", &[("port", "82")]));
    assert_eq!((page.status, web.lvs_cf()), (200, before));
    assert!(
        page.text().contains("the file says: 81") && page.text().contains("somebody else"),
        "{}",
        page.text()
    );
    let reply = web.send(WEB, &page.forms().remove(0).filled("ACCEPT", &[]));
    assert_eq!(reply.status, 303);
    assert!(web.lvs_cf().contains("port = 82"));
}

#[test]
fn addresses_with_buttons_lead_on_or_show_what_is_not_saved() {
    let web = Web::start(HOUSE);
    for (query, to) in [
        ("", "/secure/virtual_main.php"),
        ("?selected_host=", "/secure/virtual_main.php"),
        ("?selected_host=4", "/secure/virtual_main.php"),
        ("?selected_host=3&vev_action=CANCEL", "/secure/virtual_main.php?selected_host=3"),
        ("?selected_host=3&vev_action=EDIT", "/secure/virtual_edit_services.php?selected_host=3"),
    ] {
        let reply = web.get(&format!("/secure/virtual_edit_virt.php{query}"));
        assert_eq!(reply.header("location"), Some(to), "{query}");
    }
    let page = web.get(&format!("{WEB}&vev_action=ACCEPT&port=99"));
    assert_eq!(page.value("port").as_deref(), Some("99"));
    assert!(page.text().contains("nothing was saved") && page.text().contains("the file says: 80"));
    let cancelled = web.press(WEB, "CANCEL", &[("port", "99")]);
    assert_eq!(cancelled.header("location"), Some("/secure/virtual_main.php?selected_host=1"));
    assert_eq!(web.lvs_cf(), HOUSE);
}
