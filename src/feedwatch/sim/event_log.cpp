#include "feedwatch/sim/event_log.hpp"

#include <fmt/format.h>

#include "feedwatch/sim/virtual_clock.hpp"

namespace feedwatch::sim {

std::string run_time_text(MonoTime at) {
  const std::int64_t ns = to_ns(at - world_start);
  return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

void EventLog::line(MonoTime at, std::string_view who, std::string_view what) {
  const std::string entry = fmt::format("{} {} {}\n", run_time_text(at), who, what);
  for (const char c : entry) {
    hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  ++lines_;
  if (text_.size() + entry.size() > max_bytes) {
    ++dropped_;
  } else {
    text_ += entry;
  }
}

}  // namespace feedwatch::sim
