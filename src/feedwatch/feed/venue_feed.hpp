#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/feed/backoff.hpp"
#include "feedwatch/feed/budget.hpp"
#include "feedwatch/feed/ladder.hpp"
#include "feedwatch/feed/port.hpp"
#include "feedwatch/feed/session.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::feed {

enum class Lasted : std::uint8_t;
enum class Redial : std::uint8_t;

struct FeedOptions {
  std::string venue;  ///< name shown; the venue part of stream keys
  const venues::Venue* codec = nullptr;
  std::vector<std::string> ws_urls;  ///< base URLs of the same service, the preferred one first
  std::string ca_file;
  std::uint64_t seed = 1;
  std::uint32_t first_line = 0;  ///< LineIds of this feed count from here
  std::size_t lines = 1;         ///< every topic is subscribed on so many connections at once
  SessionLimits session;
};

/// All lines of one venue: which topic on which line, who dials when, what is repaired and how.
///
/// While the venue has no live line one pathfinder dials every 2–4 s inside the dial budget and the
/// others follow its first data, spread over 2 s; beside a live line, lost ones come back with
/// exponential backoff. A line that fails is replaced make-before-break. Being told off (429, 418,
/// 403, 451, close 1008) stops every dial until it is over (semantics §7).
///
/// Where lines are doubled a topic has a copy on each of them, subscribed and repaired by itself.
/// One is the primary: the streams count by its epoch and are told as it is. Outside, a topic has
/// one id.
///
/// Lifecycle: construct, add topics, start(); events and on_time() until stop(). One shard owns it;
/// single thread; does nothing but call its port.
class VenueFeed {
 public:
  VenueFeed(FeedOptions options, FeedPort& port);
  ~VenueFeed();
  VenueFeed(const VenueFeed&) = delete;
  VenueFeed& operator=(const VenueFeed&) = delete;

  // ---- topics ----
  TopicId add_topic(const venues::Topic& topic, bool required, MonoTime now);
  void remove_topic(TopicId topic, MonoTime now);
  void set_required(TopicId topic, bool required);
  /// What REST says: venue_halt stops repair of the topic; quarantined says no list knows it: a bad
  /// symbol, or delisted once it had data and is silent. ok lifts all three; so do data, and a
  /// minute without the word being repeated. Delisted by two lists half a minute apart, the topic
  /// is retired: no line asks for it, until a list holds it again.
  void set_instrument(TopicId topic, Reason reason, const std::string& detail, MonoTime now);

  void start(MonoTime now);
  void stop(MonoTime now);

  // ---- what the streams say ----
  /// Silent for too long, `since` being its last evidence. `never_past` limits the ladder.
  void on_suspect(TopicId topic, MonoTime since, RepairStep never_past, MonoTime now);
  /// Silent since then, which accuses nobody yet: what REST says of the instrument may explain it.
  void note_silent(TopicId topic, MonoTime since, MonoTime now);
  /// A stream of it is past its limit, or no more. It begins no repair, but a line that says
  /// nothing is known by it too where limits are tighter than suspicion.
  void set_past_limit(TopicId topic, bool past, MonoTime now);
  void on_cleared(TopicId topic, MonoTime now);
  /// Its silence is the market's, REST says: no repair begins. It is silent all the same.
  void on_quiet(TopicId topic, MonoTime now);

