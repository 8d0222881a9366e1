#include "feedwatch/app/history_reader.hpp"

#include <utility>

#include "feedwatch/store/store.hpp"

namespace feedwatch::app {
namespace {

Result<api::AlertStory> read_story(store::Query& query, const std::string& id) {
  api::AlertStory story;
  auto alert = query.alert(id);
  if (!alert) return std::unexpected(alert.error());
  story.alert = std::move(*alert);
  auto transitions = query.alert_transitions(id);
  if (!transitions) return std::unexpected(transitions.error());
  story.transitions = std::move(*transitions);
  auto notifications = query.notifications(id);
  if (!notifications) return std::unexpected(notifications.error());
  story.notifications = std::move(*notifications);
  return story;
}

}  // namespace

HistoryReader::HistoryReader(std::string url, Mailbox& mailbox)
    : url_(std::move(url)), mailbox_(mailbox), thread_([this] { run(); }) {}

HistoryReader::~HistoryReader() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void HistoryReader::alerts(std::size_t limit, std::optional<api::HistoryPlace> after,
                           Done<std::vector<AlertRow>> done) {
  ask<std::vector<AlertRow>>(std::move(done),
                             [limit, after = std::move(after)](store::Query& query) {
                               std::optional<store::AlertPlace> place;
                               if (after) place = store::AlertPlace{after->started_at, after->id};
                               return query.alerts(limit, place);
                             });
}

void HistoryReader::story(std::string id, Done<api::AlertStory> done) {
  ask<api::AlertStory>(std::move(done),
                       [id = std::move(id)](store::Query& query) { return read_story(query, id); });
}

template <class T, class Read>
void HistoryReader::ask(Done<T> done, Read read) {
  auto shared = std::make_shared<Done<T>>(std::move(done));
  const auto answer = [this, shared](Result<T> result) {
    // A closed mailbox, or a full one: whoever asked has gone, or ends his wait himself.
    (void)mailbox_.post(
        [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
  };
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() < max_waiting) {
      waiting_.push_back([answer, read = std::move(read)](Result<store::Query*> query) {
        answer(query ? read(**query) : Result<T>(std::unexpected(query.error())));
      });
      wake_.notify_one();
      return;
    }
  }
  answer(std::unexpected(Error{"history", "too many questions wait", "ask again in a second"}));
}

void HistoryReader::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Question question = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    question(query());
    lock.lock();
  }
}

Result<store::Query*> HistoryReader::query() {
  if (query_ == nullptr) {
    auto opened = store::open_query(url_);
    if (!opened) return std::unexpected(opened.error());
    query_ = std::move(*opened);
  }
  return query_.get();
}

}  // namespace feedwatch::app
