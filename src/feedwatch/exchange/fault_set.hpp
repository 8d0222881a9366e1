#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/exchange/fault.hpp"
#include "feedwatch/exchange/limits.hpp"

namespace feedwatch::exchange {

using FaultId = StrongId<struct FaultTag>;
/// Connections of one exchange, counted up from 1; a greater one was opened later.
using PeerId = StrongId<struct PeerTag, std::uint64_t>;

/// Where a message would go: who asks, on which route, and when the topic was subscribed (the
/// number on_subscribe gave).
struct Address {
  PeerId peer;
  std::string_view route;
  std::uint64_t subscription = 0;
};

/// What happens to one data message.
struct DataVerdict {
  bool drop = false;
  bool no_prices = false;            ///< a delta without price fields goes out instead
  Duration delay{};                  ///< waits so long in the server
  Duration offset{};                 ///< of the venue's clock
  std::optional<FaultId> frozen_by;  ///< prices stand still since this fault first met the symbol
  std::optional<Kind> frozen_kind;   ///< only this kind; empty = all
};

/// What happens to an upgrade request.
struct DialVerdict {
  enum class Action : std::uint8_t { accept, refuse, ignore };
  Action action = Action::accept;
  int status = 0;                           ///< of a refusal
  std::optional<Duration> retry_after;      ///< of a refusal
  std::optional<std::uint16_t> close_code;  ///< accepted, and closed so after `close_after`
  Duration close_after{};
};

struct RestVerdict {
  int status = 200;
  std::optional<Duration> retry_after;
  std::optional<FaultId> old_since;  ///< tickers as they were when this fault began
  Duration offset{};
};

enum class HealCause : std::uint8_t { time, resubscribe, reconnect, cleared, instant };
std::string_view to_text(HealCause cause);

/// A fault that is scheduled, active or (in the history) over.
struct FaultRecord {
  FaultId id;
  FaultSpec spec;
  MonoTime starts_at;
  MonoTime ends_at = never_mono;
  bool active = false;
  std::uint64_t hits = 0;  ///< messages, dials and requests it changed
  std::optional<MonoTime> over_at;
  HealCause cause = HealCause::time;
};

/// A fault began or ended; the owner does what belongs to that moment.
struct FaultChange {
  FaultId id;
  bool started = false;  ///< else ended, for `cause`
  HealCause cause = HealCause::time;
  FaultSpec spec;
};

/// Decides for every message, dial and request whether a fault meets it, and when faults end.
///
/// Pure: told the time and the events, opens nothing. Not thread-safe; owned by the desk. At most
/// max_faults at once, and the last max_history that ended are remembered.
class FaultSet {
 public:
  static constexpr std::size_t max_faults = 256;
  static constexpr std::size_t max_history = 256;

  Result<FaultId> add(FaultSpec spec, MonoTime now);
  bool clear(FaultId id, MonoTime now);
  std::size_t clear_all(MonoTime now);

  MonoTime next_deadline() const;
  void on_time(MonoTime now);
  /// Beginnings and ends since the last call, in order.
  std::vector<FaultChange> take_changes() { return std::exchange(changes_, {}); }

  void on_open(PeerId peer, std::string_view route, MonoTime now);
  void on_closed(PeerId peer, MonoTime now);
  /// The number of this subscription, for Address.
  std::uint64_t on_subscribe(PeerId peer, const venues::Topic& topic, MonoTime now);
  void on_unsubscribe(PeerId peer, const venues::Topic& topic);

  DialVerdict on_dial(std::string_view route, MonoTime now);
  DataVerdict on_data(const Address& to, const venues::Topic& topic);
  /// Whether a connection gets no messages at all, be they of no topic. Counts no effect.
  bool silent(PeerId peer, std::string_view route) const;
  /// Whether the venue says to clients of the route that it does not trade.
  bool says_halted(std::string_view route) const;
  RestVerdict on_rest();
  /// Clock offset without counting an effect, for answers that are not data.
  bool any_active() const;

  std::vector<FaultRecord> list() const;
  const std::deque<FaultRecord>& history() const { return history_; }
  std::uint64_t bans() const;

 private:
  struct TopicState {
    bool hit = false;
    bool healed = false;
  };
  struct Entry {
    FaultRecord record;
    std::uint64_t start_order = 0;     ///< subscriptions with a greater number came later
    std::optional<PeerId> hit_newest;  ///< newest connection when it first had an effect
    std::map<venues::Topic, TopicState> topics;
    std::optional<DialGate> gate;  ///< connect_budget
  };
  struct Peer {
    std::string route;
    std::set<venues::Topic> topics;
  };
  using Entries = std::map<FaultId, Entry>;

  void start(Entry& entry);
  Entries::iterator end(Entries::iterator at, HealCause cause, MonoTime now);
  void hit(Entry& entry);
  bool meets(const Entry& entry, const Address& to, const venues::Topic& topic) const;
  void apply(const Entry& entry, DataVerdict& verdict) const;
  bool all_resubscribed(const Entry& entry) const;
  bool all_reconnected(const Entry& entry) const;
  void heal_by_dial(std::string_view route, MonoTime now);

  Entries entries_;
  std::map<PeerId, Peer> peers_;
  std::deque<FaultRecord> history_;
  std::vector<FaultChange> changes_;
  std::uint64_t order_ = 0;
  std::uint64_t past_bans_ = 0;
  PeerId newest_peer_;
  std::uint32_t next_id_ = 1;
};

}  // namespace feedwatch::exchange
