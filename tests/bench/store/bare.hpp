#pragma once

#include <string>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::bench {

// What cannot be avoided: the store's statements in the store's transactions, one loop, values
// ready to be bound. Answers seconds, of the statements alone.

/// Into a file that the store has made; `sync`: synchronous FULL.
double bare_sqlite(const std::string& file, const std::vector<JournalBatch>& batches, bool sync);
double bare_postgres(const std::string& url, const std::vector<JournalBatch>& batches);

}  // namespace feedwatch::bench
