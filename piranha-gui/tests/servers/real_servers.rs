use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};

use crate::web::Web;
use crate::{HOUSE, difference};

const LIST: &str = "/secure/virtual_edit_real.php?selected_host=1";
const TWO: &str = "/secure/virtual_edit_real_edit.php?selected_host=1&selected=2";

#[test]
fn the_list_tells_whose_servers_they_are() {
    let web = Web::start(HOUSE);
    let text = web.get(LIST).text();
    assert!(text.contains("Virtual server: web, 192.0.2.80, port 80"), "{text}");
    assert!(
        text.contains("STATUS NAME ADDRESS PORT WEIGHT RUNNING up one 10.0.0.1 80 (the virtual server's) 1 unknown down two 10.0.0.2"),
        "{text}"
    );
    for (query, to) in [
        ("", "/secure/virtual_main.php"),
        ("?selected_host=9", "/secure/virtual_main.php"),
        ("?selected_host=1&real_service=CANCEL", "/secure/virtual_edit_virt.php?selected_host=1"),
        ("?selected_host=1&selected=2&real_service=EDIT", TWO),
    ] {
        let reply = web.get(&format!("/secure/virtual_edit_real.php{query}"));
        assert_eq!(reply.header("location"), Some(to), "{query}");
    }
    for button in ["ADD", "DELETE", "(DE)ACTIVATE"] {
        let page = web.get(&format!("{LIST}&selected=2&real_service={button}"));
        assert_eq!(page.status, 200, "{button}");
    }
    assert_eq!(web.lvs_cf(), HOUSE);
}

