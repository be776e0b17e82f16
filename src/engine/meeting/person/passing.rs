//! State that hardly anybody has for long. It takes memory only while somebody has it.

use super::trouble::{Foreign, InFlight, Trouble};
use crate::engine::time::{KeptTick, Tick};

/// State that is there only for a while.
#[derive(Debug, Default)]
pub struct Passing(Option<Box<Open>>);

#[derive(Debug, Default)]
struct Open {
    foreign: Option<Box<Foreign>>,
    request: Option<Box<InFlight>>,
    trouble: Option<Box<Trouble>>,
    unsettled_since: Option<KeptTick>,
    left_as: Option<Box<LeftAs>>,
}

/// The names of somebody who has left, for reports about them afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAs {
    /// The name that was shown.
    pub display_name: Option<String>,
    /// The name that the token gave.
    pub token_name: Option<String>,
}

impl LeftAs {
    /// The name shown and the token's; none if there is neither.
    pub fn of(names: (Option<String>, Option<String>)) -> Option<Self> {
        let (display_name, token_name) = names;
        let named = display_name.is_some() || token_name.is_some();
        named.then_some(Self {
            display_name,
            token_name,
        })
    }
}

impl Open {
    fn is_empty(&self) -> bool {
        let Self {
            foreign,
            request,
            trouble,
            unsettled_since,
            left_as,
        } = self;
        foreign.is_none()
            && request.is_none()
            && trouble.is_none()
            && unsettled_since.is_none()
            && left_as.is_none()
    }
}

impl Passing {
    /// Puts `new` into a field, and gives its value from before.
    fn put<T>(&mut self, field: fn(&mut Open) -> &mut Option<T>, new: Option<T>) -> Option<T> {
        if new.is_none() && self.0.is_none() {
            return None;
        }
        let open = self.0.get_or_insert_default();
        let old = std::mem::replace(field(open), new);
        if open.is_empty() {
            self.0 = None;
        }
        old
    }

    /// A change of others that is not answered yet.
    pub fn foreign(&self) -> Option<&Foreign> {
        self.0.as_ref()?.foreign.as_deref()
    }

    /// The same, to be changed.
    pub fn foreign_mut(&mut self) -> Option<&mut Foreign> {
        self.0.as_mut()?.foreign.as_deref_mut()
    }

    /// Others have changed somebody, or that is answered.
    pub fn set_foreign(&mut self, foreign: Option<Foreign>) {
        self.put(|open| &mut open.foreign, foreign.map(Box::new));
    }

    /// The request that waits for its reply: one at a time.
    pub fn request(&self) -> Option<&InFlight> {
        self.0.as_ref()?.request.as_deref()
    }

    /// The same, to be changed.
    pub fn request_mut(&mut self) -> Option<&mut InFlight> {
        self.0.as_mut()?.request.as_deref_mut()
    }

    /// A request has been sent.
    pub fn set_request(&mut self, request: Box<InFlight>) {
        self.put(|open| &mut open.request, Some(request));
    }

    /// The request does not wait any more.
    pub fn take_request(&mut self) -> Option<Box<InFlight>> {
        self.put(|open| &mut open.request, None)
    }

    /// Refusals and quarrels, where there have been any.
    pub fn known_trouble(&self) -> Option<&Trouble> {
        self.0.as_ref()?.trouble.as_deref()
    }

    /// The same, to be changed.
    pub fn known_trouble_mut(&mut self) -> Option<&mut Trouble> {
        self.0.as_mut()?.trouble.as_deref_mut()
    }

    /// Refusals and quarrels, made when first needed.
    pub fn trouble(&mut self) -> &mut Trouble {
        let open = self.0.get_or_insert_default();
        open.trouble.get_or_insert_default()
    }

    /// When they came, until they are settled.
    pub fn unsettled_since(&self) -> Option<Tick> {
        self.0.as_ref()?.unsettled_since.map(Tick::from)
    }

    /// They have come.
    pub fn unsettled(&mut self, since: Tick) {
        let since = self.unsettled_since().unwrap_or(since);
        self.put(|open| &mut open.unsettled_since, Some(since.into()));
    }

    /// They are settled, or have left. Gives since when they were not settled.
    pub fn settled(&mut self) -> Option<Tick> {
        let since = self.put(|open| &mut open.unsettled_since, None);
        since.map(Tick::from)
    }

    /// The names of their last occupant, once none is there.
    pub fn left_as(&self) -> Option<&LeftAs> {
        self.0.as_ref()?.left_as.as_deref()
    }

    /// The last of their occupants has left, or one has come.
    pub fn set_left_as(&mut self, names: Option<LeftAs>) {
        self.put(|open| &mut open.left_as, names.map(Box::new));
    }
}
