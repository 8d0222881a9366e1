#include "feedwatch/net/reactor.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "feedwatch/net/tests/net_fixture.hpp"

namespace feedwatch::net {
namespace {

using testing::NetTest;

class ReactorTest : public NetTest {};

/// An eventfd in the loop.
struct Bell : IoHandler {
  explicit Bell(Reactor& reactor)
      : fd(eventfd(0, EFD_NONBLOCK)), watch(reactor.watch(fd.get(), *this)) {
    watch->want(true, false);
  }
  void ring() const {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(fd.get(), &one, sizeof one), 8);
  }
  void on_io(bool readable, bool) override {
    std::uint64_t count = 0;
    if (readable) ++looked;
    if (readable && ::read(fd.get(), &count, sizeof count) == 8) ++heard;
    if (then) then();
  }
  Fd fd;
  std::unique_ptr<IoWatch> watch;
  int looked = 0;  // told to read
  int heard = 0;
  std::function<void()> then;
};

TEST_F(ReactorTest, TheMailboxRunsInOrderAndRefusesBeyondItsBound) {
  Reactor small(clock, {.mailbox_capacity = 3});
  std::string order;
  EXPECT_TRUE(small.post([&] { order += 'a'; }));
  EXPECT_TRUE(small.post([&] { order += 'b'; }));
  EXPECT_TRUE(small.post([&] { order += 'c'; }));
  EXPECT_FALSE(small.post([&] { order += 'd'; }));
  EXPECT_EQ(small.refused(), 1U);
  small.complete([&] { order += 'e'; });
  small.turn();
  EXPECT_EQ(order, "abce");
  EXPECT_TRUE(small.post([&] { order += 'f'; }));
  small.turn();
  EXPECT_EQ(order, "abcef");
}

TEST_F(ReactorTest, ABusyLoopNeverSleepsAndMissesNothing) {
  Reactor busy(clock, {.idle_tick = 1h, .poll = PollMode::busy});
  busy.turn();  // one that sleeps would be back in an hour
  Bell bell(busy);
  busy.turn();
  EXPECT_EQ(bell.heard, 0);
  bell.ring();
  busy.turn();
  EXPECT_EQ(bell.heard, 1);
  int fired = 0;
  const auto wakeup = busy.make_wakeup([&](MonoTime) { ++fired; });
  wakeup->arm(clock.now());
  busy.turn();
  EXPECT_EQ(fired, 1);
}

TEST_F(ReactorTest, AStoppedMailboxIsClosed) {
  reactor.stop();
  reactor.run();
  EXPECT_FALSE(reactor.post([] { FAIL(); }));
  EXPECT_EQ(reactor.refused(), 0U);
}

TEST_F(ReactorTest, OtherThreadsPostAndStop) {
  int seen = 0;
  std::thread poster([&] {
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(reactor.post([&] { ++seen; }));
    ASSERT_TRUE(reactor.post([&] { reactor.stop(); }));
  });
  reactor.run();
  poster.join();
  EXPECT_EQ(seen, 10'000);
}

/// A task that calls somebody whenever it is moved; small enough to be moved with what holds it.
struct MovedTask {
  explicit MovedTask(const std::function<void()>& call) : on_move(&call) {}
  MovedTask(MovedTask&& other) noexcept : on_move(other.on_move) { (*on_move)(); }
  MovedTask(const MovedTask&) = delete;
  MovedTask& operator=(const MovedTask&) = delete;
  MovedTask& operator=(MovedTask&&) = delete;
  ~MovedTask() = default;
  void operator()() const {}
  const std::function<void()>* on_move;
};

TEST_F(ReactorTest, ALoopWithoutTasksWaitsForNobodyAtItsMailbox) {
  Reactor busy(clock, {.poll = PollMode::busy});
  std::atomic<int> rounds = 0;
  std::atomic<bool> stuck = false;
  std::atomic<bool> posted = false;
  const std::function<void()> two_rounds_later = [&, loop = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == loop) return;
    const MonoTime give_up = clock.now() + 10s;
    for (const int seen = rounds; rounds < seen + 2 && !stuck;) stuck = clock.now() > give_up;
  };
  std::thread poster([&] {
    // One of its moves is the one into the mailbox.
    EXPECT_TRUE(busy.post(MovedTask(two_rounds_later)));
    posted = true;
  });
  for (; !posted; ++rounds) busy.turn();
  poster.join();
  EXPECT_FALSE(stuck);
}

TEST_F(ReactorTest, StopFromAnotherThreadEndsAnIdleLoop) {
  std::thread stopper([&] { reactor.stop(); });
  reactor.run();
  stopper.join();
}

TEST_F(ReactorTest, WakeupsComeAtOrAfterTheirMomentAndSoon) {
  Reactor loop(clock, {.idle_tick = 1h});  // nothing else wakes it
  std::optional<MonoTime> woken;
  const auto wakeup = loop.make_wakeup([&](MonoTime now) { woken = now; });
  const MonoTime due = clock.now() + 30ms;
  wakeup->arm(due);
  while (!woken) loop.turn();
  EXPECT_GE(*woken, due);
  EXPECT_LE(*woken, due + 5s);  // loose: shared machines
}

TEST_F(ReactorTest, ArmingReplacesAndDisarmingForgets) {
  int fired = 0;
  const auto wakeup = reactor.make_wakeup([&](MonoTime) { ++fired; });
  const auto never = reactor.make_wakeup([](MonoTime) { FAIL(); });
  never->arm(clock.now());
  never->disarm();
  wakeup->arm(clock.now() + 1h);
  wakeup->arm(clock.now());
  ASSERT_TRUE(until([&] { return fired > 0; }));
  turn_for(150ms);
  EXPECT_EQ(fired, 1);
}

TEST_F(ReactorTest, DeadlinesRunByTimeThenByOrderOfArming) {
  std::string order;
  const MonoTime due = clock.now() - 1s;
  std::vector<std::unique_ptr<Wakeup>> all;
  for (const char c : {'c', 'd', 'a'}) {
    all.push_back(reactor.make_wakeup([&order, c](MonoTime) { order += c; }));
  }
  all[0]->arm(due);
  all[1]->arm(due);
  all[2]->arm(due - 1ns);
  ASSERT_TRUE(until([&] { return order.size() == 3; }));
  EXPECT_EQ(order, "acd");
}

TEST_F(ReactorTest, AWakeupMayRearmOrDestroyItself) {
  int fired = 0;
  std::unique_ptr<Wakeup> wakeup;
  wakeup = reactor.make_wakeup([&](MonoTime now) {
    if (++fired < 3) return wakeup->arm(now);
    wakeup.reset();
  });
  wakeup->arm(clock.now());
  ASSERT_TRUE(until([&] { return fired == 3; }));
  EXPECT_EQ(wakeup, nullptr);
}

TEST_F(ReactorTest, ADeadlineWaitsForTheSocketsThatWereReadyBeforeIt) {
  std::string order;
  Bell bell(reactor);
  bell.then = [&] { order += 's'; };
  const auto wakeup = reactor.make_wakeup([&](MonoTime) { order += 'd'; });
  // Both become due while the loop is away.
  ASSERT_TRUE(reactor.post([&] {
    wakeup->arm(clock.now());
    bell.ring();
  }));
  ASSERT_TRUE(until([&] { return order.size() == 2; }));
  EXPECT_EQ(order, "sd");
}

TEST_F(ReactorTest, ASocketWithMoreToReadHoldsDeadlinesBackButNotForEver) {
  Bell bell(reactor);
  int rounds = 0;
  int rounds_at_deadline = -1;
  bell.then = [&] {
    ++rounds;
    bell.watch->again();
  };
  const auto wakeup = reactor.make_wakeup([&](MonoTime) { rounds_at_deadline = rounds; });
  wakeup->arm(clock.now());
  bell.ring();
  ASSERT_TRUE(until([&] { return rounds_at_deadline >= 0; }));
  EXPECT_GE(rounds_at_deadline, 32);
  EXPECT_LE(rounds_at_deadline, 34);
}

TEST_F(ReactorTest, AskingAgainIsNotLostWhenTheKernelReportsTheSameRound) {
  Bell bell(reactor);
  int calls = 0;
  bell.then = [&] {
    if (++calls >= 5) return;
    bell.watch->again();
    bell.ring();  // so that the next round has both reasons to call
    if (calls == 4) bell.watch->want(false, false);
  };
  bell.ring();
  ASSERT_TRUE(until([&] { return calls == 5; }));
}

// A backlog of decrypted bytes beside a write that waited: the kernel knows of the latter only.
TEST_F(ReactorTest, AskingAgainIsNotLostWhenTheKernelReportsOnlyThatWritingIsPossible) {
  Bell bell(reactor);
  bell.watch->want(true, true);
  reactor.turn();
  ASSERT_EQ(bell.looked, 0);
  bell.watch->again();
  reactor.turn();
  EXPECT_EQ(bell.looked, 1);
  reactor.turn();
  EXPECT_EQ(bell.looked, 1);
}

TEST_F(ReactorTest, DeferredCallsRunLaterAndNotInsideTheCaller) {
  std::string order;
  reactor.defer([&] {
    reactor.defer([&] { order += '2'; });
    order += '1';
  });
  order += '0';
  ASSERT_TRUE(until([&] { return order.size() == 3; }));
  EXPECT_EQ(order, "012");
}

TEST_F(ReactorTest, AHandlerMayDestroyAnotherOneOfTheSameRound) {
  Bell keeper(reactor);
  auto first = std::make_unique<Bell>(reactor);
  auto second = std::make_unique<Bell>(reactor);
  int calls = 0;
  first->then = [&] { ++calls, second.reset(); };
  second->then = [&] { ++calls, first.reset(); };
  first->ring();
  second->ring();
  ASSERT_TRUE(until([&] { return calls > 0; }));
  turn_for(20ms);
  EXPECT_EQ(calls, 1);
}

TEST_F(ReactorTest, AnIdleLoopPollsAllTheTimeAndCountsNoStall) {
  Reactor idle(clock, {.stall_limit = 1min, .idle_tick = 10ms});  // loose: shared machines
  for (int turns = 0; turns < 10; ++turns) idle.turn();           // each of them ends by itself
  EXPECT_EQ(idle.stalls().count, 0U);
}

TEST_F(ReactorTest, ALongTaskIsCountedAsAStall) {
  reactor.turn();
  const auto before = reactor.stalls().count;
  ASSERT_TRUE(reactor.post([&] { std::this_thread::sleep_for(400ms); }));
  ASSERT_TRUE(until([&] { return reactor.stalls().count > before; }));
  EXPECT_GE(reactor.stalls().longest, 400ms);
  ASSERT_TRUE(reactor.stalls().newest);
  EXPECT_LE(*reactor.stalls().newest, clock.now());
  EXPECT_LT(clock.now() - *reactor.stalls().newest, 10s);
}

/// What a handler of SIGUSR1 does to the world, as a stop of the process would: time passes and
/// bytes arrive.
struct Stopped : Clock {
  MonoTime now() const override { return MonoTime{Duration{ns.load()}}; }
  WallTime wall_now() const override { return WallTime{Duration{ns.load()}}; }

