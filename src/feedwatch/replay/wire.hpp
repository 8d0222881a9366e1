#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/engine/options.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::replay {

/// What the shard does to the outside, to be answered later: never inside its calls.
class Wire final : public Transport {
 public:
  struct Act {
    enum class Type : std::uint8_t { dial, text, ping, close };
    Type type = Type::dial;
    ConnId conn;
    std::string text;  ///< address, message or payload
  };

  void dial(ConnId conn, const DialTarget& target) override {
    acts_.push_back({Act::Type::dial, conn, target.url});
  }
  void send_text(ConnId conn, std::string_view text) override {
    acts_.push_back({Act::Type::text, conn, std::string(text)});
  }
  void send_ping(ConnId conn, std::string_view payload) override {
    acts_.push_back({Act::Type::ping, conn, std::string(payload)});
  }
  void send_pong(ConnId, std::string_view) override {}
  void close(ConnId conn, std::uint16_t) override { abort(conn); }
  void abort(ConnId conn) override { acts_.push_back({Act::Type::close, conn, {}}); }

  std::optional<Act> next() {
    if (acts_.empty()) return std::nullopt;
    Act act = std::move(acts_.front());
    acts_.pop_front();
    return act;
  }

 private:
  std::deque<Act> acts_;
};

/// Questions to REST, answered by a recording.
class Questions final : public HttpFetch {
 public:
  /// `now` is called from fetch() on.
  explicit Questions(std::function<MonoTime()> now) : now_(std::move(now)) {}

  void fetch(HttpRequest request, Done done) override;
  /// An answer of the recording, or the word that there was none: for the oldest question with
  /// that address, else for the next within `patience`.
  void answer(std::string_view address, std::expected<HttpResponse, std::string> response);
  MonoTime next_deadline() const;
  /// Answers what has its answer, fails what has waited too long.
  void serve();

 private:
  static constexpr Duration patience = 5s;
  static constexpr std::size_t most_kept = 256;

  struct Question {
    std::string address;
    MonoTime until;
    Done done;
  };
  struct Answer {
    std::string address;
    MonoTime until;
    std::expected<HttpResponse, std::string> response;
  };
  bool answer_one();

  std::function<MonoTime()> now_;
  std::deque<Question> questions_;
  std::deque<Answer> answers_;
};

/// The venue's own side, by the addresses of a configuration.
class Sides {
 public:
  explicit Sides(const std::vector<engine::VenueOptions>& venues);
  /// Of the venue whose base begins the address; nullptr when none does.
  const venues::VenueSide* of(std::string_view address) const;

 private:
  struct Base {
    std::string url;
    const venues::VenueSide* side;
  };
  std::vector<Base> bases_;
};

/// What a venue says to a message of a client, in order.
std::vector<std::string> replies(const venues::VenueSide& side, std::string_view text);

}  // namespace feedwatch::replay
