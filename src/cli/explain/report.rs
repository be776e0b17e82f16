//! The result of `explain`, judged and not yet worded.

use crate::claims::{Claims, Hint, TokenName};
use crate::cli::verification::{self, CheckLine};
use crate::config::{Choice, Config};
use crate::engine::settings::Freeze;
use crate::muc::RoomJid;
use crate::policy::Guests;
use crate::policy::{Entitlement, Fault, Held, Permitted, Policy, Reason, Subject, Tried};
use crate::shell::settings;
use serde::Serialize;
use serde_json::Value;

/// The evidence that was given, checked.
pub(super) struct Evidence {
    /// `jwt`, `claims` or `guest`.
    pub kind: &'static str,
    /// The checks.
    pub checks: Vec<CheckLine>,
    /// The claims, whether they count or not.
    pub claims: Option<Claims>,
    /// Further notes.
    pub notes: Vec<String>,
}

/// The person who is judged, as far as it was told.
pub(super) struct Person<'a> {
    pub room: Option<&'a RoomJid>,
    pub jid: Option<&'a str>,
    pub nick: Option<&'a str>,
}

impl<'a> Person<'a> {
    fn with(&self, claims: Option<&'a Claims>) -> Subject<'a> {
        Subject {
            claims,
            room: self.room,
            jid: self.jid,
            nick: self.nick,
            login: true,
        }
    }

    /// The question that a domain of `policy.trusted_logins` leaves open: only the running
    /// gavel hears from Prosody how people log in there.
    fn login_note(&self, policy: &Policy) -> Option<String> {
        let Some(jid) = self.jid else {
            let domain = policy.trusted_logins.first()?;
            return Some(format!(
                "policy.trusted_logins lists {domain}: for somebody who has logged in there give --jid NAME@{domain}"
            ));
        };
        let domain = jid.split_once('@').map_or(jid, |(_, domain)| domain);
        let subject = self.with(None);
        let guest = policy.judge(&Subject {
            login: false,
            ..subject
        });
        let changes = policy.judge(&subject).entitlement != guest.entitlement;
        (policy.trusts(domain) && changes).then(|| {
            format!(
                "a login on {domain} counts only if nobody gets in there without an account. If VirtualHost \"{domain}\" lets anybody in or lets anybody make an account, this person is a guest: `gavel status` says so"
            )
        })
    }

    /// The facts that rules needed and nobody told.
    fn notes(&self, tried: &[Tried]) -> Vec<String> {
        let mut notes = Vec::new();
        for tried in tried {
            let Reason::Fault(fault) = &tried.reason else {
                continue;
            };
            let Fault::Unknown(path) = &**fault else {
                continue;
            };
            let option = match (path.root(), path.keys().next()) {
                ("room", _) => "--room",
                (_, Some("nick")) => "--nick",
                _ => "--jid",
            };
            notes.push(format!("rule {} needs {path}: give {option}", tried.rule));
        }
        notes
    }
}

/// The words of `explain`; with `--json` as it stands here.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// `jwt`, `claims` or `guest`: the kind of evidence that was given.
    pub evidence: &'static str,
    /// The room judged for.
    pub room: Option<String>,
    /// The nick judged for.
    pub nick: Option<String>,
    /// The real bare JID judged for.
    pub jid: Option<String>,
    /// Says whether a signature was checked here.
    pub verified: bool,
    /// Says whether the claims count.
    pub accepted: bool,
    /// The label of the first thing wrong.
    pub rejected: Option<&'static str>,
    /// The checks.
    pub checks: Vec<CheckLine>,
    /// The claims that count.
    pub claims: Option<Value>,
    /// The verdict on these claims, or on their absence.
    #[serde(flatten)]
    pub verdict: Judged,
    /// The rules in the order tried.
    pub tried: Vec<TriedLine>,
    /// Their other permissions, by name; a permission that is not here is left to Jitsi.
    pub permissions: Vec<PermissionLine>,
    /// The verdict on the claims if they were accepted.
    pub if_accepted: Option<Judged>,
    /// The name they get.
    #[serde(flatten)]
    pub name: Name,
    /// Further notes.
    pub notes: Vec<String>,
}

/// An affiliation and why.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    /// An affiliation or `keep`; a guest's is `none` or, left alone, `keep`.
    pub affiliation: &'static str,
    /// Says whether they have no claims that entitle to anything.
    pub guest: bool,
    /// The rule that decides.
    pub rule: String,
    /// The values that it saw.
    pub reason: String,
}

/// One rule that was tried.
#[derive(Debug, Serialize)]
pub(super) struct TriedLine {
    /// The rule.
    pub rule: String,
    /// Its condition; null if only the absence of others decides.
    pub when: Option<String>,
    /// Its gift to the people it matches.
    pub gives: &'static str,
    /// Says whether it matched, and so decides.
    pub matched: bool,
    /// Its affiliation if it matches.
    pub affiliation: Option<&'static str>,
    /// The values that it saw.
    pub reason: String,
}

