//! The connection, and the server at its other end.

use super::facts::{Connection, Facts, Trouble};
use super::list::{List, count, people};

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
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
    replaced(facts, list);
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
            super::reach(server, reason),
        ),
        Trouble::NotXmpp(reason) => (
            format!("what listens at {server} is no component port of Prosody ({reason})"),
            "set component.server to the host and port of Prosody's component_ports (5347 unless set otherwise), not of its client or web port".to_owned(),
        ),
        Trouble::NotAuthorized => (
            format!("Prosody at {server} refuses the secret of {component}"),
            format!("write the component_secret of Component \"{component}\" in Prosody's configuration into component.secret, or the file that component.secret_file names"),
        ),
        Trouble::NoSecret => (
            format!("Component \"{component}\" of Prosody at {server} has no component_secret, so nobody can connect as it"),
            format!("add component_secret = \"…\" below Component \"{component}\" in Prosody's configuration, with the same text as gavel's component.secret, and restart Prosody"),
        ),
        Trouble::HostUnknown => (
            format!("Prosody at {server} has no component {component}"),
            format!("add Component \"{component}\" with component_secret = \"…\" to Prosody's configuration, and restart Prosody; if it is there, restart Prosody, or see that component.jid is spelled as there"),
        ),
        Trouble::ClientPort => (
            format!("{server} is Prosody's port for clients, not its port for components"),
            "set component.server to the port of component_ports in Prosody's configuration (5347 unless it says otherwise)".to_owned(),
        ),
        Trouble::Conflict => conflict(facts),
        Trouble::Other(reason) => (
            format!("not connected: {reason}"),
            "see gavel's and Prosody's log".to_owned(),
        ),
    };
    list.fail("connection", message, remedy);
}

/// Somebody is connected as gavel, and no gavel answers at the socket: mostly a
/// gavel that could not make its socket.
fn conflict(facts: &Facts) -> (String, String) {
    let (component, socket) = (&facts.setup.component, &facts.setup.socket);
    (
        format!(
            "another connection of {component} exists, and no gavel answers here at its admin socket {socket}"
        ),
        format!(
            "if gavel runs on this machine, see its log for \"the admin API is not served\": the folder of {socket} must exist and be writable for gavel's user (systemd makes it with RuntimeDirectory=gavel; in a container it needs a tmpfs); if it runs elsewhere, run gavel doctor there (docker compose exec gavel gavel doctor), or name with -c the configuration whose admin.socket it uses"
        ),
    )
}

/// `component_conflict_resolve = "kick_old"` and two gavels.
fn replaced(facts: &Facts, list: &mut List) {
    let times = facts.daemon.as_ref().map_or(0, |daemon| daemon.replaced);
    if times == 0 {
        return;
    }
    let component = &facts.setup.component;
    list.fail(
        "kicked",
        format!("another gavel has connected as {component} and so ended this one's connection ({} since the start): with component_conflict_resolve = \"kick_old\" two gavels end one another's connection in turn", count(times, "time", "times")),
        format!("remove component_conflict_resolve from Component \"{component}\" in Prosody's configuration, so that the second gavel waits as a standby, or end one of the two"),
    );
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
