#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/capture/session_line.hpp"

namespace feedwatch::capture {

/// One line on its way into a file.
struct RecordedLine {
  enum class Role : std::uint8_t { ordinary, opened, closed };
  std::string text;
  Role role = Role::ordinary;  ///< a connection's first line stands again at the head of each file
  ConnId conn{};
};

/// Where lines go. Any thread. Never waits: false when there is no room, the line was not taken.
class LineSink {
 public:
  virtual ~LineSink() = default;
  [[nodiscard]] virtual bool take(RecordedLine line) = 0;
};

/// Hands lines on and counts those that were not taken; their number becomes a line of its own as
/// soon as there is room.
class CountedLines {
 public:
  explicit CountedLines(LineSink& sink) : sink_(sink) {}
  /// `lost` makes the line that tells how many are missing before this one.
  void write(RecordedLine line, const std::function<std::string(std::uint64_t)>& lost);
  /// Nothing is written afterwards.
  void finish() { finished_ = true; }
  std::uint64_t lost() const { return lost_; }

 private:
  LineSink& sink_;
  std::uint64_t untold_ = 0;
  std::uint64_t lost_ = 0;
  bool finished_ = false;
};

/// Stands between the judging half and its ports and writes down everything that enters it, with
/// the times it is told, and what it says to the outside. Decides nothing and changes nothing but
/// one thing: while an event is handed in, its clock stands still at the moment written down, so
/// that the same event can be handed in again later exactly as it was.
///
/// Wiring: transport and http of the shard are this object; the transport's sink is this object; so
/// are its clock and small state; wake-ups and leases go through on_wakeup() and want(). One
/// thread, the shard's, calls everything; the sink may write on another.
class Tap final : public Clock,
                  public Transport,
                  public FrameSink,
                  public HttpFetch,
                  public StateStore {
 public:
  struct Inner {
    const Clock& clock;
    Transport* transport = nullptr;
    HttpFetch* http = nullptr;
    StateStore* state = nullptr;
    FrameSink* shard = nullptr;
  };

  /// The anchor is what the clock says until start(): the shard is built before.
  Tap(Inner inner, WallAnchor anchor, LineSink& lines);

  /// What is built after the tap.
  Inner& inner() { return inner_; }

  /// Called behind every call into the shard, while its clock still stands.
  void set_after(std::function<void(MonoTime)> after) { after_ = std::move(after); }

  // ---- calls into the shard ----
  template <class Action>
  auto start(Action action) {
    const MonoTime now = inner_.clock.now();
    write(begin(SessionEvent::start, now));
    started_ = true;
    return pinned(now, action);
  }
  void on_wakeup(MonoTime now, const std::function<void(MonoTime)>& action);
  template <class Action>
  auto want(std::string_view stream, std::string_view owner, Duration ttl, Action action) {
    const MonoTime now = inner_.clock.now();
    write(begin(SessionEvent::want, now)
              .word("key", stream)
              .word("owner", owner)
              .number("ttl", to_ns(ttl)));
    return pinned(now, action);
  }
  template <class Action>
  auto unwant(std::string_view stream, std::string_view owner, Action action) {
    const MonoTime now = inner_.clock.now();
    write(begin(SessionEvent::unwant, now).word("key", stream).word("owner", owner));
    return pinned(now, action);
  }
  /// Nothing is written afterwards.
  void finish();

  void on_phase(ConnId conn, DialPhase reached, MonoTime now) override;
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) override;
  void on_closed(ConnId conn, const CloseReport& report, MonoTime now) override;

  // ---- the shard's ports ----
  MonoTime now() const override;
  WallTime wall_now() const override;
  void dial(ConnId conn, const DialTarget& target) override;
  void send_text(ConnId conn, std::string_view text) override;
  void send_ping(ConnId conn, std::string_view payload) override;
  void send_pong(ConnId conn, std::string_view payload) override;
  void close(ConnId conn, std::uint16_t code) override;
  void abort(ConnId conn) override;
  void fetch(HttpRequest request, Done done) override;
  std::optional<std::string> get(const std::string& key) const override;
  void put(const std::string& key, std::string value) override;
  /// What stood there is not written down: nothing may be decided by it.
  void update(const std::string& key, const Change& change) override;

  std::uint64_t lost() const { return lines_->lost(); }

 private:
  SessionLine begin(SessionEvent event, MonoTime now) const {
    return {event, anchor_.at(now), now};
  }
  void write(SessionLine&& line, RecordedLine::Role role = RecordedLine::Role::ordinary,
             ConnId conn = {}) const {
    write(line, role, conn);
  }
  void write(SessionLine& line, RecordedLine::Role role = RecordedLine::Role::ordinary,
             ConnId conn = {}) const;
  void write_frame(ConnId conn, const Frame& frame, ReadStamp stamp, MonoTime now, bool more) const;
  void write_control(ConnId conn, std::string_view operation, std::string_view payload) const;
  void write_answer(std::uint64_t id, const std::string& url,
                    const std::expected<HttpResponse, std::string>& response, MonoTime now) const;

  template <class Action>
  auto pinned(MonoTime now, Action action) {
    struct Unpin {
      std::optional<MonoTime>& pin;
      ~Unpin() { pin.reset(); }
    };
    pin_ = now;
    const Unpin unpin{pin_};
    if constexpr (std::is_void_v<decltype(action())>) {
      action();
      if (after_) after_(now);
    } else {
      auto result = action();
      if (after_) after_(now);
      return result;
    }
  }

  Inner inner_;
  WallAnchor anchor_;
  std::unique_ptr<CountedLines> lines_;
  std::optional<MonoTime> pin_;
  std::function<void(MonoTime)> after_;
  bool started_ = false;
  std::unordered_map<ConnId, std::string> addresses_;  ///< of connections that are being opened
  std::uint64_t next_request_ = 1;
};

}  // namespace feedwatch::capture
