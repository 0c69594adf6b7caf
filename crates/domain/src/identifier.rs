//! What identifiers of Microsoft Entra look like, wherever they were written: in a manifest or in a variable.

/// Whether this can be the ID of an application or of a principal: a GUID.
pub fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    hexadecimal && lengths.eq([8, 4, 4, 4, 12])
}

/// Whether this can name a tenant: a GUID or a domain name. It becomes a part of the authority's URL.
pub fn is_tenant(text: &str) -> bool {
    text.len() <= 253
        && text
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}
