#include "feedwatch/config/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/config/print.hpp"
#include "feedwatch/config/schema.hpp"
#include "feedwatch/config/tests/sources.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::config {
namespace {

using ::testing::ElementsAre;

std::expected<Config, std::vector<Error>> try_load(const std::string& text,
                                                   const Sources& from = sources()) {
  return load_text(text, "f.toml", from, "/nonexistent");
}

std::vector<std::string> errors_of(const std::string& text, const Sources& from = sources()) {
  const auto config = try_load(text, from);
  std::vector<std::string> out;
  if (config) return {"no error"};
  for (const Error& error : config.error()) out.push_back(error.text());
  return out;
}

std::string error_of(const std::string& text, const Sources& from = sources()) {
  const std::vector<std::string> errors = errors_of(text, from);
  return errors.size() == 1 ? errors[0] : ::testing::PrintToString(errors);
}

Config good(const std::string& text, const Sources& from = sources()) {
  auto config = try_load(text, from);
  if (!config) throw std::runtime_error(::testing::PrintToString(errors_of(text, from)));
  return std::move(*config);
}

constexpr const char* sample = R"(
preset = "tight"
seed = 42
[[venue]]
name = "binance-usdm"
streams = ["BTCUSDT/mark", "ETHUSDT/quote", "*USDT/mark"]
[[venue]]
name = "sim"
type = "bybit-linear"
url = "ws://127.0.0.1:9001"
required = false
streams = ["BTC/USD-日本/last"]
[[policy]]
match = "binance-usdm/*/mark"
degraded_after = "3s"
stale_after = "10s"
recover_ticks = 2
[store]
url = "sqlite:///var/lib/feedwatch/f.db"
state_dir = "/var/lib/feedwatch"
[engine]
poll = "busy"
shards = 4
[api]
listen = "[::1]:0"
allowed_hosts = ["monitor.example.com"]
allowed_origins = ["https://monitor.example.com:8443"]
[[sink]]
type = "webhook"
name = "hook"
url = "https://hooks.example.com/secret-path"
[[sink]]
type = "log"
[log]
level = "warning"
format = "json"
[alerts]
keep_firing = "0s"
retry_max = "2m30s"
)";

TEST(Config, GoodFileSaysEverything) {
  const Config config = good(sample);
  EXPECT_EQ(config.seed, 42U);
  ASSERT_EQ(config.venues.size(), 2U);
  EXPECT_EQ(config.venues[0].venue, venues::find_venue("binance-usdm"));
  EXPECT_EQ(config.venues[0].ws_url, "");
  EXPECT_EQ(config.venues[0].rest_url, "");
  EXPECT_TRUE(config.venues[0].required);
  EXPECT_THAT(config.venues[0].streams, ElementsAre("BTCUSDT/mark", "ETHUSDT/quote", "*USDT/mark"));
  EXPECT_EQ(config.venues[1].venue, venues::find_venue("bybit-linear"));
  EXPECT_EQ(config.venues[1].rest_url, "http://127.0.0.1:9001") << "a simulator serves both";
  EXPECT_FALSE(config.venues[1].required);
  const Policy mark = config.policies.for_stream("binance-usdm/X/mark", {clocked(1s), false, {}});
  EXPECT_EQ(mark.degraded_after, 3s);
  EXPECT_EQ(mark.stale_after, 10s);
  EXPECT_EQ(mark.recover_ticks, 2);
  const Policy quote =
      config.policies.for_stream("binance-usdm/X/quote", {event_driven(), true, {}});
  EXPECT_EQ(quote.stale_after, 180s) << "the top-level preset is tight";
  EXPECT_EQ(config.engine.poll, EngineConfig::Poll::busy);
  EXPECT_EQ(config.engine.shards, 4);
  EXPECT_EQ(config.store.url, "sqlite:///var/lib/feedwatch/f.db");
  EXPECT_EQ(config.store.state_dir, "/var/lib/feedwatch");
  EXPECT_EQ(config.api.host, "::1");
  EXPECT_EQ(config.api.port, 0);
  EXPECT_TRUE(config.api.loopback);
  ASSERT_EQ(config.sinks.size(), 2U);
  EXPECT_EQ(config.sinks[0].type, SinkConfig::Type::webhook);
  EXPECT_EQ(config.sinks[0].url, "https://hooks.example.com/secret-path");
  EXPECT_EQ(config.sinks[1].name, "log");
  EXPECT_EQ(config.log.level, LogConfig::Level::warning);
  EXPECT_EQ(config.log.format, LogConfig::Format::json);
  EXPECT_EQ(config.alerts.keep_firing, 0s);
  EXPECT_EQ(config.alerts.retry_max, 150s);
}

