#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/feed/status.hpp"
#include "feedwatch/model/reason.hpp"

namespace feedwatch::feed {

using TopicId = StrongId<struct TopicTag>;  ///< dense index of a topic inside one venue feed

/// Everything a feed can do: to connections, and to the streams a topic carries. Implemented by the
/// shard; by a recorder in tests. Calls never re-enter the feed.
class FeedPort {
 public:
  virtual ~FeedPort() = default;

  // ---- connections ----
  virtual ConnId dial(const DialTarget& target) = 0;
  virtual void send_text(ConnId conn, std::string_view text) = 0;
  virtual void send_ping(ConnId conn, std::string_view payload) = 0;
  virtual void close(ConnId conn) = 0;  ///< polite
  virtual void abort(ConnId conn) = 0;

  // ---- streams of a topic ----
  virtual void topic_acknowledged(TopicId topic, MonoTime now) = 0;
  /// The last line delivering it is gone.
  virtual void topic_lost(TopicId topic, MonoTime now) = 0;
  /// Its lines are doubled: this one no longer brings it. What it has said is of the past.
  virtual void copy_lost(TopicId topic, std::uint8_t copy) = 0;
  /// Its lines are doubled, and from here on it is this one whose data are the streams', as
  /// `epoch`.
  virtual void topic_taken_over(TopicId topic, std::uint8_t copy, std::uint32_t epoch,
                                MonoTime now) = 0;
  /// Why its feed is as it is; ok = nothing wrong that the feed knows of.
  virtual void topic_reason(TopicId topic, Reason reason, std::string_view detail,
                            MonoTime now) = 0;
  /// Its symbol is no longer listed, so that no line asks for it; or it is again, and one does.
  virtual void topic_retired(TopicId topic, bool retired, MonoTime now) = 0;
  virtual void repair_changed(TopicId topic, const RepairStatus& repair) = 0;
  virtual void repair_exhausted(TopicId topic, bool exhausted, MonoTime now) = 0;

  // ---- what people are shown ----
  virtual void line_changed(const LineStatus& status) = 0;
  virtual void venue_changed(const VenueStatus& status) = 0;
  /// The dial budget or a ban changed: to be kept across restarts.
  virtual void budget_changed(MonoTime now) = 0;
};

}  // namespace feedwatch::feed
