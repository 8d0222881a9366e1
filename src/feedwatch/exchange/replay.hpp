#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/exchange/market.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::exchange {

/// One frame a venue once sent.
struct ReplayRecord {
  WallTime at;  ///< when it was received
  std::string text;
  bool timed = true;  ///< false: the capture does not say when; `at` only spaces the frames
};
/// The next record in the order of the capture; empty at its end.
using ReplayFeed = std::function<Result<std::optional<ReplayRecord>>()>;
/// Opens the capture from its beginning; called once for a survey and once for every round.
using OpenReplay = std::function<Result<ReplayFeed>()>;

/// Plays a capture with its own timing, `speed` times as fast.
///
/// Time begins with the first subscription. A client gets the frames of its topics as they were
/// captured; before the first of them, if it came in the middle or late, the present state. A topic
/// the capture does not hold, but whose prices other topics do, is made from the state. At the end
/// everything falls silent with the capture's last prices, or begins again (`loop`).
///
/// Frames keep the capture's own times unless `restamp` moves every time in them to now; where the
/// capture does not say when a frame was received, that is as far as the newest venue time so far.
/// Owned by the desk, its thread only. Reads the capture record by record.
class Replay final : public MarketSource {
 public:
  struct Options {
    double speed = 1.0;
    bool loop = false;
    bool restamp = false;
  };

  /// Reads the whole capture once to learn its symbols. An error when it cannot be read, or holds
  /// no price of this venue.
  static Result<std::unique_ptr<Replay>> open(Market& market, const venues::Venue& venue,
                                              OpenReplay open, const Options& options,
                                              const WallAnchor& anchor);

  void on_demand(MonoTime now) override;
  MonoTime next_deadline() const override;
  void on_time(MonoTime now, MarketListener& listener) override;
  WallTime venue_time(MonoTime at) const override;
  bool greets_everybody() const override { return true; }
  bool ended() const override { return ended_; }
  std::string error() const override { return error_; }

  std::uint64_t frames() const { return frames_; }  ///< with at least one known symbol
  std::uint64_t undecodable() const { return undecodable_; }

 private:
  Replay(Market& market, const venues::Venue& venue, OpenReplay open, const Options& options,
         const WallAnchor& anchor);

  Result<void> survey();
  Result<void> begin_round(MonoTime now);
  void advance();
  void stop(std::string error);
  bool decode(std::string_view text);
  WallTime captured_at(const ReplayRecord& record);
  void play(MonoTime now, MarketListener& listener);
  std::optional<RawFrame> raw_frame(std::string_view text) const;
  Kinds absorb(const venues::Decoded& decoded, std::string_view symbol, std::size_t index,
               MonoTime now);

  Market& market_;
  const venues::Venue& venue_;
  OpenReplay open_;
  Options options_;
  WallAnchor anchor_;
  std::unique_ptr<venues::Decoder> decoder_;
  venues::Decoded decoded_;
  std::string buffer_;  ///< the frame with the padding the decoder may read
  ReplayFeed feed_;
  std::optional<ReplayRecord> next_;
  MonoTime round_began_{};
  WallTime first_at_{};
  WallTime played_{};        ///< time of the newest frame played
  WallTime newest_event_{};  ///< venue time, of this round
  bool began_ = false;
  bool ended_ = false;
  std::string error_;
  std::uint64_t frames_ = 0;
  std::uint64_t undecodable_ = 0;
};

/// Moves every time in the frame by `by`: runs of 13 digits (milliseconds) that lie within a day of
/// `around`. Everything else stays as it is.
std::string shift_times(std::string_view frame, WallTime around, Duration by);

/// A capture file as feedwatch::capture reads it: the data frames of connections to this venue.
OpenReplay open_capture(const std::string& path, const venues::VenueSide& side);

}  // namespace feedwatch::exchange
