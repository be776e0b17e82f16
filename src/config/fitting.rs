//! The faults that no value shows alone: this file checks that the addresses fit together.

use super::address;
use super::model::{Component, Infrastructure};
use super::notes::Notes;
use super::problem::quoted;
use super::section::Section;
use crate::muc::Service;

/// The places of values, taken before their sections are read.
pub(super) struct Places {
    component: String,
    infrastructure: String,
    logins: String,
}

impl Places {
    pub(super) fn of(root: &Section<'_>) -> Self {
        Self {
            component: root.place_below("component", "jid"),
            infrastructure: root.place_below("infrastructure", "domains"),
            logins: root.place_below("policy", "trusted_logins"),
        }
    }
}

/// Notes addresses that cannot be meant.
pub(super) fn check(
    notes: &Notes,
    places: &Places,
    component: &Component,
    services: &[Service],
    infrastructure: &Infrastructure,
    logins: &[String],
) {
    component_jid(notes, &places.component, &component.jid, services);
    people_as_infrastructure(notes, &places.infrastructure, infrastructure, services);
    for domain in logins {
        login(
            notes,
            &places.logins,
            domain,
            component,
            services,
            infrastructure,
        );
    }
}

/// gavel is an external component of its own: Prosody knows the MUC service and
/// the domain of the accounts already, as something else.
fn component_jid(notes: &Notes, place: &str, jid: &str, services: &[Service]) {
    let own = |parent: &str| format!("gavel.{parent}");
    if let Some(service) = services.iter().find(|service| service.domain == jid) {
        let own = own(address::parent(&service.domain).unwrap_or(&service.domain));
        notes.error(
            place,
            format!("{} is the MUC service itself", quoted(jid)),
            format!(
                "give gavel a domain of its own, such as {}, and add Component {} with a component_secret to Prosody's configuration; leave Component {} \"muc\" there as it is",
                quoted(&own),
                quoted(&own),
                quoted(jid)
            ),
        );
        return;
    }
    let above = |service: &&Service| address::parent(&service.domain) == Some(jid);
    if services.iter().any(|service| above(&service)) {
        let own = own(jid);
        notes.error(
            place,
            format!(
                "{} is the domain that people log in to (a VirtualHost of Prosody)",
                quoted(jid)
            ),
            format!(
                "give gavel a domain of its own, such as {}, and add Component {} with a component_secret to Prosody's configuration; leave VirtualHost {} there as it is",
                quoted(&own),
                quoted(&own),
                quoted(jid)
            ),
        );
    }
}

/// People log in to the domain above a MUC service, as far as the configuration tells.
fn people_as_infrastructure(
    notes: &Notes,
    place: &str,
    infrastructure: &Infrastructure,
    services: &[Service],
) {
    let people: Vec<_> = services
        .iter()
        .filter_map(|service| address::parent(&service.domain))
        .collect();
    let listed = infrastructure.domains.iter();
    for domain in listed.filter(|domain| people.contains(&domain.as_str())) {
        notes.warn(
            place,
            format!(
                "people log in to {}, so all of them count as infrastructure: gavel manages none of them",
                quoted(domain)
            ),
            "list only domains of machines, such as auth.meet.jitsi (the focus) and hidden.meet.jitsi (recorders)",
        );
    }
}

/// A domain whose logins are to count must be one of people with accounts.
fn login(
    notes: &Notes,
    place: &str,
    domain: &str,
    component: &Component,
    services: &[Service],
    infrastructure: &Infrastructure,
) {
    let guests = domain.starts_with("guest.");
    let service = services.iter().any(|service| service.domain == domain);
    let machines = infrastructure.domains.iter().any(|known| known == domain);
    let problem = match () {
        () if guests => {
            "is where Jitsi lets guests in without a password: every guest would moderate"
        }
        () if service => "is a MUC service, and nobody logs in to one",
        () if domain == component.jid => "is gavel's own domain, and nobody logs in to it",
        () if machines => "is in infrastructure.domains, so nobody from there is managed",
        () => return,
    };
    let remedy =
        "list only a domain on which everyone has logged in with an account, such as meet.jitsi";
    notes.error(place, format!("{} {problem}", quoted(domain)), remedy);
}
