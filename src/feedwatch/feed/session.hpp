#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/feed/budget.hpp"
#include "feedwatch/feed/heartbeat.hpp"
#include "feedwatch/feed/port.hpp"
#include "feedwatch/feed/topic_index.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::feed {

/// Limits of one connection; semantics §7.
struct SessionLimits {
  Duration phase = 10s;              ///< DNS, TCP, TLS, upgrade, acknowledgement, first data: each
  int decode_errors = 5;             ///< in a row ⇒ unhealthy
  Duration first_data_clocked = 3s;  ///< or three periods, whichever is longer
  Duration lag = 1s;                 ///< longest round trip that adds nothing to the age of frames
  HeartbeatLimits heartbeat;
};

/// What one connection knows of one topic: wanted, acknowledged and seen are three facts, and their
/// differences are what repair works on. An acknowledgement is not data.
struct Coverage {
  std::uint32_t epoch = 0;  ///< of the newest subscription that data may belong to
  std::optional<MonoTime> requested;
  std::optional<MonoTime> acknowledged;
  std::optional<MonoTime> seen;   ///< first usable data of `epoch`
  std::optional<MonoTime> heard;  ///< newest message
  bool resubscribing = false;  ///< a new subscription is under way; data counts for the old epoch
  bool refused = false;
};

/// One connection to a venue, from dialling to its end: phases, requests within the message budget,
/// acknowledgements, coverage, heartbeat. Knows no socket; tells its owner what to send.
///
/// Lifecycle: created when dialled, destroyed after the transport reported the close. Owned by
/// VenueFeed, single thread.
class Session {
 public:
  enum class State : std::uint8_t { dialling, subscribing, live, closing };
  enum class Health : std::uint8_t { good, suspect, dead };

  /// What happened to topics; the owner acts on it.
  struct Happened {
    std::vector<TopicId> acknowledged;
    std::vector<std::pair<TopicId, std::string>> refused;  ///< by itself, with the venue's words
    std::vector<TopicId> overdue;  ///< acknowledged or requested, but no first data in time
    bool became_live = false;

    bool any() const {
      return !acknowledged.empty() || !refused.empty() || !overdue.empty() || became_live;
    }
  };

  struct Data {
    std::uint32_t epoch = 0;  ///< 0 = this connection does not carry the topic
    bool first = false;       ///< no usable data of the epoch before it
    Duration lag{};           ///< of the line, where its round trip is beyond the limit
    // Where lines are doubled, said by VenueFeed; `epoch` is then what the streams count by.
    std::uint32_t line_epoch = 0;  ///< of the subscription on this line
    std::uint8_t copy = 0;         ///< which of the lines it is
    bool doubled = false;
    bool primary = true;   ///< it is the one told to the streams
    bool accused = false;  ///< its silence is being looked into: tell on_copy_speaks()
  };

  Session(const venues::Venue& venue, FeedPort& port, ConnId conn, std::uint32_t& epochs,
          MonoTime now, SessionLimits limits = {});

  ConnId conn() const { return conn_; }
  State state() const { return state_; }
  DialPhase phase() const { return phase_; }
  MonoTime dialled() const { return dialled_; }
  std::optional<MonoTime> live_since() const { return live_since_; }
  const Heartbeat& heartbeat() const { return heartbeat_; }
  /// The last ping's round trip when it exceeds a second: frames may be older by so much.
  Duration lag() const;
  std::uint64_t frames() const { return frames_; }
  const std::string& unhealthy_because() const { return unhealthy_because_; }

  // ---- wishes ----
  void want(TopicId topic, const venues::Topic& wire, bool alone);
  void unwant(TopicId topic, MonoTime now);
  /// A halted or bad topic owes no data: a line is not judged by it.
  void excuse(TopicId topic, bool excused, MonoTime now);
  /// Unsubscribe and subscribe again: a new epoch begins with the acknowledgement. A topic whose
  /// subscription still waits to be sent needs nothing more.
  void resubscribe(TopicId topic, MonoTime now);
  /// Takes that back if nothing of it has been sent; false if something has. A subscription that
  /// waits for another reason goes on waiting.
  bool withdraw_resubscription(TopicId topic);
  void begin_closing();

  // ---- events ----
  void on_phase(DialPhase reached, MonoTime now);
  void on_frames(std::size_t count, MonoTime now);
  void on_heard(MonoTime now) { heartbeat_.on_heard(now); }
  void on_pong(std::string_view payload, MonoTime arrived, MonoTime now) {
    heartbeat_.on_pong(payload, arrived, now);
  }
  /// The venue's ping has been answered, which counts against its limit of messages.
  void on_answered_ping(MonoTime now) { messages_.charge(now); }
  void on_ack(const venues::Ack& ack, MonoTime now);
  /// A message of the topic, whatever it holds: it proves the line. What proves the topic is
  /// on_evidence(): a message without a price, or with one nobody can take, does not.
  Data on_data(TopicId topic, MonoTime now);
  void on_evidence(TopicId topic, MonoTime now);
  void on_decoded() { decode_errors_ = 0; }
  void on_decode_error();
  void on_time(MonoTime now);

