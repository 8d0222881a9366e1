#include "feedwatch/app/history_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
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

// Ids of events: at one moment repairs come first, then changes of levels by their seq.
constexpr char repair_mark = 'r';
constexpr char level_mark = 'l';
constexpr std::int64_t after_all = std::numeric_limits<std::int64_t>::max();

Result<void> read_levels(store::Query& query, const api::EventQuestion& question,
                         const std::optional<api::HistoryPlace>& after,
                         std::vector<api::HistoryEvent>& events) {
  std::optional<store::TransitionPlace> place;
  if (after) {
    place = store::TransitionPlace{after->at, after_all};
    if (after->id.starts_with(level_mark)) {
      const char* const begin = after->id.data() + 1;
      std::from_chars(begin, after->id.data() + after->id.size(), place->seq);
    }
  }
  auto rows = query.stream_transitions(question.stream, question.limit, place);
  if (!rows) return std::unexpected(rows.error());
  for (auto& each : *rows) {
    const WallTime at = each.row.at;
    events.push_back({at, fmt::format("{}{:019}", level_mark, each.seq), std::move(each.row)});
  }
  return {};
}

Result<void> read_repairs(store::Query& query, const api::EventQuestion& question,
                          const std::optional<api::HistoryPlace>& after,
                          std::vector<api::HistoryEvent>& events) {
  std::optional<store::StartPlace> place;
  if (after) {
    const bool inside = after->id.starts_with(repair_mark);
    place = store::StartPlace{after->at, inside ? after->id.substr(1) : std::string()};
  }
  auto rows = query.repairs(question.stream, question.limit, place);
  if (!rows) return std::unexpected(rows.error());
  for (auto& row : *rows) {
    const WallTime at = row.started_at;
    events.push_back({at, repair_mark + row.id, std::move(row)});
  }
  return {};
}

Result<std::vector<api::HistoryEvent>> read_events(store::Query& query,
                                                   const api::EventQuestion& question,
                                                   const std::optional<api::HistoryPlace>& after) {
  std::vector<api::HistoryEvent> events;
  Result<void> read;
  if (question.levels) read = read_levels(query, question, after, events);
  if (read && question.repairs) read = read_repairs(query, question, after, events);
  if (!read) return std::unexpected(read.error());
  std::ranges::sort(events, std::ranges::greater{}, [](const api::HistoryEvent& event) {
    return std::pair(event.at, std::string_view(event.id));
  });
  events.resize(std::min(events.size(), question.limit));
  return events;
}

}  // namespace

HistoryReader::HistoryReader(std::string url, std::filesystem::path password_file, Mailbox& mailbox)
    : url_(std::move(url)),
      password_file_(std::move(password_file)),
      mailbox_(mailbox),
      thread_([this] { run(); }) {}

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
                               std::optional<store::StartPlace> place;
                               if (after) place = store::StartPlace{after->at, after->id};
                               return query.alerts(limit, place);
                             });
}

void HistoryReader::events(api::EventQuestion question, std::optional<api::HistoryPlace> after,
                           Done<std::vector<api::HistoryEvent>> done) {
  ask<std::vector<api::HistoryEvent>>(
      std::move(done), [question = std::move(question), after = std::move(after)](
                           store::Query& query) { return read_events(query, question, after); });
}

void HistoryReader::decisions(std::int64_t after, std::size_t limit,
                              Done<std::vector<WrittenDecision>> done) {
  using Written = std::vector<WrittenDecision>;
  ask<Written>(std::move(done), [after, limit](store::Query& query) -> Result<Written> {
    auto rows = query.decisions(after, limit);
    if (!rows) return std::unexpected(rows.error());
    Written written;
    for (auto& each : *rows) written.push_back({each.seq, std::move(each.row)});
    return written;
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
    auto opened = store::open_query(url_, password_file_);
    if (!opened) return std::unexpected(opened.error());
    query_ = std::move(*opened);
  }
  return query_.get();
}

}  // namespace feedwatch::app
