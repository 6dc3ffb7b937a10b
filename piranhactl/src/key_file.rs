//! Reading the file with the heartbeat's keys.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use heartbeat::authentication::{KeyFile, LONGEST_KEY_FILE};
use service::secret_file;

/// The keys in a file, as pulse would read it. The error tells why there are none, without a byte of it.
pub(crate) fn read(path: &Path) -> Result<KeyFile> {
    match secret_file::read(path, LONGEST_KEY_FILE) {
        Err(error) if error.is_absent() => bail!(
            "{} is not there: copy it from the partner, or make one for both with `piranhactl heartbeat-key`",
            path.display()
        ),
        text => KeyFile::parse(text?).with_context(|| path.display().to_string()),
    }
}
