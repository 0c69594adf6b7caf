//! Quantities as Kubernetes writes them: `10m`, `16Mi`, `1.5Gi`, `1e3`.

/// In thousand-millionths; `None` when it is no quantity.
pub(super) fn nanos(text: &str) -> Option<i128> {
    let digits = text.trim_start_matches(['+', '-']);
    if text.len() - digits.len() > 1 {
        return None;
    }
    let end = digits
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && part.is_empty()) || part.contains('.') {
        return None;
    }
    let (multiplier, divisor) = factor(suffix)?;
    // What has more places than this differs from it by less than anything that counts.
    let part: String = part.chars().chain("000000000".chars()).take(9).collect();
    let number: i128 = format!("{whole}{part}").parse().ok()?;
    let nanos = number.checked_mul(multiplier)? / divisor;
    Some(if text.starts_with('-') { -nanos } else { nanos })
}

/// What a suffix multiplies by, and what it divides by.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    let place = |list: &[&str]| {
        let place = list.iter().position(|known| *known == suffix)?;
        u32::try_from(place + 1).ok()
    };
    match suffix {
        "" => return Some((1, 1)),
        "m" => return Some((1, 1_000)),
        "u" => return Some((1, 1_000_000)),
        "n" => return Some((1, 1_000_000_000)),
        _ => {}
    }
    if let Some(place) = place(&BINARY) {
        return Some((1_024_i128.pow(place), 1));
    }
    if let Some(place) = place(&DECIMAL) {
        return Some((1_000_i128.pow(place), 1));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    Some(if exponent < 0 { (1, power) } else { (power, 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_what_kubernetes_takes_it_for() {
        for (text, thousandths) in [
            ("10m", 10),
            ("1", 1_000),
            ("1.5Ki", 1_536_000),
            ("1k", 1_000_000),
            ("1e3", 1_000_000),
            (".5", 500),
            ("-1", -1_000),
            ("16Mi", 16 * 1_024 * 1_024 * 1_000),
        ] {
            assert_eq!(nanos(text), Some(thousandths * 1_000_000), "{text}");
        }
        for text in [
            "", ".", "Mi", "16 Mi", "16mi", "1.2.3", "--1", "16MiB", "1e", "ä", "9e99",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }
}
