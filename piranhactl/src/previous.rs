//! What lvs.cf was: kept outside of the folder that the daemons read (specification gui.md 7.6, layout.md 8).

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use control::status::UnixMillis;
use service::whole_file;

use crate::time;

/// How many are kept of a file.
const KEPT: usize = 10;

/// Keeps what a file was until `now`, as `FOLDER/NAME.20260301T120000.000Z`, and forgets all but the ten newest.
pub(crate) fn keep(folder: &Path, file: &Path, bytes: &[u8], now: UnixMillis) -> Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let made = DirBuilder::new().recursive(true).mode(0o750).create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))?;
    let kept = folder.join(format!("{name}.{}", time::compact_stamp(now)));
    whole_file::create(&kept, bytes, 0o640).context("cannot keep what the file was")?;
    forget(folder, &name).with_context(|| format!("cannot tidy up {}", folder.display()))?;
    Ok(kept)
}

fn forget(folder: &Path, name: &str) -> io::Result<()> {
    let mut names: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|entry| {
            entry.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).is_some_and(is_stamp)
        })
        .collect();
    names.sort_unstable_by(|one, other| other.cmp(one));
    names.iter().skip(KEPT).try_for_each(|name| fs::remove_file(folder.join(name)))
}

/// Of a file that was kept here, and not somebody's own copy beside them.
fn is_stamp(text: &str) -> bool {
    let shape: String = text.chars().map(|one| if one.is_ascii_digit() { '0' } else { one }).collect();
    shape == "00000000T000000.000Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_newest_are_kept_and_nothing_else_is_touched() {
        let folder = std::env::temp_dir().join(format!("previous-{}", std::process::id()));
        let file = Path::new("/etc/sysconfig/ha/lvs.cf");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("lvs.cf.mine"), "").unwrap();
        for number in 0..12 {
            let kept = keep(&folder, file, &[number], 1_772_366_400_000 + u64::from(number)).unwrap();
            assert_eq!(fs::read(kept).unwrap(), [number]);
        }
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 11);
        assert_eq!(names[0], "lvs.cf.20260301T120000.002Z");
        assert_eq!(names[10], "lvs.cf.mine");
        let again = keep(&folder, file, b"x", 1_772_366_400_011).unwrap_err();
        assert!(format!("{again:#}").contains("File exists"), "{again:#}");
        fs::remove_dir_all(folder).unwrap();
    }
}
