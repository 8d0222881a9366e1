// What goes wrong at a venue, and what makes it end.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "feedwatch/sim/venue_model.hpp"

namespace feedwatch::sim {

const Fault* VenueModel::fault(FaultType type) const {
  const auto found = std::ranges::find_if(
      faults_, [&](const Fault& each) { return each.type == type && each.active(clock_.now()); });
  return found == faults_.end() ? nullptr : &*found;
}

const Fault* VenueModel::fault(FaultType type, std::string_view symbol) const {
  const auto found = std::ranges::find_if(faults_, [&](const Fault& each) {
    return each.type == type && each.active(clock_.now()) && each.concerns(symbol);
  });
  return found == faults_.end() ? nullptr : &*found;
}

void VenueModel::inject(Fault fault) {
  fault.since = clock_.now();
  trouble();
  log(fmt::format("fault {} {}", to_text(fault.type), fault.symbol));
  switch (fault.type) {
    case FaultType::close:
      return close_all(fault.status, fault.connection);
    case FaultType::announce_close:
      return announce_close(fault.amount);
    case FaultType::says_halted:
    case FaultType::says_trading:
      return say_all(
          setup_.side->encode_status(fault.type == FaultType::says_trading, venue_wall()));
    case FaultType::sequence_restart:
      for (auto& [topic, seq] : seqs_) {
        if (fault.concerns(topic.symbol)) seq = 0;
      }
      return;
    case FaultType::refused:
      for (const auto& [conn, session] : std::map(sessions_)) network_.server_reset(conn);
      break;
    case FaultType::queue:
      if (!record_.queued) record_.queued = clock_.now();
      break;
    default:
      break;
  }
  faults_.push_back(std::move(fault));
}

void VenueModel::restore(std::optional<FaultType> type, const std::string& symbol) {
  log(fmt::format("restore {} {}", type ? to_text(*type) : "all", symbol));
  std::erase_if(faults_, [&](const Fault& each) {
    return (!type || each.type == *type) && (symbol.empty() || each.symbol == symbol);
  });
}

void VenueModel::say_all(const std::string& text) {
  for (const auto& [conn, session] : sessions_) {
    network_.server_send(conn, FrameType::text, text);
  }
}

void VenueModel::announce_close(Duration ahead) {
  say_all(setup_.side->encode_notice(venue_wall()));
  for (const auto& [conn, session] : sessions_) {
    queue_.add(clock_.now() + ahead, Turn::world,
               [this, told = conn] { network_.server_close(told, 1001); });
  }
}

void VenueModel::close_all(int code, std::uint64_t only) {
  const auto wire = static_cast<std::uint16_t>(code == 0 ? 1001 : code);
  for (const auto& [conn, session] : std::map(sessions_)) {
    if (only == 0 || session.number == only) network_.server_close(conn, wire);
  }
}

}  // namespace feedwatch::sim
