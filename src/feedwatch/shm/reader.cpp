#include "feedwatch/shm/reader.hpp"

#include <array>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/board/view.hpp"
#include "feedwatch/shm/identity.hpp"
#include "feedwatch/shm/open_segment.hpp"

namespace feedwatch::shm {
namespace {

/// A handle holds the stream's id and, above it, a word of the writer's epoch.
constexpr std::uint32_t id_bits = 32;

std::uint32_t word_of(std::uint64_t epoch) {
  constexpr std::uint64_t mix = 0x9e37'79b9'7f4a'7c15;
  // Never zero, so that no handle is.
  return static_cast<std::uint32_t>((epoch * mix) >> 32U) | 1U;
}

StreamId id_of(Handle stream) {
  return StreamId{static_cast<std::uint32_t>(stream.value)};
}

bool is_dead(MonoTime heartbeat, MonoTime now) {
  return heartbeat == MonoTime{} || minus(now, heartbeat) > board::heartbeat_limit;
}

/// What is told when it does not is why the live price is refused.
bool bridges(Answer& answer, const Slot& bridge, const Question& question, MonoTime now) {
  if (question.bridge_max_age <= Duration::zero()) return false;
  ReadOptions options = question.read;
  options.max_age = question.bridge_max_age;
  answer.source = Source::rest_bridge;
  Refusal untold;
  return judge_into(answer.price, untold, bridge, options, now);
}

std::unexpected<Refusal> refused(RefusalCode code) {
  return std::unexpected(Refusal{code, Reason::ok, Level::unknown, std::nullopt});
}

}  // namespace

/// One board as it is mapped. What never changes while it is, is copied out of it.
struct Reader::Segment {
  explicit Segment(OpenSegment opened)
      : file(std::move(opened)),
        view(file.mapping.bytes()),
        identity(view.header().identity),
        word(word_of(identity.writer_epoch)) {
    const auto ours = this_process({});
    foreign = !ours || !same_clock(identity, *ours);
  }

  /// Why nothing of the board would answer. Whether the clock is ours comes first: without it no
  /// age means anything.
  std::optional<RefusalCode> refuses(Handle stream) const {
    if (foreign) return RefusalCode::foreign_clock;
    const bool ours = stream == Handle{} || stream.value >> id_bits == word;
    return ours ? std::nullopt : std::optional(RefusalCode::old_epoch);
  }
  /// No handle is a stream the monitor does not watch, if it lives.
  bool read(Handle stream, Slot& slot) const {
    if (stream != Handle{}) [[likely]]
      return view.read(id_of(stream), slot);
    slot = Slot{};
    return true;
  }
  std::optional<Slot> bridge(StreamId stream) const {
    std::optional<Slot> slot = view.read_bridge(stream);
    if (slot && slot->generation != stream.generation()) slot.reset();
    return slot;
  }

  OpenSegment file;
  board::View view;
  board::Identity identity;
  std::uint32_t word;
  bool foreign = true;
};

/// All that is read of the board for one answer, before the clock is.
struct Reader::Look {
  SlotRoom room;
  bool read = false;  ///< else the room is empty
  std::optional<Slot> bridge;
  MonoTime heartbeat{};
  board::State state = board::State::closed;

  /// A handle was given for a stream there was; whatever is there now is not it.
  std::optional<RefusalCode> refuses(Handle stream, MonoTime now) const {
    if (state == board::State::closed) return RefusalCode::writer_gone;
    if (is_dead(heartbeat, now)) return RefusalCode::writer_dead;
    if (!read) return RefusalCode::writer_stuck;
    const Slot& slot = room.slot;
    const bool same = slot.occupied && slot.generation == id_of(stream).generation();
    return same || stream == Handle{} ? std::nullopt : std::optional(RefusalCode::old_epoch);
  }
};

std::expected<std::unique_ptr<Reader>, OpenFailure> Reader::open(std::string_view path,
                                                                 OpenOptions options) {
  std::string full = path_of(path);
  auto opened = open_segment(full, options);
  if (!opened) return std::unexpected(opened.error());
  auto segment = std::make_unique<Segment>(std::move(*opened));
  return std::unique_ptr<Reader>(new Reader(std::move(full), options, std::move(segment)));
}

Reader::Reader(std::string path, OpenOptions options, std::unique_ptr<Segment> segment)
    : path_(std::move(path)), options_(options), segment_(std::move(segment)) {}
Reader::~Reader() = default;

std::optional<Handle> Reader::find(std::string_view stream) const {
  const auto id = segment_->view.find(stream);
  if (!id) return std::nullopt;
  return Handle{std::uint64_t{segment_->word} << id_bits | id->value};
}

std::expected<Answer, Refusal> Reader::price(Handle stream, const Question& question) const {
  return answer(stream, question, [] { return boot_now(); });
}

std::expected<Answer, Refusal> Reader::price_at(Handle stream, const Question& question,
                                                MonoTime now) const {
  return answer(stream, question, [now] { return now; });
}

/// `now` is asked after all that is read of the board. One variable is returned everywhere, so that
/// compilers make it where the caller wants it: to copy it would cost a third of the whole.
template <class Now>
std::expected<Answer, Refusal> Reader::answer(Handle stream, const Question& question,
                                              Now&& now) const {
  std::expected<Answer, Refusal> said;
  const Segment& board = *segment_;
  if (const auto refusal = board.refuses(stream)) [[unlikely]] {
    said = refused(*refusal);
    return said;
  }
  Look seen;
  const Slot& slot = seen.room.slot;
  seen.read = board.read(stream, seen.room.slot);
  const bool reduces = question.intent == Intent::reduce_risk;
  if (reduces && seen.read && slot.has_bridge) seen.bridge = board.bridge(id_of(stream));
  seen.heartbeat = mono_from_ns(board.view.heartbeat(seen.read ? slot.shard : 0U));
  seen.state = board.view.state();
  const MonoTime at = now();
  if (const auto refusal = seen.refuses(stream, at)) [[unlikely]] {
    said = refused(*refusal);
    return said;
  }
  Refusal refusal;
  if (judge_into(said->price, refusal, slot, question.read, at)) {
    said->reason = reason_at(slot, said->price.level);
  } else if (seen.bridge && bridges(*said, *seen.bridge, question, at)) {
    said->reason = refusal.reason;
  } else {
    said = std::unexpected(refusal);
  }
  return said;
}

std::expected<Reader::Refreshed, OpenFailure> Reader::refresh() {
  if (segment_->file.stands_at(path_)) return Refreshed::same;
  auto opened = open_segment(path_, options_);
  if (!opened) return std::unexpected(opened.error());
  segment_ = std::make_unique<Segment>(std::move(*opened));
  return Refreshed::reopened;
}

bool Reader::closed() const {
  return segment_->view.state() == board::State::closed;
}
std::uint64_t Reader::writer_epoch() const {
  return segment_->identity.writer_epoch;
}
std::uint64_t Reader::writer_pid() const {
  return segment_->identity.writer_pid;
}

}  // namespace feedwatch::shm