/// A permission and why it is allowed or not; null is left to Jitsi.
#[derive(Debug, Serialize)]
pub(super) struct PermissionLine {
    /// Its name.
    pub name: &'static str,
    /// The people who have it: everyone, moderators, owners or nobody.
    #[serde(rename = "for")]
    pub held: Option<&'static str>,
    /// Says whether they have it as a participant.
    pub participant: Option<bool>,
    /// Says whether they have it as a moderator who is not owner.
    pub moderator: Option<bool>,
    /// Says whether they have it as owner.
    pub owner: Option<bool>,
    /// Why, in words.
    pub because: String,
}

impl From<&Permitted> for PermissionLine {
    fn from(permitted: &Permitted) -> Self {
        let held = permitted.held;
        let allows = |moderator, owner| held.map(|held| held.allows(moderator, owner));
        Self {
            name: permitted.name.as_str(),
            held: held.map(Held::as_str),
            participant: allows(false, false),
            moderator: allows(true, false),
            owner: allows(true, true),
            because: permitted.because.to_string(),
        }
    }
}

/// A display name, and whether gavel holds on to it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Name {
    /// `context.user.name`
    pub token_name: Option<String>,
    /// The form that gavel sets: trimmed, and cut as clients cut it.
    pub name: Option<String>,
    /// Says whether changes of it are undone or told off.
    pub frozen: bool,
    /// Why it is frozen or not.
    pub name_reason: String,
}

/// Judges the evidence as the daemon would.
pub(super) fn report(evidence: Evidence, config: &Config, person: &Person<'_>) -> Report {
    let policy = settings::policy(&config.policy);
    let rejected = evidence.checks.iter().find_map(|line| line.reason);
    let (claims, refused) = match rejected {
        None => (evidence.claims, None),
        Some(_) => (None, evidence.claims),
    };
    let tried = policy.explain(&person.with(claims.as_ref()));
    let mut notes = evidence.notes;
    notes.extend(person.notes(&tried));
    if evidence.kind == "guest" {
        notes.extend(person.login_note(&policy));
    }
    for claims in claims.iter().chain(&refused) {
        let unread = policy.judge(&person.with(Some(claims))).unread(claims);
        notes.extend(unread.iter().map(Hint::advice));
        notes.extend(verification::milliseconds(&claims.value()));
    }
    let subject = person.with(claims.as_ref());
    let permissions = policy.permissions(&subject, &policy.judge(&subject));
    let is_ok = |line: &CheckLine| line.check == "signature" && line.result == "ok";
    Report {
        verified: evidence.checks.iter().any(is_ok),
        evidence: evidence.kind,
        room: person.room.map(ToString::to_string),
        nick: person.nick.map(str::to_owned),
        jid: person.jid.map(str::to_owned),
        accepted: rejected.is_none(),
        rejected,
        checks: evidence.checks,
        verdict: judged(&policy, config, &person.with(claims.as_ref())),
        tried: tried
            .into_iter()
            .map(|tried| tried_line(tried, config))
            .collect(),
        permissions: permissions.iter().map(PermissionLine::from).collect(),
        if_accepted: refused
            .as_ref()
            .map(|claims| judged(&policy, config, &person.with(Some(claims)))),
        name: name(claims.as_ref(), config),
        claims: claims.map(|claims| claims.value()),
        notes,
    }
}

fn judged(policy: &Policy, config: &Config, subject: &Subject<'_>) -> Judged {
    let verdict = policy.judge(subject);
    Judged {
        affiliation: affiliation(verdict.entitlement, config),
        guest: verdict.entitlement == Entitlement::Guest,
        rule: verdict.rule.to_string(),
        reason: verdict.reason.to_string(),
    }
}

fn tried_line(tried: Tried, config: &Config) -> TriedLine {
    TriedLine {
        rule: tried.rule.to_string(),
        when: tried.when.as_deref().map(str::to_owned),
        gives: affiliation(tried.gives, config),
        matched: tried.entitlement.is_some(),
        affiliation: tried.entitlement.map(|e| affiliation(e, config)),
        reason: tried.reason.to_string(),
    }
}

fn affiliation(entitlement: Entitlement, config: &Config) -> &'static str {
    match (entitlement, config.policy.guests) {
        (Entitlement::Affiliation(affiliation), _) => affiliation.as_str(),
        (Entitlement::Guest, Guests::Strip) => "none",
        (Entitlement::Guest, Guests::Ignore) | (Entitlement::Keep, _) => "keep",
    }
}

fn name(claims: Option<&Claims>, config: &Config) -> Name {
    let Some(given) = claims.and_then(Claims::user_name) else {
        let found = claims.map(|claims| claims.value()["context"]["user"]["name"].clone());
        let name_reason = match found.unwrap_or_default() {
            Value::Null => "there is no context.user.name, so any name may be shown".to_owned(),
            Value::String(_) => "context.user.name is blank, so any name may be shown".to_owned(),
            _ => "context.user.name is no text, so any name may be shown: let the issuer write it in quotes".to_owned(),
        };
        return Name {
            name_reason,
            ..Name::default()
        };
    };
    let token_name = Some(given.to_owned());
    let freeze = config.names.freeze;
    match TokenName::new(given) {
        Err(forbidden) => Name {
            token_name,
            name_reason: forbidden.to_string(),
            ..Name::default()
        },
        Ok(name) => Name {
            token_name,
            name: Some(name.form().into_owned()),
            frozen: freeze != Freeze::Off,
            name_reason: format!("names.freeze is {:?}", freeze.word()),
        },
    }
}
