#include "feedwatch/sinks/worker.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_jobs = 4;
constexpr std::chrono::milliseconds full_mailbox_pause{50};

}  // namespace

struct Worker::Impl {
  struct Task {
    Job job;
    Sink::Done done;
  };
  struct Answer {
    Sink::Done done;
    SinkResult result;
  };
  /// Outlives the worker in the mailbox's tasks.
  struct Answers {
    std::mutex mutex;
    std::vector<Answer> ready;
  };

  explicit Impl(Mailbox& box) : mailbox(box) {}

  void loop(const std::stop_token& stop) {
    while (std::optional<Task> task = next(stop)) {
      SinkResult result = task->job(stop);
      if (stop.stop_requested()) return;
      answer({std::move(task->done), std::move(result)}, stop);
    }
  }

  std::optional<Task> next(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    wake.wait(lock, stop, [&] { return !tasks.empty(); });
    if (stop.stop_requested()) return std::nullopt;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    return task;
  }

  void answer(Answer answer, const std::stop_token& stop) {
    {
      const std::lock_guard lock(answers->mutex);
      answers->ready.push_back(std::move(answer));
    }
    while (!post_answers() && !stop.stop_requested()) {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, full_mailbox_pause, [] { return false; });
    }
  }

  bool post_answers() {
    return mailbox.post([shared = answers] {
      std::vector<Answer> ready;
      {
        const std::lock_guard lock(shared->mutex);
        ready.swap(shared->ready);
      }
      for (Answer& each : ready) each.done(std::move(each.result));
    });
  }

  Mailbox& mailbox;
  std::shared_ptr<Answers> answers = std::make_shared<Answers>();
  std::mutex mutex;
  std::condition_variable_any wake;
  std::deque<Task> tasks;
  std::jthread thread;  ///< last: it uses the rest
};

Worker::Worker(Mailbox& mailbox) : impl_(std::make_unique<Impl>(mailbox)) {
  impl_->thread =
      std::jthread([impl = impl_.get()](const std::stop_token& stop) { impl->loop(stop); });
}

Worker::~Worker() {
  impl_->thread.request_stop();
  impl_->thread.join();
  const std::lock_guard lock(impl_->answers->mutex);
  impl_->answers->ready.clear();
}

void Worker::run(Job job, Sink::Done done) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->tasks.size() == max_jobs) impl_->tasks.pop_front();
  impl_->tasks.push_back({std::move(job), std::move(done)});
  impl_->wake.notify_one();
}

}  // namespace feedwatch::sinks
