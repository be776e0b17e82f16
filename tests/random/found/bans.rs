//! Bans that were judged wrongly.

use super::super::op::By::Focus;
use super::super::op::Op::*;
use super::case;
use crate::sim::Kind::{Member, Owner};
use gavel::muc::Affiliation;

/// The engine was wrong: it took a server module's ban for its own, since the answer to
/// an earlier ban of its own had been lost.
#[test]
fn b4_a_ban_that_the_room_has_shown_is_not_gavels_a_second_time() {
    case(
        false,
        &[],
        vec![
            (LoseReplies(1), 0),
            (Show(5, 0, Some(Member), None), 12),
            (Set(Focus, 5, Affiliation::Owner), 0),
            (Show(5, 0, Some(Owner), None), 0),
            (Show(4, 0, Some(Member), None), 10),
            (Flip, 0),
            (Show(0, 0, Some(Owner), None), 0),
        ],
    )
    .ruled(3)
    .ends_well();
}
