#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sim/event_log.hpp"
#include "feedwatch/sim/host.hpp"

namespace feedwatch::sim {

/// What the ports in memory need of the world.
struct PortParts {
  VirtualClock& clock;
  Host& host;
  EventLog& log;
};

/// Durable small state of one run.
class MemoryState final : public StateStore {
 public:
  std::optional<std::string> get(const std::string& key) const override;
  void put(const std::string& key, std::string value) override;

 private:
  std::map<std::string, std::string> values_;
};

/// The journal: rows in memory, commits acknowledged after `commit_time`, errors while it is down.
/// An unsure one keeps the rows and answers that it has not: whoever asks again must not double
/// them.
class MemoryJournal final : public Journal {
 public:
  static constexpr Duration commit_time = 2ms;

  explicit MemoryJournal(PortParts parts) : parts_(parts) {}
  void commit(JournalBatch batch, Done done) override;
  enum class State : std::uint8_t { up, unsure, down };
  void set_state(State state);
  std::optional<MonoTime> first_down() const { return first_down_; }

  const std::map<std::string, AlertRow>& alerts() const { return alerts_; }
  const std::vector<AlertTransitionRow>& alert_transitions() const { return alert_transitions_; }
  const std::map<std::string, NotificationRow>& notifications() const { return notifications_; }
  const std::vector<StreamTransitionRow>& stream_transitions() const { return stream_transitions_; }
  const std::map<std::string, RepairRow>& repairs() const { return repairs_; }
  const std::map<std::string, SilenceRow>& silences() const { return silences_; }
  /// By venue, symbol and id; closed ones too.
  using Positions = std::map<std::tuple<std::string, std::string, std::string>, PositionRow>;
  const Positions& positions() const { return positions_; }
  const std::map<std::string, AgedMonitoringEventRow>& aged_events() const { return aged_events_; }
  /// What was written behind the place `after`, as the database gives it out; later, on the host.
  void read_decisions(std::int64_t after, std::size_t limit,
                      std::move_only_function<void(Result<std::vector<WrittenDecision>>)> done);

 private:
  void store(const JournalRow& row);

  PortParts parts_;
  State state_ = State::up;
  std::optional<MonoTime> first_down_;
  std::map<std::string, bool> committed_;  ///< idempotency keys
  std::map<std::string, AlertRow> alerts_;
  std::vector<AlertTransitionRow> alert_transitions_;
  std::map<std::string, NotificationRow> notifications_;
  std::vector<StreamTransitionRow> stream_transitions_;
  std::map<std::string, RepairRow> repairs_;
  std::map<std::string, SilenceRow> silences_;
  Positions positions_;
  std::map<std::string, AgedMonitoringEventRow> aged_events_;
  std::vector<PositionDecisionRow> decisions_;
};

/// Where alerts go: remembers what was delivered, asks for a retry while it is down.
class MemorySink final : public Sink {
 public:
  static constexpr Duration delivery_time = 5ms;

  MemorySink(std::string name, PortParts parts) : name_(std::move(name)), parts_(parts) {}
  const std::string& name() const override { return name_; }
  void deliver(const Notification& notification, Done done) override;
  /// All of a group, so that every notice is seen.
  SinkLimits limits() const override { return {.notices = 1'000'000}; }
  void set_down(bool down);
  std::optional<MonoTime> first_down() const { return first_down_; }
  /// By idempotency key: how often each was delivered.
  const std::map<std::string, std::uint64_t>& delivered() const { return delivered_; }

 private:
  std::string name_;
  PortParts parts_;
  bool down_ = false;
  std::optional<MonoTime> first_down_;
  std::map<std::string, std::uint64_t> delivered_;
};

}  // namespace feedwatch::sim
