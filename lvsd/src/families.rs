//! Address families: what a virtual server of one family can do with a real server of the other.

use std::net::IpAddr;

use ipvs::Family;
use lvs_cf::{Config, ForwardingMethod, VirtualServer};

/// The family of a virtual server's kernel service. One with a firewall mark needs no address: then its real servers
/// decide. The kernel keeps a mark's services of the two families apart, so virtual servers of both may share a mark and
/// are two services.
pub(crate) fn of_virtual_server(block: &VirtualServer) -> Family {
    let of_real_servers = || block.servers.iter().find_map(|server| server.address);
    block.address.or_else(of_real_servers).map_or(Family::V4, Family::of)
}

/// Why the kernel would refuse this real server in a service of that family (specification ipvs-netlink.md 6,
/// attribute `ADDR_FAMILY`); `None` if it takes it.
pub(crate) fn obstacle(config: &Config, service: Family, real_server: IpAddr) -> Option<&'static str> {
    if Family::of(real_server) == service {
        return None;
    }
    if config.network != ForwardingMethod::Tunnel {
        return Some(
            "it is of another address family than its virtual server, which needs tunnelling (network = tunnel)",
        );
    }
    config.syncdaemon.then_some(
        "it is of another address family than its virtual server, which the kernel refuses while connections are \
         synchronised (syncdaemon = 1)",
    )
}

#[cfg(test)]
mod tests {
    use ipvs::{Family, ServiceKey};
    use lvs_cf::{Config, NumbersOnly};

    use crate::plan::{Mode, Plan};

    const FOUR: &str = "virtual four {\nactive = 1\naddress = 192.0.2.10 eth0:1\n#% sorry_server = 2001:db8::9\n\
                        server a {\naddress = 10.0.0.1\nactive = 1\n}\n\
                        server b {\n#% address = 2001:db8::1\nactive = 1\n}\n}\n";
    const SIX: &str = "#% virtual six {\n#% active = 1\n#% address = 2001:db8::10 eth0\n\
                       #% server a {\n#% address = 10.0.0.1\n#% active = 1\n#% }\n\
                       #% server b {\n#% address = 2001:db8::1\n#% active = 1\n#% }\n#% }\n";

    fn plan(text: &str) -> Plan {
        let config = Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config;
        Plan::new(&config, Mode { nodaemon: false, verbose: false })
    }

    fn real_servers(plan: &Plan) -> Vec<String> {
        let of = |(key, service): (&ServiceKey, &crate::plan::PlannedService)| {
            service.servers.keys().map(|at| format!("{key} -> {at}")).collect::<Vec<_>>()
        };
        plan.services.iter().flat_map(of).collect()
    }

    #[test]
    fn only_tunnelling_mixes_families_and_the_rest_is_served() {
        let direct = plan(&format!("network = direct\n{FOUR}{SIX}"));
        assert_eq!(
            real_servers(&direct),
            ["-t 192.0.2.10:80 -> 10.0.0.1:80", "-t [2001:db8::10]:80 -> [2001:db8::1]:80"]
        );
        assert_eq!(direct.monitors.len(), 2, "nobody checks what is not used");
        insta::assert_snapshot!(direct.complaints.join("\n"), @"
        virtual server four goes without its sorry_server 2001:db8::9: it is of another address family than its virtual server, which needs tunnelling (network = tunnel)
        real server four/b at 2001:db8::1 is not used: it is of another address family than its virtual server, which needs tunnelling (network = tunnel); the others are
        real server six/a at 10.0.0.1 is not used: it is of another address family than its virtual server, which needs tunnelling (network = tunnel); the others are
        ");
        let tunnel = plan(&format!("network = tunnel\n{FOUR}{SIX}"));
        assert_eq!((real_servers(&tunnel).len(), tunnel.monitors.len()), (4, 4));
        assert_eq!(tunnel.complaints, Vec::<String>::new());
    }

    #[test]
    fn connection_synchronisation_forbids_it_even_then() {
        let plan = plan(&format!("network = tunnel\nsyncdaemon = 1\n{SIX}"));
        assert_eq!(real_servers(&plan), ["-t [2001:db8::10]:80 -> [2001:db8::1]:80"]);
        insta::assert_snapshot!(plan.complaints.join("\n"), @"real server six/a at 10.0.0.1 is not used: it is of another address family than its virtual server, which the kernel refuses while connections are synchronised (syncdaemon = 1); the others are");
    }

    #[test]
    fn a_mark_on_both_families_is_two_services_with_ports_of_their_own() {
        let plan = plan(
            "virtual four {\nactive = 1\nfwmark = 7\naddress = 192.0.2.10 eth0:1\n\
             server a {\naddress = 10.0.0.1\nport = 80\nactive = 1\n}\n}\n\
             #% virtual six {\n#% active = 1\n#% fwmark = 7\n#% port = 443\n#% address = 2001:db8::10 eth0\n\
             #% persistent = 60\n#% pmask = ffff:ffff:ffff:ffff::\n\
             #% server a {\n#% address = 2001:db8::1\n#% port = 443\n#% active = 1\n#% }\n#% }\n",
        );
        assert_eq!(real_servers(&plan), ["-f 7 -> 10.0.0.1:80", "-f 7 -6 -> [2001:db8::1]:443"]);
        let services: Vec<_> =
            plan.services.iter().map(|(key, it)| format!("{key} {}", it.service)).collect();
        assert_eq!(services, ["-f 7 -s wlc", "-f 7 -6 -s wlc -p 60 -M 64"]);
        assert_eq!(plan.complaints, Vec::<String>::new(), "they share no kernel service");
    }

    #[test]
    fn a_mark_without_an_address_has_the_family_of_its_real_servers() {
        let plan = plan(
            "#% virtual six {\n#% active = 1\n#% fwmark = 7\n#% server a {\n#% address = 2001:db8::1\n\
             #% active = 1\n#% }\n#% }\n",
        );
        let families: Vec<_> = plan.services.keys().map(ServiceKey::family).collect();
        assert_eq!((families, plan.complaints), (vec![Family::V6], vec![]));
    }
}
