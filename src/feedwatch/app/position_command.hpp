#pragma once

#include <string>
#include <vector>

#include "feedwatch/app/client.hpp"

namespace feedwatch::app {

struct PositionArgs {
  std::string id;
  std::string venue, symbol;
  std::string side, entry_price, quantity;
  std::string opened_at;  ///< empty = now
  std::string ttl;        ///< empty = until it is closed
  std::string owner = "cli";
  std::string strategy;      ///< empty = nobody's
  bool no_trailing = false;  ///< … and else the numbers that are given
  bool no_aged = false;
  std::vector<std::string> trailing;  ///< "callback_percent=0.3"
  std::vector<std::string> aged;
};

/// `feedwatch positions`: those registered with a running monitor, and how they are served. Exit 0,
/// 1 when the monitor does not answer, 2 for arguments that make no sense; so do the others.
int run_positions(const ClientArgs& args);
/// `feedwatch positions put ID …`: registers, renews or changes one.
int run_position_put(const ClientArgs& args, const PositionArgs& position);
/// `feedwatch positions close ID`.
int run_position_close(const ClientArgs& args, const PositionArgs& position);

}  // namespace feedwatch::app
