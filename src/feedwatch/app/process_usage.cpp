#include "feedwatch/app/process_usage.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace feedwatch::app {

namespace {

/// Fields 3 and on of /proc/self/stat: the second, the name, may hold anything.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  const std::string all((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = all.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(all.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

double boot_time() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // one is the listing's own
}

double number(const std::vector<std::string>& fields, std::size_t field) {
  // Counted from 1 as proc(5) does; ours begin with the third.
  if (field < 3 || fields.size() <= field - 3) return 0;
  return std::strtod(fields[field - 3].c_str(), nullptr);
}

}  // namespace

api::ProcessUsage process_usage() {
  constexpr std::size_t utime = 14, stime = 15, threads = 20, started = 22, vsize = 23, rss = 24;
  const std::vector<std::string> fields = stat_fields();
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  api::ProcessUsage usage;
  usage.cpu_seconds = (number(fields, utime) + number(fields, stime)) / ticks;
  usage.threads = static_cast<std::uint64_t>(number(fields, threads));
  usage.virtual_bytes = static_cast<std::uint64_t>(number(fields, vsize));
  usage.resident_bytes = static_cast<std::uint64_t>(number(fields, rss)) *
                         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  static const double booted = boot_time();
  usage.start_time_seconds = booted + number(fields, started) / ticks;
  usage.open_fds = open_descriptors();
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_fds = limit.rlim_cur;
  return usage;
}

void forbid_core_dumps() {
  constexpr struct rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace feedwatch::app
