//! Delivery carries the news of one part to the others.

use super::outbox::{Delivery, SeatNews};
use super::parts::Parts;

impl Parts {
    /// Delivers the parts' news to each other, until there is none left.
    pub(super) fn deliver(&mut self) {
        while let Some(delivery) = self.out.next_delivery() {
            match delivery {
                Delivery::News(news) => self.tell(&news),
                Delivery::Order(order) => self.room_part().obey(order),
                Delivery::Event(mut event) => {
                    self.meeting_part().take(&mut event);
                    while let Some(news) = self.out.next_news() {
                        self.tell(&news);
                    }
                    self.name_part().take(&event);
                    self.permission_part().take(&event);
                    self.guard_part().take(&event);
                    self.opened.take(&event);
                }
            }
        }
    }

    /// Tells the news of an occupant's evidence.
    fn tell(&mut self, news: &SeatNews) {
        self.name_part().hear(news);
        self.permission_part().hear(news);
    }
}
