//! Durations as people write them: `30s`, `10m`, `1h30m`.

use serde::Serializer;
use std::fmt::Write as _;
use std::time::Duration;

/// Units, the largest first, with their length in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration there is; it can be added to any clock without overflow.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// There is nothing, or no number if one should be.
    #[error("a number is missing")]
    NoNumber,
    /// A number without a unit after it.
    #[error("a unit is missing")]
    NoUnit,
    /// A unit that is none of d, h, m, s, ms.
    #[error("the units are d, h, m, s and ms")]
    UnknownUnit,
    /// A unit twice, or a larger one after a smaller one.
    #[error("larger units come first, each at most once")]
    Order,
    /// More than a hundred years.
    #[error("it is longer than a hundred years")]
    TooLong,
}

/// Reads `1h30m`: whole numbers with the units d, h, m, s and ms, the larger
/// ones first.
///
/// # Errors
/// Names the fault.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text;
    let mut units = UNITS.as_slice();
    let mut total: u64 = 0;
    loop {
        let (number, after) = cut(rest, |c| !c.is_ascii_digit());
        if number.is_empty() {
            return Err(DurationError::NoNumber);
        }
        let (unit, after) = cut(after, |c| !c.is_alphabetic());
        if unit.is_empty() {
            return Err(DurationError::NoUnit);
        }
        if !UNITS.iter().any(|(known, _)| *known == unit) {
            return Err(DurationError::UnknownUnit);
        }
        let position = units.iter().position(|(known, _)| *known == unit);
        let position = position.ok_or(DurationError::Order)?;
        let part = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(units[position].1));
        total = part
            .and_then(|part| total.checked_add(part))
            .ok_or(DurationError::TooLong)?;
        units = &units[position + 1..];
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let duration = Duration::from_millis(total);
    (duration <= LONGEST)
        .then_some(duration)
        .ok_or(DurationError::TooLong)
}

/// Cuts `text` before the first character that `ends`.
fn cut(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// Writes a duration as [`parse`] reads it; a part below a millisecond is cut.
pub fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, length) in UNITS {
        if rest >= length {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    text
}

/// For `#[serde(serialize_with)]`: a duration as in the configuration.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("30s", 30.0),
            ("10m", 600.0),
            ("1h30m", 5400.0),
            ("0s", 0.0),
            ("250ms", 0.25),
            ("1d1h1m1s1ms", 90061.001),
            ("90m", 5400.0),
        ] {
            let read = parse(text).unwrap();
            assert_eq!(read, Duration::from_secs_f64(seconds), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        use DurationError::*;
        for (text, error) in [
            ("", NoNumber),
            ("s", NoNumber),
            ("-1s", NoNumber),
            ("+1s", NoNumber),
            ("30", NoUnit),
            ("1h30", NoUnit),
            ("1.5h", NoUnit),
            ("30 s", NoUnit),
            ("30s ", NoNumber),
            ("30sec", UnknownUnit),
            ("30S", UnknownUnit),
            ("5µs", UnknownUnit),
            ("30m1h", Order),
            ("1h1h", Order),
            ("99999999999999999999s", TooLong),
            ("18446744073709551615d", TooLong),
            ("18446744073709551615ms1ms", Order),
            ("36601d", TooLong),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_they_are_read() {
        for text in [
            "30s",
            "10m",
            "1h30m",
            "0s",
            "250ms",
            "1d1h1m1s1ms",
            "36600d",
        ] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(format(Duration::from_nanos(1)), "0s");
    }

    proptest! {
        #[test]
        fn everything_written_can_be_read(millis in 0u64..3_162_240_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&format(duration)), Ok(duration));
        }

        #[test]
        fn reading_never_panics(text in "\\PC*|[0-9dhms]{0,40}") {
            let _ = parse(&text);
        }
    }
}
