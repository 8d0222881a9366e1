#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::store {

/// Parameters of one statement in PostgreSQL's binary form.
///
/// Text is made storable: a NUL or an ill-formed byte becomes U+FFFD, as in every JSON answer.
/// PostgreSQL refuses both, and an alert is not lost over a byte of its message. Moments are kept
/// to the microsecond, as timestamptz holds them.
class PgValues {
 public:
  struct Bytes {
    std::string_view bytes;
  };
  using Texts = std::span<const std::string_view>;

  /// Replaces what was bound.
  template <class... Args>
  PgValues& bind(const Args&... args) {
    clear();
    (add(args), ...);
    return *this;
  }

  int size() const { return static_cast<int>(values_.size()); }
  // For libpq; valid until the next bind.
  const std::vector<const char*>& pointers();
  const std::vector<int>& lengths() const { return lengths_; }
  const std::vector<int>& formats() const { return formats_; }
  const std::vector<unsigned>& types() const { return types_; }

 private:
  void clear();
  void add(std::string_view text);
  void add(const std::string& text) { add(std::string_view{text}); }
  void add(const char* text) { add(std::string_view{text}); }
  void add(Bytes bytes);
  void add(Texts texts);
  void add(std::int64_t value);
  void add(double value);
  void add(bool value);
  void add(WallTime value);
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.value_or(T{}));
    if (!value) values_.back().is_null = true;
  }
  void put32(std::uint32_t value);
  void put64(std::uint64_t value);
  void put_text(std::string_view text);
  void finish(std::size_t begin, unsigned type);

  struct Value {
    std::size_t begin = 0;
    bool is_null = false;
  };
  std::string bytes_;
  std::vector<Value> values_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<unsigned> types_;
};

/// A timestamptz as PostgreSQL counts it (microseconds since 2000), and back.
std::int64_t pg_time(WallTime time);
WallTime wall_of_pg(std::int64_t microseconds);

}  // namespace feedwatch::store
