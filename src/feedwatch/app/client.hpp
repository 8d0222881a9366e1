#pragma once

#include <string>
#include <vector>

namespace feedwatch::app {

/// How the commands that talk to a running monitor reach it.
struct ClientArgs {
  std::string api = "http://127.0.0.1:8420";
  std::string token_file;  ///< for commands that change something
  std::string ca_file;
  bool json = false;
};

/// `feedwatch status`: one screen: health, streams by level with the worst first, lines, open
/// alerts. Exit 0, or 1 when the monitor cannot be reached.
int run_status(const ClientArgs& args);

struct CheckArgs {
  std::string stream;             ///< empty = the whole monitor
  std::string warning, critical;  ///< ages, of one stream; empty = its own limits
};
/// `feedwatch check`: one line of a monitoring plugin; exit 0 ok, 1 warning, 2 critical (also when
/// no monitor answers: then nobody watches), 3 unknown, and what is wrong with the command line.
int run_check(const ClientArgs& args, const CheckArgs& check);

/// `feedwatch price STREAM --max-age 5s`: price and both ages; a refusal is exit 4.
constexpr int exit_refused = 4;
int run_price(const ClientArgs& args, const std::string& stream, const std::string& max_age);

/// A board that a monitor on this host shares.
struct SharedBoardArgs {
  std::string name;  ///< or its path
  std::string
      owner;  ///< name or number of a user to believe beside ourselves and root; may be empty
};
/// The same from such a board. The monitor is not asked, and need not listen anywhere.
int run_shared_price(const ClientArgs& args, const SharedBoardArgs& shared,
                     const std::string& stream, const std::string& max_age);

/// `feedwatch watch STREAM` and `unwatch`: a lease at run time; waits up to three seconds for data
/// or a reason.
int run_watch(const ClientArgs& args, const std::string& stream, const std::string& owner,
              const std::string& ttl);
int run_unwatch(const ClientArgs& args, const std::string& stream, const std::string& owner);

/// `feedwatch reload`: the monitor reads its configuration again. Exit 0 with what changed, 1 when
/// nothing was.
int run_reload(const ClientArgs& args);

struct AlertsArgs {
  std::string id;  ///< one with its history; empty: a list
  bool open = false;
  std::string state, severity;
  std::vector<std::string> filters;  ///< matchers
};
/// `feedwatch alerts [ID]`.
int run_alerts(const ClientArgs& args, const AlertsArgs& wanted);

struct SilenceArgs {
  std::vector<std::string> matchers;
  std::string length, comment, by, id;
};
/// `feedwatch silence add MATCHER… --for 2h --comment …`: prints the id.
int run_silence_add(const ClientArgs& args, const SilenceArgs& wish);
int run_silence_list(const ClientArgs& args, bool expired);
int run_silence_expire(const ClientArgs& args, const std::string& id);

/// `feedwatch ack ID`: somebody takes an open alert on; `undo` gives it back.
int run_ack(const ClientArgs& args, const std::string& id, const std::string& by,
            const std::string& comment, bool undo);

}  // namespace feedwatch::app
