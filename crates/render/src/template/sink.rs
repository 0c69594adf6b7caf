//! Memory for text that is wiped, and never grows: growing would leave a copy behind.

use std::fmt;
use std::io;
use std::mem;

use zeroize::Zeroizing;

use domain::secret::SecretBytes;

/// Takes text up to a limit. Once something did not fit, it takes nothing more.
pub(super) struct Sink {
    text: Zeroizing<String>,
    limit: usize,
    overflowed: bool,
}

impl Sink {
    /// Takes most bytes that it will hold.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            text: Zeroizing::new(String::with_capacity(limit)),
            limit,
            overflowed: false,
        }
    }

    /// Whether something did not fit.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// What it holds.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// What it holds, in memory of just that size.
    pub(super) fn into_secret(mut self) -> SecretBytes {
        if self.text.len() == self.text.capacity() {
            return mem::take(&mut *self.text).into();
        }
        SecretBytes::new(self.text.as_bytes().to_vec())
    }
}

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.overflowed |= text.len() > self.limit - self.text.len();
        if self.overflowed {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The engine hands whole strings on.
        let text = std::str::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        fmt::Write::write_str(self, text).map_err(|_| io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn a_sink_takes_no_more_than_its_limit_and_never_moves() {
        let mut sink = Sink::new(4);
        let start = sink.as_str().as_ptr();
        assert!(sink.write_str("abcd").is_ok() && !sink.overflowed());
        assert_eq!(sink.as_str().as_ptr(), start);
        assert!(sink.write_str("e").is_err() && sink.write_str("").is_err() && sink.overflowed());
        assert_eq!(sink.into_secret().expose(), b"abcd");
    }
}
