#include "feedwatch/store/postgres/pg_values.hpp"

#include <bit>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch::store {
namespace {

// Types by PostgreSQL's own numbers (catalog/pg_type.dat); they never change.
constexpr unsigned type_bool = 16, type_bytea = 17, type_int8 = 20, type_text = 25,
                   type_float8 = 701, type_text_array = 1009, type_timestamptz = 1184;

constexpr std::int64_t epoch_2000 = 946'684'800'000'000;  ///< in microseconds of Unix time
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

std::int64_t pg_time(WallTime time) {
  const std::int64_t ns = to_ns(time);
  const std::int64_t down = ns % 1000 < 0 ? 1 : 0;
  return ns / 1000 - down - epoch_2000;
}

WallTime wall_of_pg(std::int64_t microseconds) {
  return wall_from_ns((microseconds + epoch_2000) * 1000);
}

void PgValues::clear() {
  bytes_.clear();
  values_.clear();
  lengths_.clear();
  formats_.clear();
  types_.clear();
}

const std::vector<const char*>& PgValues::pointers() {
  pointers_.clear();
  for (const Value& value : values_) {
    pointers_.push_back(value.is_null ? nullptr : bytes_.data() + value.begin);
  }
  return pointers_;
}

void PgValues::finish(std::size_t begin, unsigned type) {
  values_.push_back({begin, false});
  lengths_.push_back(static_cast<int>(bytes_.size() - begin));
  formats_.push_back(1);
  types_.push_back(type);
}

void PgValues::put32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes_ += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xffU);
  }
}

void PgValues::put64(std::uint64_t value) {
  put32(static_cast<std::uint32_t>(value >> 32U));
  put32(static_cast<std::uint32_t>(value));
}

void PgValues::put_text(std::string_view text) {
  if (is_text(text)) {
    bytes_ += text;
    return;
  }
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool storable = step.valid && text.front() != '\0';
    bytes_ += storable ? text.substr(0, step.length) : replacement;
    text.remove_prefix(step.length);
  }
}

void PgValues::add(std::string_view text) {
  const std::size_t begin = bytes_.size();
  put_text(text);
  finish(begin, type_text);
}

void PgValues::add(Bytes bytes) {
  const std::size_t begin = bytes_.size();
  bytes_ += bytes.bytes;
  finish(begin, type_bytea);
}

void PgValues::add(Texts texts) {
  const std::size_t begin = bytes_.size();
  put32(1);  // dimensions
  put32(0);  // no NULLs
  put32(type_text);
  put32(static_cast<std::uint32_t>(texts.size()));
  put32(1);  // lowest index
  for (const std::string_view text : texts) {
    const std::size_t length_at = bytes_.size();
    put32(0);
    put_text(text);
    const auto length = static_cast<std::uint32_t>(bytes_.size() - length_at - 4);
    for (unsigned i = 0; i < 4; ++i) {
      bytes_[length_at + i] = static_cast<char>(length >> (24 - 8 * i) & 0xffU);
    }
  }
  finish(begin, type_text_array);
}

void PgValues::add(std::int64_t value) {
  const std::size_t begin = bytes_.size();
  put64(static_cast<std::uint64_t>(value));
  finish(begin, type_int8);
}

void PgValues::add(double value) {
  const std::size_t begin = bytes_.size();
  put64(std::bit_cast<std::uint64_t>(value));
  finish(begin, type_float8);
}

void PgValues::add(bool value) {
  const std::size_t begin = bytes_.size();
  bytes_ += value ? '\1' : '\0';
  finish(begin, type_bool);
}

void PgValues::add(WallTime value) {
  const std::size_t begin = bytes_.size();
  put64(static_cast<std::uint64_t>(pg_time(value)));
  finish(begin, type_timestamptz);
}

}  // namespace feedwatch::store
