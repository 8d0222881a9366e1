#include "feedwatch/config/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/nearest.hpp"

namespace feedwatch::config {
namespace {

constexpr Duration longest_duration = std::chrono::days{365};
constexpr std::array<std::string_view, 2> presets{"coarse", "tight"};
constexpr std::array<std::string_view, 8> sink_types{
    "webhook", "alertmanager", "slack", "telegram", "pagerduty", "email", "exec", "log"};
constexpr std::array<std::string_view, 2> severities{"warning", "critical"};
constexpr std::array<std::string_view, 4> log_levels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 3> board_modes{"0600", "0640", "0644"};
constexpr std::array<std::string_view, 2> log_formats{"text", "json"};
constexpr std::array<std::string_view, 2> poll_modes{"block", "busy"};
constexpr std::array<std::string_view, 6> rule_subjects{"stream", "line", "venue",
                                                        "pulse",  "sink", "store"};
constexpr std::array<std::string_view, 3> rule_severities{"info", "warning", "critical"};

// clang-format off
constexpr std::array top_keys{
    Key{.name = "preset", .type = Type::word, .fallback = R"("coarse")", .words = presets,
        .help = "Limits of every stream without a policy of its own. `coarse`: degraded past 180 s, stale past 300 s. "
                "`tight`: by the channel's cadence, seconds for clocked channels."},
    Key{.name = "seed", .type = Type::integer, .min = 0, .max = INT64_MAX,
        .help = "Seed of jitter and ids, to repeat a run. Absent: a fresh one at each start.", .restart = true},
};
constexpr std::array venue_keys{
    Key{.name = "name", .required = true,
        .help = "The venue part of its streams (`binance-usdm/BTCUSDT/mark`). No `/`, `*` or blanks; unique."},
    Key{.name = "type",
        .help = "Which venue it speaks like: `binance-coinm`, `binance-spot`, `binance-usdm`, `bybit-linear`, `bybit-spot`, "
                "`coinbase`, `coinbase-advanced`, `kraken` or `okx`. "
                "Default: the name. Two venues may share a type."},
    Key{.name = "url",
        .help = "Base of its WebSocket addresses, `ws://` or `wss://`. Default: the venue's own."},
    Key{.name = "rest_url",
        .help = "Base of its REST addresses, `http://` or `https://`. Default: the venue's own; when `url` is a loopback address, "
                "that host and port."},
    Key{.name = "ca_file",
        .help = "PEM file of a private certificate authority, trusted beside the system's."},
    Key{.name = "streams", .type = Type::list, .fallback = "[]",
        .help = "What to watch, `SYMBOL/KIND` each, symbols as the venue writes them. Kinds: `last`, `quote`, `mark`, `index`, as far as "
                "the venue has them. `*` stands for any characters of the symbol, `\\*` for a star."},
    Key{.name = "required", .type = Type::boolean, .fallback = "true",
        .help = "Whether a stale stream of it is critical and keeps the monitor from being ready."},
    Key{.name = "lines", .type = Type::integer, .fallback = "1", .min = 1, .max = 4,
        .help = "On how many connections at once every stream is carried. With 2, one that dies leaves no gap: where the venue's "
                "sequence numbers mean the same on every socket the first copy wins, elsewhere one connection is the primary and the other "
                "stands by. Each counts against the venue's limits."},
};
constexpr std::array policy_keys{
    Key{.name = "match", .required = true,
        .help = "The streams it is for: a stream (`binance-usdm/BTCUSDT/mark`) or a pattern (`binance-usdm/*/mark`). "
                "Of several the most specific wins as a whole: exact before patterns, more characters before fewer, later before earlier."},
    Key{.name = "preset", .type = Type::word, .words = presets,
        .help = "Where the limits start that it does not set. Default: the top-level `preset`."},
    Key{.name = "degraded_after", .type = Type::duration,
        .help = "Age past which a price is degraded; equality is healthy."},
    Key{.name = "stale_after", .type = Type::duration,
        .help = "Age past which a price is stale; greater than `degraded_after`."},
    Key{.name = "suspect_after", .type = Type::duration,
        .help = "Silence that starts diagnosis and repair. Never pages by itself."},
    Key{.name = "first_tick_after", .type = Type::duration,
        .help = "How long after the acknowledgement a stream may wait for its first tick before it is stale (`never_received`)."},
    Key{.name = "recover_ticks", .type = Type::integer, .min = 1, .max = 1000,
        .help = "Ticks it takes to be healthy again. Default 1."},
    Key{.name = "sanity_percent", .type = Type::integer, .min = 1, .max = 60'000,
        .help = "A price that differs from the newest one by more is refused (`outside_band`). Default: no such band."},
    Key{.name = "sanity_repeats", .type = Type::integer, .min = 2, .max = 1000,
        .help = "So many messages in a row with prices outside the band are believed: the market did move. Default 5."},
    Key{.name = "protect_max_age", .type = Type::duration,
        .help = "How old its price may be that a position is protected by; a stale one never is. Aged positions go by prices of 30 s, or of this where it is more. Default: `5s` on clocked channels, else `15s`."},
};
constexpr std::array engine_keys{
    Key{.name = "shards", .type = Type::integer, .fallback = "1", .min = 1, .max = 32,
        .help = "Threads that read prices, at most one for each venue: all of a venue, its lines and its budgets are one thread's. "
                "One does for millions of messages a second. More than one cannot be recorded."},
    Key{.name = "poll", .type = Type::word, .fallback = R"("block")", .words = poll_modes,
        .help = "What the loop that reads prices does while nothing comes: `block` sleeps; `busy` asks again and again, which takes a core "
                "of its own and spares every price the time of waking up."},
};
constexpr std::array store_keys{
    Key{.name = "url",
        .help = "The database: `sqlite:///absolute/path`, or `postgresql://user@host:5432/database` with libpq's parameters behind a `?` "
                "(`sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem`). Default: `feedwatch.db` in the state directory."},
    Key{.name = "password_file",
        .help = "File with the password of PostgreSQL's user, read at each connection. Never in the URL."},
    Key{.name = "state_dir",
        .help = "Where small state, the spool and the copy of what a PostgreSQL database knows live, an absolute path. Default: `$STATE_DIRECTORY`, else "
                "`$XDG_STATE_HOME/feedwatch`, else `~/.local/state/feedwatch`."},
};
constexpr std::array api_keys{
    Key{.name = "listen", .fallback = R"("127.0.0.1:8420")",
        .help = "Address and port. Anything but a loopback address needs `tls_cert_file`, `tls_key_file` and `token_file`. Port 0: any free one.",
        .restart = true},
    Key{.name = "tls_cert_file", .help = "Certificate chain, PEM. With `tls_key_file`: HTTPS.", .restart = true},
    Key{.name = "tls_key_file", .help = "Its private key, PEM.", .restart = true},
    Key{.name = "token_file",
        .help = "File with the write token (at least 16 characters): whoever changes something sends it as `Authorization: Bearer`. "
                "Without one nothing can be changed over HTTP."},
    Key{.name = "allowed_hosts", .type = Type::list, .fallback = "[]",
        .help = "Host names requests may carry beside the listening address and `localhost`."},
    Key{.name = "allowed_origins", .type = Type::list, .fallback = "[]",
        .help = "Origins of web pages that may talk to the API, `https://host[:port]`."},
};
constexpr std::array board_keys{
    Key{.name = "shm", .fallback = R"("")",
        .help = "Name of the file in which other processes read the prices (`feedwatch price --shm`, `feedwatch/board.h`). Empty: none. "
                "One running monitor a name."},
    Key{.name = "directory", .fallback = R"("/dev/shm")",
        .help = "Where that file lies: an absolute path on a filesystem in memory. A full one stops the start."},
    Key{.name = "mode", .type = Type::word, .fallback = R"("0600")", .words = board_modes,
        .help = "Who may read it: `0600` the monitor's user, `0640` its group too, `0644` everybody on the host."},
    Key{.name = "max_streams", .type = Type::integer, .fallback = "65536", .min = 1, .max = 1'000'000,
        .help = "Streams there is room for, shared or not. Room that is not used costs address space, and 8 bytes a stream where it is shared."},
};
constexpr std::array record_keys{
    Key{.name = "directory", .fallback = R"("")",
        .help = "Where everything the venues send is written while the monitor runs, to be judged again (`feedwatch replay`): an absolute path. "
                "Empty: nothing is. A full disk ends the recording, not the monitor."},
    Key{.name = "rotate_mebibytes", .type = Type::integer, .fallback = "256", .min = 1, .max = 1'048'576,
        .help = "A new file after so many MiB."},
    Key{.name = "rotate_every", .type = Type::duration, .fallback = R"("1h")", .help = "And after so long."},
    Key{.name = "keep", .type = Type::integer, .fallback = "0", .min = 0, .max = 1'000'000,
        .help = "Only the newest so many finished files of the directory are kept; 0: all."},
    Key{.name = "compress", .type = Type::boolean, .fallback = "true", .help = "Write zstd."},
};
constexpr std::array sink_keys{
    Key{.name = "type", .type = Type::word, .required = true, .words = sink_types,
        .help = "`webhook` POSTs JSON (Alertmanager's, version 4); `alertmanager` keeps an Alertmanager's alerts (API v2); `slack`, `telegram`, "
                "`pagerduty` and `email` tell people; `exec` starts a program; `log` writes a line to the log. See `docs/guide/notifications.md`."},
    Key{.name = "name", .help = "Its name in alerts, metrics and logs; unique. Default: the type."},
    Key{.name = "severity", .type = Type::word, .words = severities,
        .help = "The least it is told of. `critical`: only what is, or has become, critical. Default: `warning`, all."},
    Key{.name = "match", .type = Type::list,
        .help = "Only alerts with these labels, `LABEL=PATTERN` each, all of which have to hold; `*` stands for any characters. "
                "`alertname` is the rule. Default: all alerts."},
    Key{.name = "per_minute", .type = Type::integer, .min = 1, .max = 60'000,
        .help = "Messages a minute at most. Default by type: webhook 600, alertmanager 1200, slack and telegram 60, pagerduty 108, email 30, exec 120, log 6000."},
    Key{.name = "burst", .type = Type::integer, .min = 1, .max = 10'000,
        .help = "Messages that may leave at once before that. Default by type: slack and telegram 1, email and exec 5, pagerduty 10, webhook 20, alertmanager 50, log 1000."},
    Key{.name = "timeout", .type = Type::duration,
        .help = "Not log: how long an attempt may take, at most 25s. Default: 10s, email 20s."},
    Key{.name = "resend", .type = Type::duration,
        .help = "Alertmanager only: how often firing alerts are told again, 1s to 1h. Those of a monitor that died end there after four times that. Default: 1m."},
    Key{.name = "url", .secret = true,
        .help = "Where to POST, `http://` or `https://`: of webhook and slack the whole address, of alertmanager, telegram and pagerduty that of the "
                "server (the last two have a default). Email: `smtps://host[:465]` or `smtp://host[:587]`. Shown without its path wherever "
                "configuration is printed."},
    Key{.name = "url_file",
        .help = "A file that holds the URL, instead of `url`. A relative path is looked for in `$CREDENTIALS_DIRECTORY`, "
                "else beside the configuration file."},
    Key{.name = "ca_file",
        .help = "PEM file of a private certificate authority."},
    Key{.name = "token_file",
        .help = "A file, found as `url_file`: telegram's bot token, pagerduty's routing key (both required), the bearer token of webhook and alertmanager."},
    Key{.name = "signing_key_file",
        .help = "Webhook only: a file with the key of `X-Feedwatch-Signature`, the HMAC-SHA256 of timestamp and body."},
    Key{.name = "chat", .help = "Telegram only, required: the chat's number or `@channel`."},
    Key{.name = "thread", .type = Type::integer, .min = 1, .max = INT64_MAX, .help = "Telegram only: the topic of a forum."},
    Key{.name = "from", .help = "Email only, required: the sender's address."},
    Key{.name = "to", .type = Type::list, .help = "Email only, required: the receivers' addresses."},
    Key{.name = "user", .help = "Email only: who logs in. With `password_file`."},
    Key{.name = "password_file", .help = "Email only: a file with the password, found as `url_file`."},
    Key{.name = "tls", .type = Type::boolean,
        .help = "Email only: whether `smtp://` goes over to TLS before anything is said. Without it no login. Default: true."},
    Key{.name = "command", .type = Type::list,
        .help = "Exec only, required: the program's absolute path and its arguments; no shell. Needs `allow_exec` in [alerts]."},
};
constexpr std::array log_keys{
    Key{.name = "level", .type = Type::word, .fallback = R"("info")", .words = log_levels,
        .help = "The least that is written."},
    Key{.name = "format", .type = Type::word, .fallback = R"("text")", .words = log_formats,
        .help = "`text` for people, `json` one object a line.", .restart = true},
};
constexpr std::array alert_keys{
    Key{.name = "keep_firing", .type = Type::duration, .fallback = R"("1m")", .zero = true,
        .help = "How long an alert whose cause is gone lingers before it is resolved."},
    Key{.name = "line_down_for", .type = Type::duration, .fallback = R"("10s")", .zero = true,
        .help = "How long a venue must be without a live line before that is an alert."},
    Key{.name = "group_wait", .type = Type::duration, .fallback = R"("5s")", .zero = true,
        .help = "How long news of a group (a venue, or what has none by its name) waits for its siblings: what comes meanwhile is told in one message."},
    Key{.name = "group_interval", .type = Type::duration, .fallback = R"("1m")", .zero = true,
        .help = "Least time between messages about one group. A rise to critical does not wait for it."},
    Key{.name = "repeat", .type = Type::duration, .fallback = R"("4h")", .zero = true,
        .help = "How often an alert that is still true is told again; `0s`: never."},
    Key{.name = "retry_first", .type = Type::duration, .fallback = R"("1s")",
        .help = "First wait before a failed delivery is tried again; it doubles."},
    Key{.name = "retry_max", .type = Type::duration, .fallback = R"("1m")",
        .help = "Longest wait between deliveries; not below `retry_first`."},
    Key{.name = "external_url", .fallback = R"("")",
        .help = "Where people find this monitor; notifications link to it.", .restart = true},
    Key{.name = "allow_exec", .type = Type::boolean, .fallback = "false",
        .help = "Whether sinks of type exec may start programs.", .restart = true},
    Key{.name = "max_notifications", .type = Type::integer, .fallback = "20000", .min = 1, .max = 1'000'000,
        .help = "Undelivered notifications of each sink kept in memory."},
};

constexpr std::array maintenance_keys{
    Key{.name = "name", .help = "Its name where alerts are shown. Default: `maintenance-` and its number."},
    Key{.name = "matchers", .type = Type::list, .required = true,
        .help = "Which alerts: `label=\"value\"`, with `=`, `!=`, `=~` or `!~`; all must hold. Labels: `alertname`, `severity`, `venue`, `symbol`, `kind`, `sink`, `instance`."},
    Key{.name = "start", .help = "One window: when it begins, `2026-12-01T02:00:00Z`."},
    Key{.name = "end", .help = "And when it is over."},
    Key{.name = "days", .type = Type::list, .help = "Windows that come again: days they begin on, `mon` to `sun`, UTC. Default: every day."},
    Key{.name = "at", .help = "When they begin, UTC: `02:30`."},
    Key{.name = "for", .type = Type::duration, .help = "How long they last: at most a day where they begin every day, else a week."},
};
constexpr std::array pulse_keys{
    Key{.name = "name", .required = true,
        .help = "What is to be heard from: a strategy, a loop, a job. `signals` is the signal processor; unique."},
    Key{.name = "every", .type = Type::duration,
        .help = "How long it may be silent. Default of `signals`: `5m`. This or `schedule`."},
    Key{.name = "schedule", .type = Type::list, .fallback = "[]",
        .help = "When it is to be heard instead, in UTC: times of day (`06:05`), or cron expressions of five fields "
                "(`5,20,35,50 * * * *`)."},
    Key{.name = "grace", .type = Type::duration, .fallback = R"("0s")", .zero = true,
        .help = "How much later it may come before it is degraded. It is silent when the time after that has passed as well."},
    Key{.name = "required", .type = Type::boolean, .fallback = "false",
        .help = "Whether its silence is critical; else it is a warning."},
};
constexpr std::array signals_keys{
    Key{.name = "url", .secret = true,
        .help = "Where the source of signals is, `ws://` or `wss://`; without it there is none. Shown without its path wherever configuration is printed."},
    Key{.name = "token", .secret = true, .help = "The token it asks for. This or `token_file`."},
    Key{.name = "token_file",
        .help = "A file that holds the token. A relative path is looked for as that of a sink."},
    Key{.name = "pulse", .fallback = R"("signals")",
        .help = "The pulse that its signals are. One that no `[[pulse]]` describes is expected every `5m`."},
    Key{.name = "ca_file", .help = "PEM file of a private certificate authority, trusted beside the system's."},
    Key{.name = "step_timeout", .type = Type::duration, .fallback = R"("5s")",
        .help = "How long each step to a connection may take: name, TCP, TLS, upgrade, being asked for the token, its answer."},
    Key{.name = "heartbeat_timeout", .type = Type::duration, .fallback = R"("1m30s")",
        .help = "Silence after which a source that sends heartbeats is dialled again."},
    Key{.name = "quiet_timeout", .type = Type::duration, .zero = true,
        .help = "The same for one that sends none; `0s`: never. Default: `every` and `grace` of the pulse, at least `5m`; `15m` where it has a schedule."},
    Key{.name = "retry_first", .type = Type::duration, .fallback = R"("5s")",
        .help = "Longest wait before the second dial; it doubles, and each wait is a random part of it."},
    Key{.name = "retry_max", .type = Type::duration, .fallback = R"("1m")", .help = "Where it stops; not below `retry_first`."},
    Key{.name = "rejected_max", .type = Type::duration, .fallback = R"("5m")",
        .help = "Where it stops while the token is rejected; not below `retry_first`."},
    Key{.name = "stable_after", .type = Type::duration, .fallback = R"("1m")",
        .help = "How long a connection must have stood for the waits to begin anew after it."},
    Key{.name = "ask_every", .type = Type::duration,
        .help = "How often `get_signals` is sent, which sources of the older protocol wait for. Default: never."},
};
constexpr std::array rule_keys{
    Key{.name = "name", .required = true,
        .help = "Name of the alert, unique. That of a built-in rule changes that one: `enabled`, `severity` and `for` only."},
    Key{.name = "on", .type = Type::word, .words = rule_subjects,
        .help = "What it is about: there is one alert for each that fits."},
    Key{.name = "when", .type = Type::list, .fallback = "[]",
        .help = "Conditions, all of which must hold: a fact, `=`, `!=`, `<`, `<=`, `>` or `>=`, and a value, as in `age > 10s`, "
                "`level >= degraded`, `venue = binance-*|okx`. The facts are in [alerts.md](alerts.md)."},
    Key{.name = "for", .type = Type::duration, .zero = true,
        .help = "For how long they must hold before it fires. Default `0s`, or the built-in rule's own."},
    Key{.name = "severity", .type = Type::word, .words = rule_severities,
        .help = "Default `warning`, or the built-in rule's own."},
    Key{.name = "message",
        .help = "What is told, with facts in braces: `{symbol} is {age} old`. Default: the conditions."},
    Key{.name = "labels", .type = Type::list, .fallback = "[]",
        .help = "More labels of the alert, `name=value` each."},
    Key{.name = "enabled", .type = Type::boolean, .fallback = "true", .help = "Whether it is asked at all."},
};
constexpr std::array watchdog_keys{
    Key{.name = "enabled", .type = Type::boolean, .fallback = "true",
        .help = "Whether there is the alert `Watchdog`, which always fires."},
    Key{.name = "repeat", .type = Type::duration, .fallback = R"("5m")",
        .help = "How often it is told again."},
    Key{.name = "sinks", .type = Type::list, .fallback = "[]",
        .help = "Names of the sinks that are told of it: those behind which somebody waits for it. Others never are."},
    Key{.name = "url_file",
        .help = "A file that holds a URL which is called (GET) each minute while prices are judged and the store takes rows, so that its "
                "owner misses it when they are not. A relative path is looked for as that of a sink."},
    Key{.name = "ca_file", .help = "PEM file of a private certificate authority for that URL."},
};

constexpr std::array<std::string_view, 3> rule_prices{"mark", "last", "quote"};
constexpr std::array position_keys{
    Key{.name = "files", .type = Type::list, .fallback = "[]",
        .help = "Files that hold lists of positions, absolute paths, at most eight; looked at each second. Each is a source of its own: `file:` and its name."},
    Key{.name = "divergence_percent", .fallback = R"("1")",
        .help = "How far last and mark of a symbol somebody holds may be apart, in percent of the mark price, at venues that have both. `0`: they are not compared."},
    Key{.name = "divergence_for", .type = Type::duration, .fallback = R"("3s")", .zero = true,
        .help = "For how long they must be further apart before that is told (`kind_divergence`)."},
};
constexpr std::array trailing_keys{
    Key{.name = "enabled", .type = Type::boolean, .fallback = "false", .help = "Whether every position has a trailing stop."},
    Key{.name = "price", .type = Type::word, .words = rule_prices,
        .help = "Of which price, at venues that have it. Default, and elsewhere: `mark`, spot `quote` (the side it would be closed at)."},
    Key{.name = "activation_percent", .fallback = R"("1.5")", .help = "Of the entry price in profit: there it begins."},
    Key{.name = "callback_percent", .fallback = R"("0.5")", .help = "How far the stop lies behind the best price."},
    Key{.name = "steps", .type = Type::list, .fallback = "[]",
        .help = "`profit:callback` each, in percent, by rising profit of the best price: from there on the stop lies that far behind."},
    Key{.name = "breakeven_percent", .help = "From this profit on the stop is at breakeven, before activation. Absent: never."},
    Key{.name = "commission_percent", .fallback = R"("0.1")", .help = "Of one trade; breakeven pays for two."},
    Key{.name = "confirm_within", .type = Type::duration, .fallback = R"("10s")",
        .help = "A proposal nobody confirms by then is rolled back, and made again three times."},
};
constexpr std::array aged_keys{
    Key{.name = "enabled", .type = Type::boolean, .fallback = "false", .help = "Whether positions are told that are held for too long."},
    Key{.name = "price", .type = Type::word, .words = rule_prices,
        .help = "Of which price, at venues that have it. Default, and elsewhere: `mark`, spot `quote` (the side it would be closed at)."},
    Key{.name = "max_age", .type = Type::duration, .fallback = R"("3h")", .help = "Older is aged."},
    Key{.name = "grace", .type = Type::duration, .fallback = R"("8h")", .zero = true, .help = "Past it the target is breakeven for so long."},
    Key{.name = "progressive", .type = Type::duration, .fallback = R"("20h")", .zero = true,
        .help = "Then it gives way for so long; then any price is taken."},
    Key{.name = "commission_percent", .fallback = R"("0.1")", .help = "Of one trade; breakeven pays for two."},
    Key{.name = "loss_step_percent", .fallback = R"("0.5")", .help = "Of the entry price, each hour of `progressive`."},
    Key{.name = "max_loss_percent", .fallback = R"("10")", .help = "And no more than this."},
};

constexpr std::array decision_webhook_keys{
    Key{.name = "name", .fallback = R"("decisions")",
        .help = "Its name in alerts and metrics; unique. How far it has been told is kept under it: under another name it is a new one, told from a minute before its first start."},
    Key{.name = "url", .secret = true, .help = "Where to POST, `http://` or `https://`, one decision at a time. This or `url_file` is required. Shown without its path."},
    Key{.name = "url_file", .help = "A file that holds the URL, found as that of a sink."},
    Key{.name = "ca_file", .help = "PEM file of a private certificate authority."},
    Key{.name = "token_file", .help = "A file with the bearer token."},
    Key{.name = "signing_key_file", .help = "A file with the key of `X-Feedwatch-Signature`, the HMAC-SHA256 of timestamp and body."},
    Key{.name = "timeout", .type = Type::duration, .fallback = R"("5s")", .help = "How long an attempt may take, at most 25s."},
};

constexpr std::array tables{
    Table{.name = "", .help = "At the top of the file, before any table.", .keys = top_keys},
    Table{.name = "venue", .array = true, .help = "One exchange and market, and what is watched there. Without any the monitor runs, watches nothing and is `unknown`.", .keys = venue_keys},
    Table{.name = "policy", .array = true, .help = "Limits for some streams.", .keys = policy_keys},
    Table{.name = "engine", .help = "The loop that reads, decodes and judges.", .keys = engine_keys, .restart = true},
    Table{.name = "store", .help = "Where alerts, transitions and state are kept.", .keys = store_keys, .restart = true},
    Table{.name = "api", .help = "The HTTP interface.", .keys = api_keys},
    Table{.name = "board", .help = "The newest price of every stream, and who else reads it.", .keys = board_keys, .restart = true},
    Table{.name = "record", .help = "The raw frames as they came, in files.", .keys = record_keys, .restart = true},
    Table{.name = "sink", .array = true, .help = "A way alerts leave the program. Without any they are kept and shown only.", .keys = sink_keys, .restart = true},
    Table{.name = "log", .help = "Standard error.", .keys = log_keys},
    Table{.name = "alerts", .help = "When alerts fire, resolve and are told.", .keys = alert_keys},
    Table{.name = "rule", .array = true, .help = "A rule of your own, or a built-in one as you want it ([alerts.md](alerts.md)).", .keys = rule_keys, .restart = true},
    Table{.name = "pulse", .array = true, .help = "Something that is to be heard from every so often, told by `feedwatch pulse` or POST `/v1/pulses/NAME`.", .keys = pulse_keys, .restart = true},
    Table{.name = "signals", .help = "A source of signals on a WebSocket, listened to as a pulse ([guide](../guide/signals.md)).", .keys = signals_keys, .restart = true},
    Table{.name = "watchdog", .help = "That somebody notices when the monitor is gone.", .keys = watchdog_keys, .restart = true},
    Table{.name = "positions", .help = "Positions somebody has registered or lists ([guide](../guide/positions.md), [http.md](http.md#positions)).", .keys = position_keys, .restart = true},
    Table{.name = "trailing", .help = "A stop that follows the best price of each registered position ([protection.md](protection.md)).", .keys = trailing_keys, .restart = true},
    Table{.name = "aged", .help = "Registered positions that are held for too long ([protection.md](protection.md)).", .keys = aged_keys, .restart = true},
    Table{.name = "decision_webhook", .array = true, .help = "Somebody who is told what is decided about positions ([guide](../guide/decisions.md)); at most eight.", .keys = decision_webhook_keys, .restart = true},
    Table{.name = "maintenance", .array = true, .help = "Announced work: alerts that match are recorded and not told; those that still fire at its end are told then. Prices are refused all the same.", .keys = maintenance_keys},
};
// clang-format on

std::expected<Value, Complaint> integer_from_text(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::unexpected(Complaint{json_quoted(text) + " is not a whole number", "write digits"});
  }
  return value;
}

std::expected<Value, Complaint> duration_from_text(std::string_view text) {
  Result<Duration> duration = parse_duration(text);
  if (!duration) {
    return std::unexpected(
        Complaint{duration.error().what + ": " + duration.error().why, duration.error().fix});
  }
  return *duration;
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

std::expected<Value, Complaint> parse_text(const Key& key, std::string_view text) {
  switch (key.type) {
    case Type::text:
    case Type::word:
      return std::string(text);
    case Type::boolean:
      if (text == "true") return true;
      if (text == "false") return false;
      return std::unexpected(
          Complaint{json_quoted(text) + " is neither true nor false", "write true or false"});
    case Type::integer:
      return integer_from_text(text);
    case Type::duration:
      return duration_from_text(text);
    case Type::list:
      return split_commas(text);
  }
  throw std::logic_error("a type the schema does not have");
}

std::optional<Complaint> check_duration(const Key& key, Duration duration) {
  if (!key.zero && duration == Duration{0}) {
    return Complaint{"zero is too short", "use a duration above zero"};
  }
  // Far below where sums of times overflow, and nobody waits longer on purpose.
  if (duration > longest_duration) {
    return Complaint{fmt::format("{} is longer than a year", format_duration(duration)),
                     "use at most 365d"};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_text(Type type) {
  constexpr std::array<std::string_view, 6> words{"text",    "word",     "true or false",
                                                  "integer", "duration", "list of texts"};
  return words[static_cast<std::size_t>(type)];
}

std::span<const Table> schema() {
  return tables;
}

const Table* find_table(std::string_view name) {
  const auto it = std::ranges::find(tables, name, &Table::name);
  return it == tables.end() ? nullptr : &*it;
}

const Key* find_key(const Table& table, std::string_view name) {
  const auto it = std::ranges::find(table.keys, name, &Key::name);
  return it == table.keys.end() ? nullptr : &*it;
}

std::string environment_name(const Table& table, const Key& key) {
  std::string name = table.name.empty() ? fmt::format("FEEDWATCH_{}", key.name)
                                        : fmt::format("FEEDWATCH_{}_{}", table.name, key.name);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::optional<Complaint> check_value(const Key& key, const Value& value) {
  if (key.type == Type::word) {
    const std::string& word = std::get<std::string>(value);
    if (std::ranges::find(key.words, word) != key.words.end()) return std::nullopt;
    return Complaint{"unknown word " + json_quoted(word), suggest(word, key.words)};
  }
  if (key.type == Type::integer) {
    const std::int64_t number = std::get<std::int64_t>(value);
    if (number >= key.min && number <= key.max) return std::nullopt;
    return Complaint{fmt::format("{} is out of range", number),
                     fmt::format("use {} to {}", key.min, key.max)};
  }
  if (key.type == Type::duration) return check_duration(key, std::get<Duration>(value));
  return std::nullopt;
}

std::expected<Value, Complaint> value_from_text(const Key& key, std::string_view text) {
  std::expected<Value, Complaint> value = parse_text(key, text);
  if (!value) return value;
  if (std::optional<Complaint> complaint = check_value(key, *value)) {
    return std::unexpected(std::move(*complaint));
  }
  return value;
}

std::optional<Value> fallback_value(const Key& key) {
  std::string_view text = key.fallback;
  if (text.empty()) return std::nullopt;
  if (text == "[]") return std::vector<std::string>{};
  if (text.front() == '"') text = text.substr(1, text.size() - 2);
  std::expected<Value, Complaint> value = value_from_text(key, text);
  if (!value) throw std::logic_error("a default its own schema refuses");
  return std::move(*value);
}

}  // namespace feedwatch::config
