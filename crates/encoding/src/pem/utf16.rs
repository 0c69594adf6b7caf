//! Text files that Windows wrote in UTF-16, known by their byte order mark.

use zeroize::Zeroizing;

/// The text in UTF-8, if it is UTF-16 with a byte order mark. What is not ASCII becomes `?`: nothing of PEM is.
pub(super) fn to_utf8(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (units, to_unit) = match text {
        [0xff, 0xfe, units @ ..] => (units, u16::from_le_bytes as fn([u8; 2]) -> u16),
        [0xfe, 0xff, units @ ..] => (units, u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => return None,
    };
    let (units, _) = units.as_chunks();
    // Allocated in one piece: growing would leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(units.len()));
    text.extend(units.iter().map(|unit| {
        let ascii = u8::try_from(to_unit(*unit)).ok().filter(u8::is_ascii);
        ascii.unwrap_or(b'?')
    }));
    Some(text)
}
