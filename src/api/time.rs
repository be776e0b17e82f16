//! Moments as the API writes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last millisecond of the year 9999.
const LATEST_MS: u64 = 253_402_300_799_999;

/// A moment: milliseconds since 1970-01-01 UTC, written as RFC 3339 (section
/// 5.6) in UTC with milliseconds, `2026-11-24T08:47:48.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    unix_ms: u64,
}

impl Time {
    /// The moment `unix_ms` milliseconds after 1970-01-01 UTC.
    pub fn from_unix_ms(unix_ms: u64) -> Self {
        Self { unix_ms }
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn unix_ms(self) -> u64 {
        self.unix_ms
    }

    /// The time of day, `10:02 UTC`.
    pub fn time_of_day(self) -> String {
        let minutes = self.unix_ms / 60_000 % 1440;
        format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
    }

    /// Reads RFC 3339; moments before 1970 become 1970. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let unix_ms = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        Some(Self { unix_ms })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 has four digits for the year: a later time is shown as the last one.
        let nanos = i128::from(self.unix_ms.min(LATEST_MS)) * 1_000_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| fmt::Error)?;
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, ms) = at.to_hms_milli();
        let month = u8::from(month);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
        )
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_are_utc() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_510_068_007, "2026-11-24T08:47:48.007Z"),
        ] {
            assert_eq!(Time::from_unix_ms(unix_ms).to_string(), text);
            assert_eq!(Time::parse(text), Some(Time::from_unix_ms(unix_ms)));
        }
        assert_eq!(
            Time::parse("2026-11-24T09:47:48.007+01:00").map(Time::unix_ms),
            Some(1_795_510_068_007)
        );
        assert_eq!(Time::parse("yesterday"), None);
        let end = Time::from_unix_ms(u64::MAX).to_string();
        assert_eq!(end, "9999-12-31T23:59:59.999Z");
        assert_eq!(
            Time::parse("1969-12-31T23:59:59Z").map(Time::unix_ms),
            Some(0)
        );
    }
}
