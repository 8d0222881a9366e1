#pragma once

#include <vector>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::bench {

/// What rows and keys are dated with: beyond their retention the store would delete them while they
/// are counted.
WallTime today();
/// Batches of a storm: an alert, its transition and a notification each. Keys and ids begin with
/// `run`, so that no two runs share any.
std::vector<JournalBatch> alert_batches(int run, int count);
/// Batches of one level transition each.
std::vector<JournalBatch> transition_batches(int run, int count);

/// About what the store puts into one transaction, in rows.
inline constexpr std::size_t rows_of_transaction = 2000;
/// The batches as such transactions.
std::vector<std::vector<const JournalBatch*>> transactions(
    const std::vector<JournalBatch>& batches);

}  // namespace feedwatch::bench
