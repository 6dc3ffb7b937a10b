//! Which of the two routers this machine is (specification pulse.md 6).

use std::collections::BTreeSet;
use std::net::IpAddr;

use heartbeat::Role;
use lvs_cf::Config;
use netdev::Interfaces;

/// The role by all addresses of this machine.
///
/// # Errors
///
/// What is wrong and what to do, if the file and the machine do not fit.
pub(crate) fn find(config: &Config, local: &BTreeSet<IpAddr>) -> Result<Role, String> {
    let Some(primary) = config.primary.address else {
        return Err("the file names no primary router: add `primary = ADDRESS`".into());
    };
    let backup = config.backup.address;
    if backup == Some(primary) {
        return Err(format!(
            "primary and backup are the same address {primary}: give each router its own address in the file"
        ));
    }
    match (local.contains(&primary), backup.filter(|backup| local.contains(backup))) {
        (true, None) => Ok(Role::Primary),
        (false, Some(_)) => Ok(Role::Backup),
        (true, Some(backup)) => Err(format!(
            "this machine has both primary {primary} and backup {backup}: remove the one that belongs to the partner"
        )),
        (false, None) => {
            let missing = backup.map_or(format!("does not have primary {primary}"), |backup| {
                format!("has neither primary {primary} nor backup {backup}")
            });
            let addresses = listed(local);
            Err(format!(
                "this machine {missing}: correct the file or the interfaces; its addresses are {addresses}"
            ))
        }
    }
}

/// All addresses of this machine.
pub(crate) fn local_addresses() -> Result<BTreeSet<IpAddr>, netdev::Error> {
    let held = Interfaces::open()?.addresses()?;
    Ok(held.into_iter().map(|held| held.address).collect())
}

fn listed(addresses: &BTreeSet<IpAddr>) -> String {
    let shown: Vec<_> =
        addresses.iter().filter(|address| !address.is_loopback()).map(ToString::to_string).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::IpAddr;

    use heartbeat::Role;
    use lvs_cf::Config;

    fn config(primary: Option<&str>, backup: Option<&str>) -> Config {
        let mut config = Config::default();
        config.primary.address = primary.map(|address| address.parse().unwrap());
        config.backup.address = backup.map(|address| address.parse().unwrap());
        config
    }

    fn find(primary: Option<&str>, backup: Option<&str>, local: &[&str]) -> Result<Role, String> {
        let local: BTreeSet<IpAddr> = local.iter().map(|address| address.parse().unwrap()).collect();
        super::find(&config(primary, backup), &local)
    }

    const A: Option<&str> = Some("192.0.2.1");
    const B: Option<&str> = Some("192.0.2.2");

    #[test]
    fn any_local_address_counts() {
        assert_eq!(find(A, B, &["127.0.0.1", "10.0.0.1", "192.0.2.1"]), Ok(Role::Primary));
        assert_eq!(find(A, B, &["192.0.2.2", "10.0.0.1"]), Ok(Role::Backup));
        assert_eq!(find(A, None, &["192.0.2.1"]), Ok(Role::Primary));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        insta::assert_snapshot!(find(A, B, &["127.0.0.1", "10.0.0.1"]).unwrap_err(), @"this machine has neither primary 192.0.2.1 nor backup 192.0.2.2: correct the file or the interfaces; its addresses are 10.0.0.1");
        insta::assert_snapshot!(find(A, None, &["127.0.0.1"]).unwrap_err(), @"this machine does not have primary 192.0.2.1: correct the file or the interfaces; its addresses are none");
        insta::assert_snapshot!(find(A, B, &["192.0.2.1", "192.0.2.2"]).unwrap_err(), @"this machine has both primary 192.0.2.1 and backup 192.0.2.2: remove the one that belongs to the partner");
        insta::assert_snapshot!(find(A, A, &["192.0.2.1"]).unwrap_err(), @"primary and backup are the same address 192.0.2.1: give each router its own address in the file");
        insta::assert_snapshot!(find(None, B, &["192.0.2.2"]).unwrap_err(), @"the file names no primary router: add `primary = ADDRESS`");
    }
}
