//! Durations on the command line and in the JSON API.

use std::time::Duration;

/// Parses seconds (`90`, `90s`), minutes (`5m`), hours (`2h`) or days (`30d`): whole numbers, at most 100
/// years.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits) {
        Some("" | "s") => Some(1),
        Some("m") => Some(60),
        Some("h") => Some(3600),
        Some("d") => Some(24 * 3600),
        _ => None,
    };
    // `parse` alone accepts a sign.
    let number = digits
        .parse::<u64>()
        .ok()
        .filter(|_| !digits.starts_with('+'));
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .filter(|seconds| *seconds <= LONGEST)
        .map(Duration::from_secs)
        .ok_or_else(|| {
            "must be a duration such as 90, 90s, 5m, 2h or 30d, at most 100 years".to_owned()
        })
}

/// The longest duration, in seconds.
pub(super) const LONGEST: u64 = 100 * 365 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_with_a_unit() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("5m", 300),
            ("2h", 7200),
            ("30d", 2_592_000),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "m",
            "5 m",
            "-5",
            "1.5h",
            "5M",
            "5ms",
            "+",
            "+5",
            "101y",
            "36501d",
            "99999999999999999999",
            "999999999999999999d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
