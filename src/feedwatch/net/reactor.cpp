#include "feedwatch/net/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "feedwatch/net/socket.hpp"

namespace feedwatch::net {
namespace {

constexpr std::size_t mailbox_slice = 1'024;
constexpr std::size_t deadline_slice = 4'096;
constexpr int max_drain_rounds = 32;

/// One watched descriptor. Kept until the end of the round in which its watch ended, because the
/// events of that round may still point to it.
struct Registration {
  int fd = -1;
  IoHandler* handler = nullptr;
  bool read = false;
  bool write = false;
  bool again = false;  ///< has asked for the next round
  bool asked = false;  ///< asked for this one, and has not had it yet
};

struct Alarm {
  std::function<void(MonoTime)> fire;
  std::optional<std::pair<MonoTime, std::uint64_t>> armed;
};

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

void drain_counter(int fd) {
  std::uint64_t count = 0;
  while (::read(fd, &count, sizeof count) > 0) {
  }
}

timespec to_timespec(Duration d) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(d);
  return {.tv_sec = seconds.count(), .tv_nsec = (d - seconds).count()};
}

void arm_timer(int fd, MonoTime at) {
  itimerspec spec{};
  // Zero would disarm.
  spec.it_value = to_timespec(std::max(at.time_since_epoch(), Duration{1}));
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace

struct Reactor::Impl {
  Impl(const Clock& clock_in, ReactorOptions options_in)
      : clock(clock_in),
        options(options_in),
        anchor(options.anchor.value_or(WallAnchor{clock.wall_now(), clock.now()})),
        poll_clock(options.stall_limit),
        epoll(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        wake(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
        deadline(checked(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd")),
        tick(checked(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd")) {
    for (const Fd* fd : {&wake, &deadline, &tick}) add_own(fd->get());
    itimerspec every{};
    every.it_value = every.it_interval = to_timespec(options.idle_tick);
    timerfd_settime(tick.get(), 0, &every, nullptr);
  }

  // Tasks may own watches and wake-ups, which still need the rest of this object.
  ~Impl() {
    deferred.clear();
    mailbox.clear();
  }

  // Our own descriptors carry no registration; they are told apart by not being one.
  void add_own(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
  }

  void run() {
    while (!stopped.load(std::memory_order_acquire)) turn();
  }

  void turn() {
    poll();
    serve_sockets();
    run_mailbox();
    run_deferred();
    run_deadlines();
    graveyard.clear();
  }

  bool work_left() {
    return !again.empty() || !deferred.empty() || waiting.load(std::memory_order_acquire) > 0;
  }

  void poll() {
    arm_deadline();
    events.resize(std::max<std::size_t>(64, registered + 3));
    const bool waits = options.poll == PollMode::block && !work_left();
    const int timeout = waits ? -1 : 0;
    const MonoTime entered = clock.now();
    // A stop and SIGCONT end the wait although sockets have filled meanwhile: that was no look at
    // them.
    const int n = uninterrupted([&] {
      return epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), timeout);
    });
    ready = n > 0 ? static_cast<std::size_t>(n) : 0;
    if (poll_clock.on_poll(entered, clock.now())) {
      stall_longest.store(to_ns(poll_clock.longest()), std::memory_order_relaxed);
      stall_newest.store(to_ns(poll_clock.current()), std::memory_order_relaxed);
      // Last, and read first: who sees a stall counted sees how long and when.
      stall_count.store(poll_clock.stalls(), std::memory_order_release);
    }
  }

  void arm_deadline() {
    if (alarms.empty()) return;
    const MonoTime first = alarms.begin()->first.first;
    // A timer armed too early only costs one empty round; one armed too late would be late.
    if (first < armed_at) {
      arm_timer(deadline.get(), first);
      armed_at = first;
    }
  }

  void serve_sockets() {
    std::vector<Registration*> continued;
    continued.swap(again);
    // Before anybody is served: a handler served by an event may ask for another round.
    for (Registration* registration : continued) {
      registration->again = false;
      registration->asked = true;
    }
    for (std::size_t i = 0; i < ready; ++i) {
      if (events[i].data.ptr == nullptr) {
        own_events = true;
        continue;
      }
      serve(*static_cast<Registration*>(events[i].data.ptr), events[i].events);
    }
    for (Registration* registration : continued) {
      if (registration->asked) serve(*registration, 0);
    }
    if (std::exchange(own_events, false)) clear_own();
  }

  void serve(Registration& registration, std::uint32_t what) {
    if (registration.handler == nullptr) return;
    // The kernel may know of nothing to read, or only that writing is possible.
    const bool asked = std::exchange(registration.asked, false);
    const bool failed = (what & (EPOLLERR | EPOLLHUP)) != 0;
    registration.handler->on_io(asked || failed || (what & EPOLLIN) != 0,
                                failed || (what & EPOLLOUT) != 0);
  }

  void clear_own() {
    drain_counter(wake.get());
    drain_counter(tick.get());
    std::uint64_t count = 0;
    if (::read(deadline.get(), &count, sizeof count) > 0) armed_at = never_mono;
  }

  void run_mailbox() {
    // Whoever posts right now rings afterwards: there is another round.
    if (waiting.load(std::memory_order_acquire) == 0) return;
    std::vector<Task> slice;
    {
      const std::scoped_lock lock(mutex);
      const std::size_t n = std::min(mailbox.size(), mailbox_slice);
      const auto end = mailbox.begin() + static_cast<std::ptrdiff_t>(n);
      slice.assign(std::move_iterator(mailbox.begin()), std::move_iterator(end));
      mailbox.erase(mailbox.begin(), end);
      waiting.store(mailbox.size(), std::memory_order_release);
    }
    for (Task& task : slice) task();
  }

  void run_deferred() {
    std::vector<Task> now_due;
    now_due.swap(deferred);
    for (Task& task : now_due) task();
  }

  void run_deadlines() {
    // Only what was due at the poll: a deadline never overtakes bytes that were there before it.
    const MonoTime cut = poll_clock.current();
    if (alarms.empty() || alarms.begin()->first.first > cut) return;
    if (!again.empty() && drain_rounds < max_drain_rounds) {
      ++drain_rounds;
      return;
    }
    drain_rounds = 0;
    const std::uint64_t newest = next_order;
    for (std::size_t n = 0; n < deadline_slice && !alarms.empty(); ++n) {
      const auto first = alarms.begin();
      if (first->first.first > cut || first->first.second >= newest) return;
      const std::shared_ptr<Alarm> alarm = first->second;
      alarms.erase(first);
      alarm->armed.reset();
      alarm->fire(clock.now());
    }
  }

  bool push(Task task, bool bounded) {
    {
      const std::scoped_lock lock(mutex);
      if (stopped.load(std::memory_order_relaxed)) return false;
      if (bounded && mailbox.size() >= options.mailbox_capacity) {
        refused.fetch_add(1, std::memory_order_relaxed);
        return false;
      }
      mailbox.push_back(std::move(task));
      waiting.store(mailbox.size(), std::memory_order_release);
      if (mailbox.size() > 1) return true;
    }
    ring();
    return true;
  }

  void ring() {
    const std::uint64_t one = 1;
    // Full means it is ringing already.
    [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
  }

  void disarm(Alarm& alarm) {
    if (alarm.armed) alarms.erase(*alarm.armed);
    alarm.armed.reset();
  }

  void arm(const std::shared_ptr<Alarm>& alarm, MonoTime at) {
    disarm(*alarm);
    alarm->armed = {at, next_order++};
    alarms.emplace(*alarm->armed, alarm);
  }

  const Clock& clock;
  const ReactorOptions options;
  const WallAnchor anchor;
  PollClock poll_clock;
  Fd epoll, wake, deadline, tick;

  std::vector<epoll_event> events;
  std::size_t ready = 0;
  std::size_t registered = 0;
  bool own_events = false;
  std::vector<Registration*> again;
  std::vector<std::unique_ptr<Registration>> graveyard;
  std::vector<Task> deferred;

  std::map<std::pair<MonoTime, std::uint64_t>, std::shared_ptr<Alarm>> alarms;
  std::uint64_t next_order = 0;
  MonoTime armed_at = never_mono;
  int drain_rounds = 0;

  std::mutex mutex;  // guards mailbox
  std::deque<Task> mailbox;
  /// Its size, which changes under the mutex: a round without tasks looks here and takes no lock.
  std::atomic<std::size_t> waiting = 0;
  std::atomic<bool> stopped = false;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> stall_count = 0;
  std::atomic<std::int64_t> stall_longest = 0;
  std::atomic<std::int64_t> stall_newest = 0;
};

namespace {

template <class Impl>
class WatchImpl final : public IoWatch {
 public:
  WatchImpl(Impl& impl, int fd, IoHandler& handler)
      : impl_(impl), registration_(std::make_unique<Registration>()) {
    registration_->fd = fd;
    registration_->handler = &handler;
    ++impl_.registered;
  }

  ~WatchImpl() override {
    want(false, false);
    if (registration_->again) std::erase(impl_.again, registration_.get());
    registration_->handler = nullptr;
    --impl_.registered;
    impl_.graveyard.push_back(std::move(registration_));
  }

  void want(bool read, bool write) override {
    Registration& r = *registration_;
    if (r.read == read && r.write == write) return;
    // Nothing wanted means not watched at all: the kernel reports hang-ups unasked, for ever.
    const bool was = r.read || r.write;
    const bool is = read || write;
    epoll_event event{};
    event.events = (read ? std::uint32_t{EPOLLIN} : 0U) | (write ? std::uint32_t{EPOLLOUT} : 0U);
    event.data.ptr = &r;
    const int operation = !was ? EPOLL_CTL_ADD : is ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    epoll_ctl(impl_.epoll.get(), operation, r.fd, &event);
    r.read = read;
    r.write = write;
  }

  void again() override {
    if (std::exchange(registration_->again, true)) return;
    impl_.again.push_back(registration_.get());
  }

 private:
  Impl& impl_;
  std::unique_ptr<Registration> registration_;
};

template <class Impl>
class WakeupImpl final : public Wakeup {
 public:
  WakeupImpl(Impl& impl, std::function<void(MonoTime)> fire)
      : impl_(impl), alarm_(std::make_shared<Alarm>(Alarm{std::move(fire), {}})) {}
  ~WakeupImpl() override { disarm(); }
  void arm(MonoTime at) override { impl_.arm(alarm_, at); }
  void disarm() override { impl_.disarm(*alarm_); }

 private:
  Impl& impl_;
  std::shared_ptr<Alarm> alarm_;  // outlives this object while its call is running
};

}  // namespace

Reactor::Reactor(const Clock& clock, ReactorOptions options)
    : impl_(std::make_unique<Impl>(clock, options)) {}

Reactor::~Reactor() = default;

void Reactor::run() {
  impl_->run();
}

void Reactor::turn() {
  impl_->turn();
}

void Reactor::stop() {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->stopped.store(true, std::memory_order_release);
  }
  impl_->ring();
}

bool Reactor::post(Task task) {
  return impl_->push(std::move(task), true);
}
void Reactor::complete(Task task) {
  impl_->push(std::move(task), false);
}
void Reactor::defer(Task task) {
  impl_->deferred.push_back(std::move(task));
}
std::uint64_t Reactor::refused() const {
  return impl_->refused.load(std::memory_order_relaxed);
}

std::size_t Reactor::queued() const {
  return impl_->waiting.load(std::memory_order_relaxed);
}
std::size_t Reactor::mailbox_capacity() const {
  return impl_->options.mailbox_capacity;
}

std::unique_ptr<Wakeup> Reactor::make_wakeup(std::function<void(MonoTime)> on_wakeup) {
  return std::make_unique<WakeupImpl<Impl>>(*impl_, std::move(on_wakeup));
}

std::unique_ptr<IoWatch> Reactor::watch(int fd, IoHandler& handler) {
  return std::make_unique<WatchImpl<Impl>>(*impl_, fd, handler);
}

const Clock& Reactor::clock() const {
  return impl_->clock;
}
const WallAnchor& Reactor::anchor() const {
  return impl_->anchor;
}
const PollClock& Reactor::poll_clock() const {
  return impl_->poll_clock;
}

StallStats Reactor::stalls() const {
  StallStats stats{.count = impl_->stall_count.load(std::memory_order_acquire)};
  if (stats.count == 0) return stats;
  stats.longest = Duration{impl_->stall_longest.load(std::memory_order_relaxed)};
  stats.newest = mono_from_ns(impl_->stall_newest.load(std::memory_order_relaxed));
  return stats;
}

}  // namespace feedwatch::net
