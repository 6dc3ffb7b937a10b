use crate::difference;
use crate::web::Web;

const FOS: &str = "\
serial_no = 3
service = fos
failover mail {
     address = 192.0.2.25 eth0:1
     active = 1
     port = 25
     start_cmd = \"/etc/init.d/mail start\"
     stop_cmd = \"/etc/init.d/mail stop\"
}
virtual web {
     port = 80
}
";
const LIST: &str = "/secure/failover_main.php";
const EDIT: &str = "/secure/failover_edit_virt.php?selected_host=1";
const SCRIPTS: &str = "/secure/virtual_edit_services.php?selected_host=1";

#[test]
fn failover_services_are_listed_added_switched_and_deleted() {
    let web = Web::start(FOS);
    let text = web.get(LIST).text();
    assert!(text.contains("VIP NETMASK PORT INTERFACE up mail 192.0.2.25 Unused 25 eth0:1"), "{text}");
    assert_eq!(web.get("/secure/failover.php").header("location"), Some(LIST));
    let reply = web.press(LIST, "ADD", &[]);
    assert_eq!(reply.header("location"), Some("/secure/failover_main.php?selected_host=2"));
    insta::assert_snapshot!(difference(FOS, &web.lvs_cf()), @r#"
    -serial_no = 3
    +serial_no = 4
    +failover [server_name] {
    +     address = 0.0.0.0 eth0:1
    +     vip_nmask = 255.255.255.0
    +     active = 0
    +     port = 80
    +     timeout = 6
    +     send = "GET / HTTP/1.0\r\n\r\n"
    +     expect = "HTTP"
    +     start_cmd = "/etc/rc.d/init.d/httpd start"
    +     stop_cmd = "/etc/rc.d/init.d/httpd stop"
    +}
    "#);
    let reply = web.press("/secure/failover_main.php?selected_host=1", "(DE)ACTIVATE", &[]);
    assert!(web.follow(&reply).text().contains("mail: up -> down"));
    let question = web.press("/secure/failover_main.php?selected_host=2", "DELETE", &[]);
    let reply = web.send(LIST, &question.forms().remove(0).filled("DELETE", &[]));
    assert!(web.follow(&reply).text().contains("failover service [server_name] deleted"));
    assert_eq!(
        web.lvs_cf(),
        FOS.replace("active = 1", "active = 0").replace("serial_no = 3", "serial_no = 6")
    );
}

#[test]
fn a_failover_service_and_its_commands_are_edited() {
    let web = Web::start(FOS);
    let same = web.press(EDIT, "ACCEPT", &[]);
    assert!(web.follow(&same).text().contains("nothing was changed"));
    let typed =
        [("hostname", "post"), ("port", "smtp"), ("vip_nmask", "255.255.255.0"), ("command_timeout", "90s")];
    let reply = web.press(EDIT, "ACCEPT", &typed);
    assert_eq!(reply.header("location"), Some(EDIT));
    insta::assert_snapshot!(difference(FOS, &web.lvs_cf()), @"
    -serial_no = 3
    +serial_no = 4
    -failover mail {
    +failover post {
    +     vip_nmask = 255.255.255.0
    -     port = 25
    +     port = smtp
    +     #% command_timeout = 90s
    ");
    let leads = web.press(EDIT, "EDIT", &[]);
    assert_eq!(leads.header("location"), Some(SCRIPTS));
    let before = web.lvs_cf();
    let page = web.get(SCRIPTS).text();
    assert!(
        page.contains("Current command Replacement command") && !page.contains("Sending Program"),
        "{page}"
    );
    let run = format!("{} on", web.script("run"));
    web.press(SCRIPTS, "ACCEPT", &[("start_cmd", &run), ("expect", "220")]);
    web.press(SCRIPTS, "BLANK STOP COMMAND", &[]);
    let after = web.lvs_cf().replace(&run, "RUN on");
    insta::assert_snapshot!(difference(&before, &after), @r#"
    -serial_no = 4
    +serial_no = 6
    -     start_cmd = "/etc/init.d/mail start"
    -     stop_cmd = "/etc/init.d/mail stop"
    +     expect = "220"
    +     start_cmd = "RUN on"
    "#);
    assert_eq!(web.press(SCRIPTS, "CANCEL", &[]).header("location"), Some(EDIT));
    assert!(web.get("/secure/virtual_main.php").text().contains("virtual servers are not"));
}

#[test]
fn while_virtual_servers_are_in_force_failover_services_are_only_shown() {
    let file = FOS.replace("service = fos", "service = lvs");
    let web = Web::start(&file);
    let page = web.get(LIST);
    assert!(
        page.text().contains("only shown here") && page.text().contains("mail 192.0.2.25"),
        "{}",
        page.text()
    );
    assert!(page.forms().iter().all(|form| form.buttons.is_empty()));
    assert_eq!(web.get(EDIT).header("location"), Some(LIST));
    assert_eq!(web.lvs_cf(), file);
}