  // ---- what connections say ----
  void on_phase(ConnId conn, DialPhase reached, MonoTime now);
  void on_closed(ConnId conn, const CloseReport& report, MonoTime now);
  void on_frames(ConnId conn, std::size_t count, MonoTime now);
  /// Among them was something the venue said by itself: anything but pongs.
  void on_heard(ConnId conn, MonoTime now);
  /// `arrived`: the frame's stamp, which our own stalls have not made younger.
  void on_pong(ConnId conn, std::string_view payload, MonoTime arrived, MonoTime now);
  void on_answered_ping(ConnId conn, MonoTime now);
  void on_ack(ConnId conn, const venues::Ack& ack, MonoTime now);
  /// The venue is about to end this connection.
  void on_notice(ConnId conn, MonoTime now);
  /// The venue says whether it trades. While it does not, silence is its own doing; the word holds
  /// until it says otherwise or the connection that brought it is gone.
  void on_status(ConnId conn, const venues::SystemStatus& status, MonoTime now);
  void on_decoded(ConnId conn);
  void on_decode_error(ConnId conn, MonoTime now);
  /// Data of a topic: the epoch it belongs to. The hot path.
  Session::Data on_data(ConnId conn, TopicId topic, MonoTime now);
  /// A message of a channel that only beats.
  void on_beat(ConnId conn, const venues::Beat& beat, MonoTime now);
  /// The first of an epoch that its stream could use, or that confirmed it: the subscription works,
  /// and a repair has succeeded (semantics §7).
  void on_evidence(ConnId conn, TopicId topic, MonoTime now);
  /// A copy whose silence is being looked into has data.
  void on_copy_speaks(ConnId conn, TopicId topic, MonoTime now);
  /// The copy has what the primary owes since then: it takes over, and the one before is repaired.
  /// False, and nothing done, where it does not deliver.
  bool stand_in(TopicId topic, std::uint8_t copy, MonoTime since, MonoTime now);
  /// Copies that hold different prices: the one that is not the primary is subscribed again.
  void on_diverged(TopicId topic, std::uint8_t copy, MonoTime now);

  // ---- time ----
  MonoTime next_deadline(MonoTime now) const;
  void on_time(MonoTime now);

  // ---- facts ----
  bool owns(ConnId conn) const { return sessions_.contains(conn); }
  const std::string& line_name(TopicId topic) const;
  Reason reason(TopicId topic) const { return reason_of(at(primary_of(topic))); }
  std::uint8_t primary(TopicId topic) const;
  bool copy_delivers(TopicId topic, std::uint8_t copy) const;
  bool retired(TopicId topic) const;
  /// Whether silence of any topic is excused by what REST said: it has to be asked again soon.
  bool excusing() const;
  /// Told off over REST, for as long as `retry_after` or the default ban.
  void limit(std::optional<Duration> retry_after, std::string detail, MonoTime now);

  // ---- memory across restarts ----
  /// Ages of dials inside the window and what is left of a ban.
  struct Memory {
    std::vector<Duration> dial_ages;
    std::optional<Duration> limited_for;
  };
  Memory memory(MonoTime now) const;
  void restore(const Memory& memory, MonoTime now);
  /// The record of an earlier run is lost: the budget counts as spent at `when`, not after now.
  void restore_spent(MonoTime when) { dials_.restore_spent(when); }

 private:
  struct TopicState;
  struct Slot;
  using SessionPtr = std::unique_ptr<Session>;

  // venue_topics.cpp: which there are, and which are set aside
  Slot& slot_with_room(std::string_view route, std::size_t room, std::uint8_t copy, MonoTime now);
  std::string line_name_of(std::string_view route, std::size_t number, std::uint8_t copy) const;
  TopicId insert_topic(Slot& slot, const venues::Topic& topic, MonoTime now);
  void put_on(Slot& slot, TopicId topic, MonoTime now);
  void take_off(Slot& slot, TopicId topic, MonoTime now);
  void erase_topic(Slot& slot, TopicId topic, MonoTime now);
  void close_if_empty(Slot& slot, MonoTime now);
  std::string_view route_of(const venues::Topic& topic) const;
  void quarantine(TopicId topic, std::string detail, MonoTime now);
  void release(TopicId topic);
  void excuse(TopicId topic, bool excused, MonoTime now);
  void review_set_aside(MonoTime now);
  template <class Action>
  void for_sessions(TopicId topic, Action action);
  void set_instrument_of(TopicId copy, Reason reason, std::string detail, MonoTime now);

