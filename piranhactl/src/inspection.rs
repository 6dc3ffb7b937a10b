//! lvs.cf as the checker of the daemons sees it.

use control::transfer::Edition;
use heartbeat::trailer::Fingerprint;
use lvs_cf::system::System;
use lvs_cf::{Config, Document, Report};

/// What pulse here would work by, unless it would refuse the file, and everything that there is to say about it.
pub(crate) fn inspect(bytes: &[u8]) -> (Option<Config>, Report) {
    let parsed = Config::parse(bytes, &System::default());
    let config = parsed.as_ref().ok().map(|parsed| parsed.config.clone());
    let report = parsed.map_or_else(Report::from, Report::from);
    (config.filter(|_| !report.is_refused()), report)
}

/// A file in short, whatever is wrong with it.
pub(crate) fn edition(bytes: &[u8]) -> Edition {
    let serial_no = Document::new(bytes).serial_no();
    Edition { serial_no, fingerprint: Fingerprint::of(bytes).to_string() }
}
