//! The component's stream: is it open, and is the server still there (SPEC B11)?

use crate::engine::asker::Asker;
use crate::engine::outbox::Outbox;
use crate::engine::request::REPLY_TIMEOUT;
use crate::engine::settings::Settings;
use crate::engine::time::Tick;
use crate::engine::timers::Timer;
use crate::stanza::Request;
use std::time::Duration;

/// A stream or room that has been silent this long is asked whether it is
/// there; with [`REPLY_TIMEOUT`] it is found dead within 60 s.
pub const SILENCE: Duration = Duration::from_secs(30);

/// The stream; closed at first.
#[derive(Debug, Default)]
pub struct Stream(Option<Open>);

#[derive(Debug)]
struct Open {
    /// Its id, which the module's macs cover.
    id: String,
    /// Says whether everything found after the connection has been joined.
    resynchronised: bool,
    /// When something last arrived.
    heard: Tick,
    /// A ping waits for its reply.
    pinged: bool,
}

impl Stream {
    /// It is open from `now` on.
    pub fn open(&mut self, id: String, now: Tick) {
        self.0 = Some(Open {
            id,
            resynchronised: false,
            heard: now,
            pinged: false,
        });
    }

    /// It has ended.
    pub fn close(&mut self) {
        self.0 = None;
    }

    /// Says whether it is open.
    pub fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Says whether it is open, and everything found since has been joined.
    pub fn is_ready(&self) -> bool {
        self.0.as_ref().is_some_and(|stream| stream.resynchronised)
    }

    /// Says whether it is open, and something found since is still to be joined.
    pub fn is_resynchronising(&self) -> bool {
        self.0.as_ref().is_some_and(|stream| !stream.resynchronised)
    }

    /// Everything has been joined.
    pub fn is_resynchronised(&mut self) {
        if let Some(stream) = &mut self.0 {
            stream.resynchronised = true;
        }
    }

    /// Its id, as Prosody gave it; empty if it is closed.
    pub fn id(&self) -> &str {
        self.0.as_ref().map_or("", |stream| &stream.id)
    }

    /// Something has arrived. Answers whether the stream is open.
    pub fn hears(&mut self, now: Tick) -> bool {
        if let Some(stream) = &mut self.0 {
            stream.heard = now;
        }
        self.is_open()
    }

    /// Asks the server whether it is there, if it has been silent, and hangs up if it has
    /// not answered.
    pub fn ping(&mut self, now: Tick, settings: &Settings, out: &mut Outbox) {
        let Some(stream) = &mut self.0 else {
            return;
        };
        let due = stream.heard + SILENCE;
        if due > now {
            stream.pinged = false;
            return out.wake(due, Timer::Ping);
        }
        out.wake(now + REPLY_TIMEOUT, Timer::Ping);
        if std::mem::replace(&mut stream.pinged, true) {
            return out.hang_up();
        }
        if let Some(service) = settings.services.first() {
            out.ask(&service.domain, Request::Ping, Asker::Stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b11_a_stream_is_ready_once_everything_is_joined() {
        let mut stream = Stream::default();
        assert!(!stream.hears(Tick::ZERO) && !stream.is_ready());
        stream.open("s1".to_owned(), Tick::ZERO);
        assert!(stream.is_resynchronising() && !stream.is_ready());
        stream.is_resynchronised();
        assert!(stream.is_ready() && stream.id() == "s1");
        stream.close();
        assert!(!stream.is_ready() && stream.id().is_empty());
    }
}