  // venue_copies.cpp: topics of doubled lines
  std::vector<TopicId> copies_of(TopicId topic) const;
  TopicId copy_on(const Slot& slot, TopicId topic) const;
  TopicId primary_of(TopicId topic) const;
  bool is_primary(TopicId copy) const;
  bool is_comparable(TopicId topic) const;
  void tell_copy(TopicId copy, Session::Data& data);
  bool delivers(TopicId copy) const;
  bool all_stood_in_for(MonoTime now) const;
  bool saves_dials(MonoTime now) const;
  std::optional<std::uint8_t> stand_in_for(TopicId topic, MonoTime now) const;
  void hand_over(TopicId topic, std::uint8_t to, MonoTime now);
  void lost(TopicId copy, MonoTime now);
  void suspect_copy(TopicId copy, MonoTime since, RepairStep never_past, MonoTime now);
  void clear_copy(TopicId copy, MonoTime now);
  bool spoke_since(TopicId copy, MonoTime since) const;
  std::optional<MonoTime> behind_since(TopicId copy, MonoTime newest) const;
  void review_copies(MonoTime now);
  void review_copies_of(TopicId topic, MonoTime now);

  // venue_retirement.cpp: symbols that are no longer listed
  void retire_if_gone(TopicId topic, MonoTime now);
  void retire(TopicId topic, MonoTime now);
  void revive(TopicId topic, MonoTime now);

  // venue_beats.cpp: channels that only beat
  void add_beats(Slot& slot, const std::string& symbol, MonoTime now);
  void insert_beat(Slot& slot, const venues::Topic& topic, MonoTime now);
  void drop_beats(Slot& slot, MonoTime now);
  std::size_t beats_of_symbol(std::string_view route) const;
  bool has_prices() const;
  Duration beat_limit(const TopicState& state) const;
  void check_beats(MonoTime now);
  std::optional<TopicId> beats_for(TopicId beat) const;
  std::vector<TopicId> silent_beside(TopicId beat) const;
  bool beat_repairs(const Slot& slot, const TopicState& topic) const;

  // venue_feed.cpp: events
  Session* find(ConnId conn, Slot** slot = nullptr) const;
  void process(Slot& slot, Session& session, MonoTime now);
  void refused(Slot& slot, Session& session, TopicId topic, const std::string& words, MonoTime now);
  void overdue(Slot& slot, const Session& session, TopicId topic, MonoTime now);

  // venue_dial.cpp: who dials when
  bool venue_live(MonoTime now) const;
  void schedule(Slot& slot, Redial redial, MonoTime now);
  void choose_pathfinder(Redial redial, MonoTime now);
  bool may_hurry(const Slot& slot, MonoTime now);
  void release_followers(MonoTime now);
  void release_other_routes(const Slot& silent, MonoTime now);
  void follow(Slot& slot, MonoTime now);
  void dial_due(Slot& slot, MonoTime now);
  SessionPtr open_session(Slot& slot, MonoTime now);
  void lose_current(Slot& slot, Lasted lasted, MonoTime now);
  void drop(Slot& slot, SessionPtr& session);
  void become_live(Slot& slot, MonoTime now);
  void check_session_health(Slot& slot, MonoTime now);
  void check_pathfinder(Slot& slot, MonoTime now);
  void check_probation(Slot& slot, MonoTime now);
  void update_venue(MonoTime now);

  // venue_rotation.cpp: connections that the venue is going to end
  void plan_rotation(Slot& slot);
  void check_rotation(Slot& slot, MonoTime now);

  // venue_status.cpp: what the venue says of itself
  bool halted() const { return !halts_.empty(); }
  void begin_halt(MonoTime now);
  void end_halt(MonoTime now);
  void pass_halt_on(ConnId from, MonoTime now);

