#include "feedwatch/embed/delivery_thread.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace feedwatch::embed {
namespace {

using Queues = std::vector<std::shared_ptr<ConsumerQueue>>;

/// Until all are empty or somebody wants the thread to stop, a slice of each at a time.
void run(const Queues& queues, const Clock& clock, const std::stop_token& stop) {
  constexpr std::size_t slice = 64;
  for (bool more = true; more;) {
    more = false;
    for (const auto& queue : queues) {
      if (stop.stop_requested()) return;
      more = queue->run(clock, slice) == slice || more;
    }
  }
}

}  // namespace

/// Something has become due since the last wait.
class DeliveryThread::Signal {
 public:
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_ = true;
    }
    changed_.notify_one();
  }
  /// False when the thread is to stop.
  bool wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool raised = changed_.wait(lock, stop, [this] { return raised_; });
    raised_ = false;
    return raised && !stop.stop_requested();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool raised_ = false;
};

DeliveryThread::DeliveryThread(Queues queues, const Clock& clock)
    : signal_(std::make_shared<Signal>()) {
  for (const auto& queue : queues) {
    queue->set_wake([signal = signal_] { signal->raise(); });
  }
  thread_ = std::jthread(
      [signal = signal_, queues = std::move(queues), &clock](const std::stop_token& stop) {
        while (signal->wait(stop)) run(queues, clock, stop);
      });
}

DeliveryThread::~DeliveryThread() = default;

}  // namespace feedwatch::embed
