//! The token that strangers have to know, in a file that may be replaced at any time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use encoding::typed;

/// A token longer than this is none.
const LONGEST: usize = 4096;

/// The file of the token. It is read at each use.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    /// Why it could not be read when it was read last, which was told then: whoever has no token must not fill the log.
    told: Mutex<Option<String>>,
}

impl TokenFile {
    /// A file that nobody has read.
    pub(super) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            told: Mutex::new(None),
        }
    }

    /// The token; `None`, and a warning, when there is none to be read. Blocks on the file system.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let (token, trouble) = match read(&self.path) {
            Ok(token) => (Some(token), None),
            Err(error) => (None, Some(error)),
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = trouble.as_ref().filter(|_| *told != trouble) {
            tracing::warn!(path = %self.path.display(), error, "Admin token not read");
        }
        *told = trouble;
        token
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = named_file::bytes_of_regular(path, LONGEST).map_err(|error| error.to_string())?;
    let token = typed::value(&bytes).trim_ascii();
    if token.is_empty() {
        Err("it is empty".to_owned())
    } else if bytes.len() > LONGEST {
        Err(format!("it is longer than {LONGEST} bytes"))
    } else {
        Ok(token.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_the_file_has_now_without_the_blanks_around_it() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let token = TokenFile::new(file.path().to_owned());
        let write = |text: &str| std::fs::write(file.path(), text).expect("writable");
        assert_eq!(token.read(), None, "an empty file is no token");
        write(" first\n");
        assert_eq!(token.read().as_deref(), Some(&b"first"[..]));
        write("second");
        assert_eq!(token.read().as_deref(), Some(&b"second"[..]));
        write("\u{feff}third\r\n");
        assert_eq!(token.read().as_deref(), Some(&b"third"[..]));
        write(&"x".repeat(LONGEST + 1));
        assert_eq!(token.read(), None);
    }

    #[test]
    fn what_is_wrong_with_the_file_is_told_once_until_it_is_another_thing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let token = TokenFile::new(path.clone());
        let told = || token.told.lock().expect("no panic").clone();
        assert_eq!((token.read(), token.read()), (None, None));
        let missing = told().expect("told");
        std::fs::write(&path, "\n").expect("writable");
        assert_eq!(token.read(), None);
        assert_ne!(told(), Some(missing));
        std::fs::write(&path, "token").expect("writable");
        assert!(token.read().is_some() && told().is_none());
    }
}
