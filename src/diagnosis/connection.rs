//! Is there a connection, and to what?

use super::{Connection, Facts, List, Trouble, count, people};

pub(super) fn examine(facts: &Facts, list: &mut List) {
    match &facts.connection {
        Connection::Up => up(facts, list),
        Connection::Standby => list.ok(
            "connection",
            format!(
                "standby: another gavel is connected as {}, and this one takes over when it ends; ask that one for more",
                facts.setup.component
            ),
        ),
        Connection::Down(trouble) => down(facts, trouble, list),
    }
    version(facts, list);
    unanswered(facts, list);
}

fn up(facts: &Facts, list: &mut List) {
    let (component, server) = (&facts.setup.component, &facts.setup.server);
    let Some(daemon) = &facts.daemon else {
        return list.ok(
            "connection",
            format!("Prosody at {server} lets {component} in; no gavel is running here"),
        );
    };
    let services = &daemon.survey.services;
    let rooms = count(
        services.iter().map(|s| s.rooms).sum::<usize>(),
        "room",
        "rooms",
    );
    let here = people(daemon.survey.people);
    let (version, since) = (&daemon.version, &daemon.since);
    list.ok(
        "connection",
        format!("gavel {version} is connected to Prosody at {server} as {component} since {since}; {here} in {rooms}"),
    );
    if !daemon.ready {
        list.warn(
            "resync",
            "not all rooms that were found are joined yet",
            "ask again in some seconds; where it stays so, see gavel's log for refused joins",
        );
    }
}

fn down(facts: &Facts, trouble: &Trouble, list: &mut List) {
    let (component, server) = (&facts.setup.component, &facts.setup.server);
    let (message, remedy) = match trouble {
        Trouble::Unreachable(reason) => (
            format!("cannot connect to {server}: {reason}"),
            "set component.server to the host and port where Prosody listens for components (its component_interfaces, component_ports = { 5347 }), and see that Prosody runs".to_owned(),
        ),
        Trouble::NotXmpp(reason) => (
            format!("what listens at {server} is no component port of Prosody ({reason})"),
            "set component.server to the host and port of Prosody's component_ports (5347 unless set otherwise), not of its client or web port".to_owned(),
        ),
        Trouble::NotAuthorized => (
            format!("Prosody at {server} refuses the secret of {component}"),
            format!("write the component_secret of Component \"{component}\" in Prosody's configuration into component.secret, or the file that component.secret_file names"),
        ),
        Trouble::HostUnknown => (
            format!("Prosody at {server} knows no component {component}"),
            format!("add to Prosody's configuration a section Component \"{component}\" with component_secret = \"…\", and restart Prosody; where it is there, set component.server to Prosody's component_ports (5347 unless set otherwise): its port for clients answers the same"),
        ),
        Trouble::Conflict => (
            format!("another connection of {component} exists, and no gavel answers here at the admin socket"),
            "run gavel doctor where that gavel runs (docker compose exec gavel gavel doctor), or name with -c the configuration whose admin.socket it uses; if it is not gavel, end it".to_owned(),
        ),
        Trouble::Other(reason) => (
            format!("not connected: {reason}"),
            "see gavel's and Prosody's log".to_owned(),
        ),
    };
    list.fail("connection", message, remedy);
}

/// The oldest version that gavel is tested with.
const OLDEST: (u32, u32) = (0, 12);

fn unanswered(facts: &Facts, list: &mut List) {
    let unanswered = facts
        .answers
        .as_ref()
        .map_or(0, |answers| answers.unanswered);
    if unanswered > 0 {
        list.warn(
            "prosody",
            format!("Prosody left {} of gavel's unanswered for some seconds, so this diagnosis has gaps", count(unanswered, "question", "questions")),
            "see Prosody's log and CPU time, and ask again",
        );
    }
}

fn version(facts: &Facts, list: &mut List) {
    let Some(version) = facts.answers.as_ref().and_then(|a| a.version.as_deref()) else {
        return;
    };
    let numbers = version.split_once(' ').map(|(_, numbers)| numbers);
    let mut parts = numbers.unwrap_or_default().split('.').map(str::parse);
    let known = match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    };
    if version.starts_with("Prosody ") && known.is_some_and(|known| known < OLDEST) {
        return list.warn(
            "prosody",
            format!("the server is {version}; gavel is tested with 0.12 and 13"),
            "install Prosody 0.12 or 13",
        );
    }
    list.ok("prosody", format!("the server is {version}"));
}
