# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gavel_global_optspecs
    string join \n c/config= h/help V/version
end

function __fish_gavel_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gavel_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gavel_using_subcommand
    set -l cmd (__fish_gavel_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gavel -n "__fish_gavel_needs_command" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_needs_command" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_needs_command" -s V -l version -d 'Print version'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "run" -d 'Run the daemon, in the foreground'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "check" -d 'Validate the configuration and print the effective one'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "explain" -d 'Say which affiliation and name claims get, and why'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "token" -d 'Make, verify and show tokens'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "room" -d 'Inspect and steer the running daemon'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "events" -d 'Print the decisions taken, newest last'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "doctor" -d 'Examine the deployment and say how to mend it'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "setup" -d 'Write what gavel and Prosody need to know of each other'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "status" -d 'Show on one screen how gavel is'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "completions" -d 'Print a shell\'s completions'
complete -c gavel -n "__fish_gavel_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gavel -n "__fish_gavel_using_subcommand run" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand check" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand check" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand check" -s q -l quiet -d 'Print only what is wrong with it'
complete -c gavel -n "__fish_gavel_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l jwt -d 'A file with a compact JWT, verified as presence would be; - is stdin' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l claims -d 'A file with claims as JSON, taken as verified; - is stdin' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l room -d 'The room to judge them for; a breakout room\'s main room' -r
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l nick -d 'Their nick, for rules that look at occupant.nick' -r
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l jid -d 'Their real JID, for rules that look at occupant.jid or occupant.domain' -r
complete -c gavel -n "__fish_gavel_using_subcommand explain" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l guest -d 'Somebody who has no token'
complete -c gavel -n "__fish_gavel_using_subcommand explain" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand token; and not __fish_seen_subcommand_from sign verify decode help" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand token; and not __fish_seen_subcommand_from sign verify decode help" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand token; and not __fish_seen_subcommand_from sign verify decode help" -f -a "sign" -d 'Make a test token, signed with the configured secret'
complete -c gavel -n "__fish_gavel_using_subcommand token; and not __fish_seen_subcommand_from sign verify decode help" -f -a "verify" -d 'Verify a token with the configured keys and say what is wrong'
complete -c gavel -n "__fish_gavel_using_subcommand token; and not __fish_seen_subcommand_from sign verify decode help" -f -a "decode" -d 'Show a token without verifying it'
complete -c gavel -n "__fish_gavel_using_subcommand token; and not __fish_seen_subcommand_from sign verify decode help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from sign" -l claims -d 'A file with the claims as JSON; - is stdin' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from sign" -l exp -d 'How long the token is valid from now, e.g. 1h; without it `exp` is as in the claims' -r
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from sign" -l alg -d 'The algorithm [default: the first configured]' -r
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from sign" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from sign" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from verify" -l room -d 'The room it is shown in' -r
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from verify" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from decode" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from decode" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from decode" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "sign" -d 'Make a test token, signed with the configured secret'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify a token with the configured keys and say what is wrong'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "decode" -d 'Show a token without verifying it'
complete -c gavel -n "__fish_gavel_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -f -a "list" -d 'List the rooms that gavel is in'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -f -a "show" -d 'Show who is in a room, who moderates it and why'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -f -a "watch" -d 'Watch a room, or the list of rooms, live'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -f -a "set" -d 'Set the affiliation of somebody in a room, whatever their claims say'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -f -a "unset" -d 'Take back what `gavel room set` has set'
complete -c gavel -n "__fish_gavel_using_subcommand room; and not __fish_seen_subcommand_from list show watch set unset help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from list" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from show" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from watch" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from watch" -l json -d 'Print each change as one JSON object a line'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from set" -l for -d 'For how long, e.g. 30m; without it until the meeting ends' -r
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from set" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from unset" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from unset" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the rooms that gavel is in'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show who is in a room, who moderates it and why'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "watch" -d 'Watch a room, or the list of rooms, live'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "set" -d 'Set the affiliation of somebody in a room, whatever their claims say'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "unset" -d 'Take back what `gavel room set` has set'
complete -c gavel -n "__fish_gavel_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gavel -n "__fish_gavel_using_subcommand events" -l since -d 'Only what came since: how long ago (10m), when (2026-11-24T10:02:00Z), or after the event with this id' -r
complete -c gavel -n "__fish_gavel_using_subcommand events" -l room -d 'Only what was decided in this room: its JID or local part' -r
complete -c gavel -n "__fish_gavel_using_subcommand events" -s n -l last -d 'Only the newest so many of those kept' -r
complete -c gavel -n "__fish_gavel_using_subcommand events" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand events" -s f -l follow -d 'Go on with what is decided from now on; Ctrl-C ends it'
complete -c gavel -n "__fish_gavel_using_subcommand events" -l json -d 'Print one JSON document; with --follow one object a line'
complete -c gavel -n "__fish_gavel_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand doctor" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand doctor" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand doctor" -l ready -d 'Only ask the running daemon whether it does its work, or stands by: one line, within 2 s'
complete -c gavel -n "__fish_gavel_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l jitsi -d 'The domain of a Jitsi installed from Debian\'s packages' -r
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l muc -d 'A MUC service of a plain Prosody; may be given several times' -r
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l module -d 'Write the Prosody module into this folder, and nothing else' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l readable -d 'Make this file readable for everybody; with --module' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l root -d 'The folder that stands for /' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand setup" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l undo -d 'Take back what setup has put into Prosody\'s configuration'
complete -c gavel -n "__fish_gavel_using_subcommand setup" -l dry-run -d 'Say what would change, and change nothing'
complete -c gavel -n "__fish_gavel_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand status" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand status" -l json -d 'Print one JSON document'
complete -c gavel -n "__fish_gavel_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gavel -n "__fish_gavel_using_subcommand completions" -s c -l config -d 'The configuration file [default: $GAVEL_CONFIG, else /etc/gavel/gavel.toml]' -r -F
complete -c gavel -n "__fish_gavel_using_subcommand completions" -s h -l help -d 'Print help'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "run" -d 'Run the daemon, in the foreground'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "check" -d 'Validate the configuration and print the effective one'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "explain" -d 'Say which affiliation and name claims get, and why'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "token" -d 'Make, verify and show tokens'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "room" -d 'Inspect and steer the running daemon'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "events" -d 'Print the decisions taken, newest last'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "doctor" -d 'Examine the deployment and say how to mend it'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "setup" -d 'Write what gavel and Prosody need to know of each other'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "status" -d 'Show on one screen how gavel is'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "completions" -d 'Print a shell\'s completions'
complete -c gavel -n "__fish_gavel_using_subcommand help; and not __fish_seen_subcommand_from run check explain token room events doctor setup status completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "sign" -d 'Make a test token, signed with the configured secret'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "verify" -d 'Verify a token with the configured keys and say what is wrong'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "decode" -d 'Show a token without verifying it'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "list" -d 'List the rooms that gavel is in'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "show" -d 'Show who is in a room, who moderates it and why'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "watch" -d 'Watch a room, or the list of rooms, live'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "set" -d 'Set the affiliation of somebody in a room, whatever their claims say'
complete -c gavel -n "__fish_gavel_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "unset" -d 'Take back what `gavel room set` has set'
