//! Packages, made by the commands that make those for everybody.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use install::checkout::{Checkout, sources, succeeded};
use install::machine::Machine;

/// Where the package lies on a machine.
pub(crate) const PACKAGE: &str = "/tmp/package";

/// A package of the sources; its programs are a line of text each.
#[derive(Debug)]
pub(crate) struct Made {
    package: PathBuf,
    _checkout: Checkout,
}

impl Made {
    /// `packaging/deb` or `packaging/rpm`.
    pub(crate) fn by(command: &str, test: &str) -> Self {
        Self::from(command, Checkout::new(test), &manifest())
    }

    /// The one of the next release.
    pub(crate) fn next_by(command: &str, test: &str) -> Self {
        let checkout = Checkout::new(&format!("{test}-next"));
        checkout.programs("next");
        Self::from(command, checkout, &manifest().replacen(VERSION, NEXT, 1))
    }

    fn from(command: &str, checkout: Checkout, manifest: &str) -> Self {
        fs::write(checkout.folder.join("Cargo.toml"), manifest).unwrap();
        let mut make = Command::new(checkout.folder.join("packaging").join(command));
        make.arg("--programs").arg(checkout.folder.join("programs")).arg("--quick");
        make.arg("--output").arg(checkout.folder.join("packages")).current_dir("/");
        let package = succeeded(make.output().unwrap()).trim_end().into();
        Self { package, _checkout: checkout }
    }

    /// Puts it where [`PACKAGE`] says.
    pub(crate) fn carry_to(&self, machine: &Machine) {
        machine.write(PACKAGE, 0o644, (0, 0), fs::read(&self.package).unwrap());
    }
}

/// The line of the version as it stands in `Cargo.toml`.
const VERSION: &str = concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"");
/// That of a release after it.
const NEXT: &str = "version = \"99.0.0\"";

fn manifest() -> String {
    fs::read_to_string(sources().join("Cargo.toml")).unwrap()
}
