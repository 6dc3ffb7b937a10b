//! A small file in which a daemon keeps what the next one has to know.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::whole_file;

/// Such a file.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    longest: u64,
}

impl StateFile {
    /// The file at `path`, of which no more than `longest` bytes and one are ever read.
    pub fn new(path: &Path, longest: usize) -> Self {
        Self { path: path.to_owned(), longest: longest as u64 }
    }

    /// What it holds; nothing if it is not there.
    ///
    /// # Errors
    ///
    /// What was tried, on which file, and what the system said; so for the others.
    pub fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            result => result.map_err(|error| self.failed("read", &error))?,
        };
        let mut bytes = Vec::new();
        file.take(self.longest + 1).read_to_end(&mut bytes).map_err(|error| self.failed("read", &error))?;
        Ok(Some(bytes))
    }

    /// Puts this in the place of what it holds, and makes its directory if there is none.
    ///
    /// # Errors
    ///
    /// As above; what it held it holds still.
    pub fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(directory).map_err(|error| self.failed("make the directory of", &error))?;
        whole_file::replace(&self.path, bytes, 0o644).map_err(io::Error::other)
    }

    /// Removes it; one that is not there is as good.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed("remove", &error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, what: &str, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("cannot {what} {}: {error}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::StateFile;

    #[test]
    fn it_is_there_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("state-file-{}", std::process::id()));
        let path = folder.join("deep/state");
        let file = StateFile::new(&path, 4);
        assert_eq!(file.read().unwrap(), None);
        file.remove().unwrap();
        file.replace(b"one").unwrap();
        file.replace(b"longer").unwrap();
        assert_eq!(
            file.read().unwrap().unwrap(),
            b"longe",
            "one more than allowed shows that it is too long"
        );
        file.remove().unwrap();
        assert_eq!(fs::read_dir(folder.join("deep")).unwrap().count(), 0);

        fs::remove_dir(folder.join("deep")).unwrap();
        fs::write(folder.join("deep"), "a file where a directory should be").unwrap();
        let error = file.replace(b"one").unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot make the directory of {}: ", path.display())), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
