use lvs_cf::{Config, NumbersOnly};

use super::{Mode, Plan};

fn plan(text: &str) -> Plan {
    let config = Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config;
    Plan::new(&config, Mode { nodaemon: false, verbose: false })
}

fn destinations(plan: &Plan) -> Vec<String> {
    let of = |service: &super::PlannedService| {
        service.servers.keys().map(|at| format!("{}:{}", at.address, at.port)).collect::<Vec<_>>()
    };
    plan.services.values().flat_map(of).collect()
}

fn marked(virtual_ports: &[u16], server_port: &str) -> Plan {
    let mut text = String::new();
    for port in virtual_ports {
        let section = format!(
            "virtual v{port} {{\nactive = 1\nfwmark = 1\naddress = 10.0.0.9 eth0:1\nport = {port}\n\
             server one {{\naddress = 10.0.0.1\nactive = 1\n{server_port}\n}}\n}}\n"
        );
        text.push_str(&section);
    }
    plan(&text)
}

#[test]
fn a_mark_keeps_ports_unless_one_port_was_asked_for() {
    assert_eq!(destinations(&marked(&[80], "")), ["10.0.0.1:0"]);
    assert_eq!(destinations(&marked(&[80], "port = 80")), ["10.0.0.1:80"]);
    assert_eq!(destinations(&marked(&[80, 443], "")), ["10.0.0.1:0"]);
    assert_eq!(destinations(&marked(&[80, 443], "port = 80")), ["10.0.0.1:0"]);
}

#[test]
fn clients_hashed_to_a_quiesced_server_get_another_one() {
    let services = |more: &str| {
        let server = "server one {\nactive = 1\naddress = 10.0.0.1\n}\n";
        let plan =
            plan(&format!("virtual web {{\nactive = 1\naddress = 10.0.0.9 eth0:1\n{more}\n{server}}}\n"));
        let services: Vec<_> = plan.services.into_values().collect();
        (services[0].service.to_string(), services[0].servers.values().all(|server| server.quiesce))
    };
    assert_eq!(services("scheduler = sh\nquiesce_server = 1"), ("-s sh -b sh-fallback".to_owned(), true));
    assert_eq!(services("scheduler = sh"), ("-s sh".to_owned(), false));
    assert_eq!(services("scheduler = dh\nquiesce_server = 1"), ("-s dh".to_owned(), false));
    assert_eq!(services("scheduler = wlc\nquiesce_server = 1"), ("-s wlc".to_owned(), true));
}

#[test]
fn the_log_tells_which_port_a_mark_leads_to() {
    let notes = |plan: Plan| plan.notes.join("\n");
    insta::assert_snapshot!(notes(marked(&[80], "")), @"virtual service -f 1: connections keep their port, since no real server has one of its own");
    insta::assert_snapshot!(notes(marked(&[80], "port = 80")), @"virtual service -f 1: connections go to the port of the real server");
    insta::assert_snapshot!(notes(marked(&[80, 443], "port = 80")), @"virtual service -f 1: connections keep their port, since it covers ports 80, 443");
    assert_eq!(notes(plan("network = direct\nvirtual web {\nactive = 1\nfwmark = 1\n}\n")), "");
}

#[test]
fn what_cannot_be_served_is_named_and_the_rest_served() {
    let plan = plan(
        "virtual nowhere {\nactive = 1\n}\nvirtual web {\nactive = 1\naddress = 10.0.0.9 eth0:1\n\
         server lost {\nactive = 1\n}\nserver one {\nactive = 1\naddress = 10.0.0.1\n}\n}\n",
    );
    assert_eq!(destinations(&plan), ["10.0.0.1:80"]);
    insta::assert_snapshot!(plan.complaints.join("\n"), @"
    virtual server nowhere has no address or no usable port: not started; the others are
    real server web/lost has no address or no usable port: not started; the others are
    ");
}

#[test]
fn a_server_listed_twice_is_checked_once() {
    let server = "server one {\nactive = 1\naddress = 10.0.0.1\n}\n";
    let plan = plan(&format!("virtual web {{\nactive = 1\naddress = 10.0.0.9 eth0:1\n{server}{server}}}\n"));
    assert_eq!(plan.monitors.len(), 1);
    assert_eq!(destinations(&plan), ["10.0.0.1:80"]);
}

#[test]
fn inactive_sections_are_not_there() {
    let plan = plan(
        "virtual off {\naddress = 10.0.0.9 eth0:1\n}\nvirtual web {\nactive = 1\naddress = 10.0.0.9 eth0:1\n\
         server one {\naddress = 10.0.0.1\n}\n}\n",
    );
    assert_eq!((plan.services.len(), plan.monitors.len(), plan.virtual_servers.len()), (1, 0, 1));
}

/// Real servers in the pool, of `count` ones.
fn pooled(count: u8, first: &str, more: &str) -> usize {
    let mut servers = String::new();
    for n in 1..=count {
        let server = format!("server s{n} {{\nactive = 1\naddress = 10.0.0.{n}\n}}\n");
        servers.push_str(&server);
    }
    let plan = plan(&format!(
        "{first}\nvirtual web {{\nactive = 1\naddress = 10.0.1.9 eth0:1\n{more}\n{servers}}}\n"
    ));
    assert_eq!(plan.monitors.len(), usize::from(count));
    plan.monitors.values().filter(|monitor| monitor.pooled).count()
}

#[test]
fn many_real_servers_share_a_nanny_unless_the_file_says_otherwise() {
    assert_eq!(pooled(64, "", ""), 0);
    assert_eq!(pooled(65, "", ""), 65);
    assert_eq!(pooled(65, "#% nanny_pool = 0", ""), 0);
    assert_eq!(pooled(2, "#% nanny_pool = 1", ""), 2);
    assert_eq!(pooled(65, "#% nanny_pool = 1", "client_monitor = /bin/other"), 0);
}
