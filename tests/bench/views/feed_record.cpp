#include "tests/bench/views/feed_record.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "feedwatch/net/socket.hpp"

namespace feedwatch::bench {

SharedFeedRecord::SharedFeedRecord(const std::string& path) {
  const net::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file || ::ftruncate(file.get(), sizeof(FeedRecord)) != 0) {
    throw std::runtime_error("no file for what the feed says");
  }
  // Populated: the feed's thread shall not wait for a page of ours.
  void* const memory = ::mmap(nullptr, sizeof(FeedRecord), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_POPULATE, file.get(), 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory for what the feed says");
  record_ = static_cast<FeedRecord*>(memory);  // all zeroes is what a new record is
}

SharedFeedRecord::~SharedFeedRecord() {
  ::munmap(record_, sizeof(FeedRecord));
}

}  // namespace feedwatch::bench
