//! A program that holds a port and does nothing with it.

use std::net::UdpSocket;
use std::thread::park;
use std::time::Duration;

use crate::machine::{Machine, Running};
use crate::role;
use crate::wait::wait_until;

impl Machine {
    /// Starts a program that holds the UDP port `address` (`192.168.26.9:539`) until the test ends.
    ///
    /// # Panics
    ///
    /// If it cannot have the port.
    pub fn occupy(&self, address: &str) -> Running {
        let mut role = role::cast(role::OCCUPANT);
        role.arg(address);
        let occupant = self.cast(&role, "occupant");
        wait_until("the port is taken", Duration::from_secs(10), || occupant.output().contains("bound"));
        occupant
    }
}

pub(crate) fn main(arguments: &[String]) -> ! {
    let address = arguments.first().expect("an address and a port");
    let _socket = UdpSocket::bind(address).expect("the port");
    println!("bound");
    loop {
        park();
    }
}
