//! The bytes of a file that a person named.

use std::io;
use std::path::Path;

/// What stands for stdin in the place of a file.
const STDIN: &str = "-";

/// What messages call the file.
pub fn name(path: &Path) -> String {
    if path == Path::new(STDIN) {
        return "stdin".to_owned();
    }
    path.display().to_string()
}

/// The file, or stdin for `-`, up to `limit` bytes and one more, which says that it is longer. Stdin is waited for as long as it
/// takes: a person may type.
pub fn bytes(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    if path == Path::new(STDIN) {
        return named_file::up_to(limit, io::stdin().lock());
    }
    named_file::bytes(path, limit)
}
