// usage: board_writer COMMAND ARGUMENT…
//
// A monitor with a shared board, whose prices tick, while COMMAND runs: the board's path is its
// last argument and in FEEDWATCH_BOARD. Ends with COMMAND's exit code, or 99 when it has not ended
// within a minute.
//
// demo/BTCUSDT/mark and demo/BTCUSDT/quote tick a hundred times a second; demo/SILENT/last never
// does.

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace {

using namespace feedwatch;
using shm::test::SharedMonitor;

constexpr auto tick_every = 10ms;
constexpr Duration patience = 60s;

pid_t start(std::vector<char*> command) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::execvp(command.front(), command.data());
  std::perror(command.front());
  ::_exit(127);
}

void tick(SharedMonitor& shared, int n) {
  shared.now = shm::boot_now();
  shared.monitor->beat(shared.now);
  const std::string cents = std::to_string(100 + n % 900);
  shared.send("demo/BTCUSDT/mark", "64000." + cents);
  shared.monitor->update_quote({"demo", "BTCUSDT", Kind::quote},
                               Decimal::parse("63999." + cents).value(),
                               Decimal::parse("64001." + cents).value(), {.mono_recv = shared.now});
}

int run_beside(SharedMonitor& shared, const std::vector<char*>& command) {
  tick(shared, 0);
  const pid_t child = start(command);
  int status = 0;
  const MonoTime give_up = shared.now + patience;
  for (int n = 1; ::waitpid(child, &status, WNOHANG) == 0; ++n) {
    std::this_thread::sleep_for(tick_every);
    tick(shared, n);
    if (shared.now < give_up) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return 99;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: board_writer COMMAND ARGUMENT...\n", stderr);
    return 2;
  }
  const shm::test::Scratch scratch;
  SharedMonitor shared(shm::test::segment_options(scratch.path, 1));
  for (const char* stream : {"demo/BTCUSDT/mark", "demo/BTCUSDT/quote", "demo/SILENT/last"}) {
    shared.add(stream);
  }
  std::string path = shared.segment->path();
  ::setenv("FEEDWATCH_BOARD", path.c_str(), 1);
  std::vector<char*> command(argv + 1, argv + argc);
  command.push_back(path.data());
  command.push_back(nullptr);
  return run_beside(shared, command);
}
