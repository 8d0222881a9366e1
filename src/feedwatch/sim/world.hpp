#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/muting/maintenance.hpp"
#include "feedwatch/sim/bot.hpp"
#include "feedwatch/sim/event_log.hpp"
#include "feedwatch/sim/event_queue.hpp"
#include "feedwatch/sim/history.hpp"
#include "feedwatch/sim/host.hpp"
#include "feedwatch/sim/memory_ports.hpp"
#include "feedwatch/sim/network.hpp"
#include "feedwatch/sim/receiver.hpp"
#include "feedwatch/sim/venue_model.hpp"
#include "feedwatch/sim/virtual_clock.hpp"

namespace feedwatch::sim {

struct ConsumerSetup {
  std::string name;
  std::string match;  ///< glob over stream texts
  Duration max_age = 5s;
  Duration min_interval = 100ms;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::vector<VenueSetup> venues;
  std::vector<PolicyRule> policies;
  Preset default_preset = Preset::coarse;
  std::vector<ConsumerSetup> consumers;
  engine::AlertOptions alerts;
  std::vector<muting::Maintenance> maintenances;
  engine::RuleOptions position_rules;
  bool instruments = true;  ///< the monitor asks REST which symbols trade
  /// The bot is told by a webhook, which may fail; else at once, whatever happens.
  bool receiver = false;
};

/// The whole of a deployment in virtual time: venues, network, the monitor's host with its clocks,
/// and on it the very engine::Shard and engine::Control that production runs. One thread; nothing
/// reads a real clock; the same options give the same event log, byte for byte.
class World {
 public:
  explicit World(WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Starts venues and monitor at world_start. Errors are the shard's.
  Result<void> start();
  /// Runs every event up to and including `at`; false when time stopped advancing (a component
  /// that wakes itself for ever at one instant), which stuck_at() then says.
  bool run_until(MonoTime at);
  /// Whether an event of the outside world happens at `at`, before anything of the monitor's does.
  void schedule(MonoTime at, Turn turn, EventQueue::Task task);

  MonoTime now() const { return clock_.now(); }
  engine::Shard& shard() { return *shard_; }
  engine::Control& control() { return *control_; }
  const engine::Control& control() const { return *control_; }
  const Monitor& monitor() const { return std::as_const(*shard_).monitor(); }
  VenueModel* venue(std::string_view name);
  const std::deque<VenueModel>& venues() const { return venues_; }
  Host& host() { return host_; }
  VirtualClock& clock() { return clock_; }
  Network& network() { return network_; }
  MemoryJournal& journal() { return journal_; }
  const MemoryJournal& journal() const { return journal_; }
  MemorySink& sink() { return sink_; }
  const MemorySink& sink() const { return sink_; }
  MemoryReceiver& receiver() { return receiver_; }
  const MemoryReceiver& receiver() const { return receiver_; }
  Bot& bot() { return bot_; }
  const Bot& bot() const { return bot_; }
  EventLog& log() { return log_; }
  const History& history() const { return history_; }
  std::deque<ConsumerRecord>& consumers() { return consumers_; }
  const std::deque<ConsumerRecord>& consumers() const { return consumers_; }
  std::uint64_t events() const { return events_; }
  const engine::AlertOptions& alert_options() const { return options_.alerts; }

  /// Adds or ends a lease, as another program would.
  Result<void> want(const StreamKey& key, const std::string& owner, Duration ttl);
  void unwant(const StreamKey& key, const std::string& owner);
  /// When leases on the symbol's streams were ended, or end by themselves.
  std::vector<MonoTime> unwanted(const std::string& venue, const std::string& symbol) const;
  /// Subscribes every consumer of that name again where it is not, or ends its subscriptions.
  void subscribe(const std::string& consumer);
  void unsubscribe(const std::string& consumer);
  /// Called at the end of every instant at which something happened.
  void set_on_instant(std::function<void(MonoTime)> on_instant) {
    on_instant_ = std::move(on_instant);
  }
  /// Called for every delivery to a consumer, before it is recorded.
  void set_on_delivery(std::function<void(const ConsumerRecord&, const Delivery&)> on_delivery) {
    on_delivery_ = std::move(on_delivery);
  }
  /// Called for every decision about a position, at the moment it is made.
  void set_on_decision(std::function<void(const ProtectionDecision&)> on_decision) {
    on_decision_ = std::move(on_decision);
  }

 private:
  /// Asks the shard on behalf of positions.
  class Sources final : public engine::PriceSources {
   public:
    explicit Sources(World& world) : world_(world) {}
    std::optional<Kind> kind_at(const std::string& venue) const override;
    bool has_kind(const std::string& venue, Kind kind) const override;
    void want(const StreamKey& stream, engine::PriceNeed need, Done done) override;
    void unwant(const StreamKey& stream) override;

   private:
    World& world_;
  };

  engine::ShardOptions shard_options() const;
  engine::ControlPorts control_ports();
  void attach_consumers();
  void attach(ConsumerRecord& record);
  ConsumerRecord& consumer_of(const std::string& name, const StreamName& stream);
  void on_price(ConsumerRecord& record, const Delivery& delivery);
  void observe(const engine::Control::Event& event);

  WorldOptions options_;
  VirtualClock clock_;
  EventQueue queue_;
  EventLog log_;
  Host host_;
  Network network_;
  MemoryState state_;
  MemoryJournal journal_;
  MemorySink sink_;
  Bot bot_;
  MemoryReceiver receiver_;
  SimWakeup shard_wakeup_;
  SimWakeup control_wakeup_;
  engine::StatusBoard status_;
  engine::PriceTap tap_;
  std::deque<VenueModel> venues_;
  History history_;
  std::set<StreamKey> streams_;  ///< configured and wanted ones, for consumers that match by glob
  std::map<std::pair<std::string, std::string>, std::vector<MonoTime>>
      unwanted_;  ///< by venue and symbol
  std::deque<ConsumerRecord> consumers_;
  std::function<void(MonoTime)> on_instant_;
  std::function<void(const ConsumerRecord&, const Delivery&)> on_delivery_;
  std::function<void(const ProtectionDecision&)> on_decision_;
  std::uint64_t events_ = 0;
  Sources sources_{*this};
  std::unique_ptr<engine::Shard> shard_;
  std::unique_ptr<engine::Control> control_;  ///< last: reads the shard's monitor, so dies first
};

}  // namespace feedwatch::sim