  // venue_repair.cpp: ladders and replacement
  bool start_replacement(Slot& slot, std::string why, MonoTime now);
  void check_replacement(Slot& slot, MonoTime now);
  void promote(Slot& slot, MonoTime now);
  void give_up_replacement(Slot& slot, const std::string& why, MonoTime now);
  /// The repairs under way that make a new line, or those that do not.
  void fail_repairs(Slot& slot, bool of_line, const std::string& why, bool tried, MonoTime now);
  bool owes_data(const TopicState& topic) const;
  static bool served(const Slot& slot, TopicId topic);
  void accuse(TopicId topic, MonoTime now);
  void end_repair(TopicId topic, std::string why, MonoTime now);
  void check_deadline(TopicId topic, MonoTime now);
  void withdraw_repair(TopicId topic, MonoTime now);
  void run_ladder(TopicId topic, MonoTime now);
  Ladder::Choice choice_of(const Slot& slot, TopicId topic, MonoTime now) const;
  bool begin_repair(TopicId topic, RepairStep step, MonoTime now);
  // venue_move.cpp: a topic tried on another line, or a line at another address
  Slot* other_line_for(TopicId topic, MonoTime now) const;
  bool move_topic(TopicId topic, MonoTime now);
  void settle_move(TopicId topic, bool ok, MonoTime now);
  bool dial_elsewhere(Slot& slot, MonoTime now);
  static void return_to_endpoint(Slot& slot);
  const std::string& endpoint_of(const Slot& slot) const;

  static bool line_up(const Slot& slot);
  bool line_wide(const Slot& slot) const;
  void finish_repair(TopicId topic, bool ok, std::string detail, MonoTime now, bool tried = true);
  void note_exhausted(TopicId topic, MonoTime now);
  std::size_t blast_of(const Slot& slot, TopicId topic, RepairStep step) const;
  void tell_repair(TopicId topic, const RepairStatus& repair);

  // venue_view.cpp: reasons and statuses
  Reason reason_of(const TopicState& topic) const;
  void update_reason(TopicId topic, MonoTime now);
  void update_reasons(const Slot& slot, MonoTime now);
  LineState line_state(const Slot& slot) const;
  static bool proven_live(const Slot& slot, MonoTime now);
  bool is_behind(const Slot& slot, TopicId topic, MonoTime now) const;
  bool delivers_nothing(const Slot& slot, MonoTime now) const;
  bool is_up(const Slot& slot, MonoTime now) const;
  void publish(Slot& slot, MonoTime now, bool always = false);
  void publish_all(MonoTime now);
  void review_line(Slot& slot, bool up, MonoTime now);

  TopicState& at(TopicId topic) { return *topics_[topic.index()]; }
  const TopicState& at(TopicId topic) const { return *topics_[topic.index()]; }
  bool limited(MonoTime now) const { return limited_until_ && *limited_until_ > now; }

  FeedOptions options_;
  const venues::VenueSheet& sheet_;
  FeedPort& port_;
  Random random_;
  Budget dials_;
  std::uint32_t epochs_ = 0;
  std::uint64_t repairs_ = 0;
  bool running_ = false;

  std::vector<std::unique_ptr<TopicState>> topics_;  // by TopicId; null = free
  std::vector<std::unique_ptr<Slot>> slots_;         // never shrinks: a line keeps its name
  std::map<ConnId, std::size_t> sessions_;           // open connections → slot
  std::set<TopicId> climbing_;                       // topics whose ladder is not at rest
  std::set<TopicId> set_aside_;                      // quarantined, or excused by their instrument
  std::deque<std::pair<MonoTime, TopicId>> beats_due_;  // when each beat is missed; one entry each

  /// In the venue's words, and what it named as the cause: it trades when all of that is over.
  struct Halt {
    std::string detail;
    std::set<std::string> named;
  };
  std::map<ConnId, Halt> halts_;  // by who says that the venue does not trade

  std::optional<std::size_t> pathfinder_;
  bool followers_released_ = false;  // since the last live line was lost
  MonoTime last_dial_{};
  MonoTime hurry_again_at_{};  ///< a line that was young when it was lost is dialled at once again
  bool last_dial_seen_ = false;  // the venue saw it: it counts against the venue's limit
  std::optional<MonoTime> limited_until_;
  Duration next_ban_ = 2min;
  std::string limited_detail_;
  VenueStatus published_;
  bool published_once_ = false;
  bool lines_moved_ = false;  // one has come up or gone down since the venue was told
  MonoTime next_refresh_ = never_mono;
};

}  // namespace feedwatch::feed
