#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/engine/price_tap.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/model/cadence.hpp"
#include "feedwatch/monitor/monitor.hpp"
#include "feedwatch/protect/divergence_watch.hpp"
#include "feedwatch/protect/holdings.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/position_twins.hpp"
#include "feedwatch/protect/position_watch.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::engine {

struct PositionOptions {
  std::size_t capacity = 100'000;
  PositionWatchOptions watch;
  /// By which kind a rule goes where the venue has it; absent = as protecting_kind(). Without
  /// sources both go by what is watched.
  std::optional<Kind> trailing_price, aged_price;
  bool aged = false;  ///< whether positions that say nothing else have that rule
  /// Of last and mark, where positions are held and the venue has both; absent = not compared.
  std::optional<DivergenceOptions> divergence = DivergenceOptions{};
};

/// How old prices may be that positions are protected by; nothing of a stream that is not known
/// yet.
using MaxAgeOf = std::function<std::optional<Duration>(StreamId)>;

/// Of which price positions at the venue are protected: derivatives mark, spot quote; where there
/// is neither, last.
Kind protecting_kind(const venues::VenueSheet& sheet);

/// Who gets positions the streams they need. Called on the control's thread.
class PriceSources {
 public:
  using Done = std::function<void(Result<void>)>;

  virtual ~PriceSources() = default;
  /// As protecting_kind(); nothing for a venue that is not configured.
  virtual std::optional<Kind> kind_at(const std::string& venue) const = 0;
  /// Whether the venue has prices of the kind; false of one that is not configured.
  virtual bool has_kind(const std::string& venue, Kind kind) const = 0;
  /// Has the stream watched until unwant(), and where every price is needed put on the control's
  /// tap. `done` comes later, on the same thread. Again is the same, and with another need a change
  /// to that.
  virtual void want(const StreamKey& stream, PriceNeed need, Done done) = 0;
  virtual void unwant(const StreamKey& stream) = 0;
};

/// A position as it is at one instant, with what is wrong with how it is served.
struct PositionView {
  PositionLease lease;
  std::string stream;  ///< whose price protects it; empty = there is none
  PositionFindings findings;
  bool expired = false;
  std::optional<MonoTime> refused_since;
  std::optional<Refusal> refusal;  ///< absent = the price below may be acted on
  std::optional<GuardedPrice> price;
  std::string detail;  ///< why there is no stream
};

/// Last and mark of one symbol whose positions are open, as they were last compared.
struct DivergenceView {
  std::string venue, symbol;
  DivergenceWatch::State state = DivergenceWatch::State::unknown;
  std::optional<MonoTime> since;   ///< when they were first seen apart
  std::optional<Decimal> percent;  ///< of the mark price
  Price last, mark;                ///< of the newest comparison; meaningless before it
  std::size_t positions = 0;
};

/// Something that happened to one position, to be recorded.
struct PositionNews {
  PositionKey key;
  PositionEvent event;
  RefusalCode code = RefusalCode::unknown;  ///< of a refusal that began
};

/// The positions somebody has registered, each beside the verdict on the price that protects it.
/// Prices are asked for by stream, each second, whatever else happens: silence is found by a timer.
/// One owner (the control).
class Positions {
 public:
  /// All of them outlive it; without sources positions take what is watched anyway.
  Positions(PositionOptions options, const Monitor& monitor, const Clock& clock,
            PriceSources* sources);

  /// As PositionBook::put().
  Result<PositionBook::Put> put(Position position, std::optional<Duration> ttl, std::string owner,
                                MonoTime now, WallTime utc, PositionTerms terms = {});
  /// As PositionBook::amend().
  Result<PositionBook::Put> amend(Position position, MonoTime now, WallTime utc,
                                  PositionTerms terms);
  /// As PositionBook::set_listed_by().
  void set_listed_by(const PositionKey& key, std::string source) {
    book_.set_listed_by(key, std::move(source));
  }
  bool close(const PositionKey& key);
  /// Of an earlier run. The error says what is wrong with the row.
  Result<void> restore(const PositionRow& row, const WallAnchor& anchor);

  /// Verdicts of all streams positions need.
  void look(const MaxAgeOf& max_age_of, MonoTime now);
  /// The same for one of them; whoever shares its symbol waits for the next look().
  void look_at(const PositionKey& key, const MaxAgeOf& max_age_of, MonoTime now);
  /// The newest word on the price of one symbol's positions.
  struct Verdict {
    StreamKey stream;
    Guard::Answer answer = std::unexpected(Refusal{});
    Duration max_age{};  ///< it was asked for with
    bool comes = true;   ///< it is not too old for the tap, which tells of each
    bool aged = false;   ///< aged positions go by it, with their own limit; else stops do
  };
  /// For stops and for aged positions, in this order; nullptr where none go by it.
  using Verdicts = std::array<const Verdict*, 2>;
  /// Asked now, of all that go by the stream; until something else is done with positions.
  Verdicts verdicts(const StreamKey& stream, const MaxAgeOf& max_age_of, MonoTime now);
  /// Asked now, of whichever stream that is; nullptr when there are no such positions.
  const Verdict* verdict(const std::string& venue, const std::string& symbol, bool aged,
                         const MaxAgeOf& max_age_of, MonoTime now);
  /// Calls `action` with every symbol's.
  void for_each_verdict(const std::function<void(const Verdict&)>& action) const;
  /// Calls `action(view)` for every symbol of which last and mark are compared.
  void for_each_divergence(const std::function<void(const DivergenceView&)>& action) const;
  /// Whether anybody holds the symbol there.
  bool holds(const std::string& venue, const std::string& symbol) const {
    return by_symbol_.contains({venue, symbol});
  }
  /// What look() has found worth recording.
  std::vector<PositionNews> take_news() { return std::exchange(news_, {}); }

