#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/exchange/fault.hpp"

namespace feedwatch::app {

/// What the monitor has to do about a fault for the demo to be right.
enum class Promise : std::uint8_t {
  resubscribed,      ///< healed by resubscribing alone, never stale
  new_line_alerted,  ///< stale, refused, one alert delivered and resolved, healed by a new line
  line_replaced,     ///< the line is replaced within eleven seconds
  outage_alerted,    ///< dials inside the budget, one alert, back again
};

/// One injected fault and everything that was seen of it. Times count from the start of the run.
struct FaultRecord {
  Promise promise = Promise::resubscribed;
  std::string kind;
  std::string venue;
  std::string symbol;  ///< empty: the whole venue
  Duration at{};
  std::vector<exchange::FaultSpec> faults;

  struct LevelChange {
    std::string stream;
    Level level = Level::unknown;
    Duration at{};
  };
  struct Repair {
    std::uint64_t id = 0;
    std::string_view step;
    Duration at{};
    std::optional<bool> ok;
  };
  std::optional<Duration> suspected, refused, healthy;
  std::vector<LevelChange> level_changes;
  std::vector<Repair> repairs;
  int alerts_opened = 0, alerts_resolved = 0;
  int delivered_firing = 0, delivered_resolved = 0;  ///< seen by the webhook's receiver

  std::string target() const { return symbol.empty() ? venue : venue + "/" + symbol; }
  /// Whether an alert payload or stream text is about this fault's target.
  bool concerns(std::string_view venue_name, std::string_view symbol_name) const;
};

/// Follows the control's events and attributes them to the fault they belong to: the newest
/// injected one whose target they concern. Thread-safe.
class DemoLedger {
 public:
  explicit DemoLedger(MonoTime start) : start_(start) {}

  void inject(FaultRecord record, MonoTime now);
  void on_event(const engine::Control::Event& event, MonoTime now);
  /// A guard refused this stream's price.
  void on_refused(const StreamKey& stream, MonoTime now);
  /// The webhook's receiver got this payload.
  void on_delivery(std::string_view payload);

  std::vector<FaultRecord> records() const;
  std::size_t open_alerts() const;

 private:
  FaultRecord* newest(std::string_view venue, std::string_view symbol);
  void on_alert_delivered(std::string_view alert);
  void settle(MonoTime now);
  void on_alert(const engine::Control::Event& event);
  void on_repair(FaultRecord& record, const engine::Control::Event& event);

  MonoTime start_;
  mutable std::mutex mutex_;
  std::vector<FaultRecord> records_;
  std::set<std::string> suspects_, unwell_, lines_down_, alerts_open_;
};

/// Why the promise was not kept; absent when it was.
std::optional<std::string> broken_promise(const FaultRecord& record);

void write_fault(JsonWriter& json, const FaultRecord& record);

}  // namespace feedwatch::app
