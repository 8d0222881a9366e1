// Commands that talk to a running monitor.

#include <utility>

#include "commands.hpp"

namespace feedwatch::cli {
namespace {

void add_client_flags(CLI::App* sub, Arguments& args) {
  sub->add_option("--api", args.client.api, "address of the running monitor")
      ->envname("FEEDWATCH_API_URL")
      ->capture_default_str();
  sub->add_option("--token-file", args.client.token_file, "file with the write token");
  sub->add_option("--ca-file", args.client.ca_file, "private CA of the monitor's certificate");
  sub->add_flag("--json", args.client.json, "JSON instead of text");
}

void add_stream_commands(CLI::App& root, Arguments& args, Action& action) {
  add_client_flags(command(root, action, "status", "One screen of a running monitor",
                           [&] { return app::run_status(args.client); }),
                   args);
  add_client_flags(command(root, action, "reload", "Have a running monitor read its configuration",
                           [&] { return app::run_reload(args.client); }),
                   args);
  CLI::App* check =
      command(root, action, "check", "One line for a monitoring system, and its exit code",
              [&] { return app::run_check(args.client, args.check); });
  check->add_option("--stream", args.check.stream, "one stream instead of all, venue/symbol/kind");
  check->add_option("-w,--warning", args.check.warning, "its age that warns (10s)");
  check->add_option("-c,--critical", args.check.critical, "its age that is critical (30s)");
  add_client_flags(check, args);
  CLI::App* price =
      command(root, action, "price", "A price with its ages, or the refusal (exit 4)", [&] {
        if (args.shared.name.empty()) {
          return app::run_price(args.client, args.stream, args.max_age);
        }
        return app::run_shared_price(args.client, args.shared, args.stream, args.max_age);
      });
  price->add_option("stream", args.stream, "venue/symbol/kind")->required();
  price->add_option("--max-age", args.max_age, "no older price (5s)")->required();
  CLI::Option* shm = price->add_option("--shm", args.shared.name,
                                       "the shared board of this name, instead of the API");
  price->add_option("--owner", args.shared.owner, "believe a board of this user (name or number)")
      ->needs(shm);
  add_client_flags(price, args);

  CLI::App* watch = command(root, action, "watch", "Watch a stream from now on (a lease)", [&] {
    return app::run_watch(args.client, args.stream, args.owner, args.ttl);
  });
  watch->add_option("stream", args.stream, "venue/symbol/kind")->required();
  watch->add_option("--owner", args.owner, "who holds the lease")->capture_default_str();
  watch->add_option("--ttl", args.ttl, "how long it lasts")->capture_default_str();
  add_client_flags(watch, args);
  CLI::App* unwatch = command(root, action, "unwatch", "End a lease", [&] {
    return app::run_unwatch(args.client, args.stream, args.owner);
  });
  unwatch->add_option("stream", args.stream, "venue/symbol/kind")->required();
  unwatch->add_option("--owner", args.owner, "who holds the lease")->capture_default_str();
  add_client_flags(unwatch, args);
}

void add_pulse_command(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* pulse =
      command(root, action, "pulse", "Tell the monitor that something is alive (or failed)",
              [&] { return app::run_pulse(args.client, args.pulse); });
  pulse->add_option("name", args.pulse.name, "the pulse: signals, or one of [[pulse]]");
  pulse->add_flag("--failed", args.pulse.failed, "it has failed");
  pulse->add_flag("--started", args.pulse.started, "it has begun its work");
  pulse->add_flag("--list", args.pulse.list, "show all pulses instead");
  pulse->add_option("--detail", args.pulse.detail, "words that go with it");
  add_client_flags(pulse, args);
}

void add_position_commands(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* positions =
      root.add_subcommand("positions", "Show which positions are watched over, and how");
  positions->require_subcommand(0, 1);
  positions->callback([&, positions] {  // called behind that of a subcommand
    if (positions->get_subcommands().empty())
      action = [&] { return app::run_positions(args.client); };
  });
  add_client_flags(positions, args);
  CLI::App* put = command(*positions, action, "put", "Register, renew or change one",
                          [&] { return app::run_position_put(args.client, args.position); });
  put->add_option("id", args.position.id, "your name for it")->required();
  put->add_option("--venue", args.position.venue, "bybit-linear")->required();
  put->add_option("--symbol", args.position.symbol, "BTCUSDT")->required();
  put->add_option("--side", args.position.side, "long or short")->required();
  put->add_option("--entry-price", args.position.entry_price, "as traded")->required();
  put->add_option("--quantity", args.position.quantity, "above 0")->required();
  put->add_option("--opened-at", args.position.opened_at, "UTC, as in 2026-11-27T12:00:00Z");
  put->add_option("--ttl", args.position.ttl, "to be renewed within, as in 60s");
  put->add_option("--owner", args.position.owner, "who holds it")->capture_default_str();
  put->add_option("--strategy", args.position.strategy, "whose pulse is asked for");
  CLI::Option* trailing = put->add_option("--trailing", args.position.trailing,
                                          "numbers of its own, as in callback_percent=0.3, or on");
  CLI::Option* aged =
      put->add_option("--aged", args.position.aged, "numbers of its own, as in max_age=6h, or on");
  put->add_flag("--no-trailing", args.position.no_trailing, "no trailing stop")->excludes(trailing);
  put->add_flag("--no-aged", args.position.no_aged, "it may be held for any time")->excludes(aged);
  add_client_flags(put, args);
  CLI::App* close = command(*positions, action, "close", "It is over: watch over it no more",
                            [&] { return app::run_position_close(args.client, args.position); });
  close->add_option("id", args.position.id, "your name for it")->required();
  close->add_option("--venue", args.position.venue, "where several have the id");
  close->add_option("--symbol", args.position.symbol, "where several have the id");
  add_client_flags(close, args);
  CLI::App* sync =
      command(*positions, action, "sync", "All positions one source knows of, from a file",
              [&] { return app::run_position_sync(args.client, args.position_source); });
  sync->add_option("file", args.position_source.file,
                   R"({"ready": true, "positions": [...]}; - is standard input)")
      ->required();
  sync->add_option("--source", args.position_source.source, "who says so")->required();
  add_client_flags(sync, args);
  CLI::App* sources = command(*positions, action, "sources", "Who lists positions",
                              [&] { return app::run_position_sources(args.client); });
  add_client_flags(sources, args);
  CLI::App* forget =
      command(*positions, action, "forget", "This source lists positions no more",
              [&] { return app::run_position_forget(args.client, args.position_source); });
  forget->add_option("source", args.position_source.source, "its name")->required();
  add_client_flags(forget, args);
}

void add_silence_commands(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* silence = root.add_subcommand("silence", "Do not tell some alerts for some time");
  silence->require_subcommand(1);
  CLI::App* add = command(*silence, action, "add", "A silence from now on; prints its id",
                          [&] { return app::run_silence_add(args.client, args.silence); });
  add->add_option("matchers", args.silence.matchers, "venue=\"kraken\", also !=, =~, !~")
      ->required();
  add->add_option("--for", args.silence.length, "how long (2h)")->required();
  add->add_option("--comment", args.silence.comment, "why")->required();
  add->add_option("--by", args.silence.by, "who; default: the user");
  add->add_option("--id", args.silence.id, "change this one");
  add_client_flags(add, args);
  CLI::App* list = command(*silence, action, "list", "Active and pending silences",
                           [&] { return app::run_silence_list(args.client, args.expired); });
  list->add_flag("--expired", args.expired, "and the expired ones");
  add_client_flags(list, args);
  CLI::App* expire = command(*silence, action, "expire", "End a silence now",
                             [&] { return app::run_silence_expire(args.client, args.silence.id); });
  expire->add_option("id", args.silence.id, "its id")->required();
  add_client_flags(expire, args);
}

void add_alert_commands(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* alerts =
      command(root, action, "alerts", "Alerts, newest first, or one with its history",
              [&] { return app::run_alerts(args.client, args.alerts); });
  alerts->add_option("id", args.alerts.id, "one alert");
  alerts->add_flag("--open", args.alerts.open, "only open ones");
  alerts->add_option("--state", args.alerts.state, "firing, acknowledged, suppressed or resolved");
  alerts->add_option("--severity", args.alerts.severity, "warning or critical");
  alerts->add_option("--filter", args.alerts.filters, "matchers, as of a silence");
  add_client_flags(alerts, args);
  CLI::App* ack = command(root, action, "ack", "Take an open alert on: it is not repeated", [&] {
    return app::run_ack(args.client, args.alerts.id, args.silence.by, args.silence.comment,
                        args.undo);
  });
  ack->add_option("id", args.alerts.id, "its id")->required();
  ack->add_option("--by", args.silence.by, "who; default: the user");
  ack->add_option("--comment", args.silence.comment, "what is being done");
  ack->add_flag("--undo", args.undo, "give it back");
  add_client_flags(ack, args);
  add_silence_commands(root, args, action);
}

}  // namespace

void add_client_commands(CLI::App& root, Arguments& args, Action& action) {
  add_stream_commands(root, args, action);
  add_pulse_command(root, args, action);
  add_position_commands(root, args, action);
  add_alert_commands(root, args, action);
}

}  // namespace feedwatch::cli
