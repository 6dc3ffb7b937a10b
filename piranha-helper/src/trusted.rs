//! Files that only root can change, and only root can put another one in the place of.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// Links that are followed on the way to a file, at most (`path_resolution(7)`).
const MOST_LINKS: usize = 40;
/// Write access by the group or by others (chmod(2)).
const OTHERS_WRITE: u32 = 0o022;

/// Why somebody else than root may decide what a path leads to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Distrust {
    #[error("cannot look at {}: {reason}", path.display())]
    Unseen { path: PathBuf, reason: io::Error },
    #[error("{0} belongs to user {owner}: chown root {0}", path.display())]
    Foreign { path: PathBuf, owner: u32 },
    #[error("{0} may be written by others than root (mode {mode:03o}): chmod go-w {0}", path.display())]
    Writable { path: PathBuf, mode: u32 },
    #[error("{} is no directory", .0.display())]
    NoDirectory(PathBuf),
    #[error("{} leads through too many links", .0.display())]
    Links(PathBuf),
}

impl Distrust {
    /// Whether there is no such file.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Unseen { reason, .. } if reason.kind() == io::ErrorKind::NotFound)
    }
}

/// What a path leads to, if root owns it and everything on the way to it, links included, and nobody else may write there.
///
/// The way is walked step by step: a link in a directory of somebody else's could be another one a moment later.
pub(crate) fn resolve(path: &Path) -> Result<(PathBuf, Metadata), Distrust> {
    let mut ahead = steps(path);
    let mut here = PathBuf::from("/");
    let mut found = look(&here)?;
    let mut links = 0;
    while let Some(step) = ahead.pop_front() {
        match Path::new(&step).components().next() {
            Some(Component::RootDir) => here = PathBuf::from("/"),
            Some(Component::ParentDir) => {
                here.pop();
            }
            Some(Component::Normal(name)) if found.is_dir() => {
                let next = here.join(name);
                let metadata = look(&next)?;
                if metadata.is_symlink() {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Distrust::Links(path.to_owned()));
                    }
                    let target = fs::read_link(&next).map_err(unseen(&next))?;
                    steps(&target).into_iter().rev().for_each(|step| ahead.push_front(step));
                    continue;
                }
                here = next;
            }
            Some(Component::Normal(_)) => return Err(Distrust::NoDirectory(here)),
            Some(Component::CurDir | Component::Prefix(_)) | None => continue,
        }
        found = look(&here)?;
    }
    Ok((here, found))
}

fn steps(path: &Path) -> VecDeque<OsString> {
    path.components().map(|component| component.as_os_str().to_owned()).collect()
}

/// What stands there, without following it, if it is root's alone.
fn look(path: &Path) -> Result<Metadata, Distrust> {
    let metadata = fs::symlink_metadata(path).map_err(unseen(path))?;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if owner != 0 {
        return Err(Distrust::Foreign { path: path.to_owned(), owner });
    }
    // A link has no mode of its own.
    if !metadata.is_symlink() && mode & OTHERS_WRITE != 0 {
        return Err(Distrust::Writable { path: path.to_owned(), mode });
    }
    Ok(metadata)
}

fn unseen(path: &Path) -> impl FnOnce(io::Error) -> Distrust + use<> {
    let path = path.to_owned();
    move |reason| Distrust::Unseen { path, reason }
}

