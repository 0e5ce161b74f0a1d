//! Dates.

/// Whole years since a date of birth, such as `1990-04-12`.
pub(crate) fn age(date_of_birth: &str, now: u64) -> Option<i64> {
    let mut parts = date_of_birth.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let today = date(now);
    let had_birthday = (today.1, today.2) >= (month, day);
    Some(today.0 - year - i64::from(!had_birthday))
}

/// A time in ISO 8601, such as `2026-01-01T00:00:00Z`.
pub(crate) fn iso(seconds: u64) -> String {
    let (year, month, day) = date(seconds);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a time in seconds since 1970: Howard Hinnant's algorithm, whose years begin in March.
fn date(seconds: u64) -> (i64, i64, i64) {
    let days = i64::try_from(seconds / 86_400).unwrap_or(i64::MAX / 2) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_iso_8601() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(iso(seconds), expected);
        }
    }

    #[test]
    fn a_year_of_age_begins_on_the_birthday() {
        let day_before = 1_767_225_600 - 1;
        assert_eq!(age("2008-01-01", day_before), Some(17));
        assert_eq!(age("2008-01-01", day_before + 1), Some(18));
        assert_eq!(age("1990", 0), None);
    }
}
