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

  OpenSegment file;
  board::View view;
  board::Identity identity;
  std::uint32_t word;
  bool foreign = true;
};

/// All that is read of the board for one answer, before the clock is.
struct Reader::Look {
  std::optional<Slot> slot;
  std::optional<Slot> bridge;
  MonoTime heartbeat{};
  board::State state = board::State::closed;
  bool of_another_board = false;
  bool by_handle = false;
  StreamId stream;
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
  const Look seen = look(stream, question);
  return verdict(seen, question, boot_now());
}

std::expected<Answer, Refusal> Reader::price_at(Handle stream, const Question& question,
                                                MonoTime now) const {
  return verdict(look(stream, question), question, now);
}

Reader::Look Reader::look(Handle stream, const Question& question) const {
  Look seen;
  const board::View& view = segment_->view;
  seen.stream = id_of(stream);
  seen.by_handle = stream != Handle{};
  seen.of_another_board = stream != Handle{} && stream.value >> id_bits != segment_->word;
  if (seen.of_another_board) return seen;
  // No handle is a stream the monitor does not watch, if it lives.
  seen.slot = stream == Handle{} ? Slot{} : view.read(seen.stream);
  if (seen.slot && seen.slot->has_bridge && question.intent == Intent::reduce_risk) {
    seen.bridge = view.read_bridge(seen.stream);
    if (seen.bridge && seen.bridge->generation != seen.stream.generation()) seen.bridge.reset();
  }
  const std::size_t shard = seen.slot ? view.shard_of(*seen.slot) : 0;
  seen.heartbeat = mono_from_ns(view.heartbeat(shard));
  seen.state = view.state();
  return seen;
}

std::expected<Answer, Refusal> Reader::verdict(const Look& seen, const Question& question,
                                               MonoTime now) const {
  // Whether the clock is ours comes first: without it no age means anything.
  if (segment_->foreign) return refused(RefusalCode::foreign_clock);
  if (seen.of_another_board) return refused(RefusalCode::old_epoch);
  if (seen.state == board::State::closed) return refused(RefusalCode::writer_gone);
  if (is_dead(seen.heartbeat, now)) return refused(RefusalCode::writer_dead);
  if (!seen.slot) return refused(RefusalCode::writer_stuck);
  // A handle was given for a stream there was; whatever is there now is not it.
  const bool same = seen.slot->occupied && seen.slot->generation == seen.stream.generation();
  if (seen.by_handle && !same) {
    return refused(RefusalCode::old_epoch);
  }
  auto live = judge(*seen.slot, question.read, now);
  if (live) return Answer{*live, Source::live, reason_at(*seen.slot, live->level)};
  if (!seen.bridge || question.bridge_max_age <= Duration::zero()) {
    return std::unexpected(live.error());
  }
  ReadOptions bridge = question.read;
  bridge.max_age = question.bridge_max_age;
  if (auto rest = judge(*seen.bridge, bridge, now)) {
    return Answer{*rest, Source::rest_bridge, live.error().reason};
  }
  return std::unexpected(live.error());
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
