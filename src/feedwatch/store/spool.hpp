#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::store {

/// Where batches wait, durable and in order, while the database is down: one append-only file of
/// checksummed records. Appending syncs before it returns. Reading moves a position in memory only;
/// the file shrinks when everything has been read and clear() is called, so a crash in between
/// replays from the start and the batches' idempotency keys make that harmless.
///
/// A record cut short at the end (the process died while writing; nobody was told it is durable) is
/// dropped. Damage before that is kept aside as "<file>.damaged" and counted.
/// One thread. Owns the file.
class Spool {
 public:
  /// Opens or creates the file in an existing directory.
  static Result<Spool> open(const std::filesystem::path& file, std::size_t max_bytes);
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;
  ~Spool();

  /// All or nothing. Each batch must have an idempotency key. The error says why not.
  Result<void> append(std::span<const JournalBatch* const> batches);
  /// The next batches, at least one and at most about `max_rows` rows; empty at the end. Does not
  /// move the position.
  std::vector<JournalBatch> peek(std::size_t max_rows);
  /// The first `count` batches of the last peek() have taken effect.
  void advance(std::size_t count);
  /// Empties the file. Precondition: everything is read.
  Result<void> clear();

  std::size_t waiting() const { return waiting_; }  ///< batches not yet advanced over
  std::size_t bytes() const { return size_; }
  std::uint64_t damaged() const { return damaged_; }

 private:
  Spool(int fd, std::filesystem::path file, std::size_t max_bytes);
  Result<void> recover();
  std::optional<std::string> read_record(std::size_t& offset) const;
  Error failure(const std::string& what) const;

  int fd_;
  std::filesystem::path file_;
  std::size_t max_bytes_;
  std::size_t size_ = 0;      ///< end of the last whole record
  std::size_t position_ = 0;  ///< next record to replay
  std::size_t waiting_ = 0;
  std::uint64_t damaged_ = 0;
  std::vector<std::size_t> peeked_;  ///< end offset of each batch of the last peek
};

}  // namespace feedwatch::store
