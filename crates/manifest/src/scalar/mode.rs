//! Modes: of files, and of directories.
//!
//! Both let their owner read: akv-sync could not tell otherwise what is published, nor replace it.

#[cfg(test)]
use schemars::{Schema, json_schema};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::mode::FileMode;

const READ: u32 = 0o400;
const READ_AND_SEARCH: u32 = 0o500;

/// Mode of a directory, which its owner can list and enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DirectoryMode(pub(crate) FileMode);

impl Scalar for FileMode {
    const QUOTED: bool = true;

    fn parse(text: &str) -> Result<Self, Problem> {
        let mode = octal(text)?;
        if mode.bits() & READ == 0 {
            let problem = Problem::new(Code::InvalidMode, "the mode of a file must let its owner read it");
            return Err(problem.hint("start with 4 (read), or 6 (read and write), such as \"0440\""));
        }
        Ok(mode)
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "octal permission bits, such as `\"0440\"`", "pattern": "^0?[4-7][0-7]{2}$" })
    }
}

impl Scalar for DirectoryMode {
    const QUOTED: bool = true;

    fn parse(text: &str) -> Result<Self, Problem> {
        let mode = octal(text)?;
        if mode.bits() & READ_AND_SEARCH != READ_AND_SEARCH {
            let message = "the mode of a directory must let its owner read and search it";
            let problem = Problem::new(Code::InvalidMode, message);
            return Err(
                problem.hint("start with 5 (read and search), or 7 (write as well), such as \"0750\"")
            );
        }
        Ok(Self(mode))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "octal permission bits, such as `\"0750\"`", "pattern": "^0?[57][0-7]{2}$" })
    }
}

fn octal(text: &str) -> Result<FileMode, Problem> {
    FileMode::parse(text).map_err(|error| {
        let problem = Problem::new(Code::InvalidMode, error.to_string());
        if text.len() == 4 && text.bytes().all(|b| matches!(b, b'0'..=b'7')) {
            return problem.hint("set-user-ID, set-group-ID and sticky bits are not supported");
        }
        problem.hint("owner, group and others: 4 is read, 2 is write, 1 is execute")
    })
}
