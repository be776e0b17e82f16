//! Reads `[[muc]]` and the environment's list of services.

use super::address;
use super::keys::MUC_VARIABLE;
use super::notes::Notes;
use super::problem::quoted;
use super::section::{Section, split};
use crate::muc::Service;

/// The services; `listed`, the environment's list, replaces the file's, whose other
/// settings stay for those that are in both.
pub(super) fn services(root: &mut Section<'_>, listed: Option<&str>) -> Vec<Service> {
    let notes = root.notes;
    let sections = root.sections("muc");
    let none_written = sections.is_empty();
    let written: Vec<_> = sections.into_iter().filter_map(service).collect();
    let Some(listed) = listed else {
        if none_written {
            no_service(notes);
        }
        return each_once(notes, written);
    };
    let listed = split(listed, &format!("environment {MUC_VARIABLE}"));
    if listed.is_empty() {
        no_service(notes);
    }
    let chosen = listed.into_iter().filter_map(|given| {
        let domain = address::domain_of(notes, &given)?;
        let known = written.iter().find(|(_, known)| known.domain == domain);
        let tenants = known.is_none_or(|(_, known)| known.tenants);
        Some((given.place, Service { domain, tenants }))
    });
    each_once(notes, chosen.collect())
}

fn no_service(notes: &Notes) {
    let remedy = format!("add a [[muc]] with service = \"muc.meet.jitsi\", or set {MUC_VARIABLE}");
    notes.error(notes.absent("muc"), "a MUC service is required", remedy);
}

/// One `[[muc]]`, and the place of its service.
fn service(mut section: Section<'_>) -> Option<(String, Service)> {
    let notes = section.notes;
    let given = section.required("service", "muc.meet.jitsi");
    let tenants = section.flag("tenants");
    section.finish();
    let given = given?;
    let domain = address::domain_of(notes, &given)?;
    Some((given.place, Service { domain, tenants }))
}

fn each_once(notes: &Notes, written: Vec<(String, Service)>) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for (place, service) in written {
        if services.iter().any(|known| known.domain == service.domain) {
            let problem = format!("{} is there twice", quoted(&service.domain));
            notes.error(place, problem, "keep one");
        } else {
            services.push(service);
        }
    }
    services
}
