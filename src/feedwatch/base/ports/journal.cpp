#include "feedwatch/base/ports/journal.hpp"

#include <memory>

namespace feedwatch {
namespace {

/// A group on its way through a journal that takes one batch at a time.
struct Chain : std::enable_shared_from_this<Chain> {
  Chain(Journal& to, std::vector<JournalBatch> batches, Journal::Each answer)
      : journal(to), group(std::move(batches)), each(std::move(answer)) {}

  void go_on() {
    if (next == group.size()) return;
    journal.commit(std::move(group[next]),
                   [self = shared_from_this()](const std::expected<void, Error>& result) {
                     self->answered(result);
                   });
  }

  void answered(const std::expected<void, Error>& result) {
    ++next;
    each(result);
    if (result) return go_on();
    for (; next < group.size(); ++next) each(result);
  }

  Journal& journal;
  std::vector<JournalBatch> group;
  Journal::Each each;
  std::size_t next = 0;
};

}  // namespace

void Journal::commit_group(std::vector<JournalBatch> group, Each each) {
  std::make_shared<Chain>(*this, std::move(group), std::move(each))->go_on();
}

}  // namespace feedwatch