TEST(Config, WithoutAFileTheDefaultsHold) {
  const auto config = load(sources());
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->venues.empty());
  EXPECT_TRUE(config->sinks.empty());
  EXPECT_FALSE(config->seed);
  EXPECT_EQ(config->store.state_dir, "/home/u/.local/state/feedwatch");
  EXPECT_EQ(config->store.url, "sqlite:///home/u/.local/state/feedwatch/feedwatch.db");
  EXPECT_EQ(config->api.host, "127.0.0.1");
  EXPECT_EQ(config->api.port, 8420);
  EXPECT_EQ(config->engine.poll, EngineConfig::Poll::block);
  EXPECT_EQ(config->engine.shards, 1);
  EXPECT_EQ(config->board.shm, "");
  EXPECT_EQ(config->board.directory, "/dev/shm");
  EXPECT_EQ(config->board.mode, 0600U);
  EXPECT_EQ(config->board.max_streams, 65'536U);
  const engine::AlertOptions built_in;
  EXPECT_EQ(config->alerts.keep_firing, built_in.keep_firing);
  EXPECT_EQ(config->alerts.line_down_for, built_in.line_down_for);
  EXPECT_EQ(config->alerts.group_wait, built_in.group_wait);
  EXPECT_EQ(config->alerts.group_interval, built_in.group_interval);
  EXPECT_EQ(config->alerts.max_notifications, built_in.max_notifications);
  EXPECT_EQ(config->alerts.repeat, built_in.repeat);
  EXPECT_EQ(config->alerts.retry_first, built_in.retry_first);
  EXPECT_EQ(config->alerts.retry_max, built_in.retry_max);
  EXPECT_EQ(config->alerts.max_notifications, built_in.max_notifications);
}

