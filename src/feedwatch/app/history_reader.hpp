#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "feedwatch/api/history.hpp"
#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::app {

/// Reads the store on a thread of its own, one question at a time, on a connection of its own that
/// is opened with the first. Answers come through the mailbox. At most `max_waiting` questions
/// wait; what comes beyond is answered with an error. Destruction waits for the one being answered.
class HistoryReader final : public api::History {
 public:
  static constexpr std::size_t max_waiting = 64;

  /// `password_file` of the database, if it needs one.
  HistoryReader(std::string url, std::filesystem::path password_file, Mailbox& mailbox);
  ~HistoryReader() override;
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  void alerts(std::size_t limit, std::optional<api::HistoryPlace> after,
              Done<std::vector<AlertRow>> done) override;
  void decisions(std::int64_t after, std::size_t limit,
                 Done<std::vector<WrittenDecision>> done) override;
  void events(api::EventQuestion question, std::optional<api::HistoryPlace> after,
              Done<std::vector<api::HistoryEvent>> done) override;
  void story(std::string id, Done<api::AlertStory> done) override;

 private:
  using Question = std::move_only_function<void(Result<store::Query*>)>;

  template <class T, class Read>
  void ask(Done<T> done, Read read);
  void run();
  Result<store::Query*> query();

  std::string url_;
  std::filesystem::path password_file_;
  Mailbox& mailbox_;
  std::unique_ptr<store::Query> query_;  ///< the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Question> waiting_;
  bool stopping_ = false;
  std::thread thread_;  ///< last
};

}  // namespace feedwatch::app
