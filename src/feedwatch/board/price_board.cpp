#include "feedwatch/board/price_board.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "feedwatch/board/words.hpp"

namespace feedwatch {
namespace {

using board::Cell;
using board::Extent;
using board::Header;
using board::Name;
using board::State;

/// Memory is committed in blocks: few enough calls, and little more than what is used.
constexpr std::size_t block = 64UZ * 1024;
constexpr std::size_t block_cells = block / sizeof(Cell);

std::size_t usable(std::size_t capacity) {
  return std::clamp<std::size_t>(capacity, 1, StreamId::index_mask);
}

std::byte* format(board::Memory& memory, std::size_t capacity, const board::Identity& identity) {
  const Extent extent = board::extent_for(usable(capacity));
  auto* header = ::new (static_cast<void*>(memory.bytes().data())) Header{};
  header->magic = board::magic;
  header->version = board::version;
  header->header_size = sizeof(Header);
  header->layout_hash = board::layout_hash();
  header->total_size = extent.total_size;
  header->max_streams = extent.max_streams;
  header->table_size = extent.table_size;
  header->table_offset = extent.table_offset;
  header->names_offset = extent.names_offset;
  header->names_size = extent.names_size;
  header->cells_offset = extent.cells_offset;
  header->bridges_offset = extent.bridges_offset;
  header->identity = identity;
  board::store(header->state, static_cast<std::uint64_t>(State::live), std::memory_order_release);
  return memory.bytes().data();
}

std::unexpected<Error> refuse(const StreamKey& key, std::string why, std::string fix = {}) {
  return std::unexpected(
      Error{.what = "stream " + key.text(), .why = std::move(why), .fix = std::move(fix)});
}

std::size_t padded(std::size_t length) {
  const std::size_t unit = board::name_unit;
  return (sizeof(Name) + length + unit - 1) / unit * unit;
}

}  // namespace

PriceBoard::PriceBoard(std::size_t capacity)
    : PriceBoard(board::heap_memory(bytes_for(capacity)), capacity, {}) {}

PriceBoard::PriceBoard(std::unique_ptr<board::Memory> memory, std::size_t capacity,
                       const board::Identity& identity)
    : memory_(std::move(memory)),
      base_(format(*memory_, capacity, identity)),
      view_(memory_->bytes()),
      extent_(board::extent_for(usable(capacity))),
      header_(reinterpret_cast<Header*>(base_)),
      cells_(reinterpret_cast<Cell*>(base_ + extent_.cells_offset)),
      bridges_(reinterpret_cast<Cell*>(base_ + extent_.bridges_offset)),
      names_part_{extent_.names_offset, extent_.names_size, 0},
      cells_part_{extent_.cells_offset, extent_.bridges_offset - extent_.cells_offset, 0} {}

PriceBoard::~PriceBoard() {
  board::store(header_->state, static_cast<std::uint64_t>(State::closed),
               std::memory_order_release);
}

std::size_t PriceBoard::bytes_for(std::size_t capacity) {
  return board::extent_for(usable(capacity)).total_size;
}

std::size_t PriceBoard::head_for(std::size_t capacity) {
  return board::extent_for(usable(capacity)).names_offset;
}

// ---- streams ------------------------------------------------------------------------------------

Result<StreamId> PriceBoard::claim(const StreamKey& key) {
  if (key.venue.find('/') != std::string::npos) {
    return refuse(key, "the venue's name holds a slash", "name it without one");
  }
  if (find(key)) return refuse(key, "is watched already");
  // Room first: a name that was put down stays.
  if (const auto room = make_room(); !room) return refuse(key, room.error().why, room.error().fix);
  const Result<Name*> name = name_for(key);
  if (!name) return std::unexpected(name.error());
  if ((*name)->stream != Name::no_stream) return refuse(key, "is watched already");
  const StreamId stream = take_place();
  Slot slot;
  slot.generation = static_cast<std::uint16_t>(stream.generation());
  const auto* at = reinterpret_cast<const std::byte*>(*name);
  slot.name = static_cast<std::uint32_t>(static_cast<std::size_t>(at - names()) / board::name_unit);
  write(stream, slot);
  return stream;
}

void PriceBoard::publish(StreamId stream) {
  board::store(name_at(own(stream).name).stream, stream.value, std::memory_order_release);
}

void PriceBoard::release(StreamId stream) {
  Slot gone = own(stream);
  board::store(name_at(gone.name).stream, Name::no_stream, std::memory_order_release);
  gone.occupied = false;
  write(stream, gone);
  // To the far end: an index rests as long as possible before it names another stream.
  free_.push_back(static_cast<std::uint32_t>(stream.index()));
}

/// That there is a place for one stream more, and memory behind it.
Result<void> PriceBoard::make_room() {
  if (next_ < extent_.max_streams) return commit(cells_part_, (next_ + 1) * sizeof(Cell));
  if (!free_.empty()) return {};
  return std::unexpected(
      Error{"", "the board of " + std::to_string(extent_.max_streams) + " streams is full",
            "raise the capacity or watch fewer streams"});
}

/// Precondition: make_room().
StreamId PriceBoard::take_place() {
  if (next_ < extent_.max_streams) {
    const StreamId fresh{next_++, 0};
    board::store(header_->cells, std::uint64_t{next_}, std::memory_order_release);
    return fresh;
  }
  const std::uint32_t index = free_.front();
  free_.pop_front();
  return StreamId{index, own(StreamId{index}).generation + 1U};
}

Result<Name*> PriceBoard::name_for(const StreamKey& key) {
  const board::NameText text(key);
  if (!text.fits()) {
    return refuse(key, "its name is longer than " + std::to_string(board::longest_name) + " bytes");
  }
  auto* table = reinterpret_cast<std::uint32_t*>(base_ + extent_.table_offset);
  const std::uint32_t hash = board::hash_name(text.view());
  const std::size_t mask = extent_.table_size - 1;
  for (std::size_t looked = 0; looked <= mask; ++looked) {
    std::uint32_t& entry = table[(hash + looked) & mask];
    if (entry == 0) return append_name(text.view(), entry);
    Name& name = name_at(entry);
    const std::string_view known{reinterpret_cast<const char*>(&name + 1), name.length};
    if (known == text.view()) return &name;
  }
  return refuse(key, "the board has no place for more names", "restart to forget old ones");
}

Result<Name*> PriceBoard::append_name(std::string_view text, std::uint32_t& table_entry) {
  const std::size_t end = names_used_ + padded(text.size());
  // Lookups in a table that is nearly full are long.
  const bool full = end > extent_.names_size || header_->names >= extent_.table_size / 4 * 3;
  if (full) {
    return std::unexpected(Error{"stream " + std::string(text),
                                 "the board has no place for more names",
                                 "restart to forget those of streams that are gone"});
  }
  if (auto done = commit(names_part_, end); !done) {
    return std::unexpected(
        Error{"stream " + std::string(text), done.error().why, done.error().fix});
  }
  std::byte* at = names() + names_used_;
  auto* name = ::new (static_cast<void*>(at)) Name{};
  name->length = static_cast<std::uint16_t>(text.size());
  std::memcpy(name + 1, text.data(), text.size());
  board::store(table_entry, static_cast<std::uint32_t>(names_used_ / board::name_unit),
               std::memory_order_release);
  names_used_ = end;
  board::store(header_->names, header_->names + 1, std::memory_order_relaxed);
  return name;
}

Result<void> PriceBoard::commit(Part& part, std::size_t length) {
  if (length <= part.committed) return {};
  const std::size_t upto = std::min((length + block - 1) / block * block, part.size);
  if (auto done = memory_->commit(part.offset + part.committed, upto - part.committed); !done) {
    return done;
  }
  part.committed = upto;
  return {};
}

std::byte* PriceBoard::names() {
  return base_ + extent_.names_offset;
}

Name& PriceBoard::name_at(std::uint32_t unit) {
  return *reinterpret_cast<Name*>(names() + std::size_t{unit} * board::name_unit);
}

// ---- slots --------------------------------------------------------------------------------------

void PriceBoard::own(StreamId stream, Slot& slot) const {
  // In two pieces: compilers copy up to 128 bytes in place and call a function for more.
  constexpr std::size_t first = 128;
  const auto* from = reinterpret_cast<const std::byte*>(cells_[stream.index()].words.data());
  auto* to = reinterpret_cast<std::byte*>(&slot);
  std::memcpy(to, from, first);
  std::memcpy(to + first, from + first, sizeof slot - first);
}

void PriceBoard::write(StreamId stream, const Slot& slot) {
  store(cell(stream), slot);
}

StreamId PriceBoard::at(std::size_t index) const {
  return {index, own(StreamId{index, 0}).generation};
}

Result<void> PriceBoard::write_bridge(StreamId stream, const Slot& slot) {
  const std::size_t number = stream.index() / block_cells;
  if (bridge_committed_.size() <= number) bridge_committed_.resize(number + 1);
  if (!bridge_committed_[number]) {
    const std::size_t offset = extent_.bridges_offset + number * block;
    const std::size_t length = std::min(block, extent_.total_size - offset);
    if (auto done = memory_->commit(offset, length); !done) return done;
    bridge_committed_[number] = true;
  }
  store(bridges_[stream.index()], slot);
  return {};
}

void PriceBoard::beat(std::size_t shard, MonoTime now) {
  board::store(header_->heartbeats[shard].at, static_cast<std::uint64_t>(to_ns(now)),
               std::memory_order_release);
}

void PriceBoard::store(Cell& cell, const Slot& slot) {
  const auto* from = reinterpret_cast<const std::byte*>(&slot);
  const std::uint64_t sequence = cell.sequence;
  board::store(cell.sequence, sequence + 1, std::memory_order_relaxed);
  // A reader that sees any new word must also see the odd sequence.
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < board::slot_words; ++i) {
    // Word by word from where they are: most were written a moment ago, and a wider load would wait
    // until they have left for the cache.
    std::uint64_t word = 0;
    std::memcpy(&word, from + i * sizeof word, sizeof word);
    board::store(cell.words[i], word, std::memory_order_relaxed);
  }
  board::store(cell.sequence, sequence + 2, std::memory_order_release);
}

}  // namespace feedwatch
