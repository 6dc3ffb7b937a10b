//! What can be said of a value alone, before it is written (specification gui.md 8). Each rule answers with what is wrong,
//! for the line beside the field; an empty value is for the caller to judge.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use lvs_cf::Names as _;
use lvs_cf::system::System;

/// The kernel's limit for a device with its label, in bytes.
const LONGEST_DEVICE: usize = 15;
/// All names of a form are looked up in this time.
const LOOKING_UP: Duration = Duration::from_secs(5);

/// V3: an address that is not 0.0.0.0, or a name; whether the name is known is another question.
///
/// # Errors
///
/// What is wrong.
pub(crate) fn host(value: &str) -> Result<(), String> {
    if let Ok(address) = value.parse::<IpAddr>() {
        return if address.is_unspecified() {
            Err(format!("{value} is no address of a machine"))
        } else {
            Ok(())
        };
    }
    let numeric = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let named = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    match (numeric, named) {
        (true, _) => {
            Err(format!("\"{value}\" is no IP address: write four numbers from 0 to 255 with dots between"))
        }
        (false, true) => Ok(()),
        (false, false) => Err(format!("\"{value}\" is no IP address and no name of a machine")),
    }
}

/// V3: an address in four parts, other than 0.0.0.0.
///
/// # Errors
///
/// What is wrong.
pub(crate) fn address(value: &str) -> Result<(), String> {
    match value.parse::<IpAddr>() {
        Ok(_) => host(value),
        Err(_) => {
            Err(format!("\"{value}\" is no IP address: write four numbers from 0 to 255 with dots between"))
        }
    }
}

/// V4: an interface, with or without `:alias`.
///
/// # Errors
///
/// What is wrong.
pub(crate) fn device(value: &str) -> Result<(), String> {
    let (interface, alias) = value.split_once(':').unwrap_or((value, "0"));
    let good = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    if !good(interface) || !good(alias) || matches!(interface, "." | "..") {
        Err(format!("\"{value}\" is no device: write an interface and an alias, as in eth0:1"))
    } else if value.len() > LONGEST_DEVICE {
        Err(format!(
            "a device has at most {LONGEST_DEVICE} characters with its alias, this one has {}",
            value.len()
        ))
    } else {
        Ok(())
    }
}

/// V4: what is odd about a device and no error.
pub(crate) fn device_warning(value: &str, needs_alias: bool) -> Option<String> {
    let (interface, alias) = value.split_once(':').map_or((value, None), |(name, alias)| (name, Some(alias)));
    if device(value).is_err() {
        return None;
    }
    if !Path::new("/sys/class/net").join(interface).exists() {
        return Some(format!("there is no interface {interface} on this machine now"));
    }
    let bare = needs_alias && alias.is_none();
    bare.then(|| format!("the device {value} has no alias: Piranha's own pulse needs one, as in {value}:1"))
}

/// V2: a number in decimal digits.
///
/// # Errors
///
/// What is wrong.
pub(crate) fn number(value: &str, least: u32, most: u32) -> Result<u32, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|number| digits && (least..=most).contains(number));
    number.ok_or_else(|| format!("write a number from {least} to {most}"))
}

/// V5: a port's number, or the name of a TCP service.
///
/// # Errors
///
/// What is wrong.
pub(crate) fn port(value: &str) -> Result<(), String> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return number(value, 1, 65535).map(drop);
    }
    let known = System::new(Duration::ZERO).service(value).is_some();
    known.then_some(()).ok_or_else(|| {
        format!("write a number from 1 to 65535; /etc/services has no TCP service \"{value}\"")
    })
}

/// Those of these names of machines that this machine cannot look up. Addresses are none of them.
pub(crate) async fn unknown(names: Vec<String>) -> Vec<String> {
    let is_name = |name: &String| host(name).is_ok() && name.parse::<IpAddr>().is_err();
    let names: Vec<String> = names.into_iter().filter(is_name).collect();
    if names.is_empty() {
        return names;
    }
    let looked_up = tokio::task::spawn_blocking(move || {
        let system = System::new(LOOKING_UP);
        let unknown =
            |name: &String| system.host(name).is_none_or(|address| address == Ipv4Addr::UNSPECIFIED);
        names.into_iter().filter(unknown).collect()
    });
    looked_up.await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for good in ["10.0.0.1", "lvs1", "lvs1.example.com", "fd00::1"] {
            assert_eq!(host(good), Ok(()), "{good}");
        }
        for bad in ["0.0.0.0", "10.0.0.256", "10.0.0", "a b", "a{", "x=y", "::", "\"x\""] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn devices() {
        for good in ["eth0:1", "eth0", "bond0.100:2", "enp0s31f6:web"] {
            assert_eq!(device(good), Ok(()), "{good}");
        }
        for bad in ["", ":1", "eth0:", "eth0 1", "eth0:1:2", "enp0s31f6.4000:12", "../x", ".."] {
            assert!(device(bad).is_err(), "{bad}");
        }
        assert_eq!(device_warning("lo:1", true), None);
        assert!(device_warning("lo", true).is_some() && device_warning("none7:1", true).is_some());
    }

    #[test]
    fn numbers_and_ports() {
        assert_eq!((number("010", 1, 20), number("0x50", 1, 99).is_err()), (Ok(10), true));
        assert!(
            number("", 0, 9).is_err() && number("-1", 0, 9).is_err() && number("99999999999", 0, 9).is_err()
        );
        assert!(
            port("539").is_ok() && port("0").is_err() && port("65536").is_err() && port("no-such").is_err()
        );
    }
}
