#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::store {

/// A batch as bytes of the spool (little endian, our own reader only).
std::string encode_batch(const JournalBatch& batch);
std::size_t encoded_size(const JournalBatch& batch);
/// nullopt when the bytes are no batch of this or an earlier version; any bytes are safe.
std::optional<JournalBatch> decode_batch(std::string_view bytes);

}  // namespace feedwatch::store