TEST(Config, StateDirectoryInOrder) {
  EXPECT_EQ(load({.environment = {{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}})->store.state_dir,
            "/x/feedwatch");
  EXPECT_EQ(load({.environment = {{"STATE_DIRECTORY", "/s:/t"}, {"XDG_STATE_HOME", "/x"}}})
                ->store.state_dir,
            "/s");
  const auto none = load({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().at(0).text(),
            "default: store.state_dir: there is no default, because STATE_DIRECTORY, "
            "XDG_STATE_HOME and HOME are not set (set state_dir in [store], or one of them)");
}

TEST(Config, FlagsBeatEnvironmentBeatsFile) {
  const std::string file = "[log]\nlevel = \"error\"\n[api]\nlisten = \"127.0.0.1:1\"\n";
  EXPECT_EQ(good(file).api.port, 1);
  EXPECT_EQ(good(file, sources({{"FEEDWATCH_API_LISTEN", "127.0.0.1:2"}})).api.port, 2);
  const Config config = good(file, sources({{"FEEDWATCH_API_LISTEN", "127.0.0.1:2"}},
                                           {{"api.listen", "127.0.0.1:3"}, {"preset", "tight"}}));
  EXPECT_EQ(config.api.port, 3);
  EXPECT_EQ(config.log.level, LogConfig::Level::error);
  EXPECT_THAT(
      good("", sources({{"FEEDWATCH_API_ALLOWED_HOSTS", "a.example,b.example"}})).api.allowed_hosts,
      ElementsAre("a.example", "b.example"));
  EXPECT_EQ(good(file, sources({{"FEEDWATCH_API_LISTEN", ""}, {"FEEDWATCH_DATA", "/d"}})).api.port,
            1)
      << "empty is not set; what is not ours is left alone";
  // The client commands' own variable stands in the same environment.
  EXPECT_EQ(good(file, sources({{"FEEDWATCH_API_URL", "http://127.0.0.1:9"}})).api.port, 1);
}

struct Case {
  const char* text;
  const char* error;  ///< VENUES stands for the names of all of them
};

std::string with_venues(std::string text) {
  constexpr std::string_view word = "VENUES";
  const auto at = text.find(word);
  if (at == text.npos) return text;
  return text.replace(at, word.size(), fmt::format("{}", fmt::join(venues::venue_names(), ", ")));
}

TEST(Config, EveryMistakeSaysWhereWhatAndWhatToDo) {
  const Case cases[] = {
      {"a = [1\n",
       "f.toml:1:8: Error while parsing array: encountered end-of-file (correct the "
       "TOML at this place)"},
      {"seed = 1\nseed = 2\n", "f.toml:2:8: duplicate key \"seed\" (keep one of the two)"},
      {"[log]\n[log]\n", "f.toml:2:1: duplicate key \"log\" (keep one of the two)"},
      {"[alerts]\nkeep_firing = 3s\n",
       "f.toml:2:16: Error while parsing decimal integer: expected digit, saw 's' (numbers with a "
       "unit go in quotes, as in \"3s\")"},
      {"[[venue]]\nname = \"binance-usdm\"\nstreems = []\n",
       "f.toml:3:1: venue.streems: unknown key (did you mean \"streams\"?)"},
      {"[stroe]\nurl = \"\"\n", "f.toml:1:2: stroe: unknown key (did you mean \"store\"?)"},
      {"\"ключ\\n\" = 1\n",
       "f.toml:1:1: \"ключ\\n\": unknown key (use one of preset, seed, venue, policy, engine, "
       "store, "
       "api, board, record, sink, log, alerts, rule, pulse, signals, watchdog, positions, "
       "trailing, aged, "
       "decision_webhook, maintenance)"},
      {"[alerts]\nkeep_firing = \"3 s\"\n", nullptr},
      {"[alerts]\nkeep_firing = \"3x\"\n", nullptr},
      {"[alerts]\nkeep_firing = 3\n",
       "f.toml:2:15: alerts.keep_firing: needs a duration, not an integer (write it as text with a "
       "unit, as in \"3s\")"},
      {"[alerts]\nretry_first = \"0s\"\n",
       "f.toml:2:15: alerts.retry_first: zero is too short (use a duration above zero)"},
      {"[alerts]\nkeep_firing = \"365d1h\"\n",
       "f.toml:2:15: alerts.keep_firing: 8761h is longer than a year (use at most 365d)"},
      {"[alerts]\nretry_first = \"2m\"\n",
       "default: alerts.retry_max: is below retry_first (make it at least as long)"},
      {"seed = \"1\"\n",
       "f.toml:1:8: seed: needs an integer, not text (write a whole number without quotes)"},
      {"seed = -1\n", "f.toml:1:8: seed: -1 is out of range (use 0 to 9223372036854775807)"},
      {"preset = \"tigth\"\n",
       "f.toml:1:10: preset: unknown word \"tigth\" (did you mean \"tight\"?)"},
      {"store = 1\n",
       "f.toml:1:1: store: is a table, not an integer (write [store] on a line of its own)"},
      {"[venue]\nname = \"binance-usdm\"\n",
       "f.toml:1:2: venue: may stand several times and needs two brackets (write [[venue]])"},
      {"[[venue]]\n", "f.toml:1:1: venue.name: is missing (every [[venue]] needs one)"},
      {"[[venue]]\nname = \"binance-usdn\"\n",
       "f.toml:2:8: venue.name: unknown venue type \"binance-usdn\" (did you mean "
       "\"binance-usdm\"?; or set type)"},
      {"[[venue]]\nname = \"a\"\ntype = \"unheard-of\"\n",
       "f.toml:3:8: venue.type: unknown venue type \"unheard-of\" (use one of VENUES)"},
      {"[[venue]]\nname = \"a/b\"\ntype = \"bybit-linear\"\n",
       "f.toml:2:8: venue.name: \"a/b\" cannot name a venue (use 1 to 64 characters without / * \\ "
       "and blanks)"},
      {"[[venue]]\nname = \"bybit-linear\"\n[[venue]]\nname = \"bybit-linear\"\n",
       "f.toml:4:8: venue.name: \"bybit-linear\" is taken by f.toml:2:8 (give this venue another "
       "name, and its type)"},
      {"[[venue]]\nname = \"bybit-linear\"\nurl = \"127.0.0.1:9001\"\n",
       "f.toml:3:7: venue.url: \"127.0.0.1:9001\" is not such a URL (write ws:// or "
       "wss://host[:port][/path], without credentials)"},
      {"[[venue]]\nname = \"bybit-linear\"\nrest_url = \"ws://x\"\n",
       "f.toml:3:12: venue.rest_url: \"ws://x\" is not such a URL (write http:// or "
       "https://host[:port][/path], without credentials)"},
      {"[[venue]]\nname = \"binance-spot\"\nstreams = [\"BTCUSDT/mark\"]\n",
       "f.toml:3:11: venue.streams: \"BTCUSDT/mark\": binance-spot offers no mark price (it has "
       "last, quote)"},
      {"[[venue]]\nname = \"binance-usdm\"\nstreams = [\"BTCUSDT/marc\"]\n",
       "f.toml:3:11: venue.streams: \"BTCUSDT/marc\" has the unknown kind \"marc\" (use one of "
       "last, quote, mark, index)"},
      {"[[venue]]\nname = \"binance-usdm\"\nstreams = [\"BTCUSDT\"]\n",
       "f.toml:3:11: venue.streams: \"BTCUSDT\" is no SYMBOL/KIND (write it as in BTCUSDT/mark)"},
      {"[[venue]]\nname = \"binance-usdm\"\nstreams = [\"B/mark\", \"B/mark\"]\n",
       "f.toml:3:11: venue.streams: \"B/mark\" is listed twice (keep one of the two)"},
      {"[[venue]]\nname = \"binance-usdm\"\nstreams = [\"B/mark\", 1]\n",
       "f.toml:3:11: venue.streams: needs a list of texts, not a list of something (write a list "
       "of texts, as in "
       "[\"BTCUSDT/mark\"])"},
      {"[[policy]]\nmatch = \"*\"\ndegraded_after = \"10s\"\nstale_after = \"10s\"\n",
       "f.toml:4:15: policy.stale_after: 10s is not above degraded_after 10s (make it greater)"},
      {"[[policy]]\nmatch = \"\"\n",
       "f.toml:2:9: policy.match: is empty (write a stream or a pattern, as in \"*/mark\")"},
      {"[[policy]]\nmatch = \"*/mark\"\ndegraded_after = \"400s\"\n[[venue]]\nname = "
       "\"binance-usdm\"\nstreams = [\"B/mark\"]\n",
       "f.toml:6:11: venue.streams: the policy of \"binance-usdm/B/mark\" leaves nothing "
       "between degraded_after and stale_after (5m) (set both in the [[policy]] that matches it)"},
      {"[store]\nurl = \"sqlite://f.db\"\n",
       "f.toml:2:7: store.url: \"sqlite://f.db\" names no database (use "
       "sqlite:///absolute/path/feedwatch.db or postgresql://user@host:5432/database)"},
      {"[store]\nurl = \"postgresql://h\"\n",
       "f.toml:2:7: store.url: \"postgresql://h\" names no database (use "
       "postgresql://user@host:5432/database)"},
      {"[store]\nurl = \"postgresql://me:sesame@h/d\"\n",
       "f.toml:2:7: store.url: holds a password (put it into a file and name that in "
       "password_file)"},
      {"[store]\nurl = \"postgresql://h/d?password=sesame\"\n",
       "f.toml:2:7: store.url: holds a password (put it into a file and name that in "
       "password_file)"},
      {"[store]\nurl = \"sqlite:///f.db\"\npassword_file = \"x\"\n",
       "f.toml:3:17: store.password_file: stands beside a url that is not PostgreSQL's (remove "
       "it)"},
      {"[store]\nstate_dir = \"state\"\n",
       "f.toml:2:13: store.state_dir: \"state\" is not an absolute path (begin it with /)"},
      {"[api]\nlisten = \"8420\"\n",
       "f.toml:2:10: api.listen: \"8420\" is not an address and a port (write it as in "
       "\"127.0.0.1:8420\" or \"[::1]:8420\")"},
      {"[api]\nlisten = \"0.0.0.0:8420\"\n",
       "f.toml:2:10: api.listen: \"0.0.0.0\" is not a loopback address and tls_cert_file is not "
       "set (set tls_cert_file, tls_key_file and token_file, or listen on 127.0.0.1)"},
      {"[api]\nlisten = \"[::]:1\"\ntls_cert_file = \"/c\"\ntls_key_file = \"/k\"\n",
       "f.toml:2:10: api.listen: \"::\" is not a loopback address and token_file is not set (set "
       "tls_cert_file, tls_key_file and token_file, or listen on 127.0.0.1)"},
      {"[api]\ntls_cert_file = \"/c\"\n",
       "f.toml:2:17: api.tls_cert_file: stands without tls_key_file (set both or none)"},
      {"[api]\nallowed_hosts = [\"a/b\"]\n",
       "f.toml:2:17: api.allowed_hosts: \"a/b\" is not a host name (write it as in "
       "\"monitor.example.com\")"},
      {"[api]\nallowed_origins = [\"https://a/\"]\n",
       "f.toml:2:19: api.allowed_origins: \"https://a/\" is not an origin (write "
       "https://host[:port] without a path)"},
      {"[api]\ntoken_file = \"/nonexistent/t\"\n",
       "f.toml:2:14: api.token_file: cannot read \"/nonexistent/t\" (create the file, readable for "
       "the user feedwatch runs as)"},
      {"[board]\nshm = \"a/b\"\n",
       "f.toml:2:7: board.shm: \"a/b\" holds something else than letters, digits, '.', '_' and '-' "
       "(name it as in \"feedwatch\")"},
      {"[board]\ndirectory = \"shm\"\n",
       "f.toml:2:13: board.directory: \"shm\" is not an absolute path (begin it with /)"},
      {"[board]\nmode = \"0666\"\n",
       "f.toml:2:8: board.mode: unknown word \"0666\" (did you mean \"0600\"?)"},
      {"[record]\ndirectory = \"rec\"\n",
       "f.toml:2:13: record.directory: \"rec\" is not an absolute path (begin it with /)"},
      {"[record]\ndirectory = \"/rec\"\n[engine]\nshards = 2\n",
       "f.toml:4:10: engine.shards: several shards cannot be recorded (use one, or remove "
       "[record])"},
      {"[record]\nrotate_every = \"0s\"\n",
       "f.toml:2:16: record.rotate_every: zero is too short (use a duration above zero)"},
      {"[[sink]]\ntype = \"webhok\"\n",
       "f.toml:2:8: sink.type: unknown word \"webhok\" (did you mean \"webhook\"?)"},
      {"[[sink]]\ntype = \"webhook\"\n",
       "f.toml:1:1: sink.url: is missing, and url_file too (set one of them)"},
      {"[[sink]]\ntype = \"webhook\"\nurl = \"http://h\"\nurl_file = \"/x\"\n",
       "f.toml:4:12: sink.url_file: stands beside url (keep one of the two)"},
      {"[[sink]]\ntype = \"webhook\"\nurl = \"http://user:pw@h/\"\n",
       "f.toml:3:7: sink.url: is not a URL (write http://host[:port][/path] or https://…, without "
       "credentials)"},
      {"[[venue]]\nname = \"binance-usdm\"\nca_file = \"/nonexistent/ca\"\n",
       "f.toml:3:11: venue.ca_file: cannot read \"/nonexistent/ca\" (name a PEM file, readable for "
       "the user feedwatch runs as)"},
      {"[[venue]]\nname = \"binance-usdm\"\nca_file = \"/\"\n",
       "f.toml:3:11: venue.ca_file: cannot read \"/\" (name a PEM file, readable for the user "
       "feedwatch runs as)"},
      {"[[sink]]\ntype = \"webhook\"\nurl = \"https://h\"\nca_file = \"/dev/null\"\n",
       "f.toml:4:11: sink.ca_file: \"/dev/null\" holds no certificate (name a PEM file with the "
       "authority's certificate)"},
      {"[[sink]]\ntype = \"log\"\nca_file = \"/x\"\n",
       "f.toml:3:11: sink.ca_file: means nothing for a sink of type log (remove it, or use another "
       "type)"},
      {"[[sink]]\ntype = \"telegram\"\nchat = \"1\"\n",
       "f.toml:1:1: sink.token_file: is missing (type telegram needs it)"},
      {"[[sink]]\ntype = \"slack\"\nurl = \"https://h/x\"\nmatch = [\"venue\"]\n",
       "f.toml:4:9: sink.match: \"venue\" is not LABEL=PATTERN (write it as in "
       "\"venue=binance-*\")"},
      {"[[sink]]\ntype = \"slack\"\nurl = \"https://h/x\"\nmatch = [\"severity=x\"]\n",
       "f.toml:4:9: sink.match: a severity is not matched (use the key severity)"},
      {"[[sink]]\ntype = \"slack\"\nurl = \"https://h/x\"\ntimeout = \"26s\"\n",
       "f.toml:4:11: sink.timeout: is longer than an attempt may take (use at most 25s)"},
      {"[[sink]]\ntype = \"alertmanager\"\nurl = \"https://h\"\nresend = \"999ms\"\n",
       "f.toml:4:10: sink.resend: is not between 1s and 1h (alerts of a dead monitor end after "
       "four "
       "times that; the usual is 1m)"},
      {"[[sink]]\ntype = \"alertmanager\"\nurl = \"https://h\"\nresend = \"61m\"\n",
       "f.toml:4:10: sink.resend: is not between 1s and 1h (alerts of a dead monitor end after "
       "four "
       "times that; the usual is 1m)"},
      {"[[sink]]\ntype = \"slack\"\nurl = \"https://h/x\"\nresend = \"1m\"\n",
       "f.toml:4:10: sink.resend: means nothing for a sink of type slack (remove it, or use "
       "another "
       "type)"},
      {"[[sink]]\ntype = \"email\"\nurl = \"http://h\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n",
       "f.toml:3:7: sink.url: is not a URL (write smtps://host[:port] or smtp://host[:port])"},
      {"[[sink]]\ntype = \"email\"\nurl = \"smtp://h\"\nfrom = \"a@b\"\nto = "
       "[\"c@d\\r\\nBcc: e@f\"]\n",
       "f.toml:5:6: sink.to: \"c@d\\r\\nBcc: e@f\" is not a mail address (write it as in "
       "\"ops@example.com\")"},
      {"[[sink]]\ntype = \"exec\"\ncommand = [\"/bin/true\"]\n",
       "f.toml:2:8: sink.type: sinks that start programs are not allowed (set allow_exec = true in "
       "[alerts])"},
      {"[alerts]\nallow_exec = true\n[[sink]]\ntype = \"exec\"\ncommand = [\"true\"]\n",
       "f.toml:5:11: sink.command: does not begin with an absolute path (write it as in "
       "[\"/usr/local/bin/tell\", \"--now\"])"},
      {"[alerts]\nexternal_url = \"monitor\"\n",
       "f.toml:2:16: alerts.external_url: \"monitor\" is not a URL (write http://host[:port] or "
       "https://…)"},
      {"[[sink]]\ntype = \"log\"\n[[sink]]\ntype = \"log\"\n",
       "f.toml:4:8: sink.type: a sink \"log\" stands at f.toml:2:8 (give this one another name)"},
  };
  for (const Case& each : cases) {
    if (each.error == nullptr) {
      const std::string error = error_of(each.text);
      EXPECT_TRUE(error.starts_with("f.toml:2:15: alerts.keep_firing: duration \"3")) << error;
      EXPECT_NE(error.find("(use ns, us, ms, s, m, h or d, as in 750ms or 1h30m)"), error.npos);
    } else {
      EXPECT_EQ(error_of(each.text), with_venues(each.error)) << each.text;
    }
  }
}

TEST(Config, AllMistakesAtOnceInTheOrderOfTheFile) {
  const std::vector<std::string> errors =
      errors_of("[store]\nzzz = 1\nurl = 3\n[alerts]\ngroup_wait = \"x\"\n[[venue]]\nname = 1\n",
                sources({{"FEEDWATCH_LOG_LEVLE", "info"}}, {{"api.lisen", "x"}}));
  ASSERT_EQ(errors.size(), 6U) << ::testing::PrintToString(errors);
  EXPECT_TRUE(errors[0].starts_with("f.toml:2:1: store.zzz: unknown key"));
  EXPECT_TRUE(errors[1].starts_with("f.toml:3:7: store.url: needs text"));
  EXPECT_TRUE(errors[2].starts_with("f.toml:5:14: alerts.group_wait: "));
  EXPECT_TRUE(errors[3].starts_with("f.toml:7:8: venue.name: needs text"));
  EXPECT_EQ(errors[4],
            "FEEDWATCH_LOG_LEVLE: unknown variable (did you mean "
            "\"FEEDWATCH_LOG_LEVEL\"?)");
  EXPECT_EQ(errors[5], "--set api.lisen: unknown key (did you mean \"api.listen\"?)");
}

TEST(Config, EnvironmentIsCheckedLikeTheFile) {
  EXPECT_EQ(error_of("", sources({{"FEEDWATCH_SEED", "x"}})),
            "FEEDWATCH_SEED: seed: \"x\" is not a whole number (write digits)");
  EXPECT_EQ(error_of("", sources({{"FEEDWATCH_API_LISTEN", "0.0.0.0:1"}})),
            "FEEDWATCH_API_LISTEN: api.listen: \"0.0.0.0\" is not a loopback address and "
            "tls_cert_file is not set (set tls_cert_file, tls_key_file and token_file, or listen "
            "on 127.0.0.1)");
}

TEST(Config, MissingFileAndDirectory) {
  Sources from = sources();
  from.file = "/nonexistent/f.toml";
  EXPECT_EQ(load(from).error().at(0).text(),
            "configuration /nonexistent/f.toml: No such file or directory (check the path and its "
            "permissions)");
  from.file = "/";
  EXPECT_EQ(load(from).error().at(0).text(),
            "configuration /: is a directory (name the file in it)");
}

TEST(Print, LoadsBackToTheSameAndNamesSources) {
  const std::string first = print_toml(good(sample));
  EXPECT_NE(first.find("level = \"warning\"  # f.toml:"), first.npos);
  EXPECT_NE(first.find("group_wait = \"5s\"  # default"), first.npos);
  std::string again = first;
  const std::string hidden = "# url = \"https://hooks.example.com/…\"";
  const std::size_t at = again.find(hidden);
  ASSERT_NE(at, again.npos) << again;
  again.replace(at, hidden.size(), "url = \"https://hooks.example.com/x\"");
  const std::string second = print_json(good(again));
  EXPECT_EQ(second, print_json(good(sample)));
}

}  // namespace
}  // namespace feedwatch::config
