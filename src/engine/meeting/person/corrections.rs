//! The parties whose changes to a person gavel has corrected, and how often: for admins
//! who look for the party that promotes somebody.

use crate::engine::event::Party;
use thin_vec::ThinVec;

/// Parties that are told apart; of more of them the one longest silent is
/// forgotten, so that a room full of actors costs no more.
const MAX_PARTIES: usize = 8;

/// Corrections of one person by the maker of the changes, since gavel first saw the person.
#[derive(Debug, Default)]
pub struct Corrections(ThinVec<Corrected>);

/// Changes by one party.
#[derive(Debug)]
pub struct Corrected {
    /// The party that made them.
    pub by: Party,
    /// How many.
    pub count: u64,
    /// When the last was corrected, in milliseconds since 1970-01-01 UTC.
    pub last_at: u64,
}

impl Corrections {
    /// Notes that a change by `by` was corrected at `at`.
    pub fn note(&mut self, by: &Party, at: u64) {
        let list = &mut self.0;
        if let Some(known) = list.iter_mut().find(|known| known.by == *by) {
            known.count += 1;
            known.last_at = at;
            return;
        }
        if list.len() == MAX_PARTIES {
            let oldest = (0..list.len()).min_by_key(|i| list[*i].last_at);
            list.swap_remove(oldest.unwrap_or(0));
        }
        list.push(Corrected {
            by: by.clone(),
            count: 1,
            last_at: at,
        });
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Corrected> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::PartyKind;

    fn party(n: usize) -> Party {
        Party {
            kind: PartyKind::Outside,
            nick: None,
            jid: Some(format!("u{n}@x").into()),
        }
    }

    #[test]
    fn parties_are_counted_apart_and_bounded() {
        let mut corrections = Corrections::default();
        for at in 0..3 {
            corrections.note(&party(0), at);
        }
        for n in 1..40 {
            corrections.note(&party(n), 2 + n as u64);
            corrections.note(&party(0), 2 + n as u64);
        }
        assert_eq!(corrections.iter().count(), MAX_PARTIES);
        let first = corrections.iter().find(|c| c.by == party(0));
        assert_eq!(first.map(|c| c.count), Some(42));
    }
}
