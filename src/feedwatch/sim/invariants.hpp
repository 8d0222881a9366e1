#pragma once

#include <expected>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/venues/venue.hpp"

/// The invariants of semantics §11 as questions about plain data: nothing, or what is wrong with
/// it. They ask no engine and keep no memory, so that a test can show each of them a world in which
/// it does not hold; Checkers gather the data during a run.
namespace feedwatch::sim {

using Complaint = std::optional<std::string>;
using AlertRows = std::map<std::string, AlertRow>;  ///< by id

// ---- 2: episodes --------------------------------------------------------------------------------

/// How often the control decided what the journal has to have.
struct Told {
  std::size_t fired = 0;
  std::size_t resolved = 0;
  std::size_t levels = 0;
};
Told told_of(std::span<const engine::Control::Event> events);

/// Each episode has one firing and, when over, one resolved row; an identity has one open at most.
Complaint episode_complaint(const AlertRows& alerts, std::span<const AlertTransitionRow> rows);
/// Everything decided is in the journal once. Only of a journal with nothing left to commit.
Complaint lost_rows_complaint(const Told& told, std::span<const AlertTransitionRow> alerts,
                              std::span<const StreamTransitionRow> levels);
/// What is open in the journal is what the control shows as open.
Complaint open_alerts_complaint(const AlertRows& alerts, std::span<const engine::AlertView> shown);

// ---- 3: causes ----------------------------------------------------------------------------------

/// What a scenario did that may raise an alert, and since when.
struct Causes {
  std::map<std::string, WallTime, std::less<>> venues;  ///< a fault, or a message of the scenario's
  std::size_t configured = 0;                           ///< venues there are
  std::set<StreamKey> quiet;     ///< streams that may be silent: a warning at most
  std::set<StreamKey> unserved;  ///< streams the venue never has, or whose policy is impossible
  std::optional<WallTime> host;  ///< a stall or suspend
  std::optional<WallTime> journal;
  std::optional<WallTime> sink;
  std::optional<WallTime> receiver;  ///< of decisions
};
/// `fired`: when it became one; what it is about may have begun before, as a venue does that is not
/// connected yet.
Complaint cause_complaint(const AlertRow& alert, WallTime fired, const Causes& causes);

// ---- 5: ages ------------------------------------------------------------------------------------

/// What was seen of one stream at one moment, with what its venue had really sent by then.
struct AgeSample {
  Ages ages;
  MonoTime at{};
  std::uint64_t messages = 0;              ///< read of this stream so far
  std::uint64_t carrying = 0;              ///< of these, with a price
  std::optional<MonoTime> newest{};        ///< arrival of the newest message
  std::optional<MonoTime> newest_price{};  ///< … of the newest with a price
  /// On more than one line: what one that stood by was told earlier may count only now.
  bool doubled = false;
};
Complaint age_complaint(const AgeSample& before, const AgeSample& now);

// ---- 7: bounds ----------------------------------------------------------------------------------

struct Bounds {
  std::size_t notifications = 10'000;
  std::size_t journal_batches =
      20'000;  ///< its bound counts rows, of which a batch has one or more
  std::size_t resolved_alerts = 1'000;
};
Complaint bound_complaint(const engine::Control::Counters& counters, std::size_t resolved_alerts,
                          std::uint64_t changes_dropped, const Bounds& bounds);

// ---- 4 and 8: one truth -------------------------------------------------------------------------

/// Level, ages and price of a view against its limits and against the guard's word.
Complaint view_complaint(const engine::StreamView& view,
                         const std::expected<Price, Refusal>& judged);
/// Both components about streams, and the whole, against the views of the same instant.
Complaint health_complaint(std::span<const engine::StreamView> views,
                           const engine::HealthView& health);
/// Whether an alert is about this stream or about all of its venue.
bool speaks_for(const AlertRow& alert, const StreamKey& stream);
/// Whether a reason says that silence is nobody's fault.
bool is_no_fault(Reason reason);

// ---- 9: budgets ---------------------------------------------------------------------------------

/// A time in which a venue had told us to stay away.
struct Ban {
  MonoTime from{};
  MonoTime until{};
};
/// One fifth of a published limit, at least one.
std::size_t our_share(const venues::RateLimit& published);
/// `times` ascending. `slack`: what the way there may add or take.
Complaint rate_complaint(std::span<const MonoTime> times, std::size_t count, Duration window,
                         Duration slack);
/// `way`: how long the word of a ban may take to us, and what was sent before it back.
Complaint ban_complaint(std::span<const MonoTime> times, std::span<const Ban> bans, Duration way);

}  // namespace feedwatch::sim