  // ---- facts ----
  Health health(MonoTime now) const;
  const Coverage* coverage(TopicId topic) const;
  bool owes_data(TopicId topic) const;
  /// Until when the newest subscription of the topic may take to show data; nothing once it has, or
  /// when that is over.
  std::optional<MonoTime> grace(TopicId topic, MonoTime now) const;
  /// Topics that must show data by themselves (clocked, or a snapshot on subscribe) and have not.
  std::size_t expected_unseen() const;
  /// A subscription of the topic still waits for the message budget.
  bool waits_to_be_sent(TopicId topic) const;
  /// Every request has been sent and answered.
  bool settled() const {
    return fresh_.empty() && given_up_.empty() && queue_.empty() && in_flight_.empty();
  }
  /// Data of the topic from now on begins a new epoch of its own (another connection, since given
  /// up, had already begun a later one).
  void renew_epoch(TopicId topic);
  std::size_t seen_count() const;
  std::size_t topic_count() const { return entries_.size(); }
  MonoTime next_deadline(MonoTime now) const;
  Happened take_happened();

 private:
  struct Entry {
    venues::Topic wire;
    Coverage coverage;
    std::uint32_t next_epoch = 0;
    bool expects_data = false;
    bool overdue_told = false;
    bool told_before = false;  ///< overdue_told as it was when the topic was resubscribed
    bool alone = false;
  };
  struct Request {
    venues::ClientRequest wire;
    std::vector<TopicId> topics;
    bool subscribe = true;
    bool again = false;  ///< one of the two of a resubscription
    MonoTime sent{};

    /// Gives up what the next one asks for again: both go out together.
    bool begins_pair() const { return again && !subscribe; }
    bool is_again(TopicId topic) const {
      return again && topics.size() == 1 && topics.front() == topic;
    }
  };

  static constexpr Duration ask_pause_first = 5s;
  static constexpr Duration ask_pause_longest = 60s;
  /// What is wanted or given up so soon after the last such request goes out together.
  static constexpr Duration gather = 100ms;

  void enqueue(const std::vector<TopicId>& topics, bool subscribe, bool again = false);
  void end_subscriptions(const std::vector<venues::Topic>& wires);
  void form_requests(MonoTime now);
  void flush(MonoTime now);
  /// When the next request may go: the message budget, the requests' own, a venue that wants rest.
  MonoTime next_request_at(MonoTime now) const;
  void ask_later(const Request& request, const std::vector<TopicId>& topics, MonoTime now);
  void note_sent(const Request& request, MonoTime now);
  bool settle_some(Request& request, const venues::Ack& ack, MonoTime now);
  void settle(const Request& request, const std::vector<TopicId>& topics, const venues::Ack& ack,
              MonoTime now);
  void acknowledge(const std::vector<TopicId>& topics, MonoTime now);
  void refuse(const std::vector<TopicId>& topics, bool certain, const std::string& message);
  void check_live(MonoTime now);
  void check_overdue(MonoTime now);
  void check_unanswered(MonoTime now);
  Duration first_data_limit(const Entry& entry) const;
  MonoTime data_due(const Entry& entry) const;
  MonoTime overdue_at(const Entry& entry) const;
  const venues::ChannelSheet& channel(const Entry& entry) const;

  const venues::Venue& venue_;
  FeedPort& port_;
  ConnId conn_;
  std::uint32_t& epochs_;
  SessionLimits limits_;
  State state_ = State::dialling;
  DialPhase phase_ = DialPhase::resolving;
  MonoTime dialled_;
  MonoTime phase_since_;
  std::optional<MonoTime> live_since_;
  bool data_heard_ = false;
  Heartbeat heartbeat_;
  Budget messages_;
  Budget requests_;
  MonoTime ask_again_at_{};  ///< the venue refused for how often we ask
  Duration ask_pause_ = ask_pause_first;
  std::uint64_t frames_ = 0;
  std::uint64_t next_request_ = 1;
  int decode_errors_ = 0;
  std::string unhealthy_because_;
  std::map<TopicId, Entry> entries_;
  TopicIndex<Entry> by_topic_;        // of entries_
  std::set<TopicId> unseen_;          // requested, no data yet in the epoch
  std::set<TopicId> fresh_;           // wanted on an open connection, not in a request yet
  std::set<venues::Topic> given_up_;  // subscribed, and not in a request to end that yet
  std::optional<MonoTime> formed_;    // when the last request was formed of these two
  std::deque<Request> queue_;         // not sent yet: the message budget decides
  std::map<std::uint64_t, Request> in_flight_;
  Happened happened_;
};

}  // namespace feedwatch::feed
