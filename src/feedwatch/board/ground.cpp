#include "feedwatch/board/ground.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "feedwatch/board/view.hpp"
#include "feedwatch/board/words.hpp"

namespace feedwatch::board {
namespace {

/// Memory is committed in blocks: few enough calls, and little more than what is used.
constexpr std::size_t block = 64UZ * 1024;
constexpr std::size_t block_cells = block / sizeof(Cell);

std::size_t usable(std::size_t capacity) {
  return std::clamp<std::size_t>(capacity, 1, StreamId::index_mask);
}

std::byte* format(Memory& memory, std::size_t capacity, const Identity& identity) {
  const Extent extent = extent_for(usable(capacity));
  auto* header = ::new (static_cast<void*>(memory.bytes().data())) Header{};
  header->magic = magic;
  header->version = version;
  header->header_size = sizeof(Header);
  header->layout_hash = layout_hash();
  header->total_size = extent.total_size;
  header->max_streams = extent.max_streams;
  header->table_size = extent.table_size;
  header->table_offset = extent.table_offset;
  header->names_offset = extent.names_offset;
  header->names_size = extent.names_size;
  header->cells_offset = extent.cells_offset;
  header->bridges_offset = extent.bridges_offset;
  header->identity = identity;
  store(header->state, static_cast<std::uint64_t>(State::live), std::memory_order_release);
  return memory.bytes().data();
}

std::unexpected<Error> refuse(const StreamKey& key, std::string why, std::string fix = {}) {
  return std::unexpected(
      Error{.what = "stream " + key.text(), .why = std::move(why), .fix = std::move(fix)});
}

std::size_t padded(std::size_t length) {
  const std::size_t unit = name_unit;
  return (sizeof(Name) + length + unit - 1) / unit * unit;
}

}  // namespace

/// Held for the time of a claim: no thread waits long, and none that stores prices waits at all.
class Ground::Lock {
 public:
  explicit Lock(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true);
  }
  ~Lock() {
    flag_.clear(std::memory_order_release);
    flag_.notify_one();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::atomic_flag& flag_;
};

Ground::Ground(std::unique_ptr<Memory> memory, std::size_t capacity, const Identity& identity)
    : memory_(std::move(memory)),
      base_(format(*memory_, capacity, identity)),
      extent_(extent_for(usable(capacity))),
      header_(reinterpret_cast<Header*>(base_)),
      names_part_{extent_.names_offset, extent_.names_size, 0},
      cells_part_{extent_.cells_offset, extent_.bridges_offset - extent_.cells_offset, 0} {}

Ground::~Ground() {
  store(header_->state, static_cast<std::uint64_t>(State::closed), std::memory_order_release);
}

std::size_t Ground::bytes_for(std::size_t capacity) {
  return extent_for(usable(capacity)).total_size;
}

std::size_t Ground::head_for(std::size_t capacity) {
  return extent_for(usable(capacity)).names_offset;
}

Result<Ground::Claim> Ground::claim(const StreamKey& key, std::size_t own_free) {
  if (key.venue.find('/') != std::string::npos) {
    return refuse(key, "the venue's name holds a slash", "name it without one");
  }
  const Lock lock(locked_);
  const bool fresh = next_ < extent_.max_streams && own_free <= own_resting;
  if (!fresh && own_free == 0) {
    return refuse(key, "the board of " + std::to_string(extent_.max_streams) + " streams is full",
                  "raise the capacity or watch fewer streams");
  }
  // Room first: a name that was put down stays.
  if (fresh) {
    const auto room = commit(cells_part_, (next_ + 1) * sizeof(Cell));
    if (!room) return refuse(key, room.error().why, room.error().fix);
  }
  const Result<Name*> name = name_for(key);
  if (!name) return std::unexpected(name.error());
  if ((*name)->stream != Name::no_stream) return refuse(key, "is watched already");
  const auto* at = reinterpret_cast<const std::byte*>(*name);
  Claim claim{.name = *name, .fresh = fresh};
  claim.unit = static_cast<std::uint32_t>(static_cast<std::size_t>(at - names()) / name_unit);
  if (fresh) {
    claim.index = static_cast<std::uint32_t>(next_++);
    store(header_->cells, std::uint64_t{next_}, std::memory_order_release);
  }
  return claim;
}

Result<Name*> Ground::name_for(const StreamKey& key) {
  const NameText text(key);
  if (!text.fits()) {
    return refuse(key, "its name is longer than " + std::to_string(longest_name) + " bytes");
  }
  auto* table = reinterpret_cast<std::uint32_t*>(base_ + extent_.table_offset);
  const std::uint32_t hash = hash_name(text.view());
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

Result<Name*> Ground::append_name(std::string_view text, std::uint32_t& table_entry) {
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
  store(table_entry, static_cast<std::uint32_t>(names_used_ / name_unit),
        std::memory_order_release);
  names_used_ = end;
  store(header_->names, header_->names + 1, std::memory_order_relaxed);
  return name;
}

Result<void> Ground::commit(Part& part, std::size_t length) {
  if (length <= part.committed) return {};
  const std::size_t upto = std::min((length + block - 1) / block * block, part.size);
  if (auto done = memory_->commit(part.offset + part.committed, upto - part.committed); !done) {
    return done;
  }
  part.committed = upto;
  return {};
}

Name& Ground::name_at(std::uint32_t unit) {
  return *reinterpret_cast<Name*>(names() + std::size_t{unit} * name_unit);
}

Result<void> Ground::commit_bridge(std::size_t index) {
  const Lock lock(locked_);
  const std::size_t number = index / block_cells;
  if (bridge_committed_.size() <= number) bridge_committed_.resize(number + 1);
  if (bridge_committed_[number]) return {};
  const std::size_t offset = extent_.bridges_offset + number * block;
  const std::size_t length = std::min(block, extent_.total_size - offset);
  if (auto done = memory_->commit(offset, length); !done) return done;
  bridge_committed_[number] = true;
  return {};
}

}  // namespace feedwatch::board
