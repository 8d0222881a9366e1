#include "feedwatch/board/view.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace feedwatch::board {
namespace {

Header header_of(std::span<const std::byte> bytes) {
  Header header;
  std::memcpy(static_cast<void*>(&header), bytes.data(), sizeof header);
  return header;
}

bool consistent(const Header& header) {
  // A number of streams no id can name would overflow the sizes below.
  if (header.max_streams == 0 || header.max_streams > StreamId::index_mask) return false;
  const Extent extent = extent_for(header.max_streams);
  return header.header_size == sizeof(Header) && header.total_size == extent.total_size &&
         header.table_size == extent.table_size && header.table_offset == extent.table_offset &&
         header.names_offset == extent.names_offset && header.names_size == extent.names_size &&
         header.cells_offset == extent.cells_offset &&
         header.bridges_offset == extent.bridges_offset;
}

template <class T>
const T* at(std::span<const std::byte> bytes, std::size_t offset) {
  // The memory was laid out so by the writer, as these very types.
  return reinterpret_cast<const T*>(bytes.data() + offset);
}

}  // namespace

std::string_view to_text(Misfit misfit) {
  constexpr std::array<std::string_view, 7> words{"none",          "truncated",    "not_a_board",
                                                  "other_version", "other_layout", "inconsistent",
                                                  "initializing"};
  return words[static_cast<std::size_t>(misfit)];
}

Misfit check(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Header)) return Misfit::truncated;
  return check(header_of(bytes), bytes.size());
}

Misfit check(const Header& header, std::size_t size) {
  if (header.magic != magic) return Misfit::not_a_board;
  if (header.version != version) return Misfit::other_version;
  if (header.layout_hash != layout_hash()) return Misfit::other_layout;
  if (!consistent(header)) return Misfit::inconsistent;
  if (size < header.total_size) return Misfit::truncated;
  const auto state = static_cast<State>(header.state);
  if (state == State::initializing) return Misfit::initializing;
  return state == State::live || state == State::closed ? Misfit::none : Misfit::inconsistent;
}

View::View(std::span<const std::byte> bytes)
    : extent_(extent_for(at<Header>(bytes, 0)->max_streams)),
      header_(at<Header>(bytes, 0)),
      table_(at<std::uint32_t>(bytes, extent_.table_offset)),
      names_(bytes.data() + extent_.names_offset),
      cells_(at<Cell>(bytes, extent_.cells_offset)),
      bridges_(at<Cell>(bytes, extent_.bridges_offset)) {}

std::optional<StreamId> View::find(const StreamKey& key) const {
  const NameText text(key);
  return text.fits() ? find(text.view()) : std::nullopt;
}

std::optional<StreamId> View::find(std::string_view text) const {
  const std::uint32_t hash = hash_name(text);
  const std::size_t mask = extent_.table_size - 1;
  for (std::size_t looked = 0; looked <= mask; ++looked) {
    const std::uint32_t unit = load(table_[(hash + looked) & mask], std::memory_order_acquire);
    if (unit == 0) return std::nullopt;
    const Name* name = name_at(unit);
    if (name == nullptr || name->length != text.size()) continue;
    const char* begin = reinterpret_cast<const char*>(name + 1);
    if (text != std::string_view{begin, name->length}) continue;
    const StreamId id{load(name->stream, std::memory_order_acquire)};
    const bool valid = id.value != Name::no_stream && id.index() < cells();
    return valid ? std::optional{id} : std::nullopt;
  }
  return std::nullopt;
}

std::optional<StreamId> View::sibling(const Slot& slot, Kind kind) const {
  const std::string_view name = name_of(slot);
  const std::string_view stem = name.substr(0, name.rfind('/') + 1);
  const std::string_view word = to_text(kind);
  std::array<char, longest_name> buffer;  // NOLINT: only what was written is read
  if (stem.empty() || stem.size() + word.size() > buffer.size()) return std::nullopt;
  std::ranges::copy(word, std::ranges::copy(stem, buffer.data()).out);
  return find(std::string_view{buffer.data(), stem.size() + word.size()});
}

std::string_view View::name_of(std::uint32_t unit) const {
  const Name* name = unit == 0 ? nullptr : name_at(unit);
  if (name == nullptr) return {};
  return {reinterpret_cast<const char*>(name + 1), name->length};
}

const Name* View::name_at(std::uint32_t unit) const {
  const std::size_t offset = std::size_t{unit} * name_unit;
  if (offset + sizeof(Name) > extent_.names_size) return nullptr;
  const auto* name = reinterpret_cast<const Name*>(names_ + offset);
  return offset + sizeof(Name) + name->length > extent_.names_size ? nullptr : name;
}

bool View::read(const Cell* cells, StreamId stream, Slot& slot) const {
  if (stream.index() >= this->cells()) {
    slot = Slot{};
    return true;
  }
  const Cell& cell = cells[stream.index()];
  auto* to = reinterpret_cast<std::byte*>(&slot);
  for (int i = 0; i < tries; ++i) {
    // Without the pause all tries together are shorter than a write whose cache lines others hold.
    if (i > 0) pause();
    const std::uint64_t before = load(cell.sequence, std::memory_order_acquire);
    if (before % 2 != 0) continue;
    for (std::size_t w = 0; w < slot_words; ++w) {
      const std::uint64_t word = load(cell.words[w], std::memory_order_relaxed);
      std::memcpy(to + w * sizeof word, &word, sizeof word);
    }
    // The words must have been read before the sequence is compared.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (load(cell.sequence, std::memory_order_relaxed) == before) return true;
  }
  return false;
}

NameText::NameText(const StreamKey& key) {
  const std::string_view kind = to_text(key.kind);
  const std::size_t size = key.venue.size() + key.symbol.size() + kind.size() + 2;
  if (size > buffer_.size()) return;
  char* end = std::ranges::copy(key.venue, buffer_.data()).out;
  *end++ = '/';
  end = std::ranges::copy(key.symbol, end).out;
  *end++ = '/';
  std::ranges::copy(kind, end);
  size_ = size;
}

}  // namespace feedwatch::board