  static void on_signal(int) {
    ns += Duration{10s}.count();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(bell, &one, sizeof one);
  }

  static inline std::atomic<std::int64_t> ns = Duration{1h}.count();
  static inline std::atomic<int> bell = -1;
};

// SIGCONT ends the epoll_wait that was running when the process was stopped with EINTR.
TEST_F(ReactorTest, APollThatASignalEndsIsNoLookAtTheSockets) {
  Stopped::ns = Duration{1h}.count();  // the test may be repeated
  const Stopped stopped;
  Reactor loop(stopped, {.idle_tick = 1h});
  Bell bell(loop);
  Stopped::bell = bell.fd.get();
  bell.ring();
  loop.turn();
  ASSERT_EQ(bell.heard, 1);

  struct sigaction action{}, before{};
  action.sa_handler = Stopped::on_signal;
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  std::thread stopper([polling = pthread_self()] {
    std::this_thread::sleep_for(50ms);  // the loop is waiting by then; earlier proves less
    pthread_kill(polling, SIGUSR1);
  });
  bool old = false;
  bell.then = [&] { old = loop.poll_clock().stalled(); };
  while (bell.heard < 2) loop.turn();
  stopper.join();
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(old);
  EXPECT_EQ(loop.poll_clock().previous(), MonoTime{1h});
}

}  // namespace
}  // namespace feedwatch::net
