//! Why a host and port cannot be reached, in words that name the change to make.

/// The remedy if connecting to `server` (host:port) fails for `reason`, the system's words.
pub fn reach(server: &str, reason: &str) -> String {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let reason = reason.to_lowercase();
    let unresolved = ["lookup", "resolve", "not known", "no address"];
    if unresolved.iter().any(|word| reason.contains(word)) {
        return format!(
            "the name {host} is not known on this machine: set component.server to a name or address of the machine that runs Prosody (docker-jitsi-meet: xmpp.meet.jitsi:5347, with gavel in the network meet.jitsi)"
        );
    }
    if reason.contains("refused") && host == "[::1]" {
        return "nothing listens at this IPv6 address: set component.server = \"127.0.0.1:5347\", or add \"::1\" to component_interfaces in Prosody's configuration; see also that Prosody runs".to_owned();
    }
    if reason.contains("refused") {
        return "nothing listens there: see that Prosody runs, and that its configuration has component_ports = { 5347 } (docker-jitsi-meet sets {}) and a component_interfaces with this address; or set component.server to where Prosody listens for components".to_owned();
    }
    "set component.server to the host and port where Prosody listens for components (its component_interfaces, component_ports = { 5347 }), and see that Prosody runs".to_owned()
}
