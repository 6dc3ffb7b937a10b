//! gui.conf, as the helper believes it: a file that others than root may write decides nothing.

use std::path::Path;

use access::{GuiConf, MAX_BYTES, Unhonoured};
use service::state_file::StateFile;

use crate::trusted;

/// What the file says now; the defaults where it is not there, or not root's. `remarks` are lines for the log.
pub(crate) fn read(path: &Path, remarks: &mut Vec<String>) -> GuiConf {
    match parsed(path) {
        Ok((conf, unhonoured)) => {
            let named = unhonoured
                .iter()
                .map(|line| format!("{}:{}: not understood: {}", path.display(), line.line, line.text));
            remarks.extend(named);
            conf
        }
        Err(reason) => {
            remarks.push(format!("{} counts as empty: {reason}", path.display()));
            GuiConf::default()
        }
    }
}

fn parsed(path: &Path) -> Result<(GuiConf, Vec<Unhonoured>), String> {
    let found = match trusted::resolve(path) {
        Ok((found, metadata)) if metadata.is_file() => found,
        Ok((found, _)) => return Err(format!("{} is no regular file", found.display())),
        Err(distrust) if distrust.is_absent() => return Ok((GuiConf::default(), Vec::new())),
        Err(distrust) => return Err(distrust.to_string()),
    };
    let bytes = StateFile::new(&found, MAX_BYTES).read().map_err(|error| error.to_string())?;
    GuiConf::parse(&bytes.unwrap_or_default()).map_err(|error| error.to_string())
}