#[test]
fn a_real_server_is_added_edited_and_activated_as_the_manual_tells() {
    let web = Web::start(HOUSE);
    let reply = web.press(LIST, "ADD", &[]);
    assert_eq!(reply.header("location"), Some("/secure/virtual_edit_real.php?selected_host=1&selected=3"));
    insta::assert_snapshot!(difference(HOUSE, &web.lvs_cf()), @"
    -serial_no = 7
    +serial_no = 8
    +     server [unnamed] {
    +         address = 0.0.0.0
    +         active = 0
    +         weight = 1
    +     }
    ");
    let list = web.follow(&reply);
    assert_eq!(list.value("selected").as_deref(), Some("3"));
    let refused = web.press("/secure/virtual_edit_real.php?selected_host=1&selected=3", "(DE)ACTIVATE", &[]);
    assert!(web.follow(&refused).text().contains("[unnamed] stays down: its address is 0.0.0.0"));
    let edit = web.press("/secure/virtual_edit_real.php?selected_host=1&selected=3", "EDIT", &[]);
    let page = edit.header("location").unwrap().to_owned();
    let before = web.lvs_cf();
    let typed = [("name", "three"), ("address", "10.0.0.3"), ("port", "8080"), ("weight", "0")];
    let reply = web.press(&page, "ACCEPT", &typed);
    assert_eq!(reply.header("location"), Some("/secure/virtual_edit_real.php?selected_host=1&selected=3"));
    assert!(web.follow(&reply).text().contains("(DE)ACTIVATE it when it is ready"));
    insta::assert_snapshot!(difference(&before, &web.lvs_cf()), @"
    -serial_no = 8
    +serial_no = 9
    -     server [unnamed] {
    -         address = 0.0.0.0
    +     server three {
    +         address = 10.0.0.3
    -         weight = 1
    +         port = 8080
    +         weight = 0
    ");
    let before = web.lvs_cf();
    let reply = web.press("/secure/virtual_edit_real.php?selected_host=1&selected=3", "(DE)ACTIVATE", &[]);
    assert!(web.follow(&reply).text().contains("three: down -> up"));
    insta::assert_snapshot!(difference(&before, &web.lvs_cf()), @"
    -serial_no = 9
    +serial_no = 10
    -         active = 0
    +         active = 1
    ");
}

#[test]
fn deleting_asks_first() {
    let web = Web::start(HOUSE);
    let question = web.press(&format!("{LIST}&selected=2"), "DELETE", &[]);
    assert!(question.text().contains("Delete the real server two?"), "{}", question.text());
    assert_eq!(web.lvs_cf(), HOUSE);
    let reply = web.send(LIST, &question.forms().remove(0).filled("DELETE", &[]));
    assert_eq!(reply.header("location"), Some("/secure/virtual_edit_real.php?selected_host=1&selected=1"));
    insta::assert_snapshot!(difference(HOUSE, &web.lvs_cf()), @"
    -serial_no = 7
    +serial_no = 8
    -	server two {
    -		address = 10.0.0.2
    -	}
    ");
}

#[test]
fn what_is_wrong_is_told_beside_its_field() {
    let web = Web::start(HOUSE);
    let typed = [("name", "one"), ("address", "0.0.0.0"), ("port", "http"), ("weight", "65536")];
    let page = web.press(TWO, "ACCEPT", &typed);
    assert_eq!(page.status, 200);
    for (name, value) in typed {
        assert_eq!(page.value(name).as_deref(), Some(value));
        assert!(page.body.contains(&format!("id=\"{name}-problem\"")), "{name}");
    }
    assert_eq!(web.lvs_cf(), HOUSE);
    let unchanged = web.press(TWO, "ACCEPT", &[]);
    assert!(web.follow(&unchanged).text().contains("nothing was changed"));
    let same = web.press(TWO, "ACCEPT", &[("address", "10.0.0.1")]);
    assert!(web.follow(&same).text().contains("the real server one has the same address and port"));
    let cancelled = web.press(TWO, "CANCEL", &[]);
    assert_eq!(
        cancelled.header("location"),
        Some("/secure/virtual_edit_real.php?selected_host=1&selected=2")
    );
}

#[test]
fn a_server_is_edited_by_its_name_though_numbers_have_moved() {
    let web = Web::start(HOUSE);
    let form = web.get(TWO).forms().remove(0);
    let moved =
        HOUSE.replace("\tserver one {\n\t\taddress = 10.0.0.1\n\t\tactive = 1\n\t\tweight = 1\n\t}\n", "");
    web.write("lvs.cf", &moved);
    let reply = web.send(TWO, &form.filled("ACCEPT", &[("port", "81")]));
    assert_eq!(reply.header("location"), Some("/secure/virtual_edit_real.php?selected_host=1&selected=1"));
    assert_eq!(difference(&moved, &web.lvs_cf()), "-serial_no = 7\n+serial_no = 8\n+         port = 81");
}

/// An lvsd that knows one virtual server, drains, and refuses all else; and what it was asked to do.
fn lvsd(web: &Web, told: &str) -> Arc<Mutex<Vec<String>>> {
    std::fs::create_dir_all(web.path("run")).unwrap();
    let listener = UnixListener::bind(web.path("run/lvsd.sock")).unwrap();
    std::fs::set_permissions(web.path("run/lvsd.sock"), PermissionsExt::from_mode(0o666)).unwrap();
    let told = format!("{}\n", told.replace('\n', " "));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut asked = String::new();
            let _ = BufReader::new(&stream).read_line(&mut asked);
            let answer = match &asked {
                asked if asked.contains("virtual_server") => &told,
                asked if asked.contains("drain") => {
                    "{\"done\":{\"message\":\"web/one gets no new connections\"}}\n"
                }
                _ => "{\"refused\":{\"reason\":\"no active real server is called so\"}}\n",
            };
            let _ = stream.write_all(answer.as_bytes());
            noted.lock().unwrap().push(asked);
        }
    });
    asked
}

const TRAFFIC: &str = r#"{"connections":0,"packets_in":0,"packets_out":0,"bytes_in":0,"bytes_out":0,"connections_per_second":0,
    "packets_in_per_second":0,"packets_out_per_second":0,"bytes_in_per_second":0,"bytes_out_per_second":0}"#;

#[test]
fn what_runs_is_shown_and_steered_apart_from_the_file() {
    let web = Web::start(HOUSE);
    let told = r#"{"virtual_server":{"name":"web","address":"192.0.2.80:80","service":"-t 192.0.2.80:80","scheduler":"wlc",
        "persistence":null,"trouble":null,"sorry_server":null,"sorry":false,"traffic":TRAFFIC,"real_servers":[{"name":"one",
        "address":"10.0.0.1:80","state":"up","since":0,"last_failure":null,"forced":null,"operator":{"drain":null,
        "disabled":false,"weight":null},"weight":{"file":1,"wanted":1,"in_force":1},"last_check":null,
        "active_connections":17,"inactive_connections":230,"traffic":TRAFFIC}]}}"#;
    let told = told.replace("TRAFFIC", TRAFFIC);
    let asked = lvsd(&web, &told);
    let page = web.get(LIST);
    let text = page.text();
    assert!(
        text.contains("1 up down two") && text.contains("up, weight 1, 17 active and 230 inactive"),
        "{text}"
    );
    let form = page.forms().into_iter().find(|form| form.button("DRAIN").is_some()).unwrap();
    let drained = web.send(LIST, &form.clone().filled("DRAIN", &[]));
    assert!(web.follow(&drained).text().contains("Done: web/one gets no new connections"));
    // Enter in the field.
    let weight = web.send(LIST, &form.clone().filled("", &[("running_weight", "50")]));
    assert!(web.follow(&weight).text().contains("Not done: nothing was done: no active real server"));
    let asked = asked.lock().unwrap().concat();
    assert!(asked.contains(r#"{"drain":{"real_server":"web/10.0.0.1:80","deadline_ms":null}}"#), "{asked}");
    assert!(asked.contains(r#"{"weight":{"real_server":"web/10.0.0.1:80","weight":50}}"#), "{asked}");
    let wrong = web.send(LIST, &form.filled("", &[("running_weight", "many")]));
    assert!(web.follow(&wrong).text().contains("write a number from 0 to 65535"));
    assert_eq!(web.lvs_cf(), HOUSE);
}