  /// Whose stops, or aged positions, go by another stream.
  struct Moved {
    std::string venue, symbol;
    bool aged = false;
  };
  /// Those look() has found to do so since: a venue, or what it offers, has come or gone.
  std::vector<Moved> take_moved() { return std::exchange(moved_, {}); }

  static constexpr Duration look_every = 1s;

  const PositionBook& book() const { return book_; }
  const Holdings& holdings() const { return holdings_; }
  PositionTwins& twins() { return twins_; }
  std::optional<PositionView> view(const PositionKey& key, MonoTime now) const;
  /// Calls `action(view)` for every position, by venue, symbol and id.
  void for_each(MonoTime now, const std::function<void(const PositionView&)>& action) const;
  /// Calls `action(view)` for those behind `after`, by venue, symbol and id, until it says false.
  void for_each_behind(const PositionKey& after, MonoTime now,
                       const std::function<bool(const PositionView&)>& action) const;
  /// The same for those with a finding, or whose lease has expired; in no order.
  void for_each_troubled(MonoTime now,
                         const std::function<void(const PositionView&)>& action) const;
  /// Keys of all open positions of this id.
  std::vector<PositionKey> named(std::string_view id) const;

 private:
  /// One stream of a symbol: what was asked for, and the guard's newest word on it.
  struct Feed {
    Verdict verdict;
    PriceNeed need = PriceNeed::every;
    std::optional<StreamKey> asked;    ///< for what sources were asked
    std::optional<StreamId> asked_as;  ///< which was this one then
    PriceNeed asked_need = PriceNeed::every;
    std::optional<Duration> max_age;  ///< prices may have; absent = the stream is not known yet
    std::optional<Duration> asked_max_age;  ///< when it was asked, or known first
    MonoTime ask_again = MonoTime::min();
    std::string detail;
    bool failed = false;  ///< the newest answer: to be asked again
    bool found = false;
  };
  struct Watched {
    PositionWatch watch;
    bool aged = false;  ///< it has that rule
  };
  /// What all positions of one venue and symbol share.
  struct Source {
    /// The first is on the stream of the kind that protects, or is watched; it is always there. The
    /// next is that of aged positions if there are any, perhaps on the same stream; the others are
    /// compared with the first.
    std::vector<Feed> feeds{1};
    std::map<std::string, Watched> watches;  ///< by id
    std::optional<DivergenceWatch> divergence;
    Price last, mark;  ///< that were compared last

    /// The one that refuses it, if one does.
    const Feed& serving(const Watched& watched) const;
  };
  using SourceKey = std::pair<std::string, std::string>;  ///< venue, symbol

  void note(const PositionKey& key, MonoTime now);
  void watch(const PositionKey& key, MonoTime now);
  void note_rules(const PositionKey& key);
  Kind protecting(const SourceKey& key) const;
  Kind aged_kind(const SourceKey& key) const;
  bool offers(const SourceKey& key, Kind kind) const;
  void choose(const SourceKey& key, Source& source);
  using Deciding =
      std::array<StreamKey, 2>;  ///< of stops, of aged positions; empty = there is none
  static Deciding deciding(const Source& source);
  void note_moved(const SourceKey& key, const Deciding& before, const Deciding& now);
  void ask(const SourceKey& key, Feed& feed, MonoTime now);
  void serve(const SourceKey& key, Source& source, const MaxAgeOf& max_age_of, MonoTime now);
  void judge(const PositionKey& key, const Source& source, Watched& held, MonoTime now);
  void refresh(Feed& feed, const MaxAgeOf& max_age_of, MonoTime now);
  void compare(Source& source, MonoTime now) const;
  PositionView view_of(const PositionLease& lease, const Source& source, MonoTime now) const;

  PositionOptions options_;
  const Monitor& monitor_;
  PriceSources* sources_;
  PositionBook book_;
  Holdings holdings_;
  PositionTwins twins_;
  Decisions decisions_;
  Guard guard_;
  std::map<SourceKey, Source> by_symbol_;
  std::map<std::string, std::set<PositionKey>, std::less<>> by_id_;
  std::vector<PositionNews> news_;
  std::vector<Moved> moved_;
  std::shared_ptr<Positions*> alive_;  ///< last: a late answer finds nobody
};

/// The lease as the store keeps it; `closed` ends it.
PositionRow position_row(const PositionLease& lease, const WallAnchor& anchor, MonoTime updated,
                         std::optional<MonoTime> closed = {});

}  // namespace feedwatch::engine
