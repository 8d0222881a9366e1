#include "feedwatch/app/position_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/api/position_body.hpp"

namespace feedwatch::app {
namespace {

constexpr std::chrono::seconds every{1};
constexpr int torn_limit = 3;

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A second write may leave the same times: the kernel's clock for them ticks in milliseconds.
bool is_young(const timespec& written) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec - written.tv_sec < 2;
}

}  // namespace

bool PositionFile::Mark::operator==(const Mark& other) const {
  const auto fields = [](const Mark& mark) {
    return std::tuple(mark.device, mark.node, mark.size, mark.changed.tv_sec, mark.changed.tv_nsec,
                      mark.written.tv_sec, mark.written.tv_nsec);
  };
  return fields(*this) == fields(other);
}

PositionFile::Mark PositionFile::mark_of(const struct stat& found) {
  return {found.st_dev, found.st_ino, found.st_size, found.st_ctim, found.st_mtim};
}

PositionFile::PositionFile(std::filesystem::path path)
    : path_(std::move(path)),
      source_(std::string(engine::file_source) + path_.filename().string()) {}

/// Once, and again when the words change.
std::optional<PositionNews> PositionFile::failed(std::string why, std::string fix) {
  mark_.reset();
  const Error error{path_.string(), std::move(why), std::move(fix)};
  if (error.text() == told_) return std::nullopt;
  told_ = error.text();
  return PositionNews{.source = source_, .list = std::unexpected(error)};
}

std::optional<PositionNews> PositionFile::look() {
  const Descriptor file(path_);
  struct stat found{};
  if (file.get() < 0 || ::fstat(file.get(), &found) != 0) {
    return failed(std::string("cannot be read: ") + std::strerror(errno),
                  "write it there, or change [positions] files");
  }
  if (!S_ISREG(found.st_mode)) return failed("is no file", "change [positions] files");
  const bool known = mark_ == mark_of(found);
  const bool is_due = again_in_ > 0 && --again_in_ == 0;
  if (known && !is_due) return std::nullopt;
  if (std::cmp_greater(found.st_size, max_bytes)) {
    return failed(fmt::format("is over {} MiB", max_bytes >> 20U), "list what is open only");
  }
  mark_ = mark_of(found);
  return take(file.get(), known);
}

/// `known`: it has been told already as it is.
std::optional<PositionNews> PositionFile::take(int file, bool known) {
  const auto text = read_all(file);
  if (!text) return failed("cannot be read: " + text.error(), "");
  struct stat now{};
  if (::fstat(file, &now) != 0 || mark_ != mark_of(now)) {
    mark_.reset();
    if (++torn_ < torn_limit) return std::nullopt;
    return failed("changes while it is read, again and again",
                  "write another file and rename it to this one");
  }
  torn_ = 0;
  Result<engine::PositionList> list = api::parse_position_list(*text);
  if (!list) {
    const Mark mark = *mark_;
    auto news = failed("holds no list: " + list.error().why,
                       "write another file and rename it to this one");
    if (!is_young(mark.written)) mark_ = mark;  // it says the same next time
    return news;
  }
  if (is_young(mark_->written)) mark_.reset();
  told_.clear();
  again_in_ = 0;
  list->again = known;
  return PositionNews{.source = source_, .list = std::move(list)};
}

std::expected<std::string, std::string> PositionFile::read_all(int file) const {
  std::string text(static_cast<std::size_t>(mark_->size), '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(file, text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(std::strerror(errno));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

/// Outlives the watch when its thread hangs in the kernel.
struct PositionFiles::Shared : std::enable_shared_from_this<Shared> {
  std::vector<PositionFile> files;  ///< the thread's
  std::function<void(PositionNews)> deliver;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  bool looking = false;
  std::set<std::size_t> asked;  ///< which are to be taken again
  std::thread thread;

  std::vector<PositionNews> look(const std::set<std::size_t>& again) {
    std::vector<PositionNews> all;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (again.contains(i)) files[i].again();
      auto news = files[i].look();
      if (!news) continue;
      news->again = [weak = weak_from_this(), i] {
        if (const auto self = weak.lock()) self->ask(i);
      };
      all.push_back(std::move(*news));
    }
    return all;
  }

  void ask(std::size_t file) {
    const std::scoped_lock lock(mutex);
    asked.insert(file);
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      looking = true;
      const std::set<std::size_t> again = std::exchange(asked, {});
      lock.unlock();
      std::vector<PositionNews> all = look(again);
      lock.lock();
      looking = false;
      if (stopping) return;
      for (PositionNews& news : all) deliver(std::move(news));
      wake.wait_for(lock, every, [&] { return stopping; });
    }
  }
};

PositionFiles::PositionFiles(const std::vector<std::filesystem::path>& paths,
                             std::function<void(PositionNews)> deliver)
    : shared_(std::make_shared<Shared>()) {
  for (const auto& path : paths) shared_->files.emplace_back(path);
  shared_->deliver = std::move(deliver);
  shared_->thread = std::thread([shared = shared_] { shared->run(); });
}

PositionFiles::~PositionFiles() {
  bool hangs = false;
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->stopping = true;
    hangs = shared_->looking;
  }
  shared_->wake.notify_all();
  hangs ? shared_->thread.detach() : shared_->thread.join();
}

}  // namespace feedwatch::app