/// Whether a program is what the rule of programs asks for (`docs/control.md`); else why not.
pub(crate) fn check_program(program: &Path, directories: &[PathBuf]) -> Result<(), String> {
    let (found, metadata) = resolve(program).map_err(|distrust| distrust.to_string())?;
    if !metadata.is_file() {
        return Err(format!("{} is no regular file", found.display()));
    }
    let allowed = directories.iter().filter_map(|directory| resolve(directory).ok());
    if allowed.into_iter().any(|(directory, _)| found.starts_with(directory)) {
        return Ok(());
    }
    Err(format!("it leads to {}, which is in none of the directories", found.display()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::{Path, PathBuf};

    use nix::unistd::geteuid;

    use super::{check_program, resolve};

    #[test]
    fn the_systems_own_files_are_trusted_and_those_of_others_are_not() {
        let (found, metadata) = resolve("/bin/sh".as_ref()).unwrap();
        assert!(metadata.is_file() && found.is_absolute(), "{}", found.display());
        assert!(
            resolve("/tmp".as_ref()).unwrap_err().to_string().starts_with("/tmp may be written by others")
        );
        assert!(resolve("/nowhere/at/all".as_ref()).unwrap_err().is_absent());
        assert!(resolve("/bin/sh/x".as_ref()).unwrap_err().to_string().ends_with("is no directory"));
    }

    /// A folder of root's alone with a program in it.
    struct Scripts(PathBuf);

    impl Scripts {
        fn new(test: &str) -> Self {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/trusted").join(test);
            let _there_may_be_none = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("scripts")).unwrap();
            let scripts = Self(fs::canonicalize(folder).unwrap());
            scripts.program("scripts/check");
            scripts
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn program(&self, name: &str) {
            fs::write(self.path(name), "#!/bin/sh\n").unwrap();
            fs::set_permissions(self.path(name), Permissions::from_mode(0o755)).unwrap();
        }

        fn judged(&self, path: &Path) -> String {
            let verdict = check_program(path, &[self.path("scripts")]);
            verdict.map_or_else(|reason| reason.replace(self.0.to_str().unwrap(), ""), |()| "good".to_owned())
        }
    }

    /// Nobody else can make files of root's.
    fn am_root() -> bool {
        let root = geteuid().is_root();
        if !root {
            eprintln!("not tested: only root makes files that are trusted");
        }
        root
    }

    #[test]
    fn a_program_in_the_directory_is_good_and_a_link_out_of_it_is_not() {
        if !am_root() {
            return;
        }
        let scripts = Scripts::new("links");
        let judged = |name: &str| scripts.judged(&scripts.path(name));
        assert_eq!(judged("scripts/check"), "good");
        fs::create_dir(scripts.path("scripts/deep")).unwrap();
        scripts.program("scripts/deep/check");
        symlink("deep/../check", scripts.path("scripts/inside")).unwrap();
        assert_eq!((judged("scripts/deep/check"), judged("scripts/inside")), ("good".into(), "good".into()));

        scripts.program("other");
        symlink("../other", scripts.path("scripts/out")).unwrap();
        assert_eq!(judged("scripts/out"), "it leads to /other, which is in none of the directories");
        symlink("/bin/sh", scripts.path("scripts/sh")).unwrap();
        assert!(judged("scripts/sh").starts_with("it leads to /"));
        symlink("loop", scripts.path("scripts/loop")).unwrap();
        assert!(judged("scripts/loop").ends_with("leads through too many links"));
        assert_eq!(judged("scripts/deep"), "/scripts/deep is no regular file");
        assert!(judged("scripts/none").starts_with("cannot look at /scripts/none: No such file"));
    }

    #[test]
    fn what_others_may_change_is_not() {
        if !am_root() {
            return;
        }
        let scripts = Scripts::new("modes");
        let check = scripts.path("scripts/check");
        for (name, mode, usual) in
            [("scripts/check", 0o775, 0o755), ("scripts", 0o757, 0o755), (".", 0o1777, 0o755)]
        {
            fs::set_permissions(scripts.path(name), Permissions::from_mode(mode)).unwrap();
            let reason = scripts.judged(&check);
            assert!(reason.contains("may be written by others than root"), "{name}: {reason}");
            fs::set_permissions(scripts.path(name), Permissions::from_mode(usual)).unwrap();
        }
        for name in ["scripts/check", "scripts", "."] {
            std::os::unix::fs::chown(scripts.path(name), Some(65534), None).unwrap();
            let reason = scripts.judged(&check);
            assert!(reason.contains("belongs to user 65534"), "{name}: {reason}");
            std::os::unix::fs::chown(scripts.path(name), Some(0), None).unwrap();
        }
        // A link that somebody else may turn round leads nowhere for good.
        fs::create_dir(scripts.path("theirs")).unwrap();
        symlink(scripts.path("scripts/check"), scripts.path("theirs/check")).unwrap();
        fs::set_permissions(scripts.path("theirs"), Permissions::from_mode(0o777)).unwrap();
        let reason = scripts.judged(&scripts.path("theirs/check"));
        assert!(reason.contains("/theirs may be written by others"), "{reason}");
    }
}
